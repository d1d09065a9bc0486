"""Writes a set: pictures, and truth.json with what each shows.

usage: generate.py FOLDER [SET [SEED]]; SET is tuning (the default) or measuring. What cannot be drawn for want of a program
is left out, loudly, and counted in truth.json.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from pictures import browser
from pictures.damage import DAMAGES
from pictures.registry import ALL, KINDS, seeded
from PIL import Image

# The modules of each set, and its seed where none is named. The rules are tuned on the one and measured on the other.
SETS = {
    "tuning": (
        tuple(f"with_{n}" for n in "matplotlib seaborn vega plotly gnuplot pages objects hatched strokes office".split()),
        0,
    ),
    "measuring": (("fresh_bars", "fresh_lines", "fresh_others", "fresh_pages"), 6),
}
# What each library needs that a lock file cannot bring.
NEEDS = {"plotly": "chromium", "html": "chromium", "gnuplot": "gnuplot"}


def missing() -> set[str]:
    """The programs that are not here."""
    found = {"chromium": browser.find(), "gnuplot": shutil.which("gnuplot")}
    return {name for name, where in found.items() if not where}


def flatten(path: Path) -> Image.Image:
    """The picture without transparency and without what its maker wrote into it; so it is also written."""
    with Image.open(path) as image:
        image.load()
        flat = Image.new("RGB", image.size, (255, 255, 255))
        flat.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    flat.save(path)
    return flat


def damaged(truths: list[dict]) -> list[tuple[dict, str]]:
    """Which pictures get a damaged variant and which damage: two of three in each kind, damages in turn; pictures that were
    added later those damages that their own tags name ("also blurred") and no others, so that the rest stays what it was."""
    chosen = []
    for kind in KINDS:
        of_kind = sorted(
            (t for t in truths if t["kind"] == kind and not own_damages(t) and "clean only" not in t["tags"]["more"]),
            key=lambda t: hashlib.sha256(t["name"].encode()).digest(),
        )
        chosen += [truth for place, truth in enumerate(of_kind) if place % 3 < 2]
    names = list(DAMAGES)
    in_turn = [(truth, names[place % len(names)]) for place, truth in enumerate(chosen)]
    return in_turn + [(truth, damage) for truth in truths for damage in own_damages(truth)]


def own_damages(truth: dict) -> list[str]:
    """The damages that the tags of a picture name."""
    return [tag.removeprefix("also ") for tag in truth["tags"]["more"] if tag.startswith("also ")]


def main(folder: Path, name: str = "tuning", seed: int | None = None) -> None:
    """Draws everything of the set called `name` into `folder`, which is made anew."""
    modules, usual = SETS[name]
    seed = usual if seed is None else seed
    for module in modules:
        importlib.import_module(f"pictures.{module}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lacking, truths, left_out = missing(), [], []
    # A module may use what another draws with; that one's pictures are not of this set.
    for item in [item for item in ALL if item.draw.__module__.removeprefix("pictures.") in modules]:
        if NEEDS.get(item.library) in lacking:
            left_out.append(item.name)
            continue
        path = folder / f"{item.name}.png"
        truth = item.draw(path, seeded(item.name, seed))
        flat = flatten(path)
        tags = {"library": item.library, "style": item.style, "damage": None, "more": list(item.tags)}
        truths.append(
            {"name": item.name, "file": path.name, "kind": item.kind, "size": flat.size, "tags": tags, **truth}
        )
    variants = []
    for truth, damage in damaged(truths):
        variant = f"{truth['name']}--{damage.replace(' ', '-')}"
        with Image.open(folder / truth["file"]) as image:
            spoilt = DAMAGES[damage](image.convert("RGB"), seeded(variant, seed))
        spoilt.save(folder / f"{variant}.png")
        tags = {**truth["tags"], "damage": damage}
        variants.append({**truth, "name": variant, "file": f"{variant}.png", "size": spoilt.size, "tags": tags})
    for program in sorted(lacking):
        without = sorted({library for library, need in NEEDS.items() if need == program})
        print(
            f"WARNING: {program} is not installed - the pictures of {', '.join(without)} are LEFT OUT.", file=sys.stderr
        )
    everything = {
        "set": name,
        "seed": seed,
        "left_out": left_out,
        "programs": versions(),
        "pictures": truths + variants,
    }
    (folder / "truth.json").write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(truths)} clean and {len(variants)} damaged pictures, {len(left_out)} left out: {folder}")
    print("clean by kind:", ", ".join(f"{k} {n}" for k, n in Counter(t["kind"] for t in truths).items()))


def versions() -> dict[str, str]:
    """What drew the pictures beside the locked packages: another version may draw a pixel elsewhere."""
    commands = {"chromium": [browser.find(), "--version"], "gnuplot": ["gnuplot", "--version"]}
    said = {}
    for name, command in commands.items():
        if command[0] and shutil.which(command[0]):
            said[name] = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30).stdout.strip()
    return said


if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    main(Path(sys.argv[1]), *sys.argv[2:3], *map(int, sys.argv[3:4]))
