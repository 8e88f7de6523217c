#!/usr/bin/env bash
# Libraries in cuBLAS's place, with each function that LIBRARY wants of it: called, they say which and end the process.
#   no-cublas.sh LIBRARY OUT
set -euo pipefail
library=$1 out=$2
source=$(mktemp --suffix=.c)
trap 'rm -f "$source" "$source.map"' EXIT
{
  echo '#include <stdio.h>'
  echo '#include <stdlib.h>'
  nm -D --undefined-only "$library" | sed -nE 's/.* U (cublas[A-Za-z0-9_]*).*/\1/p' | sort -u | while read -r name; do
    case $name in # called for each device at the start, without anything to be computed
      cublasCreate_v2 | cublasDestroy_v2 | cublasSetStream_v2 | cublasSetMathMode) echo "int $name(void **handle) { return 0; }" ;;
      *) echo "int $name(void) { fputs(\"$name was called, and cuBLAS is not here.\\n\", stderr); abort(); }" ;;
    esac
  done
} >"$source"
echo 'libcublas.so.12 { *; };' >"$source.map"
gcc -shared -fPIC -w -Wl,-soname,libcublas.so.12 -Wl,--version-script="$source.map" -o "$out/libcublas.so.12" "$source"
