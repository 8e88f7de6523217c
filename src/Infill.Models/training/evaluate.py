"""Greedy completions of held-out places, compared with what stands there.

    evaluate.py WORK MODEL.gguf OUT.json [--orders spm,psm] [--count 250] [--sets heldout,mix]

The places are the same for every model: WORK/held/heldout.jsonl (packages that no model here was trained on) and WORK/held/mix.jsonl (3 % of
the files of packages that were; the seed may have seen them). `line` = cursor to the end of the line, 30 % at the indentation, 70 % at an inner
character; `block` = two to six lines. exact = equal after rstrip of the whole answer; cut = its first line only; edit = 1 - Levenshtein / longer.
"""
import argparse
import collections
import json
import random
import re

import torch

from model import Model
from tokenizer import ENDS, FILE, MIDDLE, PREFIX, SUFFIX, Tokenizer
from train import load

PREFIX_TOKENS, SUFFIX_TOKENS = 640, 256
LICENCE = re.compile(r"licen[cs]e|copyright|warrant|permission|liab|redistribut", re.I)
LIMITS = {"line": 48, "block": 112}


def places(documents, kind, count, rng):
    """(document, begin, end) of each place, at most one a file and pass."""
    found = []
    order = list(documents)
    for _ in range(20):
        rng.shuffle(order)
        for document in order:
            if len(found) == count:
                return found
            text = document["t"]
            lines, at = [], 0
            for line in text.split("\n"):
                lines.append((at, line))
                at += len(line) + 1
            index = rng.randrange(len(lines))
            start, line = lines[index]
            if len(line.strip()) < 4 or index < 40 and LICENCE.search(line):
                continue
            indentation = len(line) - len(line.lstrip())
            if kind == "line":
                begin = start + (indentation if rng.random() < 0.3 else rng.randint(indentation + 1, len(line) - 1))
                end = start + len(line)
            else:
                last = index + rng.randint(1, 5)
                if last >= len(lines) or not lines[last][1].strip():
                    continue
                begin, end = start + indentation, lines[last][0] + len(lines[last][1])
            if text[begin:end].strip():
                found.append((document, begin, end))
    return found


def distance(a, b):
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("work"), a.add_argument("model"), a.add_argument("out")
    a.add_argument("--orders", default="spm"), a.add_argument("--count", type=int, default=250), a.add_argument("--sets", default="heldout,mix")
    a.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = a.parse_args()
    tokenizer = Tokenizer(a.model)
    model = Model().to(a.device)
    load(model, a.model)
    table, answers = [], []
    for held in a.sets.split(","):
        by_language = collections.defaultdict(list)
        for line in open(f"{a.work}/held/{held}.jsonl"):
            document = json.loads(line)
            by_language[document["l"]].append(document)
        for language in sorted(by_language):
            for kind in ("line", "block") if held == "heldout" else ("line",):
                found = places(by_language[language], kind, a.count, random.Random(f"{held} {language} {kind}"))
                texts = []
                for document, begin, end in found:
                    texts += [document["p"].split("/", 1)[1] + "\n", document["t"][max(0, begin - 4000):begin], document["t"][end:end + 2000]]
                ids = tokenizer.encode_batch(texts)
                for order in a.orders.split(","):
                    prompts = []
                    for i in range(len(found)):
                        name, prefix, suffix = ids[3 * i], ids[3 * i + 1][-PREFIX_TOKENS:], ids[3 * i + 2][:SUFFIX_TOKENS]
                        around = [SUFFIX, *suffix, PREFIX, *prefix] if order == "spm" else [PREFIX, *prefix, SUFFIX, *suffix]
                        prompts.append([FILE, *name, *around, MIDDLE])
                    results = model.generate(prompts, LIMITS[kind], ENDS)
                    sums = collections.Counter()
                    for (document, begin, end), (tokens, stopped) in zip(found, results):
                        truth, got = document["t"][begin:end], tokenizer.decode(tokens)
                        first = got.split("\n")[0].rstrip() == truth.split("\n")[0].rstrip()
                        sums.update(exact=got.rstrip() == truth.rstrip(), cut=first, stopped=stopped, edit=1 - distance(truth, got) / max(len(truth), len(got), 1))
                        answers.append({"set": held, "kind": kind, "order": order, "p": document["p"], "at": begin, "truth": truth, "got": got})
                    n = len(found)
                    table.append({"set": held, "language": language, "kind": kind, "order": order, "n": n, **{k: round(sums[k] / n, 4) for k in ("exact", "cut", "edit", "stopped")}})
                    print(json.dumps(table[-1]), flush=True)
    json.dump({"table": table, "answers": answers}, open(a.out, "w"))


if __name__ == "__main__":
    main()
