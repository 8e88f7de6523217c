"""Chunks of other files for a place in a document, chosen as Infill.Completion chooses them (FileChunker, Definitions, LikeLines, ContextQuery, ContextRanking).

A Group is what a place may draw on: documents of one package and language. Chunks, names and definitions are made when they are first
asked for and kept, in a form that lets Python's sets do most of the work.
"""
import bisect
import collections
import math
import re
import sys

MOST_CHARACTERS, MOST_LINES, LEAST_LINES, LONGEST_LINE = 600, 16, 5, 240
LINES_BEFORE, LINES_AFTER, IMPORT_LINES, FADING, IMPORT_WEIGHT = 24, 6, 60, 0.95, 0.25
DEFINITION_WORTH, IMPORT_WORTH, LEAST_SCORE = 1.5, 0.15, 0.12
LINE_BEGUN_WORTH, LINE_ABOVE_WORTH, BOTH_ABOVE = 2, 1, 1.5
LEAST_BEGUN, LEAST_ABOVE, LEAST_REST, MOST_LINES_UP = 4, 6, 3, 12
CHARACTERS_PER_TOKEN = 5  # ContextChooser's first cut, before tokens are counted
MOST_DEFINERS = 3  # what more documents define is no one document's name
MOST_USERS = 8
MOST_ALIKE = 12  # places that are looked at of one line; what stands in more documents is worth little
MOST_CHUNKS = 48  # of one document; a longer one gives a stretch of itself

LEAST_RUN, RUN = 40, 240  # documents of the corpus that stay together: a run ends with its package, or when it is full

NAME = re.compile(r"[A-Za-z_]\w{2,79}")
IMPORT = re.compile(r"\s*(?:import |from |using |use |#include|package |export \* |\} from |.*\brequire\()")
COMMENT = re.compile(r"\s*(?:#|//|\*|/\*|'''|\"\"\"|///)")

COMMON = frozenset(
    "abstract and any async await bool boolean break byte case catch char class const continue def default del double elif else end enum err error except export extends"
    " false final finally float for foreach from fun func function get global goto impl implements import include instanceof int interface internal lambda len let long"
    " loop match mod mut namespace new nil none None not null object out override package param pass private protected pub public raise readonly record ref return"
    " returns sealed self Self set short static str string String struct summary super switch the this throw throws trait true True False try type typeof undefined"
    " use using val value var virtual void where while with yield".split())
# Words of prose after "class" or "type" in comments, and those before a bracket that call nothing.
NO_DEFINITION = COMMON | frozenset("that which when then will its are was has have does can may must should been also only each other more than into onto sizeof defined print".split())

INTRODUCED = r"\b(?:class|struct|interface|enum|record|def|func|fn|function|fun|type|trait|union|define|module|mod|object|typedef)[ \t]+\*?([A-Za-z_]\w{2,79})"
MEMBER = (
    r"^[ \t]*(?:public|private|protected|internal|pub|export|static|readonly|abstract|async|override|virtual)\b"
    r"(?![^\n(]*\b(?:class|struct|interface|enum|record|def|fn|func|function|trait|type|mod|use|import)\b)[^\n=;{(]*?\b([A-Za-z_]\w{2,79})[ \t]*(?:<[^>\n]*>)?[ \t]*(?:[({=;]|$)")
DEFINITION = re.compile("|".join([
    INTRODUCED,
    r"^func[ \t]+\([^)\n]*\)[ \t]+([A-Za-z_]\w{2,79})",
    MEMBER,
    r"^[A-Za-z_][\w<>:,&*\[\]]*(?:[ \t]+[\w<>:,&*\[\]]+)*?[ \t*&]+([A-Za-z_]\w{2,79})[ \t]*\(",
    r"^(?:const|let|var|val|static)[ \t]+(?:mut[ \t]+)?([A-Za-z_]\w{2,79})",
    r"^[ \t]+([A-Za-z_]\w{2,79})\([^\n;]*\{$",
    r"^([A-Za-z_]\w{2,79})[ \t]*(?::[^\n=]*)?=(?!=)",
    r"\bself\.([A-Za-z_]\w{2,79})[ \t]*=(?!=)",
]), re.M)


def names_in(text):
    """The telling names of a text."""
    return set(NAME.findall(text)) - COMMON


def defined_in(text):
    """The names that a text defines: a guess by words that introduce a name and by the shape of lines."""
    return {m.group(m.lastindex) for m in DEFINITION.finditer(text)} - NO_DEFINITION


class Chunk:
    """Whole lines of a document; `names` and `defined` are frozen sets, `lines` its lines without blanks around them, each between line feeds."""
    __slots__ = ("document", "text", "lines", "names", "defined")

    def __init__(self, document, text):
        self.document, self.text = document, text
        self.lines = "\n".join(["", *stripped(text), ""])
        self.names = frozenset(map(sys.intern, names_in(text)))
        self.defined = frozenset(map(sys.intern, defined_in(text)))


def stripped(text):
    """A text's lines that aren't blank, without the blanks around them."""
    return [line for line in map(str.strip, text.split("\n")) if line]


class LikeLines:
    """What stands at a cursor: `begun`, the line's text before it, and the two lines `above` and `second`, blank ones passed over; "" where it says too little."""
    __slots__ = ("begun", "above", "second")

    def __init__(self, before):
        *lines, begun = before.split("\n")
        up, begun = stripped("\n".join(lines[-MOST_LINES_UP:])), begun.lstrip()
        self.begun = begun if len(begun) >= LEAST_BEGUN else ""
        self.above = up[-1] if up and len(up[-1]) >= LEAST_ABOVE else ""
        self.second = up[-2] if len(up) > 1 else ""

    def begin_in(self, lines):
        """Whether one of a chunk's lines begins so, and goes on."""
        if not self.begun:
            return False
        mark = "\n" + self.begun
        at = lines.find(mark)
        while at >= 0:
            if lines.index("\n", at + 1) - at - len(mark) >= LEAST_REST:
                return True
            at = lines.find(mark, at + 1)
        return False

    def above_in(self, lines):
        """0, or 1 where the line above has something below it in a chunk, or 2 where the one before it stands there too."""
        mark = f"\n{self.above}\n"
        if not self.above or lines.find(mark, 0, -1) < 0:
            return 0
        return 2 if self.second and lines.find(f"\n{self.second}{mark}", 0, -1) >= 0 else 1


def cut(text):
    """The texts of a file's chunks: whole lines, cut at blank lines and before the least indented line, as FileChunker cuts."""
    found, lines, characters = [], [], 0

    def flush(count):
        nonlocal lines, characters
        kept = lines[:count]
        while kept and not kept[-1].strip():
            kept.pop()
        while kept and not kept[0].strip():
            kept.pop(0)
        if kept:
            found.append("\n".join(kept))
        lines = lines[count:]
        characters = sum(map(len, lines)) + len(lines)

    for line in text.split("\n"):
        if len(line) > LONGEST_LINE:
            flush(len(lines))
            continue
        if not line.strip() and (not lines or len(lines) >= LEAST_LINES):
            flush(len(lines))
            continue
        while lines and (len(lines) >= MOST_LINES or characters + len(line) > MOST_CHARACTERS):
            best = len(lines)
            for i in range(len(lines) - 1, len(lines) // 2, -1):
                if lines[i].strip() and (best == len(lines) or depth(lines[i]) < depth(lines[best])):
                    best = i
            flush(best)
        lines.append(line)
        characters += len(line) + 1
    flush(len(lines))
    return found


def depth(line):
    return len(line) - len(line.lstrip())


def chunks_of(document):
    if "chunks" not in document:
        document["chunks"] = [Chunk(document, text) for text in cut(document["t"])]
    return document["chunks"]


def own_names(document):
    """The names that a document defines itself."""
    if "defined" not in document:
        document["defined"] = frozenset(map(sys.intern, defined_in(document["t"])))
    return document["defined"]


class Group:
    """Documents of one package and language, in their order, with an index of what they define."""

    def __init__(self):
        self.documents, self.definers, self.users, self.alike = [], None, None, None

    def add(self, document):
        document["place"] = len(self.documents)
        self.documents.append(document)
        self.definers = self.users = self.alike = None

    def index(self):
        """{name: the places of the documents that define it}, without names that many define."""
        if self.definers is None:
            found = collections.defaultdict(list)
            for document in self.documents:
                for name in own_names(document):
                    found[name].append(document["place"])
            self.definers = {name: places for name, places in found.items() if len(places) <= MOST_DEFINERS}
        return self.definers

    def used(self, names, document):
        """Those of the names that a few other documents of the group use, each with these documents' places."""
        if self.users is None:
            found = collections.defaultdict(list)
            for other in self.documents:
                for name in names_in(other["t"]):
                    found[sys.intern(name)].append(other["place"])
            self.users = {name: places for name, places in found.items() if 2 <= len(places) <= MOST_USERS}
        own = document["place"]
        found = ((name, [p for p in self.users[name] if p != own]) for name in self.users.keys() & names)
        return {name: places for name, places in found if places}

    def foreign(self, names, document):
        """Those of the names that one to three other documents of the group define, and this one doesn't."""
        return [n for n in self.index().keys() & names if n not in own_names(document)]

    def like(self, lines, document):
        """Places of documents that have lines like those at a cursor: first lists for the line begun, then one for the line above."""
        if self.alike is None:
            found = collections.defaultdict(list)
            for other in self.documents:
                for line in set(stripped(other["t"])):
                    if len(line) >= LEAST_ABOVE:
                        found[line].append(other["place"])
            self.alike = sorted(found), found
        order, places = self.alike
        own, begun = document["place"], []
        if lines.begun:
            at = bisect.bisect_left(order, lines.begun)
            while at < len(order) and order[at].startswith(lines.begun) and len(begun) < MOST_ALIKE:
                if len(order[at]) >= len(lines.begun) + LEAST_REST:
                    begun += [p for p in places[order[at]] if p != own]
                at += 1
        above = [p for p in places.get(lines.above, ()) if p != own]
        return [found[:MOST_ALIKE] for found in (begun, above) if found]

    def opened(self, document, wanted, count, rng):
        """About `count` other documents, as an editor has them open: one of each of the wanted places, neighbours and any others."""
        places = [rng.choice(places) for places in wanted]
        for _ in range(2 * count):
            if len(set(places)) >= count:
                break
            near = document["place"] + rng.choice((-3, -2, -1, 1, 2, 3))
            places.append(near if rng.random() < 0.5 and 0 <= near < len(self.documents) else rng.randrange(len(self.documents)))
        return [self.documents[p] for p in dict.fromkeys(places) if p != document["place"]]


def query(document, before, after):
    """(weights by name, names defined here, imported names, LikeLines) around a cursor between two texts of the document."""
    weights, imported = {}, set()
    for line in document["t"][:4000].split("\n")[:IMPORT_LINES]:
        if IMPORT.match(line):
            names = names_in(line)
            imported |= names
            weights.update(dict.fromkeys(names, IMPORT_WEIGHT))
    lines_before, lines_after = before.split("\n")[-1 - LINES_BEFORE:], after.split("\n")[:1 + LINES_AFTER]
    for distance, line in [*enumerate(reversed(lines_before)), *enumerate(lines_after)]:
        weight = FADING ** distance
        for name in NAME.findall(line):
            if name not in COMMON and weights.get(name, 0) < weight:
                weights[name] = weight
    return weights, defined_in("\n".join(lines_before) + after[:400]), imported, LikeLines(before)


def rarity(frequency, count):
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))


def ranked(asked, documents, rng=None):
    """Chunks of the documents by what they are worth at the place, the best first."""
    weights, defined_here, imported, like = asked
    chunks = []
    for document in documents:
        own = chunks_of(document)
        if rng and len(own) > MOST_CHUNKS:
            first = rng.randrange(len(own) - MOST_CHUNKS + 1)
            own = own[first:first + MOST_CHUNKS]
        chunks += own
    terms = weights.keys()
    common = [terms & c.names for c in chunks]
    frequencies = collections.Counter(n for names in common for n in names)
    definitions = collections.Counter(n for c in chunks for n in terms & c.defined)
    rare = {n: rarity(frequencies[n], len(chunks)) for n in terms}
    rarest, whole = rarity(0, len(chunks)), sum(w * rare[n] for n, w in weights.items())
    if whole <= 0:
        return []
    begins, aboves = [like.begin_in(c.lines) for c in chunks], [like.above_in(c.lines) for c in chunks]
    begun_worth = LINE_BEGUN_WORTH * rarity(sum(begins), len(chunks)) / rarest
    above_worth = LINE_ABOVE_WORTH * rarity(sum(map(bool, aboves)), len(chunks)) / rarest
    scored = []
    for i, (chunk, names) in enumerate(zip(chunks, common)):
        likeness = sum(weights[n] * rare[n] for n in names) / whole / (0.5 + 0.5 * len(chunk.names) / 30)
        worth = sum(weights[n] * rare[n] / rarest / definitions[n] for n in terms & chunk.defined if n not in defined_here)
        stem = chunk.document["p"].rsplit("/", 1)[-1].rsplit(".", 1)[0]
        lines = begins[i] * begun_worth + (0, 1, BOTH_ABOVE)[aboves[i]] * above_worth
        score = lines + likeness + DEFINITION_WORTH * worth + (IMPORT_WORTH if stem in imported else 0)
        if score >= LEAST_SCORE:
            scored.append((-score, i))
    return [chunks[i] for _, i in sorted(scored)]


def within(chunks, characters, named):
    """As many of the chunks, the best first, as fit together with their documents' names."""
    chosen = []
    for chunk in chunks:
        size = len(chunk.text) + len(named(chunk.document["p"])) + 8
        if size <= characters:
            characters -= size
            chosen.append(chunk)
    return chosen


def runs(lines):
    """(number of its run, line) of each line: whole packages mostly, where they are neither tiny nor huge."""
    number, size, package = 0, 0, None
    for line in lines:
        own = line[:line.index("/")]
        if size >= RUN or own != package and size >= LEAST_RUN:
            number, size = number + 1, 0
        size, package = size + 1, own
        yield number, line
