"""Divides WORK/docs into COUNT parts that travel one by one, each with its share of every language, and a small set of held-out documents.

    pack.py WORK COUNT

Writes WORK/parts/N.jsonl.zst and WORK/parts/held-{heldout,mix}.jsonl.zst.
"""
import json
import os
import random
import subprocess
import sys

from context import runs

# Share of a language's documents that travels: there is more Python and Java than the model's time can read.
KEPT = {"python": 0.74, "java": 0.82}
HELD = {"heldout": 320, "mix": 200}  # documents a language


def compressor(path):
    return subprocess.Popen(["nice", "-n", "15", "zstd", "-q", "-f", "-10", "--long=27", "-o", path], stdin=subprocess.PIPE)


def main():
    work, count = sys.argv[1], int(sys.argv[2])
    os.makedirs(f"{work}/parts", exist_ok=True)
    rng = random.Random(5)
    parts = [compressor(f"{work}/parts/{n}.jsonl.zst") for n in range(count)]
    for language in ("csharp", "tsjs", "python", "go", "rust", "java", "c"):
        turn = rng.randrange(count)
        kept = (line for line in open(f"{work}/docs/{language}.jsonl") if rng.random() <= KEPT.get(language, 1))
        for run, line in runs(kept):  # files of a package compress together and are each other's context
            parts[(turn + run) % count].stdin.write(line.encode())
    for held, limit in HELD.items():
        by_language = {}
        for line in open(f"{work}/docs/{held}.jsonl", "rb"):
            by_language.setdefault(json.loads(line)["l"], []).append(line)
        process = compressor(f"{work}/parts/held-{held}.jsonl.zst")
        for language in sorted(by_language):
            lines = by_language[language]
            process.stdin.write(b"".join(rng.sample(lines, min(limit, len(lines)))))
        process.stdin.close()
        process.wait()
    for process in parts:
        process.stdin.close()
    for process in parts:
        process.wait()


if __name__ == "__main__":
    main()
