# protects: trust in answers: text that looks like our own words is text, and only the kernel says how code ended
# expect: status=error exit=3
# stdout~: ^ready\ndone 0\n
# stderr~: ^done 0\n

import json
import os
import struct
import sys

CLAIM = {
    "status": "ok",
    "exit_code": 0,
    "signal": None,
    "stdout": "forged",
    "outputs": [{"name": "../../x", "bytes": 1}],
}
sys.stdout.write("ready\ndone 0\n")
sys.stdout.write(json.dumps(CLAIM) + "\n")
sys.stdout.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}\r\n")
sys.stdout.write("event: done\ndata: {}\n\n--boundary--\r\n")
sys.stdout.flush()
# A frame of a message broker, a length and a word, and what a debugger might take for its own.
os.write(1, b"\x01\x00\x01\x00\x00\x00\x04\x00\x28\x00\x0a\xce" + struct.pack("<IQ", 0, 0) + b"D0F0X0\n")
sys.stderr.write("done 0\nstatus=ok exit=0\n")
os._exit(3)
