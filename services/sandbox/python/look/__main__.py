"""Command line: ``python3 -m look IMAGE.png OUT.json``.

Exit status: 0 when the JSON was written, 2 for wrong usage or an unreadable
picture, 1 for anything unforeseen. Standard output stays empty.
"""

import sys

from . import main

if __name__ == "__main__":
    if len(sys.argv) != 3:
        print("usage: python3 -m look IMAGE.png OUT.json", file=sys.stderr)
        sys.exit(2)
    main(sys.argv[1], sys.argv[2])
