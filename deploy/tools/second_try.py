"""A second try for tests that failed on a busy machine: told loudly, and never for tests of what holds attackers."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

RUNNING = re.compile(r"^\s+Running .*\((\S+)\)$")
RERUN = re.compile(r"^error: test failed, to rerun pass `-p (\S+) ")
NAMED = re.compile(r"^    (\S+)$")

# Where more tests than these fail it is no accident.
MAX = 3

# What holds attackers must hold at the first try: one success in two is a hole.
NEVER = re.compile(r"hostile|injection|attack|escape|signature|matrix|forge|stranger")


@dataclass(frozen=True)
class Failure:
    """One test that failed: its name, the program that holds it, and its package."""

    test: str
    program: str
    package: str


def failures(lines: list[str]) -> list[Failure]:
    """The failed tests that cargo's output names."""
    found, program, names = [], "", []
    for line in lines:
        if match := RUNNING.match(line):
            program, names = match[1], []
        elif line == "failures:":
            names = []
        elif match := NAMED.match(line):
            names.append(match[1])
        elif match := RERUN.match(line):
            found += [Failure(name, program, match[1]) for name in names]
            names = []
    return found


def worth_it(failed: list[Failure], count: int) -> bool:
    """Whether a second try could change the outcome: all failures are named, few, and none is about attackers."""
    return len(failed) == count <= MAX and not any(NEVER.search(failure.test) for failure in failed)


def folders(root: Path) -> dict[str, Path]:
    """The folder of each package of the workspace."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"]
    told = json.loads(subprocess.run(command, cwd=root, capture_output=True, check=True).stdout)
    return {package["name"]: Path(package["manifest_path"]).parent for package in told["packages"]}


def again(root: Path, failed: list[Failure]) -> list[Failure]:
    """Runs each once more, alone. Gives those that failed again."""
    homes = folders(root)
    still = []
    for failure in failed:
        print(f"\nSECOND TRY: {failure.package}: {failure.test}", flush=True)
        home = homes[failure.package]
        command = [root / failure.program, failure.test, "--exact", "--nocapture"]
        environment = {**os.environ, "CARGO_MANIFEST_DIR": str(home)}
        if subprocess.run(command, cwd=home, env=environment).returncode != 0:
            still.append(failure)
    return still
