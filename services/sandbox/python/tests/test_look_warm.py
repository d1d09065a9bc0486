"""Tests of looks in forks of a warmed process, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np

FOLDER = tempfile.TemporaryDirectory()

FORKS = """
import os, signal, sys
import look
look.warm()
assert len(os.listdir("/proc/self/task")) == 1
picture, out, looks = sys.argv[1], sys.argv[2], int(sys.argv[3])
for number in range(looks):
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # a deadlock ends as a failure
        look.main(picture, f"{out}.{number}", threads=1 + number % 2)
        os._exit(0)
    status = os.wait()[1]
    assert status == 0, status
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run code in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=300)


def small_picture() -> str:
    """A little table of words and numbers, as a PNG file."""
    canvas = np.full((140, 300, 3), 255, np.uint8)
    for row, words in enumerate((("Item", "Rain"), ("North", "612"), ("South", "488"), ("East", "905"))):
        for column, word in enumerate(words):
            cv2.putText(canvas, word, (20 + 150 * column, 30 + 32 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1,
                        cv2.LINE_AA)
    path = str(Path(FOLDER.name) / "small.png")
    cv2.imwrite(path, canvas)
    return path


class Warm(unittest.TestCase):
    """What ``look.warm`` promises."""

    def test_forks_see_what_a_fresh_process_sees(self):
        """Protects looks from deadlocks after a fork and from depending on how, and on how many
        threads, they were run."""
        picture, out = small_picture(), str(Path(FOLDER.name) / "out.json")
        ran = python(FORKS, picture, out, "6")
        self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)
        cold = subprocess.run([sys.executable, "-m", "look", picture, out], capture_output=True, text=True, timeout=120)
        self.assertEqual((cold.returncode, cold.stdout), (0, ""), cold.stderr)
        seen = json.loads(Path(out).read_text())
        self.assertIn("North", [item["text"] for item in seen["text"]])
        for number in range(6):
            self.assertEqual(json.loads(Path(f"{out}.{number}").read_text()), seen)

    def test_a_process_with_threads_is_refused(self):
        """Protects the process that forks: one with a second thread could leave a lock held for ever."""
        ran = python("""
import threading, look
threading.Thread(target=threading.Event().wait, daemon=True).start()
try:
    look.warm()
except Exception as error:
    print(type(error).__name__)
""")
        self.assertEqual(ran.stdout.strip(), "HasThreads", ran.stderr)

    def test_importing_is_cheap(self):
        """Protects processes that only name the package from loading the numeric libraries."""
        ran = python("import sys, look; print(sorted({'cv2', 'numpy', 'onnxruntime', 'concurrent'} & set(sys.modules)))")
        self.assertEqual(ran.stdout.strip(), "[]", ran.stderr)


if __name__ == "__main__":
    unittest.main()
