"""Reads and writes GGUF files of models shaped like ours: float32, Q8_0 and IQ4_NL tensors, every kind of metadata. Little-endian only."""
import struct

import numpy as np

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
FLOAT32, Q8_0, IQ4_NL = 0, 8, 20
FILE_TYPE, MOSTLY_Q8_0, MOSTLY_IQ4_NL = "general.file_type", 7, 25  # what readers call a file whose matrices are of that type
ALIGNMENT = 32
BLOCK = np.dtype([("scale", "<f2"), ("values", "i1", 32)])
NIBBLES = np.dtype([("scale", "<f2"), ("values", "u1", 16)])  # of 32 values the first 16 in the low halves, the others in the high ones
LEVELS = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)  # what the 16 codes of IQ4_NL stand for
BETWEEN = (LEVELS[1:] + LEVELS[:-1]) / 2


def read_metadata(path):
    """{key: (type, value)} in file order; strings are bytes, an array is (inner type, items)."""
    return read(path, tensors_wanted=False)[0]


def read(path, tensors_wanted=True):
    """Returns (metadata: {key: (type, value)}, tensors: {name: float32 array, rows first}, types: {name: FLOAT32, Q8_0 or IQ4_NL}), all in file order."""
    data = open(path, "rb").read()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    def text():
        nonlocal at
        length, = take("Q")
        at += length
        return data[at - length:at]

    def value(kind):
        if kind == STRING:
            return text()
        if kind == ARRAY:
            inner, length = take("IQ")
            return inner, [value(inner) for _ in range(length)]
        return take(SCALARS[kind])[0]

    magic, version, tensor_count, key_count = take("4sIQQ")
    if magic != b"GGUF" or version != 3:
        raise ValueError(f"{path} is no GGUF file of version 3")
    metadata = {}
    for _ in range(key_count):
        key = text().decode()
        kind, = take("I")
        metadata[key] = (kind, value(kind))
    headers = []
    for _ in range(tensor_count):
        name = text().decode()
        dimensions, = take("I")
        shape = take("Q" * dimensions)
        kind, offset = take("IQ")
        headers.append((name, shape[::-1], kind, offset))
    start = -(-at // ALIGNMENT) * ALIGNMENT
    tensors, types = {}, {}
    for name, shape, kind, offset in headers if tensors_wanted else []:
        count = int(np.prod(shape))
        if kind == FLOAT32:
            tensor = np.frombuffer(data, "<f4", count, start + offset).copy()
        elif kind == Q8_0:
            blocks = np.frombuffer(data, BLOCK, count // 32, start + offset)
            tensor = (blocks["values"].astype(np.float32) * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
        elif kind == IQ4_NL:
            blocks = np.frombuffer(data, NIBBLES, count // 32, start + offset)
            codes = np.concatenate([blocks["values"] & 15, blocks["values"] >> 4], 1)
            tensor = levelled(codes, blocks["scale"][:, None]).reshape(-1)
        else:
            raise ValueError(f"{name} has type {kind}; this reader knows float32, Q8_0 and IQ4_NL")
        tensors[name], types[name] = tensor.reshape(shape), kind
    return metadata, tensors, types


def q8_0(tensor):
    """Blocks of 32 values with one half-precision scale, rounded as llama.cpp rounds."""
    rows = np.ascontiguousarray(tensor, np.float32).reshape(-1, 32)
    scale = np.abs(rows).max(1) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale > 0)
    blocks = np.empty(len(rows), BLOCK)
    blocks["scale"] = scale.astype(np.float16)
    scaled = rows * inverse[:, None]
    blocks["values"] = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    return blocks.tobytes()


def iq4_nl(tensor, tries=9):
    """Blocks of 32 values as 16 uneven levels with one half-precision scale: the scale of several by which the large values, weighted by their squares, come out best."""
    rows = np.ascontiguousarray(tensor, np.float32).reshape(-1, 32)
    scale = scales_for(rows, rows * rows, LEVELS[0] + np.arange(-tries, tries + 1, dtype=np.float32))
    inverse = np.divide(np.float32(1), scale.astype(np.float32), out=np.zeros(len(rows), np.float32), where=scale != 0)
    return nibbles(nearest(rows * inverse[:, None]), scale)


def scales_for(rows, weights, ends):
    """The half-precision scale by which each row of 32 values comes out best, errors counting by weights; its largest value may lie near any of `ends`."""
    largest = np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1)
    best, scale = np.full(len(rows), -1, np.float32), np.zeros(len(rows), np.float32)
    for end in ends:
        levels = LEVELS[nearest(rows * np.divide(end, largest, out=np.zeros_like(largest), where=largest != 0))]
        along, own = (weights * levels * rows).sum(1), (weights * levels * levels).sum(1)
        worth, share = (np.divide(a, own, out=np.zeros_like(own), where=own > 0) for a in (along * along, along))
        better = worth > best
        best[better], scale[better] = worth[better], share[better]
    return scale.astype(np.float16)


def nearest(scaled):
    """The codes of the levels nearest to values of scale one."""
    return np.searchsorted(BETWEEN, scaled).astype(np.uint8)


def nibbles(codes, scales):
    """The bytes of IQ4_NL: codes of any shape whose rows are whole blocks, and a half-precision scale for each block."""
    codes = codes.reshape(-1, 32)
    blocks = np.empty(len(codes), NIBBLES)
    blocks["scale"], blocks["values"] = scales.reshape(-1), codes[:, :16] | codes[:, 16:] << 4
    return blocks.tobytes()


def levelled(codes, scales):
    """The values that codes [rows, columns] and scales [rows, columns / 32] stand for."""
    return LEVELS[codes] * np.repeat(scales.astype(np.float32), 32, 1)


def write(path, metadata, tensors, types, ready=()):
    """The inverse of read; tensors are float32 and are quantised here, but those whose bytes are `ready`: {name: bytes}."""
    def text(raw):
        raw = raw.encode() if isinstance(raw, str) else raw
        return struct.pack("<Q", len(raw)) + raw

    def value(kind, v):
        if kind == STRING:
            return text(v)
        if kind == ARRAY:
            inner, items = v
            return struct.pack("<IQ", inner, len(items)) + b"".join(value(inner, i) for i in items)
        return struct.pack("<" + SCALARS[kind], v)

    encode = {FLOAT32: lambda t: np.ascontiguousarray(t, "<f4").tobytes(), Q8_0: q8_0, IQ4_NL: iq4_nl}
    bodies = {name: ready[name] if name in ready else encode[types[name]](t) for name, t in tensors.items()}
    head = [struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))]
    for key, (kind, v) in metadata.items():
        head += [text(key), struct.pack("<I", kind), value(kind, v)]
    offset = 0
    for name, tensor in tensors.items():
        head += [text(name), struct.pack("<I", tensor.ndim), struct.pack("<" + "Q" * tensor.ndim, *tensor.shape[::-1]), struct.pack("<IQ", types[name], offset)]
        offset += -(-len(bodies[name]) // ALIGNMENT) * ALIGNMENT
    head = b"".join(head)
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT))
        for body in bodies.values():
            f.write(body + bytes(-len(body) % ALIGNMENT))
