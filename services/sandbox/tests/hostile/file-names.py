# protects: whoever joins an output's name to a folder, a key, a link or a command line
# expect: status=ok exit=0
# outputs: 8
# rejected: bad_name=14

GOOD = ["-rf", "--help", "CON", "evil.pth", "..data", "a b", "'; true #", "<b>ü.html"]
BAD = [
    b"line\nbreak",
    b"carriage\rreturn",
    b"\x1b[2Jclear",
    b"back\\slash",
    b"..\\..\\up",
    b"not \xff utf-8",
    b"cut \xe2\x82",
    b"surrogate \xed\xa0\x80",
    b"n" * 201,
    b"m" * 255,
    "turned\u202egnp.exe".encode(),
    "nothing\u200bseen".encode(),
    "\ufeffmark".encode(),
    "line\u2028separator".encode(),
]
for name in GOOD:
    open(f"/box/out/{name}", "w").write("good")
for name in BAD:
    open(b"/box/out/" + name, "w").write("bad")
