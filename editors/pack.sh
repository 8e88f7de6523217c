#!/usr/bin/env bash
# Makes infill-RID.tar.gz, with the program, its libraries, the model and the Neovim plugin, and its SHA-256 beside it:
#   editors/pack.sh [RID] [FOLDER]
# Prints the archive's path. With INFILL_PUBLISHED the program comes from that folder instead of being published anew.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rid=${1:-linux-x64}
folder=${2:-$here/../artifacts}
"$here/publish.sh" --check "$rid"

if [[ ! ${INFILL_PUBLISHED:-} ]]; then
  "$here/publish.sh" "$rid" >&2
  INFILL_PUBLISHED=$here/../src/Infill.Server/bin/Release/net10.0/$rid/publish
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder" "$work/infill"
cp -R "$INFILL_PUBLISHED/." "$work/infill"
cp -R "$here/neovim" "$work/infill/neovim"
archive=$(cd "$folder" && pwd)/infill-$rid.tar.gz
tar --create --gzip --file "$archive" --directory "$work" --owner=0 --group=0 infill
(cd "$folder" && sha256sum "infill-$rid.tar.gz" >"infill-$rid.tar.gz.sha256")
echo "$archive"
