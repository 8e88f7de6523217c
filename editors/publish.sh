#!/usr/bin/env bash
# Publishes the server for one platform, and says plainly where that can't be: editors/publish.sh RID
set -euo pipefail
rid=$1
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case $rid in
  linux-x64 | linux-arm64) ;;
  *)
    echo "infill can't be built for $rid: src/Infill.Engine/Llama has libraries of llama.cpp for linux-x64 and linux-arm64 alone." >&2
    exit 1 ;;
esac

# npm fetches the libraries of this machine's platform by itself; another's are asked for by name.
(cd src/Infill.Engine/Llama && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --os=linux --cpu="${rid#linux-}")
dotnet publish src/Infill.Server -c Release -r "$rid" -p:LlamaPlatform="$rid" -v quiet --nologo
