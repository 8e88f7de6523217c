"""Documents -> training samples: (tokens, weights), cut as people's cursors cut them.

A weight belongs to a token as a target: 0 for markers that a prompt brings, 1 for text, MIDDLE_WEIGHT for what the model is asked for.
"""
import math
import re

from tokenizer import END, FILE, MIDDLE, PREFIX, REPO, SUFFIX

MIDDLE_WEIGHT = 7
LONGEST = 2049

FIM_SHARE = 0.92
SUFFIX_FIRST_SHARE = 0.85

OPENERS = ("{", "(", "[", ":", "=>", "->", "do", "then", "=", ",")
CLOSERS = re.compile(r"[)\]};,:>\"'`]+$")
STOPS_INSIDE = re.compile(r"[,)\]};]|$", re.M)


def windows(text, rng):
    """Consecutive windows over the whole text: some as long as a prompt may be, most log-uniformly shorter."""
    at = 0
    while at < len(text):
        if rng.random() < 0.22:
            length = rng.randint(3600, 6600)
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


def cut(text, rng):
    """(start, end) of a middle in the text, or None where there is no good place."""
    lines, at = [], 0
    for line in text.split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    for _ in range(6):
        index = min(int(max(rng.random(), rng.random()) * len(lines)), len(lines) - 1)
        start, line = lines[index]
        stripped = line.strip()
        if not stripped:
            continue
        indentation = len(line) - len(line.lstrip())
        kind = rng.random()
        if kind < 0.62:
            return line_cut(lines, index, indentation, rng)
        if kind < 0.83:
            return block_cut(lines, index, indentation, rng)
        if kind < 0.93 and len(stripped) > 4:
            begin = start + indentation + rng.randint(1, len(stripped) - 1)
            stop = STOPS_INSIDE.search(text, begin).start()
            if stop > begin:
                return begin, stop
            continue
        begin = start + rng.randint(0, len(line))
        return begin, min(len(text), begin + int(math.exp(rng.uniform(math.log(3), math.log(250)))))
    return None


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
    if line.rstrip().endswith(OPENERS) and rng.random() < 0.12:
        return begin, block_end(lines, index, indentation, rng)
    if rng.random() < 0.22 and (match := CLOSERS.search(line, begin - start)) and start + match.start() > begin:
        end = start + match.start()
    return begin, end


def block_cut(lines, index, indentation, rng):
    """Whole lines from a line's first character, or from the end of the line that opens them."""
    start, line = lines[index]
    if line.rstrip().endswith(OPENERS) and rng.random() < 0.5:
        return start + len(line), block_end(lines, index, indentation, rng)
    return start + indentation, block_end(lines, index, indentation, rng)


def block_end(lines, index, indentation, rng):
    """The end of the block that begins with a line: before the first line that is less indented, at most ten lines on; or two to six lines."""
    last = index
    limit = index + (rng.randint(2, 6) if rng.random() < 0.3 else 10)
    for following in range(index + 1, min(len(lines), limit)):
        _, line = lines[following]
        if line.strip():
            depth = len(line) - len(line.lstrip())
            if depth < indentation or depth == indentation and line.strip()[0] not in ")]}" and following - index > 1 and rng.random() < 0.35:
                break
            last = following
        elif rng.random() < 0.4:
            break
    start, line = lines[last]
    return start + len(line)


def name_in_prompt(path, rng):
    """Half the time the path in its package, otherwise as short as editors may send it."""
    parts = path.split("/")[1:] or [path]
    roll = rng.random()
    return "/".join(parts) if roll < 0.5 else "/".join(parts[-2:]) if roll < 0.75 else parts[-1]


def chunk_of(text, rng):
    lines = text.split("\n")
    count = rng.randint(6, 40)
    first = rng.randint(0, max(0, len(lines) - count))
    return "\n".join(lines[first:first + count])[:1600] + "\n"


def parts_of(document, window, neighbours, rng):
    """What a sample is made of, before tokenising: a list of (special token or text, weight)."""
    path = document["p"]
    package = path.split("/")[0]
    name = name_in_prompt(path, rng)
    roll = rng.random()
    parts = []
    if roll < 0.45:
        parts = [(FILE, 0), (name + "\n", 1)]
    elif roll < 0.53:
        parts = [(REPO, 0), (package + "\n", 1), (FILE, 0), (name + "\n", 1)]
    elif roll < 0.58:  # what llama-server sends without extra context
        parts = [(REPO, 0), ("myproject\n", 0), (FILE, 0), ("filename\n", 0)]
    elif roll < 0.76 and neighbours:
        if rng.random() < 0.4:
            parts = [(REPO, 0), (package + "\n", 1)]
        for other in rng.sample(neighbours, min(len(neighbours), rng.choice((1, 1, 2, 3)))):
            parts += [(FILE, 0), (name_in_prompt(other["p"], rng) + "\n", 1), (chunk_of(other["t"], rng), 1)]
        parts += [(FILE, 0), (name + "\n", 1)]
        window = window[:3600]
    place = cut(window, rng) if rng.random() < FIM_SHARE else None
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
        parts += [after, (suffix, 1), before, (prefix, 1)]
    else:
        parts += [before, (prefix, 1), after, (suffix, 1)]
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
