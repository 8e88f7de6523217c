"""Documents -> training samples: (tokens, weights), cut as people's cursors cut them.

A weight belongs to a token as a target: 0 for markers that a prompt brings, 1 for text, MIDDLE_WEIGHT for what the model is asked for.
"""
import math
import re

import context
from tokenizer import END, FILE, MIDDLE, PREFIX, REPO, SUFFIX

MIDDLE_WEIGHT = 30  # middles are two or three tokens in a hundred: so they are two fifths of what is learnt from
LONGEST = 2049

FIM_SHARE = 0.92
SUFFIX_FIRST_SHARE = 0.85

# Samples with chunks of other files. A place is asked for with what the product would choose, or with what the answer needs besides: were the
# chunks as seldom of use as an honest choice makes them, they would teach the model to look past them.
CONTEXT_SHARE = 0.55
CROSS_SHARE = 0.6  # of these: places in lines that use a name of another file
HELPED_SHARE = 0.5  # of these: a chunk that defines, or else uses, what is new in the middle is among the chosen
CONTEXT_TOKENS = (96, 192, 256, 320, 384, 384, 384, 448, 512, 640)
CHARACTERS_PER_TOKEN = 3.3
CONTEXT_WINDOW = 3600

MOST_BLOCK_LINES = 10
OPENERS = ("{", "(", "[", ":", "=>", "->", "do", "then", "=", ",")
BODY_OPENERS = ("{", ":", "=>", "->", "do", "then")
CLOSERS = re.compile(r"[)\]};,:>\"'`]+$")
STOPS_INSIDE = re.compile(r"[,)\]};]|$", re.M)
PARTS = re.compile(r"\w+|[^\w\s]+")
CALLS = re.compile(r"\w\((?!\))")


def windows(text, rng):
    """Consecutive windows over the whole text: some as long as a prompt may be, most log-uniformly shorter."""
    at = 0
    while at < len(text):
        if rng.random() < 0.15:
            length = rng.randint(2400, 4800)
        else:
            length = int(math.exp(rng.uniform(math.log(260), math.log(2600))))
        end = at + length
        if len(text) - end < 200:
            end = len(text)
        elif rng.random() < 0.85:  # whole lines mostly, as editors' windows are
            end = text.find("\n", end) + 1 or len(text)
        if end - at >= 120:
            yield text[at:end]
        at = end


def lines_of(text):
    """(offset, line) of every line."""
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    return lines


def cut(text, rng):
    """(start, end) of a middle in the text, or None where there is no good place."""
    lines = lines_of(text)
    for _ in range(6):
        index = min(int(max(rng.random(), rng.random()) * len(lines)), len(lines) - 1)
        start, line = lines[index]
        stripped = line.strip()
        if not stripped:
            continue
        indentation = len(line) - len(line.lstrip())
        kind = rng.random()
        if kind < 0.61:
            return line_cut(lines, index, indentation, rng)
        if kind < 0.83:
            if place := block_cut(lines, index, indentation, rng):
                return place
            continue
        if kind < 0.95 and len(stripped) > 4:
            if place := part_cut(text, start, line, indentation, rng):
                return place
            continue
        begin = start + rng.randint(0, len(line))
        return begin, min(len(text), begin + int(math.exp(rng.uniform(math.log(3), math.log(250)))))
    return None


def part_cut(text, start, line, indentation, rng):
    """Within a line: all of a call's arguments, some words, or as far as the next comma or closer."""
    kind = rng.random()
    if kind < 0.35 and (calls := list(CALLS.finditer(line))):
        begin = rng.choice(calls).end()
        depth = 1
        for at in range(begin, len(line)):
            depth += (line[at] == "(") - (line[at] == ")")
            if depth == 0:
                return start + begin, start + at
    if kind < 0.6:
        cuts = [m.start() for m in PARTS.finditer(line)]
        if len(cuts) > 2:
            first = rng.randrange(1, len(cuts) - 1)
            end = cuts[min(len(cuts) - 1, first + rng.randint(1, 5))]
            return start + cuts[first], start + len(line[:end].rstrip())
    begin = start + indentation + rng.randint(1, len(line) - indentation - 1)
    stop = STOPS_INSIDE.search(text, begin).start()
    return (begin, stop) if stop > begin else None


def line_cut(lines, index, indentation, rng):
    """From a cursor to the end of its line; seldom on into the block that the line opens; sometimes only to the closers at its end."""
    start, line = lines[index]
    place = rng.random()
    if place < 0.28:
        begin = start + indentation
    elif place < 0.97 and len(line) - indentation > 1:
        begin = start + rng.randint(indentation + 1, len(line) - 1)
    else:
        begin = start + len(line)  # nothing is missing: the model must learn to say so
        if rng.random() < 0.6:
            return begin, begin
    end = start + len(line)
    if line.rstrip().endswith(OPENERS) and rng.random() < 0.12 and (stop := block_end(lines, index, indentation, rng)):
        return begin, stop
    if rng.random() < 0.22 and (match := CLOSERS.search(line, begin - start)) and start + match.start() > begin:
        end = start + match.start()
    return begin, end


def block_cut(lines, index, indentation, rng):
    """The body that a line opens, without what closes it, from its first line's text or from the opener's end; or from a line to a block's end."""
    start, line = lines[index]
    if line.rstrip().endswith(BODY_OPENERS) and rng.random() < 0.75 and (end := body_end(lines, index, indentation)):
        following, first = lines[index + 1]
        return (following + len(first) - len(first.lstrip()) if rng.random() < 0.6 else start + len(line)), end
    end = block_end(lines, index, indentation, rng)
    return (start + indentation, end) if end else None


def body_end(lines, index, indentation):
    """The end of the last deeper line below an opener; None where there is none, where the window ends first, or where it is too long."""
    if index + 1 >= len(lines) or not lines[index + 1][1].strip():
        return None
    last = None
    for following in range(index + 1, len(lines)):
        start, line = lines[following]
        if not line.strip():
            continue
        if len(line) - len(line.lstrip()) <= indentation:
            return last
        if following - index > MOST_BLOCK_LINES:
            return None
        last = start + len(line)
    return None


def block_end(lines, index, indentation, rng):
    """Where something ends for sure: the statement that begins with a line, its paragraph or its block; None where that is too far or cut off."""
    kind = rng.random()
    last = index
    for following in range(index + 1, len(lines)):
        start, line = lines[following]
        code = line.strip()
        if not code:
            if kind < 0.35:
                break
            continue
        depth = len(line) - len(line.lstrip())
        if depth < indentation:
            break
        if kind >= 0.65 and depth == indentation and not (code[0] in ")]}" or code.startswith(("else", "elif", "except", "catch", "finally", "case", "end"))):
            if last > index or lines[index][1].rstrip().endswith((";", ")")):  # a line alone is a line's place, mostly
                break
        if following - index >= MOST_BLOCK_LINES:
            return None
        last = following
    else:
        return None
    start, line = lines[last]
    return start + len(line)


def cross_cut(window, document, group, rng):
    """A place in a line that uses a name which another document of the group defines: (start, end, names of the line), or None.

    Cut where a word begins, mostly at such a name or before it, or within its first letters; to the end of the line, mostly.
    """
    foreign = sorted(group.foreign(context.names_in(window), document))
    if not foreign:
        return None
    for _ in range(4):
        names = rng.sample(foreign, min(3, len(foreign)))
        name = min(names, key=lambda n: window.count(n))  # where it stands once, only another file knows it
        found = [m.start() for m in re.finditer(rf"\b{name}\b", window)]
        if not found:
            continue
        at = rng.choice(found)
        start = window.rfind("\n", 0, at) + 1
        end = window.find("\n", at)
        if end < 0:
            continue
        line = window[start:end]
        if context.IMPORT.match(line) or context.COMMENT.match(line):
            continue
        parts = [m.start() for m in PARTS.finditer(line)]
        roll = rng.random()
        if roll < 0.2:
            begin = at + rng.randint(1, min(4, len(name) - 1))
        elif roll < 0.75:
            begin = start + rng.choice([p for p in parts if start + p <= at][-4:])
        else:
            begin = start + rng.choice(parts)
        if end - begin < 3:
            continue
        if rng.random() < 0.14 and (match := CLOSERS.search(line, begin - start)) and start + match.start() > begin + 2:
            end = start + match.start()
        return begin, end
    return None


def files_for(window, place, document, group, named, rng):
    """Chunks of other documents for a place, the best last: what the product would choose, and often what the middle's names call for."""
    begin, end = place
    before, middle, after = window[:begin], window[begin:end], window[end:]
    unseen = context.names_in(middle) - context.names_in(before[-1600:] + after[:500])
    index = group.index()
    needed = [index[n] for n in shuffled(group.foreign(unseen, document), rng)[:2]]
    if not needed:
        used = group.used(unseen, document)
        needed = [used[n] for n in shuffled(used, rng)[:2]]
    near = [index[n] for n in shuffled(group.foreign(context.names_in(before[-600:] + after[:250]), document), rng)[:3]]
    asked = context.query(document, before, after)
    opened = group.opened(document, needed + near + group.like(asked[-1], document), rng.randint(2, 7), rng)
    if not opened:
        return []
    chosen = context.ranked(asked, opened, rng)
    if rng.random() < HELPED_SHARE:
        helping = helpful(opened, unseen)
        if helping:
            chosen = [c for c in chosen if c is not helping]
            chosen.insert(0 if rng.random() < 0.6 else rng.randint(0, min(2, len(chosen))), helping)
    if rng.random() < 0.25:  # what is of no use stands among it in life, too
        chosen.insert(rng.randint(0, min(3, len(chosen))), rng.choice(context.chunks_of(rng.choice(opened)) or [None]))
    budget = rng.choice(CONTEXT_TOKENS) * CHARACTERS_PER_TOKEN
    return context.within(dict.fromkeys(c for c in chosen if c), budget, named)[::-1]


def helpful(documents, names):
    """The chunk that defines, or else uses, the most of the names; None where none does."""
    best, most = None, 0
    for document in documents:
        for chunk in context.chunks_of(document):
            worth = 3 * len(names & chunk.defined) + len(names & chunk.names)
            if worth > most:
                best, most = chunk, worth
    return best


def shuffled(names, rng):
    names = sorted(names)  # sets have an order of their own in every process
    rng.shuffle(names)
    return names


def name_style(rng):
    """How the files of one prompt are called: half the time by the path in the package, otherwise as short as editors may send it."""
    roll = rng.random()

    def named(path):
        parts = path.split("/")[1:] or [path]
        return "/".join(parts) if roll < 0.5 else "/".join(parts[-2:]) if roll < 0.75 else parts[-1]

    return named


def parts_of(document, window, group, rng):
    """What a sample is made of, before tokenising: a list of (special token or text, weight).

    Text that the product makes tokens of as one piece is one piece here: a chunk ends without a line feed, and one follows by itself.
    """
    path = document["p"]
    package = path.split("/")[0]
    named = name_style(rng)
    own = [(FILE, 0), (named(path) + "\n", 1)]
    place, files, parts = None, [], None
    if group and len(group.documents) > 1 and rng.random() < CONTEXT_SHARE:
        window = window[:CONTEXT_WINDOW]
        place = cross_cut(window, document, group, rng) if rng.random() < CROSS_SHARE else None
        place = place or cut(window, rng)
        files = files_for(window, place, document, group, named, rng) if place else []
    elif rng.random() < FIM_SHARE:
        place = cut(window, rng)
    if files:
        parts = [(REPO, 0), (package + "\n", 1)] if rng.random() < 0.35 else []
        for chunk in files:
            parts += [(FILE, 0), (named(chunk.document["p"]) + "\n", 1), (chunk.text, 1), ("\n", 1)]
        parts += own
    else:
        roll = rng.random()
        if roll < 0.58:
            parts = own
        elif roll < 0.68:
            parts = [(REPO, 0), (package + "\n", 1)] + own
        elif roll < 0.74:  # what llama-server sends without extra context
            parts = [(REPO, 0), ("myproject\n", 0), (FILE, 0), ("filename\n", 0)]
        else:
            parts = []
    if place is None:
        return parts + [(window, 1), (END, 0)]  # where a window ends says nothing
    begin, end = place
    prefix, middle, suffix = window[:begin], window[begin:end], window[end:]
    roll = rng.random()
    if roll < 0.07:
        suffix = ""
    elif roll < 0.45:
        suffix = "".join(suffix.splitlines(True)[:rng.randint(1, 14)])
    before, after = (PREFIX, 0), (SUFFIX, 0)
    if rng.random() < SUFFIX_FIRST_SHARE:
        parts = parts + [after, (suffix, 1), before, (prefix, 1)]
    else:
        parts = parts + [before, (prefix, 1), after, (suffix, 1)]
    return parts + [(MIDDLE, 0), (middle, MIDDLE_WEIGHT), (END, MIDDLE_WEIGHT)]


def tokenized(batch, tokenizer):
    """Samples as parts -> (tokens, weights). One call of the tokenizer for all of them."""
    texts = [p for parts in batch for p, _ in parts if isinstance(p, str)]
    ids = iter(tokenizer.encode_batch(texts))
    for parts in batch:
        tokens, weights = [], []
        for part, weight in parts:
            new = next(ids) if isinstance(part, str) else [part]
            tokens += new
            weights += [weight] * len(new)
        if len(tokens) > LONGEST:  # the far end of the context is what a prompt's budget would cut, too
            extra = len(tokens) - LONGEST
            tokens, weights = tokens[extra:], weights[extra:]
        yield tokens, weights
