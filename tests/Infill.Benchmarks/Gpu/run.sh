#!/usr/bin/env bash
# Everything that is measured on a GPU, on the machine that has it; all models take a quarter of an hour there, so name one or
# two where a call may not take that long:
#   run.sh PROGRAM OUT [MODEL...]
# PROGRAM is the folder that pack.sh packed as program.tar.xz; a MODEL is embedded, 0.5b, 1.5b or 7b (all, unless named).
# The first step of a library of another architecture than the GPU's compiles its kernels: a minute or more, once.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$(cd "$1" && pwd) out=$2
shift 2
(( $# > 0 )) || set -- embedded 0.5b 1.5b 7b
mkdir -p "$out"
export INFILL_LLAMA_DIR=$program/llama LD_LIBRARY_PATH=$program/llama${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} CUDA_CACHE_MAXSIZE=4294967296

python3 "$here/limits.py" | tee "$out/limits"
for name; do
  model=$(echo "$here"/../../../src/Infill.Models/weights/*.gguf) longest=1900
  if [[ $name != embedded ]]; then
    model=${TMPDIR:-/tmp}/synthetic-$name.gguf longest=4000
    [[ -e $model ]] || python3 "$here/synthetic.py" "$name" "$program/vocabulary.gguf" "$model"
  fi
  bench() { "$program/infill" bench --model "$model" --rounds 3 "$@"; }
  bench --part concurrency --streams 1 --streams 8 --streams 32 --streams 128 --tokens 192 >"$out/concurrency-$name" 2>"$out/log-$name" || true
  bench --part arrival --long 2000 >"$out/first-text-$name" 2>>"$out/log-$name" || true
  bench --part arrival --part stop --long "$longest" >"$out/arrival-$name" 2>>"$out/log-$name" || true
  tail -n +1 "$out/"*"-$name"
done
