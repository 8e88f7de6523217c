#!/usr/bin/env bash
# Makes a Debian root file system with Neovim, Emacs, Helix and llama-server in FOLDER, unless there is one: chroot.sh FOLDER
# Debian's testing release is the first with a Neovim that has inline completion (0.12), and has Emacs 30.
set -euo pipefail

suite=forky
packages=(neovim emacs-nox hx llama.cpp)
root=$1

is_complete() {
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || return 1
  done
}

# The mirror of this machine's own release serves the others too.
mirror() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v codename="$codename" '($1 == codename || $1 == "stable") && $2 == "main" && !found { print $3; found = 1 }'
}

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9
if is_complete; then exit 0; fi

echo "Making a Debian $suite with ${packages[*]} in $root." >&2
from=$(mirror)
[[ $from ]] || { echo "This machine's apt configuration names no Debian mirror." >&2; exit 1; }
rm -rf --one-file-system "$root.new"
included=$(IFS=,; echo "${packages[*]}")
debootstrap --variant=minbase --include="$included" "$suite" "$root.new" "$from" /usr/share/debootstrap/scripts/sid >&2

# Complete or absent, never half: it is moved into its place at the end.
if [[ -e $root ]]; then mv "$root" "$root.old"; fi
mv "$root.new" "$root"
rm -rf --one-file-system "$root.old"
