"""Scores a trunk on pictures with hand-made mattes, whole pictures at full size, beside RVM alone.

Usage: python evaluate.py FOLDER CACHE [TRUNK.pt]
FOLDER holds image/ and alpha/. CACHE remembers the opinions. Mattes are enlarged with a cubic spline, and with the color guide
where GUIDE=1 is set. To look at, not to train on.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from cutouts import find_consensus, fit_colors
from data import shrink, trunk_planes
from net import OPINIONS, SHRINK, SLOTS, Trunk
from opinions import look, resize

MODES = {"near": ("near",), "near+far": ("near", "far"), "near+isnet": ("near", "isnet"), "near+far+isnet": ("near", "far", "isnet")}
# Values this close to either end become 0 and 1, as in the server.
SNAP = 1 / 255


def read_opinions(file, cache):
    kept = Path(cache) / f"{file.stem}.npz"
    if not kept.exists():
        rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        found = look(rgb)
        height, width = found["near"].shape
        np.savez(kept, rgb=resize(rgb, width, height), **{name: alpha.astype(np.float16) for name, alpha in found.items()})
    with np.load(kept) as found:
        names = {"far": "far", "near": "squash", "isnet": "isnet", "whole": "near"}
        return found["rgb"], {name: found[of].astype(np.float32) for name, of in names.items()}


def pool(trunk, rgb, opinions, names):
    """The trunk's alpha on the networks' grid, 0..1, as the server computes it."""
    height, width = rgb.shape[:2]
    planes = np.zeros((height, width, 9), np.uint8)
    planes[..., :3] = rgb
    given = np.zeros(SLOTS, np.float32)
    for name in names:
        slot = OPINIONS.index(name)
        given[slot] = 1
        planes[..., 3 + slot] = np.round(opinions[name] * 255)
    small = np.concatenate([shrink(np.ascontiguousarray(planes[..., i : i + 3])) for i in (0, 3, 6)], -1)
    trunk_view, _, _ = trunk_planes(small, None, given)
    with torch.no_grad():
        weights = trunk(torch.from_numpy(trunk_view)[None], torch.from_numpy(given)[None])
    return mix_planes(weights[0].numpy(), opinions, names, width, height)


def mix_planes(weights, opinions, names, width, height):
    from net import STRETCH

    part = np.ascontiguousarray(weights[:, : height // SHRINK, : width // SHRINK].transpose(1, 2, 0))
    fine = np.concatenate([cv2.resize(np.ascontiguousarray(part[..., i : i + 1]), (width, height))[..., None] for i in range(part.shape[-1])], -1)
    mixed = fine[..., SLOTS + 1] + sum(fine[..., OPINIONS.index(name)] * opinions[name] for name in names)
    return np.clip((mixed - STRETCH) / (1 - 2 * STRETCH), 0, 1)


def enlarge(alpha, width, height):
    return np.clip((cv2.resize(alpha, (width, height), interpolation=cv2.INTER_CUBIC) - SNAP) / (1 - 2 * SNAP), 0, 1)


def enlarge_guided(alpha, small, rgb):
    height, width = rgb.shape[:2]
    slope, offset = fit_colors(alpha, small, 6, 1e-4)
    grow = lambda values: cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    fitted = grow(offset)
    for i in range(3):
        fitted += grow(slope[..., i]) * (rgb[..., i].astype(np.float32) / 255)
    fitted = np.clip((fitted - SNAP) / (1 - 2 * SNAP), 0, 1)
    plain = grow(alpha)
    return np.where(plain <= SNAP / 2, 0, np.where(plain >= 1 - SNAP / 2, 1, fitted))


def score(alpha, truth):
    """MSE, MAD, and MSE within 10 pixels of where the truth is soft."""
    wanted = truth.astype(np.float32) / 255
    apart = alpha - wanted
    soft = ((truth > 12) & (truth < 243)).astype(np.uint8)
    band = cv2.dilate(soft, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21))) > 0
    squared = apart * apart
    return squared.mean(), np.abs(apart).mean(), squared[band].mean() if band.any() else 0


def clear_haze(alpha, haze):
    return np.maximum(0, (alpha - haze) / (1 - haze)).astype(np.float32)


def main(folder, cache, trunk_file=None):
    Path(cache).mkdir(parents=True, exist_ok=True)
    guide = os.environ.get("GUIDE") == "1"
    trunk = None
    if trunk_file:
        trunk = Trunk()
        trunk.load_state_dict(torch.load(trunk_file, weights_only=False)["averaged"])
        trunk.eval()
    found = {}
    for file in sorted((Path(folder) / "image").iterdir()):
        small, opinions = read_opinions(file, cache)
        truth = cv2.imread(str(next((Path(folder) / "alpha").glob(f"{file.stem}.*"))), 0)
        height, width = truth.shape
        made = {"RVM alone": opinions["whole"], "RVM near": opinions["near"], "mean near+far": (opinions["near"] + opinions["far"]) / 2}
        three = {name: opinions[name] for name in ("far", "near", "isnet")}
        made["consensus"] = find_consensus(three, ["near", "isnet"]).astype(np.float32)
        if trunk:
            for mode, names in MODES.items():
                made[f"trunk {mode}"] = pool(trunk, small, opinions, names)
        rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) if guide else None
        for name, alpha in made.items():
            found.setdefault(name, []).append(score(enlarge(alpha, width, height), truth))
            for haze in (0, 0.1, 0.2) if guide else ():
                found.setdefault(f"{name}, haze {haze}, guide", []).append(score(enlarge_guided(clear_haze(alpha, haze), small, rgb), truth))
        print(file.stem, flush=True, file=sys.stderr)
    for name, values in found.items():
        mse, mad, band = np.mean(values, 0)
        print(f"{name:36s} MSE {mse:.5f} median {np.median(values, 0)[0]:.5f} MAD {mad:.5f} band {band:.4f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
