#!/usr/bin/env bash
# Puts `infill` on your PATH, from this clone or from an archive of pack.sh; run again, it upgrades:
#   editors/install.sh [ARCHIVE]
#   editors/install.sh --uninstall
# The program goes to ~/.local/lib/infill, a link to it into ~/.local/bin; PREFIX names another place than ~/.local.
# Your settings in ~/.config/infill are left alone. Needs no root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
prefix=${PREFIX:-$HOME/.local}
lib=$prefix/lib/infill link=$prefix/bin/infill

if [[ ${1:-} == --uninstall ]]; then
  rm -rf "$lib"
  rm -f "$link"
  echo "Infill is gone from $prefix; your settings in ${XDG_CONFIG_HOME:-$HOME/.config}/infill stay."
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) rid=linux-x64 ;;
  Linux-aarch64) rid=linux-arm64 ;;
  *) echo "infill can't be installed on $(uname -s) $(uname -m): there are no libraries of llama.cpp for it here, only for Linux on x64 and arm64." >&2; exit 1 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=${1:-$("$here/pack.sh" "$rid" "$work")}
if [[ -e $archive.sha256 ]]; then
  (cd "$(dirname "$archive")" && sha256sum --check --quiet "$(basename "$archive").sha256") ||
    { echo "$archive is not what its .sha256 says; fetch it again." >&2; exit 1; }
fi

# Whole or not at all: unpacked beside the old one, which servers that run now keep until they end.
mkdir -p "$prefix/lib" "$prefix/bin"
rm -rf "$lib.new"
mkdir "$lib.new"
tar --extract --gzip --file "$archive" --directory "$lib.new" --strip-components=1 --no-same-owner
rm -rf "$lib"
mv "$lib.new" "$lib"
ln -sfn ../lib/infill/infill "$link"

"$link" --version >/dev/null
echo "infill $("$link" --version) is in $lib, and on your PATH as $link."
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "Your PATH lacks $prefix/bin: add it in your shell's profile, or editors won't find infill." ;;
esac
