#!/usr/bin/env bash
# For scripts that measure beside llama-servers, to be sourced; as root. They come from Debian, into the root file system that
# the end-to-end tests use, and are stopped when the script ends:
#   serve MODELS NAME PORT ARGUMENT...   starts one with the embedded model, which lies in the folder MODELS, and waits until it listens
benchmarks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${INFILL_CHROOT:-/opt/infill-chroot/forky}
"$benchmarks/../Infill.EndToEnd/Terminal/chroot.sh" "$root"
work=$(mktemp -d)
servers=()
finish() {
  if (( ${#servers[@]} )); then kill "${servers[@]}" 2>/dev/null || true; wait "${servers[@]}" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

# Flash attention is on by itself, and so are the prompt cache and its continuation.
serve() {
  local models=$1 name=$2 port=$3
  shift 3
  "$benchmarks/../Infill.EndToEnd/Terminal/enter.sh" "$root" "$models" "$work" llama-server --model /opt/infill-52m-iq4_nl.gguf \
    --host 127.0.0.1 --port "$port" --threads "${THREADS:-2}" "$@" >"$work/$name.log" 2>&1 &
  servers+=($!)
  for (( attempt = 0; attempt < 120; attempt++ )); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health"; then return; fi
    kill -0 "$!" 2>/dev/null || break
    sleep 0.5
  done

  echo "llama-server '$name' did not start:" >&2
  cat "$work/$name.log" >&2
  exit 1
}
