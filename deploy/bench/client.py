"""The real program, started for the measurement and spoken to over HTTP as any caller would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

ENDED = ("succeeded", "failed", "cancelled")
# A job on a slow model may take as long as the product allows one to (MAX_JOB_SECONDS), and a little more.
PATIENCE_SECONDS = 1860


class Server:
    """`darkroom serve` on a free port of the loopback address with a data folder of its own; ends with the block.

    The environment is passed on as it is: it says which models are measured.
    """

    def __init__(self, program: Path, data: Path, log: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.data, self.log, self.program = data, log, program

    def __enter__(self) -> Server:
        self.data.mkdir(parents=True, exist_ok=True)
        command = [str(self.program), "serve", "--listen", self.address, "--data", str(self.data)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_ready(self, seconds: float = 180) -> None:
        """Returns when the server says that real work is possible. Raises RuntimeError when it ends or stays silent."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: see {self.log}")
            try:
                urllib.request.urlopen(f"http://{self.address}/readyz", timeout=10).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
                continue
            self.token = (self.data / "token").read_text().strip()
            return
        raise RuntimeError(f"the server was not ready within {seconds:.0f} s: see {self.log}")

    def __exit__(self, *_raised) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def call(self, path: str, body: bytes | None = None, content_type: str = "application/json") -> bytes:
        """The body of one answer; urllib's HTTPError when it is a refusal."""
        url = path if path.startswith("http") else f"http://{self.address}{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
            return answer.read()

    def upload(self, picture: Path) -> str:
        """Uploads a picture; its id."""
        line = uuid.uuid4().hex
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{picture.name}"\r\n\r\n'.encode()
        body = head + picture.read_bytes() + f"\r\n--{line}--\r\n".encode()
        return json.loads(self.call("/api/v1/files", body, f"multipart/form-data; boundary={line}"))["id"]

    def develop(self, picture: Path, prompt: str, folder: Path) -> dict:
        """Takes one picture through; keeps all that was delivered in `folder` and returns the report with `seconds`,
        the time between asking for the job and seeing its end (polled four times a second)."""
        file = self.upload(picture)
        asked = time.monotonic()
        job = json.loads(self.call("/api/v1/jobs", json.dumps({"file_ids": [file], "prompt": prompt}).encode()))["id"]
        while json.loads(self.call(f"/api/v1/jobs/{job}"))["state"] not in ENDED:
            if time.monotonic() - asked > PATIENCE_SECONDS:
                raise RuntimeError(f"the job of {picture.name} did not end")
            time.sleep(0.25)
        seconds = time.monotonic() - asked
        report = json.loads(self.call(f"/api/v1/jobs/{job}/results"))
        report["seconds"] = round(seconds, 2)
        folder.mkdir(parents=True, exist_ok=True)
        for output in report["outputs"]:
            # Names come from code that a model wrote: they name a file in this folder or none.
            name = Path(output["name"]).name
            if name == output["name"] and name not in ("", ".", "..", "job.json"):
                (folder / name).write_bytes(self.call(output["path"]))
        partial = folder / "job.json.partial"
        partial.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(partial, folder / "job.json")
        return report
