# protects: whoever relies on chance: no source of it gives two runs, or two processes of a run, the same
# expect: status=ok exit=0
# stdout~: ^([a-z]+ [0-9a-z_]+\n)+[a-z]+ [0-9a-z_]+$
# distinct: yes

import os
import random
import secrets
import ssl
import tempfile
import uuid

import numpy


def draw():
    """One value of each source, as text."""
    return {
        "random": f"{random.getrandbits(64):x}",
        "fresh": f"{random.Random().getrandbits(64):x}",
        "numpy": "".join(f"{number:08x}" for number in numpy.random.randint(0, 1 << 32, 4, dtype=numpy.uint64)),
        "generator": f"{int(numpy.random.default_rng().integers(1 << 62)):x}",
        "uuid": uuid.uuid4().hex,
        "secrets": secrets.token_hex(8),
        "urandom": os.urandom(8).hex(),
        "ssl": ssl.RAND_bytes(8).hex(),
        "tempfile": next(tempfile._get_candidate_names()),
    }


# The values of the first draw are printed: the test compares them between runs.
for name, value in draw().items():
    print(name, value)
# Sources that the kernel feeds differ in children as well.
seen = []
for _ in range(8):
    reader, writer = os.pipe()
    if os.fork() == 0:
        values = draw()
        os.write(
            writer,
            " ".join(values[name] for name in ("fresh", "generator", "uuid", "secrets", "urandom", "ssl")).encode(),
        )
        os._exit(0)
    os.close(writer)
    seen += os.read(reader, 4096).decode().split()
    os.close(reader)
    os.wait()
assert len(seen) == 48 == len(set(seen)), seen
