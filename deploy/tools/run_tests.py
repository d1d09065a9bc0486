"""Runs all tests: those of the Rust workspace, the web app's own, and those in a browser against the real program.

Ends with one line for whoever counts, '812 passed, 0 failed', over all of them; exit code 1 where one failed or did not
run to its end. Where Chromium or Node.js is missing what needs it is skipped, loudly, but not in CI. In CI, whose machines
are busy with others, a few failed tests get a second try; each that needed it is named at the end.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import second_try

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "target/tests"
# The tests that passed only at their second try.
SECOND_TRY: list[str] = []
IS_CI = bool(os.environ.get("CI"))
CARGO_RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed;")


def stream(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> tuple[int, list[str]]:
    """Runs a command, shows what it prints as it comes, and gives its exit code and lines."""
    lines = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line.rstrip("\n"))
    return process.returncode, lines


def whole(name: str, code: int, passed: int, failed: int) -> tuple[int, int]:
    """Counts of one runner; one that failed without naming a test counts as a failure itself."""
    if code != 0 and failed == 0:
        print(f"FAILED: {name} did not run to its end (exit code {code}).")
        failed = 1
    return passed, failed


def rust() -> tuple[int, int]:
    code, lines = stream(["cargo", "test", "--release", "--locked", "--workspace", "--no-fail-fast"], ROOT)
    results = [match for match in map(CARGO_RESULT.match, lines) if match]
    passed, failed = (sum(int(match[group]) for match in results) for group in (1, 2))
    named = second_try.failures(lines)
    if IS_CI and failed and second_try.worth_it(named, failed):
        still = second_try.again(ROOT, named)
        SECOND_TRY.extend(f"{one.package} {one.test}" for one in named if one not in still)
        code, passed, failed = len(still), passed + failed - len(still), len(still)
    return whole("cargo test", code, passed, failed)


def read(report: Path) -> dict:
    try:
        return json.loads(report.read_text())
    except (OSError, ValueError):
        return {}


def web_units() -> tuple[int, int]:
    report = LOGS / "vitest.json"
    report.unlink(missing_ok=True)
    command = ["npx", "--no-install", "vitest", "run", "--no-isolate", "--pool=threads"]
    command += ["--reporter=default", "--reporter=json", f"--outputFile.json={report}"]
    code, _ = stream(command, ROOT / "frontend")
    counts = read(report)
    return whole("vitest", code, counts.get("numPassedTests", 0), counts.get("numFailedTests", 0))


def browser() -> tuple[int, int]:
    report = LOGS / "playwright.json"
    report.unlink(missing_ok=True)
    command = ["npx", "--no-install", "playwright", "test", "--config", "e2e/playwright.config.ts"]
    code, _ = stream(command, ROOT / "frontend", {"PLAYWRIGHT_JSON_OUTPUT_NAME": str(report)})
    counts = read(report).get("stats", {})
    flaky = counts.get("flaky", 0)
    passed = counts.get("expected", 0) + flaky
    if flaky:
        SECOND_TRY.append(f"playwright {flaky} (see above)")
    return whole("playwright", code, passed, counts.get("unexpected", 0))


def missing() -> str | None:
    """What the web app's tests lack on this machine."""
    if not (ROOT / "frontend/package.json").is_file():
        return "there is no frontend/"
    if not (ROOT / "frontend/dist/index.html").is_file():
        return "the web app was not built (make web)"
    return None


def main() -> int:
    LOGS.mkdir(parents=True, exist_ok=True)
    parts = {"cargo test": rust()}
    lacking = missing()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    for name, run, lack in [
        ("vitest", web_units, lacking),
        ("playwright", browser, lacking or (None if Path(chromium).is_file() else f"{chromium} is not there")),
    ]:
        if lack is None:
            parts[name] = run()
        elif IS_CI:
            print(f"FAILED: {name} did not run: {lack}.")
            parts[name] = (0, 1)
        else:
            print(f"SKIPPED: {name}, because {lack}.")
    print("\n" + "; ".join(f"{name} {passed} of {passed + failed}" for name, (passed, failed) in parts.items()))
    passed, failed = (sum(counts[index] for counts in parts.values()) for index in (0, 1))
    for test in SECOND_TRY:
        print(f"PASSED ONLY AT THE SECOND TRY: {test}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
