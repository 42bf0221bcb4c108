"""Scores the edge network on hand-made mattes, on the networks' grid, beside the rules of `fast` and `best` alone, all with the
color guide after them.

Usage: python evaluate_edge.py FOLDER CACHE EDGE.pt
FOLDER holds image/ and alpha/; CACHE remembers the opinions (evaluate.py). Prints means and 95 % intervals of the difference by a
paired bootstrap over pictures; the band is where the truth is soft, grown by 4 pixels. To look at, not to choose by.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from cutouts import follow_colors
from edge_net import EdgeNet
from evaluate import read_opinions
from isnet_grids import ask, place
from opinions import resize
from tiles import unite

ISNET_SIDE = 640


def load(file):
    model = EdgeNet()
    model.load_state_dict(torch.load(file, weights_only=False)["averaged"])
    return model.eval()


def refine(model, rgb, united, low, high):
    """All planes on one grid, whose sides are multiples of 16; 0..1."""
    planes = np.concatenate([rgb.transpose(2, 0, 1).astype(np.float32) / 255, np.stack([united, low, high])])
    with torch.no_grad():
        return model(torch.from_numpy(planes.astype(np.float32))[None])[0, 0].clamp(0, 1).numpy()


def main(folder, cache, file):
    model, found = load(file), {}
    for picture in sorted((Path(folder) / "image").iterdir()):
        small, opinions = read_opinions(picture, cache)
        height, width = small.shape[:2]
        truth = cv2.imread(str(next((Path(folder) / "alpha").glob(f"{picture.stem}.*"))), 0)
        truth = resize(truth, width, height).astype(np.float32) / 255
        band = cv2.dilate(((truth > 0.05) & (truth < 0.95)).astype(np.uint8), np.ones((9, 9))) > 0
        alpha, _, box = ask(ISNET_SIDE, small)
        for mode, isnet in (("fast", None), ("best", place(alpha, box, width, height))):
            united, low, high = unite(opinions["far"], opinions["whole"], opinions["near"], isnet)
            for name, coarse in ((mode, united), (f"{mode} + edge", refine(model, small, united, low, high))):
                apart = np.abs(follow_colors(coarse.astype(np.float32), small) - truth)
                found.setdefault(name, []).append([(apart**2).mean(), apart.mean(), (apart[band] ** 2).mean()])
        print(picture.stem, flush=True, file=sys.stderr)
    table = {name: np.array(rows) for name, rows in found.items()}
    for name, rows in table.items():
        apart = rows - table[name.split(" ")[0]]
        drawn = apart[np.random.default_rng(0).integers(0, len(apart), (4000, len(apart)))].mean(1)
        low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
        measures = enumerate(("MSE", "MAD", "band"))
        line = ", ".join(f"{label} {rows.mean(0)[i]:.5f} ({low[i]:+.5f} to {high[i]:+.5f})" for i, label in measures)
        print(f"{name:12s} {line}; MSE larger on {(apart[:, 0] > 0).sum()} of {len(apart)}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
