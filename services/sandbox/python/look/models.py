"""The two neural networks that find and read text, run directly.

The networks ship inside the ``rapidocr`` wheel. They are run with onnxruntime
without importing the wrapper around them: importing it parses a large model
catalogue, may look for downloads, logs to the console and wants to write beside
itself. Here nothing is fetched and nothing is written.

A network itself runs on one thread and keeps no threads, so that a process which
loaded it may fork. Speed comes from running several lines at once (``parallel``).
"""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from . import parallel

READ_HEIGHT = 48  # pixels; the reader was trained on lines of this height
_LEAST_WIDTH = 64  # with a little empty room after it, a lone digit is read more surely
_MAX_WIDTH = 2400
_loading = {"det": Lock(), "rec": Lock()}
_loaded: dict[str, object] = {}


class TextModelsMissing(Exception):
    """The text networks are not installed."""


def _model_file(part: str) -> Path:
    spec = importlib.util.find_spec("rapidocr")
    for place in spec.submodule_search_locations if spec else []:
        found = sorted(Path(place, "models").glob(f"*_{part}_*.onnx"))
        if found:
            return found[-1]
    raise TextModelsMissing(f"no '{part}' network found in the rapidocr package")


def load() -> None:
    """Load both networks now; they stay for the life of the process and its forks.

    Raises ``TextModelsMissing``.
    """
    parallel.each(_session, _loading)


def _session(part: str):
    with _loading[part]:
        if part not in _loaded:
            _loaded[part] = _opened(part)
        return _loaded[part]


def _opened(part: str):
    # Without this, importing onnxruntime starts a thread that reports home: there is no
    # network here, and with a thread a process must not fork.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # With one thread onnxruntime starts no pool of its own.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps every peak it ever saw; without it the 2 GiB limit is safe.
    options.enable_cpu_mem_arena = False
    # Patterns are remembered for every size of input, and sizes hardly ever repeat.
    options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(
        str(_model_file(part)), sess_options=options, providers=["CPUExecutionProvider"]
    )


@cache
def _alphabet() -> list[str]:
    listed = _session("rec").get_modelmeta().custom_metadata_map["character"]
    return ["", *listed.splitlines(), " "]  # index 0 is the CTC blank


def text_map(bgr: np.ndarray) -> np.ndarray:
    """Probability of text per pixel for a picture whose sides are multiples of 32."""
    return _run("det", bgr, bgr.shape[1])[0, 0]


def _run(part: str, bgr: np.ndarray, width: int) -> np.ndarray:
    """The network's answer to one picture, its 8-bit samples brought to -1..1.

    A picture narrower than ``width`` pixels gets medium gray on its right.
    """
    session = _session(part)
    data = np.zeros((1, 3, bgr.shape[0], width), np.float32)
    inside = data[0, :, :, : bgr.shape[1]]
    np.multiply(bgr.transpose(2, 0, 1), np.float32(2.0 / 255.0), out=inside)
    inside -= 1.0
    return session.run(None, {session.get_inputs()[0].name: data})[0]


Reading = tuple[str, float, list[tuple[str, float, float]]]


def read_lines(crops: list[np.ndarray]) -> list[Reading]:
    """Read upright one-line crops (BGR).

    Each reading is ``(text, confidence, chars)`` where ``chars`` lists every
    character with its place as a fraction of the crop's width and its confidence.
    Every line is read on its own: a line padded to its neighbours' width takes
    longer and may read differently.
    """
    # Long lines first, or the last one would be waited for alone.
    order = sorted(range(len(crops)), key=lambda i: -crops[i].shape[1] / crops[i].shape[0])
    readings: list[Reading] = [("", 0.0, [])] * len(crops)
    for index, reading in zip(order, parallel.each(_read, [crops[i] for i in order]), strict=True):
        readings[index] = reading
    return readings


def _read(crop: np.ndarray) -> Reading:
    height, width = crop.shape[:2]
    wanted = max(8, min(_MAX_WIDTH, int(np.ceil(READ_HEIGHT * width / height))))
    given = max(_LEAST_WIDTH, wanted)
    output = _run("rec", cv2.resize(crop, (wanted, READ_HEIGHT)), given)[0]
    best = output.argmax(axis=1)
    letters = _alphabet()
    chars = []
    # A letter lasts several steps and counts once.
    for step in np.flatnonzero((best != 0) & (best != np.concatenate([[0], best[:-1]]))):
        place = (step + 0.5) / len(best) * given / wanted
        chars.append((letters[best[step]], min(float(place), 1.0), float(output[step, best[step]])))
    text = "".join(c for c, _, _ in chars)
    confidence = float(np.mean([s for _, _, s in chars])) if chars else 0.0
    return text, confidence, chars
