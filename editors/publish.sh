#!/usr/bin/env bash
# Publishes the server for one platform, and says plainly where that can't be:
#   editors/publish.sh [--check] RID
# With --check it only says so.
set -euo pipefail
if [[ $1 == --check ]]; then only_check=1; shift; fi
rid=$1
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The package with llama.cpp's libraries for a platform that has none in the lock file.
case $rid in
  linux-x64 | linux-arm64) package= ;;
  win-x64 | win-arm64) package=@node-llama-cpp/$rid ;;
  osx-x64) package=@node-llama-cpp/mac-x64 ;;
  osx-arm64) package=@node-llama-cpp/mac-arm64-metal ;;
  linux-arm)
    echo "infill can't be built for $rid: its binding to llama.cpp is for processors of 64 bits. It is built for linux-x64 and linux-arm64." >&2
    exit 1 ;;
  *)
    echo "infill can't be built for $rid: npm's registry has no libraries of llama.cpp for it at all. It is built for linux-x64 and linux-arm64." >&2
    exit 1 ;;
esac
if [[ $package ]]; then
  wanted=$(sed -nE 's/.*"@node-llama-cpp\/linux-x64": "(.*)".*/\1/p' src/Infill.Engine/Llama/package.json)
  newest=$(npm view "$package" version --loglevel=silent || true)
  if [[ $(npm view "$package@$wanted" version --loglevel=silent || true) ]]; then
    echo "infill can't be built for $rid yet, but its libraries are there now: add $package to src/Infill.Engine/Llama/package.json, and $rid to editors/publish.sh." >&2
  else
    echo "infill can't be built for $rid: it is made for llama.cpp as in release $wanted of @node-llama-cpp, and npm's registry has $package $(if [[ $newest ]]; then echo "up to $newest only"; else echo "not at all"; fi)." >&2
  fi
  exit 1
fi
if [[ ${only_check:-} ]]; then exit 0; fi

# npm fetches the libraries of this machine's platform by itself; another's are asked for by name, and give way again to
# this machine's, or its next build would miss them.
restore() { (cd src/Infill.Engine/Llama && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$@"); }
restore --os=linux --cpu="${rid#linux-}"
trap restore EXIT
dotnet publish src/Infill.Server -c Release -r "$rid" -p:LlamaPlatform="$rid" -v quiet --nologo
