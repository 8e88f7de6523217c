#!/usr/bin/env bash
# Trains on a machine with one or more GPUs, from WORK/parts and a GGUF to start from: train.sh WORK SEED.gguf OUT.gguf GPUS SECONDS [ROWS]
# Needs Python with torch, numpy, tokenizers and pyarrow. The feeds are ended by their ids when the model is saved.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 seed=$2 out=$3 gpus=$4 seconds=$5 rows=${6:-64}
feeds=$(( $(nproc) > 8 ? $(nproc) - 4 : 4 ))
export PYTHONUNBUFFERED=1 OMP_NUM_THREADS=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 WORLD_SIZE=$gpus
mkdir -p "$work"/{corpus,held,rows}
trap 'jobs -p | xargs --no-run-if-empty kill' EXIT

for held in heldout mix; do
  python3 "$here/unpack.py" "$work/parts/held-$held.jsonl.zst" "$work/held/$held.jsonl"
done
python3 "$here/feed.py" "$work" "$seed" validation 384
for (( n = 0; n < feeds; n++ )); do
  python3 "$here/feed.py" "$work" "$seed" "$n" "$feeds" >"$work/feed$n.log" 2>&1 &
done
for part in "$work"/parts/[0-9]*.jsonl.zst; do
  name=$(basename "$part" .zst)
  python3 "$here/unpack.py" "$part" "$work/corpus/$name"
done
ranks=()
for (( n = 1; n < gpus; n++ )); do
  RANK=$n python3 "$here/train.py" "$work" "$seed" "$out" "$seconds" --rows "$rows" >"$work/train$n.log" 2>&1 &
  ranks+=($!)
done
RANK=0 python3 "$here/train.py" "$work" "$seed" "$out" "$seconds" --rows "$rows" | tee "$work/train0.log"
(( ${#ranks[@]} == 0 )) || wait "${ranks[@]}"
python3 "$here/evaluate.py" "$work" "$out" "$work/evaluation.json"
python3 "$here/shrink.py" "$out" "${out%.gguf}-iq4_nl.gguf" "$work"/rows/[0-9]-*.npz  # what the feeds left unread
