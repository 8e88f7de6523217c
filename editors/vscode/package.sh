#!/usr/bin/env bash
# Makes infill-TARGET.vsix with the server, llama.cpp's libraries and the model inside, and prints its path:
#   editors/vscode/package.sh [TARGET] [FOLDER]
# TARGET is VS Code's name for a platform (linux-x64 where none is given), FOLDER where the file goes (editors/vscode/artifacts).
# With INFILL_PUBLISHED the server comes from that folder instead of being published anew.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${1:-linux-x64}
folder=${2:-$here/artifacts}

case $target in
  linux-x64 | linux-arm64) rid=$target ;;
  linux-armhf) rid=linux-arm ;;
  alpine-*) rid=linux-musl-${target#alpine-} ;;
  win32-x64 | win32-arm64) rid=win-${target#win32-} ;;
  darwin-x64 | darwin-arm64) rid=osx-${target#darwin-} ;;
  *)
    echo "VS Code has no target '$target'; those that can be built are linux-x64 and linux-arm64." >&2
    exit 2 ;;
esac
"$here/../publish.sh" --check "$rid"

if [[ ${INFILL_PUBLISHED:-} ]]; then
  published=$INFILL_PUBLISHED
else
  "$here/../publish.sh" "$rid" >&2
  published=$here/../../src/Infill.Server/bin/Release/net10.0/$rid/publish
fi

rm -rf "$here/server"
mkdir -p "$folder" "$here/server"
trap 'rm -rf "$here/server" "$here/LICENSE"' EXIT
cp -R "$published/." "$here/server"
cp "$here/../../LICENSE" "$here/LICENSE"

cd "$here"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
# Bundled by esbuild: what is in node_modules is not packed.
node_modules/.bin/vsce package --target "$target" --no-dependencies --skip-license --allow-missing-repository --out "$folder/infill-$target.vsix" >&2
echo "$folder/infill-$target.vsix"
