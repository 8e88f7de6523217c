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

# many COUNT COMMAND...: names from standard input go to the command COUNT at a time, and one by one where that fails.
many() {
  local count=$1 names name
  shift
  while mapfile -t -n "$count" names && (( ${#names[@]} )); do
    "$@" "${names[@]}" 2>/dev/null && continue
    for name in "${names[@]}"; do
      "$@" "$name" || echo "$name is not to be had."
    done
  done
}

sources() { apt source --tar-only --download-only "$@"; }
binaries() { apt download "$@"; }
packed() { npm pack --silent --ignore-scripts "$@"; }

# The second suite is asked for what the first has not.
source_or_older() {
  local name suite
  for name in "$@"; do
    for suite in "${suites[@]}"; do
      sources "$name/$suite" && continue 2
    done
    return 1
  done
}

apt update
(cd "$work/dl" && { listed sources.tsv; listed crates.txt; } | many 1 source_or_older) &
(cd "$work/deb" && listed binaries.txt | many 40 binaries) &
(cd "$work/npm" && listed npm.txt | many 12 packed) &
wait
