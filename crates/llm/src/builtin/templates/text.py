"""Read a page of text: page.txt in reading order and text_stats.csv.

The words come from the evidence next to the picture (recognised by OCR); this
script finds the columns and lines they stand in.
"""

import csv
import json
from pathlib import Path

import numpy as np


def load_words(path):
    """Recognised pieces of text with their boxes and confidence."""
    pieces = json.loads(Path(path).read_text(encoding="utf-8"))["text"]
    words = [piece for piece in pieces if piece.get("text") and len(piece.get("box") or []) == 4]
    if not words:
        raise ValueError("no text was recognised in the picture")
    return words


def widest_gap(words, axis):
    """The widest empty band across all words: its width and the words on either side."""
    order = sorted(words, key=lambda word: word["box"][axis])
    reach = np.maximum.accumulate([word["box"][axis] + word["box"][axis + 2] for word in order])
    gaps = [(order[i + 1]["box"][axis] - reach[i], i + 1) for i in range(len(order) - 1)]
    width, cut = max(gaps)
    return width, order[:cut], order[cut:]


def blocks(words, height):
    """Columns and paragraphs in reading order, cut along empty bands."""
    if len(words) < 6:
        return [words]
    across, left, right = widest_gap(words, 0)
    if across > 1.2 * height and min(len(left), len(right)) >= 3:
        return blocks(left, height) + blocks(right, height)
    down, above, below = widest_gap(words, 1)
    if down > 0.8 * height:
        return blocks(above, height) + blocks(below, height)
    return [words]


def beside(line, word):
    """Whether a word stands at the height of a line and next to its words, not under."""
    x, y, width, height = word["box"]
    if abs(y + height / 2 - line["middle"]) > 0.5 * max(height, line["height"]):
        return False
    spans = [(other["box"][0], other["box"][0] + other["box"][2]) for other in line["words"]]
    return all(min(x + width, end) - max(x, start) < 0.3 * width for start, end in spans)


def lines_of(words):
    """Words of one block as lines of text, top to bottom and left to right."""
    lines = []
    for word in sorted(words, key=lambda word: word["box"][1] + word["box"][3] / 2):
        if lines and beside(lines[-1], word):
            lines[-1]["words"].append(word)
        else:
            _, y, _, height = word["box"]
            lines.append({"middle": y + height / 2, "height": height, "words": [word]})
    return [
        " ".join(word["text"] for word in sorted(line["words"], key=lambda word: word["box"][0]))
        for line in lines
    ]


def counted(number, name):
    """How many there are of something, in words."""
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def read_page(picture):
    """Save the page and say how much of it is certain."""
    words = load_words(picture["evidence"])
    height = float(np.median([word["box"][3] for word in words]))
    paragraphs = [lines_of(block) for block in blocks(words, height)]
    page = "\n\n".join("\n".join(lines) for lines in paragraphs)
    Path(picture["out"] + "page.txt").write_text(page + "\n", encoding="utf-8")
    confidences = [word.get("confidence") or 0 for word in words]
    stats = {
        "blocks": len(paragraphs),
        "lines": sum(len(lines) for lines in paragraphs),
        "words": len(page.split()),
        "characters": len(page),
        "mean_confidence": round(float(np.mean(confidences)), 3),
        "lowest_confidence": round(float(np.min(confidences)), 3),
    }
    with open(picture["out"] + "text_stats.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["measure", "value"], *stats.items()])
    before = picture["out"].rpartition("/")[2]
    return (
        f"Read {counted(stats['words'], 'word')} in {counted(stats['lines'], 'line')}; the recognition is "
        f"{stats['mean_confidence']:.0%} sure on average and {stats['lowest_confidence']:.0%} "
        f"at its least sure line. Saved {before}page.txt and {before}text_stats.csv."
    )
