#!/usr/bin/env bash
# What a machine with an NVIDIA GPU and nothing else needs for run.sh, in two archives of less than 64 MB each:
#   pack.sh CUDA_LIBRARY CUDA_RUNTIME VOCABULARY.gguf OUT
# CUDA_LIBRARY is libggml-cuda.so for CUDA 12, CUDA_RUNTIME libcudart.so.12 (Debian's libcudart12), VOCABULARY a GGUF of Qwen2's
# vocabulary (llama.cpp's models/ggml-vocab-qwen2.gguf). program.tar.xz is for run.sh, tests.tar.xz has the tests; the .NET
# runtime is in both, the embedded model in neither. PyTorch and numpy have to be there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
cuda=$1 runtime=$2 vocabulary=$3 out=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work"/{program/llama,tests}

dotnet publish "$root/src/Infill.Server" -c Release -r linux-x64 -o "$work/publish" >&2
cp "$work/publish/infill" "$work/program"
cp "$work/publish/llama/"*.so "$work/program/llama"
# CUDA 12 needs its runtime, which is not part of the driver; quantised models call nothing of cuBLAS, so its place is taken
# by a library that says so and ends the process where something is called after all.
cp "$cuda" "$work/program/llama/libggml-cuda.so"
cp "$runtime" "$work/program/llama/libcudart.so.12"
"$(dirname "${BASH_SOURCE[0]}")/no-cublas.sh" "$work/program/llama/libggml-cuda.so" "$work/program/llama"
cp "$vocabulary" "$work/program/vocabulary.gguf"
export XZ_OPT='-T0 --lzma2=preset=6,dict=256MiB' # GPU code repeats itself far apart
tar -C "$work/program" -cJf "$out/program.tar.xz" .

dotnet publish "$root/tests/Infill.Tests" -c Release -r linux-x64 --self-contained -o "$work/tests" >&2
rm -rf "$work/tests/models" "$work/tests/llama"
tar -C "$work/tests" -cJf "$out/tests.tar.xz" .
du -sh "$out"/* >&2
