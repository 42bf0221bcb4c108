"""Trains the trunk.

Usage: python train_trunk.py SAMPLES OUT.pt MINUTES [SEED]
Writes OUT.pt at every report (model, averaged model, optimizer, steps, the random state) and continues from it where it exists.
"""

import os
import random
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from data import MASK, list_samples, load_small, trunk_planes, trunk_sample
from faults import coarsen
from net import OPINIONS, SLOTS, Trunk, count_parameters, limit, mix

# One thread: where other programs use the machine, two wait for each other most of the time.
torch.set_num_threads(int(os.environ.get("TRAINING_THREADS", "1")))
cv2.setNumThreads(1)
BATCH = 8
RATE = 2e-3
AVERAGE = 0.995
MODES = {"near": (0, 1, 0, 0, 0), "fast": (1, 1, 0, 0, 0), "best": (1, 1, 1, 0, 0), "mask": (1, 1, 0, 0, 1)}


def loss_of(alpha, truth, known, opinions, given):
    """Squares above all: where the truth cannot be known, a mean is less wrong than a guess. Where no opinion is near the truth, weights
    cannot mend it, and the sample would be learned by heart."""
    apart = (limit(alpha) - truth) * known
    nearest = ((opinions - truth).abs() + 2 * (1 - given)[:, :, None, None]).min(1, keepdim=True).values
    worth = known * torch.where(nearest > 0.5, 0.25, 1.0)
    return ((0.5 * apart.abs() + 6 * apart * apart) * worth).sum() / known.sum().clamp(min=1)


def validate(trunk, samples, cache):
    """Mean squared error on the trunk's grid by mode, of the trunk and of the mean of the opinions."""
    trunk.eval()
    found = {mode: [] for mode in MODES}
    with torch.no_grad():
        for i, (file, note) in enumerate(samples):
            small, truth = cache[file]
            rng = random.Random(i)
            np.random.seed(i)
            coarse = coarsen(truth.astype(np.float32) / 255, rng, 2)
            mask = cv2.resize(coarse, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
            for mode, given in MODES.items():
                if given[2] and not note["isnet"]:
                    continue
                given = np.array(given, np.float32)
                planes, wanted, known = (torch.from_numpy(p)[None] for p in trunk_planes(small, mask, given))
                opinions = planes[:, 3 : 3 + SLOTS]
                weights = trunk(planes, torch.from_numpy(given)[None])
                plain = opinions.sum(1, keepdim=True) / given.sum()
                error = lambda a: float((((a.clamp(0, 1) - wanted) ** 2) * known).sum() / known.sum())
                away = lambda a: float(((a.clamp(0, 1) - wanted).abs() * known).sum() / known.sum())
                alpha = mix(weights, opinions)
                found[mode].append((error(alpha), away(alpha), error(plain)))
    trunk.train()
    return {mode: np.mean(values, 0) for mode, values in found.items() if values}


def average(into, model, share):
    with torch.no_grad():
        for kept, now in zip(into.state_dict().values(), model.state_dict().values()):
            kept.copy_(kept * share + now * (1 - share) if kept.dtype.is_floating_point else now)


def main(folder, out, minutes, seed=1):
    seed, seconds = int(seed), 60 * float(minutes)
    rng = random.Random(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)
    training, validation = list_samples(folder)
    cache = {file: load_small(file) for file, _ in training + validation}
    trunk, kept = Trunk(), Trunk()
    optimizer = torch.optim.AdamW(trunk.parameters(), RATE, weight_decay=2e-2)
    step, spent = 0, 0.0
    if Path(out).exists():
        state = torch.load(out, weights_only=False)
        trunk.load_state_dict(state["model"])
        kept.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
        rng.setstate(state["random"])
    else:
        kept.load_state_dict(trunk.state_dict())
    kept.eval()
    print(f"{len(training)} samples, {len(validation)} to validate, {count_parameters(trunk)} parameters", flush=True)
    began, losses = time.time() - spent, []
    while time.time() - began < seconds:
        share = (time.time() - began) / seconds
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
        batch = [trunk_sample(cache[file], note, rng) for file, note in rng.choices(training, k=BATCH)]
        planes, given, truth, known = (torch.from_numpy(np.stack(part)) for part in zip(*batch))
        weights = trunk(planes, given)
        opinions = planes[:, 3 : 3 + SLOTS]
        loss = loss_of(mix(weights, opinions), truth, known, opinions, given)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trunk.parameters(), 1.0)
        optimizer.step()
        step += 1
        average(kept, trunk, min(AVERAGE, step / (step + 20)))
        losses.append(loss.item())
        if step % 200 == 0 or time.time() - began >= seconds:
            scores = validate(kept, validation, cache)
            line = ", ".join(f"{m} {s[0]:.5f}/{s[1]:.4f} (mean {s[2]:.5f})" for m, s in scores.items())
            print(f"step {step} {time.time() - began:.0f}s loss {np.mean(losses[-200:]):.4f} | {line}", flush=True)
            torch.save(
                {
                    "model": trunk.state_dict(), "averaged": kept.state_dict(), "optimizer": optimizer.state_dict(),
                    "step": step, "spent": time.time() - began, "random": rng.getstate(),
                },
                out,
            )


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
