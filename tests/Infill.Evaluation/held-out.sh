#!/usr/bin/env bash
# Fetches the packages that the seed model never saw, by name, into FOLDER, where they aren't yet: held-out.sh FOLDER
# Debian's packages (sources where the binary holds no source) and npm's, through the machine's own configuration. The folder is a cache and never committed.
set -euo pipefail

folder=$1
sources=(newtonsoft-json rich)
binaries=(python3-click python3-flask golang-github-gin-gonic-gin-dev golang-github-spf13-cobra-dev)
npm=(rxjs)

# Debian's source packages by this machine's own mirror, with lists of their own: the machine's stay as they are.
prepare() {
  [[ ! -e $folder/.apt/ready ]] || return 0
  mkdir -p "$folder/.apt/lists/partial" "$folder/.apt/cache/archives/partial"
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u |
    awk '$3 == "main" { print "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]", $1, $2, $3 }' >"$folder/.apt/sources.list"
  apt_ update
  touch "$folder/.apt/ready"
}

apt_() {
  apt-get --quiet=2 -o Dir::Etc::sourcelist="$folder/.apt/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$folder/.apt/lists" -o Dir::Cache="$folder/.apt/cache" -o APT::Sandbox::User=root "$@"
}

# Complete or absent, never half.
fetch() {
  local name=$1
  shift
  [[ ! -e $folder/$name ]] || return 0
  echo "Fetching $name." >&2
  rm -rf "$folder/.new"
  mkdir "$folder/.new"
  (cd "$folder/.new" && "$@" "$name")
  mv "$folder/.new" "$folder/$name"
}

source_() {
  prepare
  apt_ source --tar-only --download-only "$1" >/dev/null
  local archive
  for archive in *.orig.tar.*; do
    [[ $archive == *.asc ]] || tar --extract --file "$archive"
  done
  rm -f ./*.tar.* ./*.asc
}

binary() {
  apt-get --quiet=2 -o APT::Sandbox::User=root download "$1"
  dpkg-deb --extract ./*.deb .
  rm -f ./*.deb
}

npm_() {
  npm pack --silent "$1" >/dev/null
  tar --extract --file ./*.tgz
  rm -f ./*.tgz
}

folder=$(mkdir -p "$folder" && cd "$folder" && pwd)
for name in "${sources[@]}"; do fetch "$name" source_; done
for name in "${binaries[@]}"; do fetch "$name" binary; done
for name in "${npm[@]}"; do fetch "$name" npm_; done
