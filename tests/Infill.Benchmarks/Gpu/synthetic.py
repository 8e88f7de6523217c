#!/usr/bin/env python3
"""Writes a GGUF with the shape of a Qwen2.5-Coder model and made-up Q8_0 weights: how fast it is doesn't depend on their values.

    synthetic.py SIZE VOCABULARY.gguf OUT.gguf

SIZE is 0.5b, 1.5b or 7b. The tokenizer is copied from VOCABULARY, a GGUF of that family without weights, as llama.cpp's
source has one. Needs numpy.
"""
import struct
import sys

import numpy

SHAPES = {  # layers, width, feed-forward width, heads, heads of keys and values, whether output and embedding are one
    "0.5b": (24, 896, 4864, 14, 2, True),
    "1.5b": (28, 1536, 8960, 12, 2, True),
    "7b": (28, 3584, 18944, 28, 4, False),
}
ALIGNMENT = 32
F32, Q8_0 = 0, 8  # ggml's types of tensors
UINT32, FLOAT32, STRING, ARRAY = 4, 6, 8, 9  # GGUF's types of values
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def tokenizer(path):
    """The entries about the tokenizer, as they stand in the file, and how many tokens there are."""
    data = open(path, "rb").read()
    count, = struct.unpack_from("<Q", data, 16)
    at, entries, tokens = 24, [], 0

    def string():
        nonlocal at
        length, = struct.unpack_from("<Q", data, at)
        at += 8 + length
        return data[at - length:at].decode()

    def value(kind):
        nonlocal at
        if kind == STRING:
            string()
        elif kind == ARRAY:
            inner, length = struct.unpack_from("<IQ", data, at)
            at += 12
            for _ in range(length):
                value(inner)
            return length
        else:
            at += SIZES[kind]

    for _ in range(count):
        begin = at
        key = string()
        kind, = struct.unpack_from("<I", data, at)
        at += 4
        length = value(kind)
        if key.startswith("tokenizer."):
            entries.append(data[begin:at])
        if key == "tokenizer.ggml.tokens":
            tokens = length
    return entries, tokens


def text(words):
    return struct.pack("<Q", len(words)) + words.encode()


def main(size, vocabulary, out):
    layers, width, wide, heads, kv_heads, tied = SHAPES[size]
    entries, tokens = tokenizer(vocabulary)
    kv = width // heads * kv_heads

    def number(key, value, kind=UINT32):
        entries.append(text(key) + struct.pack("<I", kind) + struct.pack("<f" if kind == FLOAT32 else "<I", value))

    def words(key, value):
        entries.append(text(key) + struct.pack("<I", STRING) + text(value))

    words("general.architecture", "qwen2")
    words("general.name", f"synthetic {size}")
    number("general.file_type", 7)
    number("qwen2.block_count", layers)
    number("qwen2.context_length", 32768)
    number("qwen2.embedding_length", width)
    number("qwen2.feed_forward_length", wide)
    number("qwen2.attention.head_count", heads)
    number("qwen2.attention.head_count_kv", kv_heads)
    number("qwen2.attention.layer_norm_rms_epsilon", 1e-6, FLOAT32)
    number("qwen2.rope.freq_base", 1e6, FLOAT32)

    tensors = [("token_embd.weight", (width, tokens)), ("output_norm.weight", (width,))]
    if not tied:
        tensors.append(("output.weight", (width, tokens)))
    for layer in range(layers):
        block = f"blk.{layer}."
        tensors += [(block + "attn_norm.weight", (width,)), (block + "ffn_norm.weight", (width,))]
        tensors += [(block + "attn_q.weight", (width, width)), (block + "attn_k.weight", (width, kv)), (block + "attn_v.weight", (width, kv)), (block + "attn_output.weight", (width, width))]
        tensors += [(block + "attn_q.bias", (width,)), (block + "attn_k.bias", (kv,)), (block + "attn_v.bias", (kv,))]
        tensors += [(block + "ffn_gate.weight", (width, wide)), (block + "ffn_up.weight", (width, wide)), (block + "ffn_down.weight", (wide, width))]

    # Blocks of 32 values: a scale in half precision and 32 bytes.
    made_up = numpy.random.default_rng(0).integers(-90, 90, size=(1 << 20, 34), dtype=numpy.int8).view(numpy.uint8)
    made_up[:, 0:2] = numpy.frombuffer(numpy.float16(0.0003).tobytes(), dtype=numpy.uint8)
    made_up = made_up.tobytes()

    offset, infos = 0, []
    for name, shape in tensors:
        kind = Q8_0 if len(shape) == 2 else F32
        infos.append(text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", kind, offset))
        offset += padded(length(shape))
    with open(out, "wb") as file:
        head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries) + b"".join(infos)
        file.write(head + bytes(padded(len(head)) - len(head)))
        for name, shape in tensors:
            left = length(shape)
            if len(shape) == 1:
                file.write((numpy.zeros if name.endswith(".bias") else numpy.ones)(shape[0], numpy.float32).tobytes())
            else:
                while left > 0:
                    file.write(made_up[:left])
                    left -= len(made_up)
            file.write(bytes(padded(length(shape)) - length(shape)))


def length(shape):
    return shape[0] * 4 if len(shape) == 1 else shape[0] * shape[1] // 32 * 34


def padded(length):
    return (length + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    main(*sys.argv[1:])
