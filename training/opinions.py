"""Coarse alphas of the networks that Hairline installs, computed as `server/matting` does it.

The networks are read from a cache folder as `hairline models pull` fills it (HAIRLINE_CACHE).
"""

import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

LONGER = 1024
MULTIPLE = 16
THREADS = int(os.environ.get("TRAINING_THREADS", "2"))
cv2.setNumThreads(THREADS)
_sessions = {}


def cache_folder():
    folder = os.environ.get("HAIRLINE_CACHE")
    if not folder:
        raise SystemExit("Set HAIRLINE_CACHE to the folder in which rvm, rvm-wide and isnet are installed.")
    return Path(folder) / "models"


def open_session(file):
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def session(model):
    if model not in _sessions:
        _sessions[model] = open_session(cache_folder() / model / f"{model}.onnx")
    return _sessions[model]


def grid_of(width, height, longer=LONGER):
    """Sides of a grid of the picture's shape (`shapeGrid` in the server)."""
    scale = longer / max(width, height)
    side = lambda length: max(MULTIPLE, int(np.floor(length * scale / MULTIPLE + 0.5)) * MULTIPLE)
    return side(width), side(height)


def resize(image, width, height):
    """Antialiased when it reduces; center-aligned."""
    if image.shape[1] == width and image.shape[0] == height:
        return image
    reduces = width * height < image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if reduces else cv2.INTER_LINEAR)


def resample(alpha, width, height):
    """Alpha 0..1 on another grid of similar size, like `resampleAlpha`."""
    return np.clip(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def run(model, rgb, width, height):
    """Alpha 0..1 on the grid `width` x `height`, to which the picture is stretched."""
    pixels = resize(rgb, width, height).astype(np.float32)
    pixels = (pixels - 128) / 256 if model == "isnet" else pixels / 255
    network = session(model)
    tensor = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
    return np.clip(network.run(None, {network.get_inputs()[0].name: tensor})[0].squeeze(), 0, 1)


def look(rgb, isnet=True, region=None):
    """Opinions by name on the grid of the picture's shape, float32."""
    if region is not None:
        left, top, width, height = region
        rgb = rgb[top : top + height, left : left + width]
    width, height = grid_of(rgb.shape[1], rgb.shape[0])
    found = {
        "near": run("rvm", rgb, width, height),
        "far": run("rvm-wide", rgb, width, height),
        "squash": run("rvm", rgb, LONGER, LONGER),
    }
    if isnet:
        found["isnet"] = run("isnet", rgb, LONGER, LONGER)
    return {name: resample(alpha, width, height) for name, alpha in found.items()}
