"""The seed's byte-level BPE vocabulary, taken from its GGUF file, so that the model's tokens and speed stay what they were."""
SPECIAL = {name: 16375 + i for i, name in enumerate(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"])}
END, PREFIX, MIDDLE, SUFFIX, PAD, REPO, FILE = (SPECIAL[f"<|{n}|>"] for n in ("endoftext", "fim_prefix", "fim_middle", "fim_suffix", "fim_pad", "repo_name", "file_sep"))
ENDS = {END, SPECIAL["<|im_end|>"], PAD, REPO, FILE}

PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_letters():
    """GPT-2's printable letter for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, n = {b: chr(b) for b in plain}, 0
    for b in range(256):
        if b not in letters:
            letters[b] = chr(256 + n)
            n += 1
    return letters


class Tokenizer:
    def __init__(self, path):
        import gguf
        from tokenizers import Regex, Tokenizer as Fast
        from tokenizers.models import BPE
        from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

        metadata = gguf.read_metadata(path)
        self.pieces = [t.decode() for t in metadata["tokenizer.ggml.tokens"][1][1]]
        merges = [tuple(m.decode().split(" ")) for m in metadata["tokenizer.ggml.merges"][1][1]]
        for name, number in SPECIAL.items():
            if self.pieces[number] != name:
                raise ValueError(f"{name} is not token {number} in {path}")
        # Special tokens are no part of the vocabulary here: text that spells one stays text.
        vocabulary = {p: i for i, p in enumerate(self.pieces) if p not in SPECIAL}
        self.fast = Fast(BPE(vocabulary, merges))
        self.fast.pre_tokenizer = Sequence([Split(Regex(PATTERN), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)])
        self.bytes_of = {letter: b for b, letter in byte_letters().items()}

    def encode_batch(self, texts):
        return [e.ids for e in self.fast.encode_batch(texts, add_special_tokens=False)]

    def decode(self, tokens):
        return b"".join(bytes(self.bytes_of[c] for c in self.pieces[t]) for t in tokens if t not in SPECIAL.values()).decode("utf-8", "replace")
