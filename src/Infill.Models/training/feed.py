"""One of several processes that turn the corpus into packed training rows while the model trains.

    feed.py WORK MODEL.gguf NUMBER COUNT
    feed.py WORK MODEL.gguf validation ROWS     writes WORK/validation.npz from WORK/held/*.jsonl instead

Reads WORK/corpus/*.jsonl (every COUNT-th run of lines, so that a package's files stay together; new files are taken up as they arrive) and writes WORK/rows/NUMBER-SERIAL.npz with
tokens [ROWS, 2049] uint16 and weights of the same shape, uint8. Every pass over a document cuts it anew. It waits while enough files lie unread.
"""
import glob
import json
import os
import random
import sys
import time

import numpy as np

import samples
from context import RUN, Group, runs
from tokenizer import PAD, Tokenizer

ROWS = 128
UNREAD = 6
# What users write, and what there is of it.
SHARES = {"csharp": 0.21, "tsjs": 0.18, "python": 0.17, "go": 0.12, "rust": 0.12, "java": 0.09, "c": 0.11}


class Language:
    """The documents of one language in an order that every pass shuffles anew."""

    def __init__(self, rng):
        self.rng, self.documents, self.groups, self.left, self.passes = rng, [], {}, [], 0

    def add(self, document):
        self.documents.append(document)
        package = document["p"].split("/")[0]
        group = self.groups.get(package)
        if group is None or len(group.documents) >= RUN:
            group = self.groups[package] = Group()
        group.add(document)
        document["group"] = group
        self.left.insert(self.rng.randint(0, len(self.left)), len(self.documents) - 1)

    def take(self):
        if not self.left:
            self.left = list(range(len(self.documents)))
            self.rng.shuffle(self.left)
            self.passes += 1
        return self.documents[self.left.pop()]


def pack(samples_in, row_length=samples.LONGEST, open_rows=48):
    """Samples into rows without cutting any: each goes to the fullest open row that has room; the fullest row leaves when none has."""
    rows = []
    for tokens, weights in samples_in:
        fitting = [r for r in rows if len(r[0]) + len(tokens) <= row_length]
        if fitting:
            row = max(fitting, key=lambda r: len(r[0]))
            row[0].extend(tokens)
            row[1].extend(weights)
        else:
            rows.append((list(tokens), list(weights)))
        if len(rows) > open_rows or any(len(r[0]) > row_length - 24 for r in rows[-1:]):
            full = max(rows, key=lambda r: len(r[0]))
            rows.remove(full)
            yield full


def stream(languages, rng, tokenizer):
    """Tokenised samples without end, languages by their shares of characters."""
    given = dict.fromkeys(languages, 1.0)
    while True:
        batch = []
        while len(batch) < 256:
            ready = [l for l in languages if languages[l].documents]
            name = min(ready, key=lambda l: given[l] / SHARES[l])
            document = languages[name].take()
            for window in samples.windows(document["t"], rng):
                given[name] += len(window)
                batch.append(samples.parts_of(document, window, document["group"], rng))
        rng.shuffle(batch)
        yield from samples.tokenized(batch, tokenizer)
        yield None  # a place to look for new files


def as_arrays(rows):
    tokens = np.full((len(rows), samples.LONGEST), PAD, np.uint16)
    weights = np.zeros((len(rows), samples.LONGEST), np.uint8)
    for i, (t, w) in enumerate(rows):
        tokens[i, :len(t)], weights[i, :len(w)] = t, w
    return tokens, weights


def validation(work, model, count):
    rng = random.Random(7)
    languages = {name: Language(rng) for name in SHARES}
    for path in sorted(glob.glob(f"{work}/held/*.jsonl")):
        for line in open(path):
            document = json.loads(line)
            languages[document["l"]].add(document)
    endless = pack(s for s in stream(languages, rng, Tokenizer(model)) if s is not None)
    tokens, weights = as_arrays([next(endless) for _ in range(count)])
    np.savez(f"{work}/validation.npz", tokens=tokens, weights=weights)


def main():
    work, model = sys.argv[1], sys.argv[2]
    if sys.argv[3] == "validation":
        validation(work, model, int(sys.argv[4]))
        return
    number, count = int(sys.argv[3]), int(sys.argv[4])
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    rng = random.Random(number + 1000)
    tokenizer = Tokenizer(model)
    languages = {name: Language(rng) for name in SHARES}
    known = set()

    def look():
        for path in sorted(set(glob.glob(f"{work}/corpus/*.jsonl")) - known):
            known.add(path)
            for run, line in runs(open(path)):
                if run % count == number:
                    document = json.loads(line)
                    languages[document["l"]].add(document)
        if not known:
            time.sleep(0.5)

    while not known:
        look()

    def watched():
        for sample in stream(languages, rng, tokenizer):
            if sample is None:
                look()
            else:
                yield sample

    serial, rows = 0, []
    for row in pack(watched()):
        rows.append(row)
        if len(rows) < ROWS:
            continue
        rng.shuffle(rows)
        tokens, weights = as_arrays(rows)
        rows = []
        while len(glob.glob(f"{work}/rows/{number}-*.npz")) >= UNREAD:
            time.sleep(0.1)
        np.savez(f"{work}/rows/tmp-{number}.npz", tokens=tokens, weights=weights)
        os.rename(f"{work}/rows/tmp-{number}.npz", f"{work}/rows/{number}-{serial}.npz")
        serial += 1
        if serial % 50 == 0:
            print(number, serial, {l: f"{languages[l].passes + 1 - len(languages[l].left) / max(1, len(languages[l].documents)):.2f}" for l in languages}, flush=True)


if __name__ == "__main__":
    main()
