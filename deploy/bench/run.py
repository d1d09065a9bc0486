"""Takes every picture of the set through the real program, scores what was delivered, and says how well it did.

usage: run.py [--bench target/bench] [--program target/release/darkroom] [--parallel 2] [--only PATTERN] [--score-only]

Models are those that the environment names (VISION_MODEL_URL and the others; without: the built-in rules).
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from client import Server
from report import summarise, write_table
from scoring.picture import score

MODELS = ("VISION_MODEL", "REASONING_MODEL", "CODE_MODEL")


def models() -> dict[str, str]:
    """Which models are measured: name and address of each role, never a key, nor a password in an address."""
    said = {}
    for role in MODELS:
        url = re.sub(r"//[^/@]*@", "//", os.environ.get(f"{role}_URL", "builtin:")).split("?")[0]
        said[role.removesuffix("_MODEL").lower()] = f"{os.environ.get(f'{role}_NAME', '')} {url}".strip()
    return said


def prompt(truth: dict) -> str:
    """What a person would ask: nothing, except where things are to be counted."""
    return f"How many {truth['objects']} are there?" if truth["kind"] == "count" else ""


def develop_all(truths: list[dict], options) -> None:
    """Takes the pictures through, some at a time. One that cannot be taken through leaves no report, and is said."""
    jobs = options.bench / "jobs"
    shutil.rmtree(options.bench / "data", ignore_errors=True)
    with Server(options.program, options.bench / "data", options.bench / "server.log") as server:

        def develop(truth):
            folder = jobs / truth["name"]
            shutil.rmtree(folder, ignore_errors=True)
            return server.develop(options.bench / "pictures" / truth["file"], prompt(truth), folder)

        with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
            running = {pool.submit(develop, truth): truth for truth in truths}
            for number, done in enumerate(concurrent.futures.as_completed(running), start=1):
                name, error = running[done]["name"], done.exception()
                said = f"FAILED: {error}" if error else f"{done.result()['state']} in {done.result()['seconds']:.1f} s"
                print(f"{number}/{len(truths)} {name}: {said}", file=sys.stderr, flush=True)


def scored(truth: dict, folder: Path) -> dict:
    """The scores of one picture from what was kept of its job."""
    report = folder / "job.json"
    job = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else None
    files = {}
    for path in sorted(folder.glob("*")) if job else []:
        if path.suffix in (".csv", ".txt", ".json") and path.name != "job.json":
            files[path.name] = path.read_text(encoding="utf-8", errors="replace")
    return {"name": truth["name"], "kind": truth["kind"], "tags": truth["tags"], **score(truth, job, files)}


def commit() -> str:
    """What was measured, as git calls it; empty outside of a repository."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main() -> int:
    """Runs, scores, writes agent.json, prints the table. 1 when a picture could not be taken through at all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=Path("target/bench"))
    parser.add_argument("--program", type=Path, default=Path("target/release/darkroom"))
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--only", default="*")
    parser.add_argument("--score-only", action="store_true", help="score again what an earlier run delivered")
    options = parser.parse_args()
    everything = json.loads((options.bench / "pictures" / "truth.json").read_text(encoding="utf-8"))
    truths = [truth for truth in everything["pictures"] if fnmatch.fnmatch(truth["name"], options.only)]
    about = options.bench / "jobs" / "about.json"
    if not options.score_only:
        if options.only == "*":
            shutil.rmtree(options.bench / "jobs", ignore_errors=True)
        about.parent.mkdir(parents=True, exist_ok=True)
        develop_all(truths, options)
        started = {"date": datetime.date.today().isoformat(), "models": models(), "commit": commit()}
        about.write_text(json.dumps({**started, "parallel": options.parallel}), encoding="utf-8")
    results = [scored(truth, options.bench / "jobs" / truth["name"]) for truth in truths]
    run = json.loads(about.read_text(encoding="utf-8")) if about.is_file() else {}
    summary = {**run, "left_out": everything["left_out"], "programs": everything["programs"], **summarise(results)}
    target = options.bench / "agent.json"
    target.write_text(
        json.dumps({**summary, "pictures": results}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(write_table(summary))
    if everything["left_out"]:
        print(f"WARNING: {len(everything['left_out'])} pictures were LEFT OUT for want of a program.", file=sys.stderr)
    return 1 if any(result["state"] == "lost" for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
