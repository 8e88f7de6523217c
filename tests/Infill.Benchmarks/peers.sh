#!/usr/bin/env bash
# The published `infill bench` beside two llama-servers with the embedded model, which are started before and stopped after:
#   peers.sh [ARGUMENT OF BENCH...]
# usual  as llama.vim's and llama.vscode's users run it: prefix first, one slot, the batch and cache reuse of its FIM presets
# tuned  the best that it has for this model: suffix first, a slot for each of 32 requests, its own n-gram drafting
# As root: llama-server comes from Debian, into the root file system that the end-to-end tests use.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
publish=${INFILL_PUBLISHED:-$here/../../src/Infill.Server/bin/Release/net10.0/linux-x64/publish}
usual=${USUAL_PORT:-8081} tuned=${TUNED_PORT:-8082}

[[ -x $publish/infill ]] || { echo "Publish first: dotnet publish src/Infill.Server -c Release -r linux-x64" >&2; exit 1; }
. "$here/llama-server.sh"
serve "$publish/models" usual "$usual" --parallel 1 --ctx-size 0 --batch-size 1024 --ubatch-size 1024 --cache-reuse 256
# A batch of 1024 leaves /infill room for the file's name in the prompt; 2048 is what the model was trained on.
serve "$publish/models" tuned "$tuned" --parallel 32 --ctx-size $((32 * 2048)) --batch-size 1024 --spm-infill --spec-type ngram-mod
"$publish/infill" bench --against "usual=http://127.0.0.1:$usual" --against "tuned=http://127.0.0.1:$tuned" "$@"
