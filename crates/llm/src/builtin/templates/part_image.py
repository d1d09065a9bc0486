"""Loading the picture."""

import cv2
import numpy as np


def load_picture(path):
    """The picture in a file as 8-bit RGB, transparency laid on white; pixels are taken as they are."""
    if isinstance(path, np.ndarray):
        return path.copy()
    raw = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if raw is None:
        raise ValueError("the picture could not be decoded")
    if raw.dtype != np.uint8:
        raw = cv2.normalize(raw, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
    if raw.ndim == 2 or raw.shape[2] == 1:
        return cv2.cvtColor(raw, cv2.COLOR_GRAY2RGB)
    if raw.shape[2] == 4:
        opacity = raw[..., 3:] / 255.0
        raw = (raw[..., :3] * opacity + 255 * (1 - opacity)).round().astype(np.uint8)
    return cv2.cvtColor(raw, cv2.COLOR_BGR2RGB)
