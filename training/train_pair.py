"""Trains a small network that corrects the mean of two views of RVM: which one to believe where, and what is solid.

Usage: python train_pair.py SAMPLES EXTRAS OUT.pt MINUTES [SEED]
EXTRAS holds NAME.npy for some samples, whose first plane is RVM on a grid of the picture's shape (more_views.py); on those of
the validation split it is scored against the rule of the server (`join-pair.ts`). Continues from OUT.pt where it exists.
The network starts as the plain mean, so that it can only be kept where it measures better.
"""

import os
import random
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from cutouts import box
from data import KNOWN, TRUTH, Damage, change_tone, crop_small, list_samples, load_small, shrink
from net import SIDE, block, count_parameters, enlarge
from train_trunk import average

torch.set_num_threads(int(os.environ.get("TRAINING_THREADS", "1")))
cv2.setNumThreads(1)
BATCH, RATE, AVERAGE = 8, 2e-3, 0.995
FAR, NEAR = 3, 4


class Pair(nn.Module):
    """planes: N x 6 x SIDE x SIDE (picture, far, near, 1 inside the picture). Answers N x 3: shares in -1..1 that move the mean
    toward far or near, toward 1, and toward 0."""

    def __init__(self, widths=(16, 24, 40, 64)):
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(block(24 if i == 0 else widths[i - 1], w, 1 if i == 0 else 2), block(w, w)) for i, w in enumerate(widths)
        )
        self.whole = nn.Linear(widths[-1], widths[-1])
        self.drop = nn.Dropout2d(0.2)
        self.up = nn.ModuleList(block(widths[i + 1] + widths[i], widths[i]) for i in reversed(range(len(widths) - 1)))
        self.last = nn.Conv2d(widths[0], 12, 3, 1, 1)
        nn.init.zeros_(self.last.weight)
        self.last.bias.data = torch.tensor([0.0] * 4 + [-4.0] * 8)

    def forward(self, planes):
        values, kept = F.pixel_unshuffle(planes - 0.5, 2), []
        for down in self.down:
            values = down(values)
            kept.append(values)
        values = self.drop(values + torch.relu(self.whole(values.mean((2, 3))))[:, :, None, None])
        for up, wide in zip(self.up, reversed(kept[:-1])):
            values = up(torch.cat([enlarge(values, 2), wide], 1))
        return F.pixel_shuffle(self.last(values), 2)


def correct(shares, far, near):
    lean, solid, nothing = torch.tanh(shares[:, :1]), torch.sigmoid(shares[:, 1:2]), torch.sigmoid(shares[:, 2:])
    mixed = (far + near) / 2 + lean * (near - far) / 2
    return mixed * (1 - solid) * (1 - nothing) + solid * (1 - nothing)


def join(far, near):
    """As `join-pair.ts`."""
    doubt = 1 - np.exp(-box(np.abs(near - far), 10) / 0.05)
    return near + doubt / 2 * (far - near)


def as_planes(small):
    height, width = small.shape[:2]
    planes = np.zeros((8, SIDE, SIDE), np.float32)
    values = small.astype(np.float32) / 255
    planes[:5, :height, :width] = values[..., :5].transpose(2, 0, 1)
    planes[5, :height, :width] = 1
    planes[6, :height, :width] = values[..., TRUTH]
    planes[7, :height, :width] = values[..., KNOWN]
    return planes


def draw(cached, rng):
    small, truth = cached
    if rng.random() < 0.5:
        small, truth = crop_small(small, truth, rng)
    if rng.random() < 0.5:
        small = np.ascontiguousarray(small[:, ::-1])
    planes = as_planes(small)
    inside = (slice(0, small.shape[0]), slice(0, small.shape[1]))
    for i in (FAR, NEAR):
        if rng.random() < 0.08:
            planes[i][inside] = Damage(rng).apply(planes[i][inside])
    planes[:3] = change_tone(planes[:3], rng)
    if rng.random() < 0.3:
        planes[:3] = planes[:3].mean((0, 1, 2), keepdims=True)
    return planes


def validate(model, samples):
    model.eval()
    rows = []
    with torch.no_grad():
        for planes in samples:
            batch = torch.from_numpy(planes)[None]
            far, near, truth, known = (batch[:, i : i + 1] for i in (3, 4, 6, 7))
            ruled = torch.from_numpy(join(planes[3], planes[4]))[None, None]
            score = lambda a: [float((((a - truth) ** 2) * known).sum() / known.sum()), float(((a - truth).abs() * known).sum() / known.sum())]
            rows.append(score(correct(model(batch[:, :6]), far, near)) + score(ruled) + score(near))
    return np.array(rows)


def main(folder, extras, out, minutes, seed=1):
    seed, seconds = int(seed), 60 * float(minutes)
    rng = random.Random(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)
    training, validation = list_samples(folder)
    cache = [load_small(file) for file, _ in training]
    held = []
    for file, _ in validation:
        own = Path(extras) / file.name
        if own.exists():
            small, _ = load_small(file)
            small[..., NEAR] = shrink(np.ascontiguousarray(np.load(own)[..., 0]))
            held.append(as_planes(small))
    model, kept = Pair(), Pair()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=2e-2)
    step, spent = 0, 0.0
    if Path(out).exists():
        state = torch.load(out, weights_only=False)
        model.load_state_dict(state["model"])
        kept.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
        rng.setstate(state["random"])
    else:
        kept.load_state_dict(model.state_dict())
    print(f"{len(training)} samples, {len(held)} to validate, {count_parameters(model)} parameters", flush=True)
    began, losses = time.time() - spent, []
    while time.time() - began < seconds:
        share = (time.time() - began) / seconds
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
        model.train()
        batch = torch.from_numpy(np.stack([draw(c, rng) for c in rng.choices(cache, k=BATCH)]))
        far, near, truth, known = (batch[:, i : i + 1] for i in (3, 4, 6, 7))
        apart = (correct(model(batch[:, :6]), far, near) - truth) * known
        loss = (0.2 * apart.abs() + 6 * apart * apart).sum() / known.sum().clamp(min=1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        average(kept, model, min(AVERAGE, step / (step + 20)))
        losses.append(loss.item())
        if step % 200 == 0 or time.time() - began >= seconds:
            rows = validate(kept, held)
            better = rows[:, 0] - rows[:, 2]
            drawn = np.random.default_rng(0).choice(better, (2000, len(better))).mean(1)
            means = rows.mean(0)
            print(
                f"step {step} {time.time() - began:.0f}s loss {np.mean(losses[-200:]):.4f} | learned {means[0]:.5f}/{means[1]:.4f}, "
                f"rule {means[2]:.5f}/{means[3]:.4f}, near {means[4]:.5f}/{means[5]:.4f}; learned - rule "
                f"{np.percentile(drawn, 2.5):+.5f} to {np.percentile(drawn, 97.5):+.5f}",
                flush=True,
            )
            torch.save(
                {
                    "model": model.state_dict(), "averaged": kept.state_dict(), "optimizer": optimizer.state_dict(),
                    "step": step, "spent": time.time() - began, "random": rng.getstate(),
                },
                out,
            )


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
