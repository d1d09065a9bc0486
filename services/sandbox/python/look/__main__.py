"""Command line: ``python3 -m look IMAGE.png OUT.json``.

Exit status: 0 when the JSON was written, 2 for wrong usage or an unreadable
picture, 1 for anything unforeseen. Standard output stays empty.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Look at one picture and write what was seen."""
    if len(arguments) != 2:
        print("usage: python3 -m look IMAGE.png OUT.json", file=sys.stderr)
        return 2
    # Must be set before the numeric libraries start their threads.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "2")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    import cv2

    cv2.setNumThreads(2)
    from .image import UnreadableImage
    from .report import look

    try:
        seen = look(arguments[0])
    except UnreadableImage as error:
        print(f"look: {error}", file=sys.stderr)
        return 2
    text = json.dumps(seen, ensure_ascii=False, allow_nan=False)
    out = Path(arguments[1])
    part = out.with_name(out.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
