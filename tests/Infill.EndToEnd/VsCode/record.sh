#!/usr/bin/env bash
# Makes the README's moving picture of the extension at work: record.sh VSIX FILE.gif
# Needs ImageMagick, and what the tests need of code-server (code-server.sh).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
frames=$(mktemp -d)
trap 'rm -rf "$frames"' EXIT
node "$here/workbench.mjs" "${INFILL_CODE_SERVER:-/opt/infill-code-server}/start" "$1" "$frames" recording
# Every third picture, in few colours: a hundred kilobytes are enough.
PATH=/usr/bin:$PATH convert -delay 27 -loop 0 $(ls "$frames"/frame-*.png | awk 'NR % 3 == 1') -resize 85% -layers OptimizeFrame +dither -colors 40 "$2"
ls -l "$2"
