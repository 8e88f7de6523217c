"""Greedy completions of held-out places, compared with what stands there.

    evaluate.py WORK MODEL.gguf OUT.json [--orders spm,psm] [--count 250] [--sets heldout,mix] [--cross 250]

The places are the same for every model: WORK/held/heldout.jsonl (packages that no model here was trained on) and WORK/held/mix.jsonl (3 % of
the files of packages that were; the seed may have seen them). `line` = cursor to the end of the line, 30 % at the indentation, 70 % at an inner
character; `block` = two to six lines; `body` = all that a line opens, at most ten lines; `cross` = from a word in a line that uses a name which
another document of the package defines to its end, once alone and once with chunks of six open documents, one of them the one that defines it. exact = equal after rstrip of the whole answer; cut = its first line only; edit = 1 - Levenshtein / longer.
"""
import argparse
import collections
import json
import random
import re

import torch

import context
import samples
from model import Model
from tokenizer import ENDS, FILE, MIDDLE, PREFIX, SUFFIX, Tokenizer
from train import load

PREFIX_TOKENS, SUFFIX_TOKENS = 640, 256
LICENCE = re.compile(r"licen[cs]e|copyright|warrant|permission|liab|redistribut", re.I)
CROSS_PREFIX, CROSS_SUFFIX, CROSS_CONTEXT, CROSS_OPEN, CROSS_DEFINERS = 512, 128, 384, 6, 2  # the product's
LIMITS = {"line": 48, "block": 112, "body": 160, "cross": 48}


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
            elif kind == "body":
                if index == 0 or not lines[index - 1][1].endswith(("{", ":")):
                    continue
                opener = lines[index - 1][1]
                begin, end = start + indentation, samples.body_end(lines, index - 1, len(opener) - len(opener.lstrip())) or 0
                if end <= begin:
                    continue
            else:
                last = index + rng.randint(1, 5)
                if last >= len(lines) or not lines[last][1].strip():
                    continue
                begin, end = start + indentation, lines[last][0] + len(lines[last][1])
            if text[begin:end].strip():
                found.append((document, begin, end))
    return found


def cross_places(documents, count, rng):
    """(document, begin, end, open documents) of places whose line uses a name that one or two others of the package define."""
    groups, found = collections.defaultdict(context.Group), []
    for document in documents:
        groups[document["p"].split("/")[0]].add(document)
    for _ in range(200 * count):
        if len(found) == count:
            break
        document = rng.choice(documents)
        group = groups[document["p"].split("/")[0]]
        start, line = rng.choice(samples.lines_of(document["t"]))
        if context.IMPORT.match(line) or context.COMMENT.match(line) or not line.strip():
            continue
        index = group.index()
        names = sorted(n for n in group.foreign(context.names_in(line), document) if len(index[n]) <= CROSS_DEFINERS)
        code = line.strip()
        cuts = [at for at in range(1, len(code) - 2) if code[at] != " " and is_part(code[at]) != is_part(code[at - 1])]
        if not names or not cuts:
            continue
        begin = start + line.index(code) + rng.choice(cuts)
        opened = [group.documents[rng.choice(index[names[0]])]]
        for _ in range(4 * CROSS_OPEN):
            other = rng.choice(group.documents)
            if len(opened) < CROSS_OPEN and other is not document and all(other is not o for o in opened):
                opened.insert(rng.randint(0, len(opened)), other)
        found.append((document, begin, start + len(line.rstrip()), opened))
    return found


def is_part(character):
    return character.isalnum() or character == "_"


def cross(model, tokenizer, documents, count, rng):
    """Rows of the table: the same places alone, and with the chunks that the product would choose."""
    found = cross_places(documents, count, rng)
    named = lambda document: document["p"].split("/", 1)[1] + "\n"
    feed, = tokenizer.encode_batch(["\n"])
    alone, with_files, known = [], [], 0
    for document, begin, end, opened in found:
        before, after = document["t"][:begin], document["t"][end:]
        chunks, room = [], CROSS_CONTEXT * context.CHARACTERS_PER_TOKEN
        for chunk in context.ranked(context.query(document, before, after), opened):
            if len(chunk.text) <= room:
                room -= len(chunk.text)
                chunks.append(chunk)
        ids = tokenizer.encode_batch([named(document), before[-3200:], after[:1000], *(t for c in chunks for t in (named(c.document), c.text))])
        files, room, taken = [], CROSS_CONTEXT, set()
        for i, chunk in enumerate(chunks):
            tokens = [FILE, *ids[3 + 2 * i], *ids[4 + 2 * i], *feed]
            if len(tokens) <= room:
                room -= len(tokens)
                files.insert(0, tokens)
                taken |= chunk.names
        own = [FILE, *ids[0], SUFFIX, *ids[2][:CROSS_SUFFIX], PREFIX, *ids[1][-CROSS_PREFIX:], MIDDLE]
        alone.append(own)
        with_files.append([t for f in files for t in f] + own)
        known += bool((context.names_in(document["t"][begin:end]) - context.names_in(before[-1600:] + after[:400])) & taken)
    for name, prompts in (("alone", alone), ("with files", with_files)):
        sums = collections.Counter()
        results = model.generate(prompts, LIMITS["cross"], ENDS)
        for (document, begin, end, _), (tokens, stopped) in zip(found, results):
            truth, got = document["t"][begin:end], tokenizer.decode(tokens)
            sums.update(exact=got.rstrip() == truth, cut=got.split("\n")[0].rstrip() == truth, stopped=stopped)
        yield {"kind": "cross", "order": name, "n": len(found), **{k: round(sums[k] / max(1, len(found)), 4) for k in ("exact", "cut", "stopped")}, "names given": known}


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
    a.add_argument("--orders", default="spm"), a.add_argument("--count", type=int, default=250), a.add_argument("--sets", default="heldout,mix"), a.add_argument("--cross", type=int, default=250)
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
            for kind in ("line", "block", "body") if held == "heldout" else ("line",):
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
            if held == "heldout" and a.cross:
                for row in cross(model, tokenizer, by_language[language], a.cross, random.Random(f"cross {language}")):
                    table.append({"set": held, "language": language, **row})
                    print(json.dumps(table[-1]), flush=True)
    json.dump({"table": table, "answers": answers}, open(a.out, "w"))


if __name__ == "__main__":
    main()
