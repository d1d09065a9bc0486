"""Reading strangers' files within bounds: what cannot be read is noted, nothing raises."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import struct
from pathlib import Path

import numpy as np
from look import image

MAX_JSON = 8 << 20  # bytes
MAX_CSV = 4 << 20
MAX_TEXT = 1 << 20
MAX_PIXELS = 25_000_000
MAX_ROWS = 5000  # of one table
MAX_CELL = 300  # characters
MAX_NAME = 120


def number(value) -> float | None:
    """A finite number, or None for anything else; texts count that say a number plainly."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", value.strip().rstrip("%").replace("\u2212", "-"))
        if len(value) > 40:
            return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e300 else None


def numbers(values) -> list[float | None]:
    """A list of numbers; anything that is no list is empty."""
    return [number(value) for value in values[: MAX_ROWS * 2]] if isinstance(values, list) else []


def text(value, limit: int = MAX_NAME) -> str | None:
    """A short text on one line, or None for none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value:g}"
    if not isinstance(value, str):
        return None
    # A lone surrogate could not be written, control characters would spoil what shows it.
    said = "".join(c if c.isprintable() else " " for c in value[: 4 * limit])
    said = " ".join(said.replace(r"\$", "$").split())
    said = said.encode("utf-8", "replace").decode("utf-8")
    return (said if len(said) <= limit else said[: limit - 1] + "…") or None


def items(value) -> list:
    """The dictionaries of a list, at most as many as rows are read."""
    return [one for one in value[:MAX_ROWS] if isinstance(one, dict)] if isinstance(value, list) else []


def table(value) -> dict:
    """The value if it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


class Folder:
    """The folder of inputs. Names that lead out of it are not found."""

    def __init__(self, path: str, notes: list[str]):
        self.path = Path(path)
        self.notes = notes

    def read(self, name, limit: int, what: str) -> bytes | None:
        """The bytes of a file, or None with a note."""
        if not isinstance(name, str) or not name or "/" in name or name.startswith("."):
            self.notes.append(f"{what} has no usable file name.")
            return None
        try:
            with open(self.path / name, "rb") as file:
                data = file.read(limit + 1)
        except (OSError, ValueError):
            self.notes.append(f"{what} could not be read.")
            return None
        if len(data) > limit:
            self.notes.append(f"{what} is larger than {limit >> 20} MiB and was not measured.")
            return None
        return data

    def json(self, name, what: str) -> dict:
        """A JSON object; empty with a note where there is none."""
        data = self.read(name, MAX_JSON, what)
        if data is None:
            return {}
        try:
            found = json.loads(data, parse_constant=lambda _name: None)
        except (ValueError, RecursionError):
            self.notes.append(f"{what} is no valid JSON.")
            return {}
        if not isinstance(found, dict):
            self.notes.append(f"{what} holds no JSON object.")
            return {}
        return found

    def rows(self, name, what: str) -> list[list[str]]:
        """The rows of a CSV file that are not empty, with cells of bounded length."""
        data = self.read(name, MAX_CSV, what)
        if data is None:
            return []
        found: list[list[str]] = []
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace").replace("\0", "")))
        try:
            for row in reader:
                if len(found) > MAX_ROWS:
                    self.notes.append(f"{what} has more than {MAX_ROWS} rows; the first of them were measured.")
                    break
                cells = [text(cell, MAX_CELL) or "" for cell in row[:200]]
                if any(cells):
                    found.append(cells)
        except csv.Error:
            self.notes.append(f"{what} is no valid CSV after row {len(found)}.")
        return found

    def text(self, name, what: str) -> str:
        """A text file; empty with a note where there is none."""
        data = self.read(name, MAX_TEXT, what)
        return "" if data is None else data.decode("utf-8", "replace")

    def picture(self, name, what: str) -> np.ndarray | None:
        """A PNG or JPEG as 8-bit RGB, or None with a note. Its size is known before it is decoded."""
        data = self.read(name, 64 << 20, what)
        if data is None:
            return None
        size = size_of(data)
        if size is None:
            self.notes.append(f"{what} is no PNG or JPEG and was not compared.")
            return None
        if size[0] * size[1] > MAX_PIXELS or max(size) > 32_000:
            self.notes.append(f"{what} has more than {MAX_PIXELS // 1_000_000} million pixels and was not measured.")
            return None
        try:
            return image.decode(data).full
        except Exception:  # whatever a decoder says of a broken file
            self.notes.append(f"{what} could not be decoded.")
            return None


def size_of(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the head of a PNG or JPEG says, without decoding it."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
