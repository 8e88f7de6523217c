#!/usr/bin/env python3
"""What the GPU can do at most: bytes a second by a copy, operations a second by a matrix product. Needs PyTorch."""
import torch


def best(run, rounds=10):
    for _ in range(3):
        run()
    seconds = []
    for _ in range(rounds):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        run()
        end.record()
        torch.cuda.synchronize()
        seconds.append(begin.elapsed_time(end) / 1000)
    return sorted(seconds)[len(seconds) // 2]


source, target = (torch.empty(4 << 30, dtype=torch.uint8, device="cuda") for _ in range(2))
copied = best(lambda: target.copy_(source))
del source, target
left, right = (torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda") for _ in range(2))
product = best(lambda: left @ right)
print(f"{torch.cuda.get_device_name()}: a copy moves {2 * (4 << 30) / copied / 1e12:.2f} TB/s, read and written; a product of bf16 matrices {2 * 8192**3 / product / 1e12:.0f} TFLOP/s")
