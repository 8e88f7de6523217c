"""The model as trained -> the file that ships: shrink.py IN.gguf OUT.gguf [ROWS.npz...]

The matrices of the blocks become IQ4_NL, for which llama.cpp has kernels that compute several rows at once on x64 and on Arm (for Q8_0 on Arm
alone); the embedding, which is the output's matrix too, stays Q8_0. The type of each other tensor stays.

With rows of training documents, as feed.py writes them, each column is rounded such that the columns after it make good what it loses on these
rows (GPTQ), and each matrix sees what the matrices before it give once they are rounded. Without, every value is rounded to the nearest level.
"""
import sys

import numpy as np

import gguf
from forward import Forward

ROWS = 16  # of all files together: some 33 thousand tokens
DAMPING = 0.01  # of the mean of the diagonal: rows of few directions must not make a matrix that cannot be inverted
# Where a block's largest value may come to lie: near either end of the levels, since they are uneven and a scale may be negative.
ENDS = np.concatenate([np.arange(-140, -96, 4), np.arange(98, 128, 4)]).astype(np.float32)


def compensated(matrix, inputs):
    """GPTQ: (codes, scales) of a matrix [outputs, columns] whose products with these inputs come out as near as one pass over the columns can make them."""
    hessian = (inputs.T @ inputs).astype(np.float64)
    hessian[np.diag_indices_from(hessian)] += DAMPING * np.trace(hessian) / len(hessian)
    spread = np.linalg.cholesky(np.linalg.inv(hessian)).T.astype(np.float32)  # row j: how an error of column j is made good by those after it
    left = matrix.T.copy()  # columns first: one is contiguous then
    codes, scales = np.empty(left.shape, np.uint8), np.empty((len(left) // 32, left.shape[1]), np.float16)
    errors = np.empty((32, left.shape[1]), np.float32)
    for start in range(0, len(left), 32):
        block = slice(start, start + 32)
        scales[start // 32] = gguf.scales_for(left[block].T, np.diag(spread)[block] ** -2, ENDS)
        scale = scales[start // 32].astype(np.float32)
        inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
        for j in range(start, start + 32):
            codes[j] = gguf.nearest(left[j] * inverse)
            errors[j - start] = error = (left[j] - gguf.LEVELS[codes[j]] * scale) / spread[j, j]
            left[j + 1:start + 32] -= spread[j, j + 1:start + 32, None] * error
        left[start + 32:] -= spread[block, start + 32:].T @ errors
    return codes.T, scales.T


def rounded(metadata, tensors, rows):
    """{name: its bytes in IQ4_NL} of all matrices of the blocks, one after the other as the model computes them."""
    model, bodies = Forward(metadata, tensors), {}

    def seen(names, inputs):
        matrices = [tensors[n] for n in names]
        codes, scales = compensated(np.concatenate(matrices), inputs)  # what shares its inputs shares what follows from them
        at = 0
        for name, matrix in zip(names, matrices):
            part = slice(at, at + len(matrix))
            bodies[name], model.tensors[name] = gguf.nibbles(codes[part], scales[part]), gguf.levelled(codes[part], scales[part])
            at += len(matrix)
        print(names[-1], flush=True)

    model.hidden(rows, seen)
    return bodies


def main():
    metadata, tensors, types = gguf.read(sys.argv[1])
    kinds = {name: gguf.IQ4_NL if tensors[name].ndim == 2 and name.startswith("blk.") else kind for name, kind in types.items()}
    kind, _ = metadata[gguf.FILE_TYPE]
    rows = [np.load(path)["tokens"][:-(-ROWS // len(sys.argv[3:])), :-1] for path in sys.argv[3:]]
    bodies = rounded(metadata, tensors, np.concatenate(rows)[:ROWS]) if rows else {}
    gguf.write(sys.argv[2], metadata | {gguf.FILE_TYPE: (kind, gguf.MOSTLY_IQ4_NL)}, tensors, kinds, bodies)


if __name__ == "__main__":
    main()
