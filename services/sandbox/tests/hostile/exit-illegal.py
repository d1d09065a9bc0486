# protects: the meaning of signals: an instruction that does not exist
# expect: status=error signal=4
# stdout: before

import ctypes
import mmap
import os

INSTRUCTION = {"x86_64": "0f0b", "aarch64": "00000000"}[os.uname().machine]
print("before")
block = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
block.write(bytes.fromhex(INSTRUCTION))
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(block)))()
