#!/usr/bin/env bash
# Runs a command in the root file system ROOT, with the published program in /opt and a folder of the caller's in /mnt:
#   enter.sh ROOT PUBLISH WORK COMMAND [ARGUMENT...]
# The mounts belong to the command and are gone with it.
set -euo pipefail

exec unshare --mount --propagation private bash -euc '
  root=$0 publish=$1 work=$2
  shift 2
  mount --rbind /dev "$root/dev"
  mount --rbind /proc "$root/proc"
  mount -o bind,ro "$publish" "$root/opt"
  mount --bind "$work" "$root/mnt"
  exec chroot "$root" "$@"
' "$@"
