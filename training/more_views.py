"""Adds further views of RVM to samples: on a grid of the picture's shape, the same mirrored, and from far mirrored.

Usage: python more_views.py SAMPLES EXTRAS
Writes EXTRAS/NAME.npy, height x width x 3 bytes. The validation split comes first; a stopped run continues.
"""

import random
import sys
from pathlib import Path

import numpy as np

from data import list_samples
from opinions import run
from samples import to_bytes


def main(folder, out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    training, validation = list_samples(folder)
    random.Random(0).shuffle(training)
    for file, _ in validation + training:
        if (out / file.name).exists():
            continue
        rgb = np.ascontiguousarray(np.load(file)[..., :3])
        height, width = rgb.shape[:2]
        mirrored = np.ascontiguousarray(rgb[:, ::-1])
        views = [
            run("rvm", rgb, width, height),
            run("rvm", mirrored, width, height)[:, ::-1],
            run("rvm-wide", mirrored, width, height)[:, ::-1],
        ]
        np.save(out / file.name, np.stack([to_bytes(view, width, height) for view in views], -1))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
