"""Samples as the judge sees them: some opinions missing, some damaged, sometimes a coarse mask beside them."""

import json
import random
from pathlib import Path

import cv2
import numpy as np

from faults import coarsen
from net import OPINIONS, SHRINK, SIDE, SLOTS

TRUTH, KNOWN = 7, 8
# Planes of a sample: three colors, four opinions, truth, known.
MASK = SLOTS - 1


def is_validation(source):
    """One tenth of the source pictures, so that no picture is on both sides."""
    return (sum(map(ord, source)) * 2654435761 >> 7) % 10 == 0


def list_samples(folder):
    """(training, validation), each a list of (file, note)."""
    found = [(file.with_suffix(".npy"), json.loads(file.read_text())) for file in sorted(Path(folder).glob("[0-9]*.json"))]
    return [s for s in found if not is_validation(s[1]["source"])], [s for s in found if is_validation(s[1]["source"])]


def shrink(planes, factor=SHRINK):
    height, width = planes.shape[:2]
    return cv2.resize(planes, (width // factor, height // factor), interpolation=cv2.INTER_AREA)


def load_small(file):
    """The trunk's view, h x w x 9 bytes, and the truth at a quarter of the grid, from which masks are made."""
    planes = np.load(file)
    small = np.concatenate([shrink(np.ascontiguousarray(planes[..., i : i + 3])) for i in (0, 3, 6)], -1)
    small[..., KNOWN] = np.where(small[..., KNOWN] == 255, 255, 0)
    return small, shrink(np.ascontiguousarray(planes[..., TRUTH]), 4)


def choose_given(note, rng, mask_share=0.25):
    """Which opinions are there."""
    far, near = rng.random() < 0.9, rng.random() < 0.9
    if not far and not near:
        far = near = True
    isnet = note["isnet"] and rng.random() < 0.65
    other = note["other"] is not None and rng.random() < 0.6
    mask = rng.random() < mask_share
    # A mask may be of something that no network for people sees, and come alone.
    if mask and rng.random() < 0.3:
        far = near = isnet = other = False
    return np.array([far, near, isnet, other, mask], np.float32)


class Damage:
    """A lost arm, a kept chair: a soft blob that is taken from or added to an opinion, placed in shares of the picture."""

    def __init__(self, rng):
        self.shape = rng.choice(["ellipse", "box", "half"])
        self.center = rng.random(), rng.random()
        self.size = rng.uniform(0.06, 0.35), rng.uniform(0.06, 0.35)
        self.angle = rng.uniform(0, 180)
        self.soft = rng.choice([0.004, 0.02, 0.06])
        self.adds = rng.random() < 0.5
        self.strength = rng.uniform(0.5, 1)

    def apply(self, plane):
        height, width = plane.shape
        side = max(height, width)
        blob = np.zeros((height, width), np.float32)
        center = int(self.center[0] * width), int(self.center[1] * height)
        axes = max(1, int(self.size[0] * side / 2)), max(1, int(self.size[1] * side / 2))
        if self.shape == "ellipse":
            cv2.ellipse(blob, center, axes, self.angle, 0, 360, 1, -1)
        elif self.shape == "box":
            corners = cv2.boxPoints((center, (2 * axes[0], 2 * axes[1]), self.angle))
            cv2.fillPoly(blob, [corners.astype(np.int32)], 1)
        else:
            blob[int((0.7 + 0.25 * self.center[1]) * height) :] = 1
        blob = cv2.GaussianBlur(blob, (0, 0), max(0.3, self.soft * side)) * self.strength
        return np.maximum(plane, blob) if self.adds else plane * (1 - blob)


class Blind:
    """The network sees nothing: its mask is of something else."""

    def apply(self, plane):
        return np.zeros_like(plane)


def draw_damage(rng, given, share=0.12):
    """Per opinion of a network what is done to it, or None."""
    if given[MASK] and rng.random() < 0.15:
        return [Blind()] * MASK
    return [Damage(rng) if rng.random() < share else None for _ in range(MASK)]


def trunk_planes(small, mask, given, damage=()):
    """3 + SLOTS + 1 planes on the square, 0..1, and truth and known beside them. `mask` has the size of `small`."""
    height, width = small.shape[:2]
    planes = np.zeros((3 + SLOTS + 1, SIDE, SIDE), np.float32)
    values = small.astype(np.float32) / 255
    planes[:3, :height, :width] = values[..., :3].transpose(2, 0, 1)
    for slot in range(MASK):
        if given[slot]:
            opinion = np.ascontiguousarray(values[..., 3 + slot])
            hurt = damage[slot] if damage else None
            planes[3 + slot, :height, :width] = hurt.apply(opinion) if hurt else opinion
    if given[MASK]:
        planes[3 + MASK, :height, :width] = mask
    planes[-1, :height, :width] = 1
    truth, known = np.zeros((2, 1, SIDE, SIDE), np.float32)
    truth[0, :height, :width] = values[..., TRUTH]
    known[0, :height, :width] = values[..., KNOWN]
    return planes, truth, known


def change_tone(colors, rng):
    """Gamma and tint; colors 0..1, last axis or first."""
    if rng.random() < 0.5:
        return colors
    return colors ** rng.uniform(0.75, 1.33)


def crop_small(small, truth, rng):
    """Part of the picture, enlarged again."""
    height, width = small.shape[:2]
    share = rng.uniform(0.65, 1)
    h, w = int(height * share) // 2 * 2, int(width * share) // 2 * 2
    top, left = rng.randint(0, height - h), rng.randint(0, width - w)
    scale = SIDE / max(h, w)
    size = int(w * scale) // 2 * 2, int(h * scale) // 2 * 2
    part = np.ascontiguousarray(small[top : top + h, left : left + w])
    parts = [cv2.resize(np.ascontiguousarray(part[..., i : i + 3]), size, interpolation=cv2.INTER_LINEAR) for i in (0, 3, 6)]
    small = np.concatenate(parts, -1)
    small[..., KNOWN] = np.where(small[..., KNOWN] == 255, 255, 0)
    truth = truth[2 * top : 2 * (top + h), 2 * left : 2 * (left + w)]
    return small, cv2.resize(truth, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_LINEAR)


def draw_radius(rng):
    """Error of a user's mask in pixels of the networks' grid."""
    return 2 ** rng.uniform(1, 5)


def trunk_sample(cached, note, rng):
    small, truth = cached
    if rng.random() < 0.4:
        small, truth = crop_small(small, truth, rng)
    if rng.random() < 0.5:
        small, truth = np.ascontiguousarray(small[:, ::-1]), np.ascontiguousarray(truth[:, ::-1])
    given = choose_given(note, rng)
    mask = None
    if given[MASK]:
        coarse = coarsen(truth.astype(np.float32) / 255, rng, draw_radius(rng) / 4)
        mask = cv2.resize(coarse, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    planes, truth, known = trunk_planes(small, mask, given, draw_damage(rng, given))
    planes[:3] = change_tone(planes[:3], rng)
    # Without the picture only what the opinions say about each other is left to learn.
    if rng.random() < 0.25:
        planes[:3] = planes[:3].mean((1, 2), keepdims=True) * planes[-1:]
    return planes, given, truth, known
