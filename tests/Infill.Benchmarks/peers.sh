#!/usr/bin/env bash
# The published `infill bench` beside two llama-servers with the embedded model, which are started before and stopped after:
#   peers.sh [ARGUMENT OF BENCH...]
# usual  as llama.vim's and llama.vscode's users run it: prefix first, one slot, the batch and cache reuse of its FIM presets
# tuned  the best that it has for this model: suffix first, a slot for each of 32 requests, its own n-gram drafting
# As root: llama-server comes from Debian, into the root file system that the end-to-end tests use.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$here/../..
root=${INFILL_CHROOT:-/opt/infill-chroot/forky}
publish=${INFILL_PUBLISHED:-$repository/src/Infill.Server/bin/Release/net10.0/linux-x64/publish}
usual=${USUAL_PORT:-8081} tuned=${TUNED_PORT:-8082} threads=${THREADS:-2}

[[ -x $publish/infill ]] || { echo "Publish first: dotnet publish src/Infill.Server -c Release -r linux-x64" >&2; exit 1; }
"$here/../Infill.EndToEnd/Neovim/chroot.sh" "$root"
work=$(mktemp -d)
servers=()
finish() {
  if (( ${#servers[@]} )); then kill "${servers[@]}" 2>/dev/null || true; wait "${servers[@]}" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

# serve NAME PORT ARGUMENT...: flash attention is on by itself, and so are the prompt cache and its continuation.
serve() {
  local name=$1 port=$2
  shift 2
  "$here/../Infill.EndToEnd/Neovim/enter.sh" "$root" "$publish" "$work" llama-server --model /opt/models/infill-52m-q8_0.gguf \
    --host 127.0.0.1 --port "$port" --threads "$threads" "$@" >"$work/$name.log" 2>&1 &
  servers+=($!)
  for (( attempt = 0; attempt < 120; attempt++ )); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health"; then return; fi
    kill -0 "$!" 2>/dev/null || break
    sleep 0.5
  done

  echo "llama-server '$name' did not start:" >&2
  cat "$work/$name.log" >&2
  exit 1
}

serve usual "$usual" --parallel 1 --ctx-size 0 --batch-size 1024 --ubatch-size 1024 --cache-reuse 256
# A batch of 1024 leaves /infill room for the file's name in the prompt; 2048 is what the model was trained on.
serve tuned "$tuned" --parallel 32 --ctx-size $((32 * 2048)) --batch-size 1024 --spm-infill --spec-type ngram-mod
"$publish/infill" bench --against "usual=http://127.0.0.1:$usual" --against "tuned=http://127.0.0.1:$tuned" "$@"
