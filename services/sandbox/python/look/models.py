"""The two neural networks that find and read text, run directly.

The networks ship inside the ``rapidocr`` wheel. They are run with onnxruntime
without importing the wrapper around them: importing it parses a large model
catalogue, may look for downloads, logs to the console and wants to write beside
itself. Here nothing is fetched and nothing is written.
"""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

THREADS = 2
READ_HEIGHT = 48  # pixels; the reader was trained on lines of this height
_BATCH_WIDTH = 2400  # total pixel width of one reading batch, bounds memory
_MAX_WIDTH = 2400


class TextModelsMissing(Exception):
    """The text networks are not installed."""


def _model_file(part: str) -> Path:
    spec = importlib.util.find_spec("rapidocr")
    for place in spec.submodule_search_locations if spec else []:
        found = sorted(Path(place, "models").glob(f"*_{part}_*.onnx"))
        if found:
            return found[-1]
    raise TextModelsMissing(f"no '{part}' network found in the rapidocr package")


@lru_cache(maxsize=2)
def _session(part: str):
    os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    # Waiting threads must sleep, not spin: the processor time here is rationed.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena keeps every peak it ever saw; without it the 2 GiB limit is safe.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        str(_model_file(part)), sess_options=options, providers=["CPUExecutionProvider"]
    )


@lru_cache(maxsize=1)
def _alphabet() -> list[str]:
    listed = _session("rec").get_modelmeta().custom_metadata_map["character"]
    return ["", *listed.splitlines(), " "]  # index 0 is the CTC blank


def text_map(bgr: np.ndarray) -> np.ndarray:
    """Probability of text per pixel for a picture whose sides are multiples of 32."""
    session = _session("det")
    data = bgr.astype(np.float32)
    data *= 2.0 / 255.0
    data -= 1.0
    data = np.ascontiguousarray(data.transpose(2, 0, 1))[None]
    return session.run(None, {session.get_inputs()[0].name: data})[0][0, 0]


Reading = tuple[str, float, list[tuple[str, float, float]]]


def read_lines(crops: list[np.ndarray]) -> list[Reading]:
    """Read upright one-line crops (BGR).

    Each reading is ``(text, confidence, chars)`` where ``chars`` lists every
    character with its place as a fraction of the crop's width and its confidence.
    """
    scaled = []
    for crop in crops:
        height, width = crop.shape[:2]
        wanted = max(8, min(_MAX_WIDTH, int(np.ceil(READ_HEIGHT * width / height))))
        scaled.append(cv2.resize(crop, (wanted, READ_HEIGHT)))
    order = sorted(range(len(scaled)), key=lambda i: scaled[i].shape[1])
    readings: list[Reading] = [("", 0.0, [])] * len(scaled)
    at = 0
    while at < len(order):
        batch = [order[at]]
        # Padding to a much wider neighbour wastes time, so widths stay alike.
        narrow = scaled[order[at]].shape[1]
        while at + len(batch) < len(order):
            width = scaled[order[at + len(batch)]].shape[1]
            if width > narrow * 1.6 + 32 or width * (len(batch) + 1) > _BATCH_WIDTH:
                break
            batch.append(order[at + len(batch)])
        at += len(batch)
        for index, reading in zip(batch, _read_batch([scaled[i] for i in batch]), strict=True):
            readings[index] = reading
    return readings


def _read_batch(images: list[np.ndarray]) -> list[Reading]:
    session = _session("rec")
    width = max(READ_HEIGHT, *(im.shape[1] for im in images))
    data = np.zeros((len(images), 3, READ_HEIGHT, width), np.float32)
    for slot, image in zip(data, images, strict=True):
        slot[:, :, : image.shape[1]] = image.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1.0
    output = session.run(None, {session.get_inputs()[0].name: data})[0]
    steps = output.shape[1]
    best, sure = output.argmax(axis=2), output.max(axis=2)
    letters = _alphabet()
    readings: list[Reading] = []
    for row, image in enumerate(images):
        chars = []
        for step in range(steps):
            code = int(best[row, step])
            if code == 0 or (step and code == best[row, step - 1]):
                continue
            place = (step + 0.5) / steps * width / image.shape[1]
            chars.append((letters[code], min(place, 1.0), float(sure[row, step])))
        text = "".join(c for c, _, _ in chars)
        confidence = float(np.mean([s for _, _, s in chars])) if chars else 0.0
        readings.append((text, confidence, chars))
    return readings
