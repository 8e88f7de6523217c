"""The model as trained -> the file that ships: shrink.py IN.gguf OUT.gguf

The matrices of the blocks become IQ4_NL, for which llama.cpp has kernels on every processor that compute several rows at once; the embedding, which
is the output's matrix too, stays Q8_0. The type of each other tensor stays.
"""
import sys

import gguf


def main():
    metadata, tensors, types = gguf.read(sys.argv[1])
    kinds = {name: gguf.IQ4_NL if tensors[name].ndim == 2 and name.startswith("blk.") else kind for name, kind in types.items()}
    kind, _ = metadata[gguf.FILE_TYPE]
    gguf.write(sys.argv[2], metadata | {gguf.FILE_TYPE: (kind, gguf.MOSTLY_IQ4_NL)}, tensors, kinds)


if __name__ == "__main__":
    main()
