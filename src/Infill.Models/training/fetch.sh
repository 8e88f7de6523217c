#!/usr/bin/env bash
# Brings the sources that the model learns from, and those it never sees, into WORK: fetch.sh WORK [SUITE]...
# Debian's source packages (the first suite that has one), Debian's binaries that hold source (the first suite) and npm's packages, all by
# name through this machine's own configuration. What a mirror lacks is left out with a line; packages.tsv says what the model had.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1
suites=("${@:2}")
(( ${#suites[@]} )) || suites=(trixie bookworm)
mkdir -p "$work"/{dl,deb,npm} "$work"/apt/{lists,cache/archives}/partial
work=$(cd "$work" && pwd)

# Lists of their own: the machine's stay as they are.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u | head -n 1)
for suite in "${suites[@]}"; do
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite"
done >"$work/apt/sources.list"
printf 'deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "${suites[0]}" >>"$work/apt/sources.list"
: >"$work/apt/status"

apt() {
  apt-get --quiet=2 -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/apt/lists" \
    -o Dir::Cache="$work/apt/cache" -o Dir::State::status="$work/apt/status" -o APT::Sandbox::User=root "$@"
}

listed() { sed -E '/^#/d; s/\t.*//' "$here/$1"; }

apt update
(cd "$work/dl" && for name in $(listed sources.tsv) $(listed crates.txt); do
  for suite in "${suites[@]}"; do
    apt source --tar-only --download-only "$name/$suite" && continue 2
  done
  echo "There is no source of $name to be had."
done)
(cd "$work/deb" && for name in $(listed binaries.txt); do
  apt download "$name" || echo "$name is not to be had."
done)
(cd "$work/npm" && for name in $(listed npm.txt); do
  npm pack --silent --ignore-scripts "$name" || echo "$name is not to be had."
done)
