"""unpack.py PART.zst FILE: decompresses, and gives the file its name when it is whole, so that the feeds take up no half of one."""
import os
import sys

import pyarrow

source, target = sys.argv[1:3]
with pyarrow.input_stream(source, compression="zstd") as compressed, open(target + ".part", "wb") as plain:
    while block := compressed.read(1 << 24):
        plain.write(block)
os.rename(target + ".part", target)
