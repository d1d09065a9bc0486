# protects: the service from files that explode when opened: they are bytes, passed on and never decoded
# expect: status=ok exit=0
# outputs: 6
# within: 10

import gzip
import struct
import zipfile
import zlib

layer = gzip.compress(bytes(16 << 20))
for _ in range(3):
    layer = gzip.compress(layer)
open("deep.gz", "wb").write(layer)
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for number in range(16):
        archive.writestr(f"{number}.bin", bytes(4 << 20))
    archive.writestr("../../escape.txt", "a name that climbs")


def chunk(kind, content):
    """One chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0)
image = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")
open("huge.png", "wb").write(b"\x89PNG\r\n\x1a\n" + image)

laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
text = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}<!ENTITY x SYSTEM "file:///etc/passwd">]>'
open("laughs.svg", "w").write(f"{text}<svg xmlns='http://www.w3.org/2000/svg'><text>&l9;&x;</text></svg>")
open("formula.csv", "w").write("name,value\n=cmd|' /C calc'!A0,1\n@SUM(1+1),2\n")
open("page.png", "w").write("<html><script>alert(1)</script></html>")
