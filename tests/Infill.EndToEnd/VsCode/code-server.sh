#!/usr/bin/env bash
# Puts a real VS Code (code-server) with the Node.js it needs, and Chromium to look at it, into FOLDER, unless it is there:
#   code-server.sh FOLDER
# FOLDER/start runs it. Debian, root. About three minutes and 900 MB; nothing of it belongs into the repository.
set -euo pipefail

version=4.139.1
node=24
folder=$1
tools=(chromium build-essential python3 pkg-config libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev)

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
if [[ -x $folder/start ]] && command -v chromium >/dev/null; then exit 0; fi

echo "Installing code-server $version in $folder." >&2
missing=()
for package in "${tools[@]}"; do
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if (( ${#missing[@]} )); then
  apt-get update >&2
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}" >&2
fi

# Built under its own name, as native modules remember where they lie; the last file written says that it is complete.
rm -rf --one-file-system "$folder"
mkdir -p "$folder/node" "$folder/code"
npm install --prefix "$folder/node" --no-audit --no-fund --loglevel=error "node@$node" >&2
export PATH="$folder/node/node_modules/.bin:$folder/node/node_modules/node/bin:$PATH"
[[ $(node --version) == v$node.* ]] || { echo "npm's node@$node is not the node on the path: $(node --version)" >&2; exit 1; }

npm install --prefix "$folder/code" --ignore-scripts --no-audit --no-fund --loglevel=error "code-server@$version" >&2
server="$folder/code/node_modules/code-server"

# What its postinstall does, step by step: there, a failure of one optional module would end all.
for part in lib/vscode lib/vscode/extensions; do
  (cd "$server/$part" && npm install --omit=dev --no-audit --no-fund --loglevel=error) >&2
done
ln -sf ../lib/vscode/bin/remote-cli/code-linux.sh "$server/lib/vscode/bin/remote-cli/code-server"
ln -sf browser-linux.sh "$server/lib/vscode/bin/helpers/browser.sh"

cat >"$folder/start.new" <<SCRIPT
#!/bin/sh
exec "$(command -v node)" "$server/out/node/entry.js" "\$@"
SCRIPT
chmod +x "$folder/start.new"
"$folder/start.new" --version >&2
mv "$folder/start.new" "$folder/start"
