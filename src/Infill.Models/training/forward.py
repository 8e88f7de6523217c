"""The model in numpy, for what looks at its inner values on a machine without torch: a forward pass over whole rows of tokens, slow but exact.

    forward.py ROWS.npz COUNT MODEL.gguf...     the loss of middles and of all text on the first COUNT rows, six core-seconds a row and model
"""
import sys

import numpy as np

import gguf
from samples import MIDDLE_WEIGHT

STRETCH = 256  # queries whose scores are in memory at once


def rms_norm(x, weight, epsilon):
    return x / np.sqrt(np.square(x).mean(-1, keepdims=True) + epsilon) * weight


def rotated(x, cos, sin):
    """x: [heads, tokens, head]; pairs are (i, i + head / 2)."""
    a, b = np.split(x, 2, -1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def attention(q, k, v):
    """q: [heads, tokens, head]; k and v: as many heads or fewer, each for a run of q's. Causal. Returns [tokens, heads * head]."""
    heads, tokens, head = q.shape
    out = np.empty((tokens, heads, head), np.float32)
    for h in range(heads):
        own = h * len(k) // heads
        for start in range(0, tokens, STRETCH):
            end = min(tokens, start + STRETCH)
            scores = q[h, start:end] @ k[own, :end].T * np.float32(head ** -0.5)
            scores[:, start:] += np.triu(np.full((end - start, end - start), -np.inf, np.float32), 1)
            np.exp(scores - scores.max(1, keepdims=True), out=scores)
            out[start:end, h] = scores @ v[own, :end] / scores.sum(1, keepdims=True)
    return out.reshape(tokens, heads * head)


class Forward:
    """Metadata and tensors are as gguf.read returns them. `tensors` may change while the model runs: see `seen` of hidden."""

    def __init__(self, metadata, tensors):
        self.tensors = dict(tensors)
        value = {key.removeprefix("qwen3."): v for key, (_, v) in metadata.items()}
        self.layers, self.heads, self.kv_heads = value["block_count"], value["attention.head_count"], value["attention.head_count_kv"]
        self.head, self.epsilon, self.base = value["attention.key_length"], np.float32(value["attention.layer_norm_rms_epsilon"]), value["rope.freq_base"]

    def hidden(self, rows, seen=None):
        """rows: [rows, tokens] -> the last layer's normalised output [rows, tokens, width].

        Layer by layer for all rows. seen(names, inputs) is called once the inputs [rows * tokens, columns] of the matrices of these names are
        known and before they are used; so it can put other matrices in their place, and what follows is computed with those.
        """
        count, tokens = rows.shape
        turns = np.arange(tokens)[:, None] * self.base ** (-np.arange(0, self.head, 2) / self.head)
        cos, sin = np.cos(turns).astype(np.float32), np.sin(turns).astype(np.float32)
        x = self.tensors["token_embd.weight"][rows.reshape(-1)]

        def products(layer, names, inputs):
            names = [f"blk.{layer}.{n}.weight" for n in names]
            if seen:
                seen(names, inputs)
            return [inputs @ self.tensors[n].T for n in names]

        for layer in range(self.layers):
            norm = {n: self.tensors[f"blk.{layer}.{n}_norm.weight"] for n in ("attn", "attn_q", "attn_k", "ffn")}
            q, k, v = products(layer, ("attn_q", "attn_k", "attn_v"), rms_norm(x, norm["attn"], self.epsilon))
            mixed = np.empty_like(q)
            for row in range(count):
                part = slice(row * tokens, (row + 1) * tokens)
                split = [m[part].reshape(tokens, heads, self.head).transpose(1, 0, 2) for m, heads in ((q, self.heads), (k, self.kv_heads), (v, self.kv_heads))]
                turned = [rotated(rms_norm(m, norm[n], self.epsilon), cos, sin) for m, n in zip(split, ("attn_q", "attn_k"))]
                mixed[part] = attention(*turned, split[2])
            x = x + products(layer, ("attn_output",), mixed)[0]
            gate, up = products(layer, ("ffn_gate", "ffn_up"), rms_norm(x, norm["ffn"], self.epsilon))
            x = x + products(layer, ("ffn_down",), gate / (1 + np.exp(-gate)) * up)[0]
        return rms_norm(x, self.tensors["output_norm.weight"], self.epsilon).reshape(count, tokens, -1)

    def losses(self, rows):
        """Cross entropy of each token of the rows but the first: [rows, tokens - 1]."""
        out = np.empty((len(rows), rows.shape[1] - 1), np.float32)
        for i, row in enumerate(rows):
            hidden = self.hidden(row[None, :-1])[0]
            for start in range(0, len(hidden), STRETCH):
                logits = hidden[start:start + STRETCH] @ self.tensors["token_embd.weight"].T
                wanted = row[1 + start:1 + start + len(logits)].astype(int)
                most = logits.max(1)
                out[i, start:start + len(logits)] = np.log(np.exp(logits - most[:, None]).sum(1)) + most - logits[np.arange(len(logits)), wanted]
        return out


def main():
    with np.load(sys.argv[1]) as rows:
        tokens, weights = (rows[key][:int(sys.argv[2])] for key in ("tokens", "weights"))
    for path in sys.argv[3:]:
        losses = Forward(*gguf.read(path)[:2]).losses(tokens)
        print(path, *(f"{name} {losses[asked[:, 1:]].mean():.4f}" for name, asked in (("middles", weights == MIDDLE_WEIGHT), ("text", weights > 0))), flush=True)


if __name__ == "__main__":
    main()
