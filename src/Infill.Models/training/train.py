"""Trains the model from a GGUF file's weights for a given time.

    torchrun --nproc_per_node GPUS train.py WORK SEED.gguf OUT.gguf SECONDS [--rows N] [--peak F] [--stop-file PATH]

One process a GPU; each reads the rows of its own feed processes. The schedule runs by the clock, so that it ends in time on any machine:
two percent warm-up, constant to HOLD, then linearly down to LAST. Every CHECKPOINT seconds OUT.gguf is written as it stands.
"""
import argparse
import glob
import math
import os
import queue
import threading
import time

import numpy as np
import torch
import torch.distributed as dist

import gguf
from model import Model

WARM_UP, HOLD, LAST = 0.02, 0.15, 0.005
CHECKPOINT, VALIDATE = 150, 100
MUON_RATE, ADAM_RATE = 0.006, 0.0006
MOMENTUM, WEIGHT_DECAY = 0.95, 0.02


def rate(progress):
    """Share of the peak learning rate at a share of the time."""
    if progress < WARM_UP:
        return progress / WARM_UP + 1e-3
    if progress < HOLD:
        return 1.0
    return max(LAST, 1 - (1 - LAST) * (progress - HOLD) / (1 - HOLD))


def orthogonal(g):
    """The nearest orthogonal matrices to g [n, rows, columns], rows <= columns, by five Newton-Schulz steps (Muon's coefficients)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g.bfloat16() if g.is_cuda else g
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        s = x @ x.transpose(1, 2)
        x = a * x + (b * s + c * s @ s) @ x
    return x


class Optimizer:
    """Muon for the matrices of the blocks, AdamW for the embedding and the norms."""

    def __init__(self, model):
        matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and n != "token_embd"]
        groups = {}
        for p in matrices:
            groups.setdefault(tuple(sorted(p.shape)), []).append(p)
        self.groups = list(groups.values())
        self.momenta = [[torch.zeros_like(p) for p in g] for g in self.groups]
        self.adam = torch.optim.AdamW([p for n, p in model.named_parameters() if p.ndim == 1 or n == "token_embd"], lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0)
        self.steps = 0

    @torch.no_grad()
    def step(self, factor, peak):
        self.steps += 1
        momentum = 0.85 + (MOMENTUM - 0.85) * min(1, self.steps / 300)
        learning = MUON_RATE * factor * peak
        for group, momenta in zip(self.groups, self.momenta):
            directions = []
            for p, m in zip(group, momenta):
                m.lerp_(p.grad, 1 - momentum)
                nesterov = p.grad.lerp(m, momentum)
                directions.append(nesterov if p.shape[0] <= p.shape[1] else nesterov.T)
            for p, u in zip(group, orthogonal(torch.stack(directions)).float()):
                p.mul_(1 - learning * WEIGHT_DECAY)
                p.add_(u if p.shape[0] <= p.shape[1] else u.T, alpha=-learning * max(1, p.shape[0] / p.shape[1]) ** 0.5)
        for g in self.adam.param_groups:
            g["lr"] = ADAM_RATE * factor * peak
        self.adam.step()


class Rows:
    """This process's share of the rows that the feeds write, mixed over several files."""

    def __init__(self, work, rank, world, rng, wait=600):
        self.pattern, self.rank, self.world, self.rng, self.wait = f"{work}/rows/[0-9]*-*.npz", rank, world, rng, wait
        self.tokens, self.weights, self.waited = None, None, 0.0

    def take(self, count):
        while self.have() < count + 1024:
            if self.load():
                continue
            if self.have() >= count:
                break
            self.waited += 0.05
            if self.waited > self.wait:
                raise TimeoutError("the feeds write no rows")
            time.sleep(0.05)
        chosen = self.rng.permutation(len(self.tokens))
        now, later = chosen[:count], chosen[count:]
        tokens, weights = self.tokens[now], self.weights[now]
        self.tokens, self.weights = self.tokens[later], self.weights[later]
        return tokens, weights

    def have(self):
        return 0 if self.tokens is None else len(self.tokens)

    def load(self):
        found = [f for f in glob.glob(self.pattern) if int(os.path.basename(f).split("-")[0]) % self.world == self.rank]
        if not found:
            return False
        file = found[self.rng.integers(len(found))]
        with np.load(file) as f:
            tokens, weights = f["tokens"], f["weights"]
        os.remove(file)
        self.tokens = tokens if self.tokens is None else np.concatenate([self.tokens, tokens])
        self.weights = weights if self.weights is None else np.concatenate([self.weights, weights])
        return True


def on_device(batch, device):
    """(tokens, weights) as arrays or pinned tensors -> inputs, targets, weights of the targets (flat, float32)."""
    tokens, weights = (torch.as_tensor(x).to(device, non_blocking=True) for x in batch)
    tokens = tokens.long()
    return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous(), weights[:, 1:].float().reshape(-1)


def ahead(rows, count, pinned):
    """Batches read on a thread of their own, so that the GPU never waits for files."""
    ready = queue.Queue(3)

    def read():
        while True:
            tokens, weights = rows.take(count)
            batch = torch.from_numpy(tokens.astype(np.int32)), torch.from_numpy(weights)
            ready.put(tuple(t.pin_memory() for t in batch) if pinned else batch)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield ready.get()


def load(model, path):
    metadata, tensors, types = gguf.read(path)
    names = dict(model.named_parameters())
    for name, tensor in tensors.items():
        names[name.removesuffix(".weight")].data.copy_(torch.from_numpy(tensor))
    return metadata, tensors, types


def save(model, path, metadata, tensors, types):
    names = dict(model.named_parameters())
    fresh = {name: names[name.removesuffix(".weight")].detach().float().cpu().numpy() for name in tensors}
    string = lambda s: (gguf.STRING, s.encode())
    metadata = dict(metadata)
    metadata.update({
        "general.name": string("infill-52m"), "general.version": string("4"), "general.license": string("mit"),
        "general.description": string("Fill-in-the-middle code model, suffix first, trained on permissively licensed sources"),
        "infill.fim_template": string("infill"),  # suffix first; FimTemplate.MetadataKey
        gguf.FILE_TYPE: (metadata[gguf.FILE_TYPE][0], gguf.MOSTLY_Q8_0),
    })
    types = {name: gguf.Q8_0 if kind == gguf.IQ4_NL else kind for name, kind in types.items()}  # shrink.py makes four bits of it, once it is done
    gguf.write(path + ".tmp", metadata, fresh, types)
    os.replace(path + ".tmp", path)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("work"), a.add_argument("seed"), a.add_argument("out"), a.add_argument("seconds", type=float)
    a.add_argument("--rows", type=int, default=96), a.add_argument("--peak", type=float, default=1.0)
    a.add_argument("--plain", action="store_true", help="without torch.compile")
    a = a.parse_args()
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", rank) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")
    if world > 1:
        dist.init_process_group("nccl" if cuda else "gloo")
    torch.manual_seed(1)
    model = Model().to(device)
    kept = load(model, a.seed)
    losses = model.losses if a.plain else torch.compile(model.losses)
    optimizer = Optimizer(model)
    parameters = list(model.parameters())
    rows = Rows(a.work, rank, world, np.random.default_rng(rank))
    batches = ahead(rows, a.rows, cuda)
    validation = np.load(f"{a.work}/validation.npz")
    say = lambda *text: rank == 0 and print(*text, flush=True)

    @torch.no_grad()
    def validate():
        total = torch.zeros(4, dtype=torch.float64, device=device)
        n = len(validation["tokens"])
        per = a.rows
        for at in range(rank * per, n - per + 1, per * world):
            x, y, w = on_device((validation["tokens"][at:at + per].astype(np.int32), validation["weights"][at:at + per]), device)
            ce = losses(x, y)
            total += torch.stack([(ce * (w > 0)).sum(), (w > 0).sum(), (ce * (w > 1)).sum(), (w > 1).sum()]).double()
        if world > 1:
            dist.all_reduce(total)
        total = total.tolist()
        return total[0] / max(1, total[1]), total[2] / max(1, total[3])

    # Compile and warm before the clock starts.
    x, y, w = on_device(next(batches), device)
    (losses(x, y) * w).sum().backward()
    model.zero_grad(set_to_none=True)
    say("start: loss %.4f, of middles %.4f" % validate())
    if cuda:
        torch.cuda.synchronize()
    began = time.time()
    next_check, next_validation, step, tokens_seen, recent = CHECKPOINT, VALIDATE, 0, 0, []
    # On the CPU: a clock that went over the GPU would wait for it at every step.
    clock = torch.zeros(1, dtype=torch.float64)
    clocks = dist.new_group(backend="gloo") if world > 1 else None
    while True:
        clock[0] = time.time() - began
        if world > 1:
            dist.broadcast(clock, 0, group=clocks)
        elapsed = clock.item()
        progress = elapsed / a.seconds
        if progress >= 1:
            break
        x, y, w = on_device(next(batches), device)
        ce = losses(x, y)
        loss = (ce * w).sum() / w.sum()
        loss.backward()
        if world > 1:
            flat = torch.cat([p.grad.view(-1) for p in parameters])
            dist.all_reduce(flat, op=dist.ReduceOp.AVG if cuda else dist.ReduceOp.SUM)
            at = 0
            for p in parameters:
                p.grad = flat[at:at + p.numel()].view_as(p) if cuda else flat[at:at + p.numel()].view_as(p) / world
                at += p.numel()
        optimizer.step(rate(progress), a.peak)
        model.zero_grad(set_to_none=True)
        step += 1
        tokens_seen += x.numel() * world
        recent.append(loss.detach())
        if step % 50 == 0:
            mean = torch.stack(recent).mean().item()
            recent = []
            if not math.isfinite(mean):
                raise ArithmeticError("the loss is no number any more")
            say(f"step {step} {elapsed:.0f} s {tokens_seen / 1e6:.0f} M tokens {tokens_seen / max(1, elapsed) / 1e3:.0f} k/s rate {rate(progress):.3f} weighted loss {mean:.4f} waited {rows.waited:.1f} s")
        if elapsed > next_validation:
            next_validation += VALIDATE
            say("validation at %.0f s: loss %.4f, of middles %.4f" % (elapsed, *validate()))
        if elapsed > next_check:
            next_check += CHECKPOINT
            if rank == 0:
                save(model, a.out, *kept)
    say("end: %d steps, %.0f M tokens in %.0f s; loss %.4f, of middles %.4f" % (step, tokens_seen / 1e6, time.time() - began, *validate()))
    if rank == 0:
        save(model, a.out, *kept)
        say("saved", a.out)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
