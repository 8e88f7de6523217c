#!/usr/bin/env bash
# The evaluation beside two llama-servers with the embedded model, which are started before and stopped after:
#   peers.sh [ARGUMENT OF THE EVALUATION...]
# usual  prefix first, as llama.vim's and llama.vscode's users run it
# suffix the same, suffix first (--spm-infill)
# As root: llama-server comes from Debian, into the root file system that the end-to-end tests use.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
models=$(cd "$here/../../src/Infill.Models/weights" && pwd)
usual=${USUAL_PORT:-8083} suffix=${SUFFIX_PORT:-8084}

dotnet build -c Release --nologo --verbosity quiet "$here"
. "$here/../Infill.Benchmarks/llama-server.sh"
serve "$models" usual "$usual" --parallel 1 --ctx-size 0 --batch-size 1024 --ubatch-size 1024 --cache-reuse 256
serve "$models" suffix "$suffix" --parallel 1 --ctx-size 0 --batch-size 1024 --ubatch-size 1024 --cache-reuse 256 --spm-infill
dotnet run -c Release --no-build --project "$here" -- --against "usual=http://127.0.0.1:$usual" --against "suffix=http://127.0.0.1:$suffix" "$@"
