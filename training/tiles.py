"""Cuts tiles along edges out of samples, for train_edge.py.

Usage: python tiles.py SAMPLES EXTRAS TILES
Writes TILES/planes.npy, count x SIDE x SIDE x 11 bytes, and TILES/notes.json. Planes: red, green, blue; for the opinions of
`fast` their union, lowest and highest; the same for `best` (0 where ISNet was not asked); truth; where the truth is known.
"""

import json
import random
import sys
from pathlib import Path

import cv2
import numpy as np

from cutouts import box, find_consensus
from data import KNOWN, TRUTH, is_validation, list_samples

SIDE = 144
PLANES = 11
# Tiles per sample: the edge of hand-made masks is not known, so they show little but what is solid.
COUNTS = {"portrait": 9, "cutout": 5, "street": 2}


def join(far, near):
    """As `join-pair.ts`."""
    doubt = 1 - np.exp(-box(np.abs(near - far), 80) / 0.05)
    return near + doubt / 2 * (far - near)


def clear_haze(alpha):
    """As `remove-haze.ts`."""
    return np.maximum(0, (alpha - 0.2) / 0.8)


def unite(far, near, squash, isnet=None):
    """(united, lowest, highest) of `fast`, or of `best` where `isnet` is given; 0..1."""
    if isnet is None:
        return join(far, near), np.minimum(far, near), np.maximum(far, near)
    united = clear_haze(find_consensus({"far": far, "near": squash, "isnet": isnet}, ["near", "isnet"]))
    every = np.stack([far, squash, isnet])
    return united, every.min(0), every.max(0)


def places(planes, united, rng, count):
    """Corners of tiles: most on the true edge, some where the union errs, one anywhere."""
    height, width = planes.shape[:2]
    truth, known = planes[::4, ::4, TRUTH].astype(int), planes[::4, ::4, KNOWN] == 255
    soft = np.argwhere(known & (truth > 12) & (truth < 243))
    wrong = np.argwhere(known & (np.abs(united[::4, ::4] * 255 - truth) > 60))
    for i in range(count):
        found = soft if i < 0.6 * count else wrong
        if i == count - 1 or len(found) == 0:
            y, x = rng.randrange(height), rng.randrange(width)
        else:
            y, x = 4 * found[rng.randrange(len(found))]
            y, x = y + rng.randint(-50, 50), x + rng.randint(-50, 50)
        yield int(np.clip(y - SIDE // 2, 0, height - SIDE)), int(np.clip(x - SIDE // 2, 0, width - SIDE))


def cut(file, note, extras, rng):
    planes = np.load(file)
    if min(planes.shape[:2]) < SIDE:
        return []
    opinion = lambda plane: np.ascontiguousarray(plane).astype(np.float32) / 255
    far, squash = opinion(planes[..., 3]), opinion(planes[..., 4])
    own = extras / file.name
    near = opinion(np.load(own)[..., 0]) if own.exists() else squash
    fast = unite(far, near, squash)
    best = unite(far, near, squash, opinion(planes[..., 5])) if note["isnet"] else (np.zeros_like(far),) * 3
    stack = np.concatenate(
        [planes[..., :3], np.stack([np.round(p * 255).astype(np.uint8) for p in (*fast, *best)], -1), planes[..., TRUTH:]], -1
    )
    return [stack[y : y + SIDE, x : x + SIDE].copy() for y, x in places(planes, fast[0], rng, COUNTS[note["kind"]])]


def main(folder, extras, out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    tiles, notes = [], []
    training, validation = list_samples(folder)
    for file, note in training + validation:
        for tile in cut(file, note, Path(extras), random.Random(file.stem)):
            tiles.append(tile)
            notes.append({"file": file.stem, "kind": note["kind"], "isnet": note["isnet"], "held": is_validation(note["source"])})
    np.save(out / "planes.npy", np.stack(tiles))
    (out / "notes.json").write_text(json.dumps(notes))
    print(len(tiles), "tiles,", sum(note["held"] for note in notes), "of them to validate")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
