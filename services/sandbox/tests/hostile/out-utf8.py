# protects: the answer from bytes that are no text: it comes, it is text, and nothing around them is lost
# expect: status=ok exit=0
# stdout~: ^begin [\s\S]*\uFFFD[\s\S]* end$
# stderr~: ^begin [\s\S]* end$

import os

HOSTILE = [
    b"\xff\xfe\xfa",
    b"\xc0\xaf",  # a slash, too long
    b"\xed\xa0\x80\xed\xb0\x80",  # surrogates
    b"\xf4\x90\x80\x80",  # beyond the last character
    b"\xe2\x82",  # cut off
    b"\x00\x01\x7f\x85",
    "\u2028\u2029\ufeff\u200b\u0000".encode(),
]
for stream in (1, 2):
    os.write(stream, b"begin " + b"|".join(HOSTILE) + b" end\n")
