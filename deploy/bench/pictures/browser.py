"""Chromium, as the photographer of pages."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


def find() -> str | None:
    """Where Chromium is, if it is."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def photograph(page: Path, picture: Path, width: int, height: int, scale: float = 1.0) -> None:
    """Writes what a window of this size shows of a local page.

    The browser's own sandbox is off, as it cannot stand in every container; the pages are our own and name no others.
    """
    with tempfile.TemporaryDirectory() as profile:
        command = [find() or "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-extensions",
            "--disable-background-networking",
        ]
        command += [
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            f"--force-device-scale-factor={scale}",
        ]
        command += [
            "--font-render-hinting=none",
            "--virtual-time-budget=4000",
            f"--screenshot={picture}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, timeout=120, capture_output=True)
    if not picture.is_file():
        raise RuntimeError(f"Chromium made no picture of {page.name}")
