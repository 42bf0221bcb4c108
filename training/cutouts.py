"""Portraits with their alpha and foreground colors, for composites.

The alpha is what three networks agree on, brought to the picture's edges by the color guide. It need not be the portrait's
true alpha: in a composite it is true by construction.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from opinions import look, resize

# Mean distance between RVM's and ISNet's alpha beyond which a portrait is left out.
DISAGREEMENT = 0.03


def box(values, radius):
    return cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT)


def find_consensus(opinions, edges):
    """The edge-drawing opinions, weighted by how closely they follow the median around."""
    median = np.median(np.stack(list(opinions.values())), 0)
    total, weights = 0, 0
    for name in edges:
        weight = np.exp(-box(np.abs(opinions[name] - median), 80) / 0.02) + 1e-6
        total, weights = total + weight * opinions[name], weights + weight
    return total / weights


def fit_colors(alpha, rgb, radius, epsilon):
    """Slope (3 planes) and offset of alpha over color: guided filter with a color guide (He, Sun, Tang 2013)."""
    guide = rgb.astype(np.float32) / 255
    mean_guide, mean_alpha = box(guide, radius), box(alpha, radius)
    covariance = box(guide * alpha[..., None], radius) - mean_guide * mean_alpha[..., None]
    sigma = np.empty(alpha.shape + (3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            pair = box(guide[..., i] * guide[..., j], radius) - mean_guide[..., i] * mean_guide[..., j]
            sigma[..., i, j] = sigma[..., j, i] = pair
    slope = np.linalg.solve(sigma + epsilon * np.eye(3, dtype=np.float32), covariance[..., None])[..., 0]
    return slope, mean_alpha - (slope * mean_guide).sum(-1)


def follow_colors(alpha, rgb, radius=6, epsilon=1e-4):
    """Alpha by the color guide on its own grid."""
    slope, offset = fit_colors(alpha, rgb, radius, epsilon)
    fitted = (slope * (rgb.astype(np.float32) / 255)).sum(-1) + offset
    fitted = np.clip((fitted - 1 / 255) / (1 - 2 / 255), 0, 1)
    return np.where(alpha < 1 / 510, 0, np.where(alpha > 1 - 1 / 510, 1, fitted)).astype(np.float32)


def estimate_colors(rgb, alpha):
    """Foreground colors 0..1 by blur fusion in two passes (Forte, 2021)."""
    picture = rgb.astype(np.float32) / 255
    opacity = alpha[..., None]
    front, back = picture, picture
    for size in (90, 6):
        blur = lambda values: cv2.blur(values, (size, size), borderType=cv2.BORDER_REFLECT)
        share = blur(alpha)[..., None]
        blurred = blur(front * opacity) / (share + 1e-5)
        back = blur(back * (1 - opacity)) / (1 - share + 1e-5)
        front = np.clip(blurred + opacity * (picture - opacity * blurred - (1 - opacity) * back), 0, 1)
    return front


def read_colors(rgb, alpha, file):
    """The same, remembered in a file."""
    if not file.exists():
        cv2.imwrite(str(file), np.round(estimate_colors(rgb, alpha) * 255).astype(np.uint8))
    return cv2.imread(str(file)).astype(np.float32) / 255


def make_cutouts(portraits, out):
    """Writes NAME.png (alpha) for every portrait and index.json; continues where it stopped."""
    out.mkdir(parents=True, exist_ok=True)
    index_file = out / "index.json"
    index = json.loads(index_file.read_text()) if index_file.exists() else {}
    for file in sorted(Path(portraits).glob("*.jpg")):
        if file.stem in index:
            continue
        rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        opinions = look(rgb)
        opinions.pop("near")
        height, width = opinions["far"].shape
        united = find_consensus(opinions, ["squash", "isnet"])
        clear = np.maximum(0, (united - 0.2) / 0.8).astype(np.float32)
        alpha = resize(follow_colors(clear, resize(rgb, width, height)), rgb.shape[1], rgb.shape[0])
        cv2.imwrite(str(out / f"{file.stem}.png"), np.round(alpha * 255).astype(np.uint8))
        index[file.stem] = float(np.abs(opinions["far"] - opinions["isnet"]).mean())
        index_file.write_text(json.dumps(index))
        print("cutout", file.stem, round(index[file.stem], 4), flush=True)
    return sorted(name for name, apart in index.items() if apart < DISAGREEMENT)
