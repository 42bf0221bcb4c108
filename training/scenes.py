"""Scenes to learn from: street photographs with hand-made masks, and composites whose alpha is true by construction."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from faults import add_distractors, add_strands, photograph

KINDS = {"street": 0.4, "portrait": 0.45, "cutout": 0.15}
# The edge of a hand-made mask is not trusted this far, as a share of the longer side.
UNTRUSTED = 0.012


@dataclass
class Scene:
    kind: str
    source: str
    """The picture that decides whether the sample trains or validates."""
    rgb: np.ndarray
    alpha: np.ndarray
    """0..255."""
    known: np.ndarray
    """255 where alpha is to be trusted, else 0."""


def read_rgb(file):
    return cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)


def clean_mask(mask):
    """Closes pinholes and drops crumbs of a hand-made mask; 0 or 1."""
    mask = cv2.morphologyEx((mask > 127).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5)))
    for value, least in ((0, 400), (1, 300)):
        _, labels, stats, _ = cv2.connectedComponentsWithStats((mask == value).astype(np.uint8))
        small = np.flatnonzero(stats[:, 4] < least)
        mask[np.isin(labels, small[small > 0])] = 1 - value
    return mask


def cover(image, width, height, rng):
    """A random part that fills the given size."""
    scale = max(width / image.shape[1], height / image.shape[0]) * rng.uniform(1, 1.6)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=way)
    left = rng.randint(0, max(0, image.shape[1] - width))
    top = rng.randint(0, max(0, image.shape[0] - height))
    part = image[top : top + height, left : left + width]
    return part if part.shape[:2] == (height, width) else cv2.resize(part, (width, height))


def body_crop(mask, rng):
    """The whole picture or a part around the upper body: left, top, width, height."""
    height, width = mask.shape
    if rng.random() < 0.4:
        return 0, 0, width, height
    rows, columns = np.where(mask)
    tall = rows.max() - rows.min()
    part = tall * rng.uniform(0.4, 0.8)
    high = min(height, int(part * rng.uniform(1.05, 1.35)))
    top = int(np.clip(rows.min() - part * rng.uniform(0.03, 0.25), 0, height - high))
    across = columns.max() - columns.min()
    wide = int(min(width, max(across * rng.uniform(0.9, 1.3), high * rng.uniform(0.6, 1.5))))
    center = (columns.min() + columns.max()) // 2 + rng.randint(-wide // 8 - 1, wide // 8 + 1)
    return int(np.clip(center - wide // 2, 0, width - wide)), top, wide, high


class Scenes:
    def __init__(self, train, cutouts, names, read_colors):
        self.train, self.cutouts, self.names = Path(train), cutouts, names
        self.read_colors = read_colors
        self.streets = sorted(file.stem for file in (self.train / "ccp/image").iterdir())
        self.backgrounds = sorted((self.train / "backgrounds").iterdir())

    def draw(self, rng):
        while True:
            kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
            scene = self.street(rng) if kind == "street" else self.composite(kind, rng)
            if scene:
                return scene

    def read_street(self, name):
        mask = cv2.imread(str(self.train / f"ccp/alpha/{name}.png"), 0)
        return read_rgb(self.train / f"ccp/image/{name}.jpg"), clean_mask(mask)

    def crop_street(self, rng):
        name = rng.choice(self.streets)
        rgb, mask = self.read_street(name)
        if mask.mean() < 0.02:
            return None
        left, top, width, height = body_crop(mask, rng)
        box = (slice(top, top + height), slice(left, left + width))
        return (name, rgb[box], mask[box]) if max(width, height) >= 320 and mask[box].mean() > 0.04 else None

    def street(self, rng):
        found = self.crop_street(rng)
        if not found:
            return None
        name, rgb, mask = found
        side = max(3, int(2 * UNTRUSTED * max(mask.shape)) | 1)
        edge = cv2.dilate(mask, np.ones((side, side))) != cv2.erode(mask, np.ones((side, side)))
        rgb = photograph(rgb, rng) if rng.random() < 0.6 else rgb
        return Scene("street", f"street-{name}", rgb, mask * np.uint8(255), np.where(edge, 0, 255).astype(np.uint8))

    def backdrop(self, rng):
        """A picture without people, or with people who are not the subject: far away and out of focus."""
        chance = rng.random()
        if chance < 0.45:
            return read_rgb(rng.choice(self.backgrounds))
        rgb, mask = self.read_street(rng.choice(self.streets))
        if chance < 0.55:
            return cv2.GaussianBlur(rgb, (0, 0), rng.uniform(4, 10))
        # The street without its person: filled from the mirrored side, else with what is around.
        wide = cv2.dilate(mask, np.ones((25, 25)))
        outside = (1 - wide)[..., None].astype(np.float32)
        side = (max(mask.shape) // 2, max(mask.shape) // 2)
        around = cv2.blur(rgb * outside, side) / (cv2.blur(outside, side)[..., None] + 1e-3)
        filled = np.where(wide[:, ::-1, None] == 0, rgb[:, ::-1], around)
        soft = cv2.GaussianBlur(wide.astype(np.float32), (31, 31), 0)[..., None]
        return np.clip(rgb * (1 - soft) + filled * soft, 0, 255).astype(np.uint8)

    def composite(self, kind, rng):
        if kind == "portrait":
            name = rng.choice(self.names)
            rgb = read_rgb(self.train / f"portraits/{name}.jpg")
            alpha = cv2.imread(str(self.cutouts / f"{name}.png"), 0).astype(np.float32) / 255
            front = self.read_colors(rgb, alpha, self.cutouts / f"{name}-colors.png")
        else:
            found = self.crop_street(rng)
            if not found:
                return None
            name, rgb, mask = found
            side = rng.choice([3, 5])
            alpha = cv2.GaussianBlur(cv2.erode(mask, np.ones((2, 2))).astype(np.float32), (side, side), 0)
            front = rgb.astype(np.float32) / 255
        if rng.random() < 0.5:
            alpha, front = np.ascontiguousarray(alpha[:, ::-1]), np.ascontiguousarray(front[:, ::-1])
        if kind == "portrait" and rng.random() < 0.4:
            alpha, front = add_strands(alpha, front, rng)
        alpha, front = self.place(kind, alpha, front, rng)
        height, width = alpha.shape
        back = add_distractors(cover(self.backdrop(rng), width, height, rng), rng).astype(np.float32) / 255
        if rng.random() < 0.5:
            back = cv2.GaussianBlur(back, (0, 0), rng.uniform(0.7, 8))
        if rng.random() < 0.7:
            brightness = (front * alpha[..., None]).sum((0, 1)) / (alpha.sum() + 1)
            back = np.clip(back * (brightness / (back.mean((0, 1)) + 0.05)) ** rng.uniform(0, 0.7), 0, 1)
        mixed = front * alpha[..., None] + back * (1 - alpha[..., None])
        rgb = photograph((np.clip(mixed, 0, 1) * 255).astype(np.uint8), rng)
        known = np.full((height, width), 255, np.uint8)
        return Scene(kind, f"{kind.replace('cutout', 'street')}-{name}", rgb, np.round(alpha * 255).astype(np.uint8), known)

    def place(self, kind, alpha, front, rng):
        """On a canvas of another shape; a portrait stays on the lower border, from which it grows."""
        height, width = alpha.shape
        if kind == "portrait":
            width, scale = int(width * rng.uniform(0.7, 1.6)), rng.choice([rng.uniform(0.8, 1.3), rng.uniform(0.45, 0.8)])
        else:
            scale = rng.uniform(0.8, 1.1)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        alpha = cv2.resize(alpha, None, fx=scale, fy=scale, interpolation=way)
        front = cv2.resize(front, (alpha.shape[1], alpha.shape[0]), interpolation=way)
        down, right = height - alpha.shape[0], width - alpha.shape[1]
        down = down if kind == "portrait" and down >= 0 else rng.randint(min(0, down), max(0, down))
        right = rng.randint(min(0, right), max(0, right))
        canvas, colors = np.zeros((height, width), np.float32), np.zeros((height, width, 3), np.float32)
        to = (slice(max(0, down), min(height, down + alpha.shape[0])), slice(max(0, right), min(width, right + alpha.shape[1])))
        of = (slice(to[0].start - down, to[0].stop - down), slice(to[1].start - right, to[1].stop - right))
        canvas[to], colors[to] = alpha[of], front[of]
        return canvas, colors
