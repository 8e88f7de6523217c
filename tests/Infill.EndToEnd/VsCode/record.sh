#!/usr/bin/env bash
# Makes the README's moving picture of the extension at work: record.sh VSIX FILE.gif
# Needs ImageMagick, and what the tests need of code-server (code-server.sh).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
frames=$(mktemp -d)
trap 'rm -rf "$frames"' EXIT
node "$here/workbench.mjs" "${INFILL_CODE_SERVER:-/opt/infill-code-server}/start" "$1" "$frames" recording
PATH=/usr/bin:$PATH convert -delay 12 -loop 0 "$frames"/frame-*.png -layers OptimizeTransparency -colors 64 "$2"
ls -l "$2"
