"""Measures ISNet on smaller grids and on the person's box, alone and in the consensus of `refine=best`.

Usage: python isnet_grids.py SAMPLES COUNT OUT.json [FOLDER CACHE]
COUNT samples on which ISNet was asked; with FOLDER (image/ and alpha/, opinions remembered in CACHE by evaluate.py) those
pictures instead. Prints mean squared and absolute error on the networks' grid, differences from 1024 with 95 % intervals of a
paired bootstrap over pictures, and seconds. Continues where it stopped.
"""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from data import KNOWN, TRUTH, list_samples
from evaluate import read_opinions
from opinions import resize, session
from tiles import clear_haze, find_consensus

GRIDS = (768, 640)
# Room around the person, as a share of its box on each side.
MARGIN = 0.15


def ask(side, rgb, box=None):
    """(alpha on the picture's grid, seconds). `box`: left, top, right, bottom, in shares."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = (0, 0, width, height) if box is None else [round(b * s) for b, s in zip(box, (width, height) * 2)]
    pixels = (resize(np.ascontiguousarray(rgb[top:bottom, left:right]), side, side).astype(np.float32) - 128) / 256
    network = session("isnet")
    began = time.process_time()
    alpha = network.run(None, {"input": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])})[0].squeeze()
    spent = time.process_time() - began
    return np.clip(alpha, 0, 1), spent, (left / width, top / height, right / width, bottom / height)


def place(alpha, box, width, height):
    left, top, right, bottom = [round(b * s) for b, s in zip(box, (width, height) * 2)]
    out = np.zeros((height, width), np.float32)
    way = cv2.INTER_AREA if (right - left) < alpha.shape[1] else cv2.INTER_CUBIC
    out[top:bottom, left:right] = np.clip(cv2.resize(alpha, (right - left, bottom - top), interpolation=way), 0, 1)
    return out


def box_of(alpha):
    """Of the large parts of the person, with some room; None where it fills most of the picture anyway."""
    height, width = alpha.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.5).astype(np.uint8))
    large = [s for s in stats[1:count] if s[4] >= 0.1 * stats[1:count, 4].max()] if count > 1 else []
    if not large:
        return None
    left, top = min(s[0] for s in large), min(s[1] for s in large)
    right, bottom = max(s[0] + s[2] for s in large), max(s[1] + s[3] for s in large)
    x, y = MARGIN * (right - left), MARGIN * (bottom - top)
    return (max(0, left - x) / width, max(0, top - y) / height, min(width, right + x) / width, min(height, bottom + y) / height)


def pictures(samples, count, folder, cache):
    """(name, picture, far, squash, ISNet at 1024, truth, known), all but the picture on the networks' grid."""
    if folder:
        for file in sorted((Path(folder) / "image").iterdir()):
            small, opinions = read_opinions(file, cache)
            truth = cv2.imread(str(next((Path(folder) / "alpha").glob(f"{file.stem}.*"))), 0)
            truth = resize(truth, small.shape[1], small.shape[0]).astype(np.float32) / 255
            rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
            yield file.stem, rgb, opinions["far"], opinions["near"], opinions["isnet"], truth, np.ones_like(truth)
        return
    training, validation = list_samples(samples)
    for file, note in [s for s in validation + training if s[1]["isnet"]][: int(count)]:
        planes = np.load(file)
        alpha = lambda i: np.ascontiguousarray(planes[..., i]).astype(np.float32) / 255
        yield file.stem, np.ascontiguousarray(planes[..., :3]), alpha(3), alpha(4), alpha(5), alpha(TRUTH), (planes[..., KNOWN] == 255) * 1.0


def main(samples, count, out, folder=None, cache=None):
    out = Path(out)
    found = json.loads(out.read_text()) if out.exists() else {}
    for name, rgb, far, squash, whole, truth, known in pictures(samples, count, folder, cache):
        height, width = far.shape

        def note(key, isnet, spent):
            best = clear_haze(find_consensus({"far": far, "near": squash, "isnet": isnet}, ["near", "isnet"]))
            errors = [float(((np.abs(a - truth) ** power) * known).sum() / known.sum()) for a in (isnet, best) for power in (2, 1)]
            found.setdefault(key, {})[name] = [*errors, spent]

        if name in found.get(f"{GRIDS[-1]} box", {}):
            continue
        # The time of 1024 is measured on the first pictures; its answer is remembered.
        spent = ask(1024, rgb)[1] if len(found.get("1024 whole", {})) < 2 else float("nan")
        note("1024 whole", whole, spent)
        for side in GRIDS:
            for where in ("whole", "box"):
                alpha, spent, used = ask(side, rgb, box_of((far + squash) / 2) if where == "box" else None)
                note(f"{side} {where}", place(alpha, used, width, height), spent)
        out.write_text(json.dumps(found))
    names = sorted(set.intersection(*(set(rows) for rows in found.values())))
    table = {key: np.array([rows[name] for name in names]) for key, rows in found.items()}
    draws = np.random.default_rng(0).integers(0, len(names), (4000, len(names)))
    for key, rows in table.items():
        apart = rows - table["1024 whole"]
        low, high = np.percentile(apart[draws].mean(1), [2.5, 97.5], axis=0)
        alone, best = rows.mean(0)[:2], rows.mean(0)[2:4]
        print(
            f"{key:12s} alone {alone[0]:.5f}/{alone[1]:.4f} | best {best[0]:.5f}/{best[1]:.4f},"
            f" minus 1024 {low[2]:+.5f} to {high[2]:+.5f} / {low[3]:+.4f} to {high[3]:+.4f} | {np.nanmedian(rows[:, 4]):.2f} s"
        )


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
