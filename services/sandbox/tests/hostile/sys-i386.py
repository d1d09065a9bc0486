# protects: the list of allowed calls from the 32-bit door of the processor, whose numbers mean other calls
# expect: status=error signal=31 | status=error signal=11
# stdout: trying
# arch: x86_64

import ctypes
import mmap

# socket() of the 32-bit table, whose number is another call's in the 64-bit table.
# mov eax, 359; mov ebx, 1; mov ecx, 1; xor edx, edx; int 0x80; ret
CODE = "b867010000 bb01000000 b901000000 31d2 cd80 c3"
block = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# rbx belongs to the caller: push rbx first, pop it before the return.
block.write(bytes.fromhex("53" + CODE.replace("c3", "5bc3")))
entry = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(block)))
print("trying")
# A kernel without that door ends the process by signal 11.
result = entry()
raise SystemExit(f"came back with {result}")
