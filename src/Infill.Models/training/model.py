"""Qwen3's architecture in its dense form, as llama.cpp computes it, small enough for two CPU cores."""
import dataclasses

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Shape:
    layers: int = 14
    width: int = 512
    heads: int = 8
    kv_heads: int = 4
    head: int = 64
    hidden: int = 1536
    vocabulary: int = 16384
    context: int = 2048
    theta: float = 10000.0
    epsilon: float = 1e-6


def rms_norm(x, weight, epsilon):
    x32 = x.float()
    return ((x32 * torch.rsqrt(x32.pow(2).mean(-1, keepdim=True) + epsilon)) * weight).to(x.dtype)


def rotated(x, cos, sin):
    """x: [batch, heads, tokens, head]; pairs are (i, i + head / 2), as in Qwen and llama.cpp's NEOX form."""
    a, b = x.float().chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


class Block(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        self.attn_norm = nn.Parameter(torch.ones(s.width))
        self.attn_q = nn.Parameter(torch.empty(s.heads * s.head, s.width))
        self.attn_k = nn.Parameter(torch.empty(s.kv_heads * s.head, s.width))
        self.attn_v = nn.Parameter(torch.empty(s.kv_heads * s.head, s.width))
        self.attn_q_norm = nn.Parameter(torch.ones(s.head))
        self.attn_k_norm = nn.Parameter(torch.ones(s.head))
        self.attn_output = nn.Parameter(torch.empty(s.width, s.heads * s.head))
        self.ffn_norm = nn.Parameter(torch.ones(s.width))
        self.ffn_gate = nn.Parameter(torch.empty(s.hidden, s.width))
        self.ffn_up = nn.Parameter(torch.empty(s.hidden, s.width))
        self.ffn_down = nn.Parameter(torch.empty(s.width, s.hidden))

    def forward(self, x, cos, sin, cache=None, mask=None):
        """cache: None while training; otherwise [keys, values, filled], written in place, with a mask [batch, 1, new, total]."""
        s = self.s
        batch, tokens, _ = x.shape
        dtype = torch.bfloat16 if x.is_cuda else torch.float32
        h = rms_norm(x, self.attn_norm, s.epsilon).to(dtype)
        qkv = F.linear(h, torch.cat([self.attn_q, self.attn_k, self.attn_v]).to(dtype))
        q, k, v = qkv.split([s.heads * s.head, s.kv_heads * s.head, s.kv_heads * s.head], -1)
        q = rotated(rms_norm(q.view(batch, tokens, s.heads, s.head), self.attn_q_norm, s.epsilon).transpose(1, 2), cos, sin)
        k = rotated(rms_norm(k.view(batch, tokens, s.kv_heads, s.head), self.attn_k_norm, s.epsilon).transpose(1, 2), cos, sin)
        v = v.view(batch, tokens, s.kv_heads, s.head).transpose(1, 2)
        if cache is None:
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        else:
            a = self.cached(q, k, v, cache, mask)
        x = x + F.linear(a.transpose(1, 2).reshape(batch, tokens, -1), self.attn_output.to(dtype))
        h = rms_norm(x, self.ffn_norm, s.epsilon).to(dtype)
        gate, up = F.linear(h, torch.cat([self.ffn_gate, self.ffn_up]).to(dtype)).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.ffn_down.to(dtype))

    def cached(self, q, k, v, cache, mask):
        keys, values, filled = cache
        end = cache[2] = filled + k.shape[2]
        keys[:, :, filled:end], values[:, :, filled:end] = k, v
        repeats = self.s.heads // self.s.kv_heads
        return F.scaled_dot_product_attention(q, keys[:, :, :end].repeat_interleave(repeats, 1), values[:, :, :end].repeat_interleave(repeats, 1), attn_mask=mask)


class Model(nn.Module):
    def __init__(self, s: Shape = Shape()):
        super().__init__()
        self.s = s
        self.token_embd = nn.Parameter(torch.empty(s.vocabulary, s.width))
        self.blk = nn.ModuleList(Block(s) for _ in range(s.layers))
        self.output_norm = nn.Parameter(torch.ones(s.width))

    def angles(self, positions):
        """positions: [batch, tokens] -> cos and sin, each [batch, 1, tokens, head / 2], float32."""
        rates = self.s.theta ** (-torch.arange(0, self.s.head, 2, device=positions.device, dtype=torch.float32) / self.s.head)
        turns = positions[:, None, :, None].float() * rates
        return turns.cos(), turns.sin()

    def hidden(self, tokens):
        """tokens: [batch, tokens] -> the last layer's normalised output."""
        x = F.embedding(tokens, self.token_embd)
        if x.is_cuda:
            x = x.bfloat16()
        cos, sin = self.angles(torch.arange(tokens.shape[1], device=tokens.device)[None])
        for block in self.blk:
            x = block(x, cos, sin)
        return rms_norm(x, self.output_norm, self.s.epsilon)

    def losses(self, tokens, targets):
        """Cross entropy of each target, float32, [batch * tokens]."""
        h = self.hidden(tokens)
        logits = F.linear(h, self.token_embd.to(h.dtype)).float()
        return F.cross_entropy(logits.view(-1, self.s.vocabulary), targets.reshape(-1), reduction="none")

    @torch.no_grad()
    def generate(self, prompts, limit, ends):
        """Greedy continuations of prompts (lists of tokens) in one left-padded batch, each up to `limit` tokens or one of `ends`.

        Returns a list of (tokens without the end, whether it stopped by itself).
        """
        s, device = self.s, self.token_embd.device
        width = max(map(len, prompts))
        batch = len(prompts)
        tokens = torch.zeros(batch, width, dtype=torch.long, device=device)
        pad = torch.tensor([width - len(p) for p in prompts], device=device)
        for i, p in enumerate(prompts):
            tokens[i, width - len(p):] = torch.tensor(p, device=device)
        dtype = torch.bfloat16 if tokens.is_cuda else torch.float32
        caches = [[torch.zeros(batch, s.kv_heads, width + limit, s.head, device=device, dtype=dtype) for _ in range(2)] + [0] for _ in range(s.layers)]
        columns = torch.arange(width + limit, device=device)
        real = columns[None] >= pad[:, None]
        out = torch.full((batch, limit), -1, dtype=torch.long, device=device)
        done = torch.zeros(batch, dtype=torch.bool, device=device)
        ends = torch.tensor(sorted(ends), device=device)
        fed, filled = tokens, 0
        for step in range(limit):
            rows = torch.arange(filled, filled + fed.shape[1], device=device)
            # A padded row sees itself, so that no row of the mask is empty.
            mask = (columns[None, None, :filled + fed.shape[1]] <= rows[None, :, None]) & (real[:, None, :filled + fed.shape[1]] | (columns[None, None, :filled + fed.shape[1]] == rows[None, :, None]))
            cos, sin = self.angles((rows[None] - pad[:, None]).clamp(min=0))
            x = F.embedding(fed, self.token_embd).to(dtype)
            for block, cache in zip(self.blk, caches):
                x = block(x, cos, sin, cache, mask[:, None])
            h = rms_norm(x[:, -1], self.output_norm, s.epsilon)
            best = F.linear(h, self.token_embd.to(h.dtype)).float().argmax(-1)
            filled += fed.shape[1]
            ended = (best[:, None] == ends[None]).any(-1)
            out[:, step] = torch.where(done, torch.full_like(best, -1), torch.where(ended, torch.full_like(best, -2), best))
            done |= ended
            fed = best[:, None]
            if done.all():
                break
        answers = []
        for row in out.tolist():
            text = [t for t in row if t >= 0]
            answers.append((text, -2 in row))
        return answers
