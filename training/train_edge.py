"""Trains the edge network on top of a trained trunk, whose feature planes are learned with it.

Usage: python train_edge.py SAMPLES TRUNK.pt OUT.pt MINUTES [SEED]
Continues from OUT.pt where it exists.
"""

import os
import random
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from data import KNOWN, MASK, TRUTH, choose_given, draw_damage, draw_radius, list_samples, shrink, trunk_planes
from faults import coarsen
from net import SHRINK, SLOTS, Edge, Trunk, count_parameters, limit, mix
from train_trunk import AVERAGE, average

torch.set_num_threads(int(os.environ.get("TRAINING_THREADS", "1")))
cv2.setNumThreads(1)
BATCH = 8
RATE = 2e-3
TILE = 128
CELLS = TILE // SHRINK


def find_place(planes, rng):
    """Upper left corner of a tile, most often on the edge or where RVM errs; a multiple of SHRINK."""
    height, width = planes.shape[:2]
    y, x = rng.randrange(height), rng.randrange(width)
    if rng.random() < 0.85:
        truth = planes[::8, ::8, TRUTH].astype(int)
        known = planes[::8, ::8, KNOWN] == 255
        places = np.argwhere(known & (((truth > 12) & (truth < 243)) | (np.abs(planes[::8, ::8, 4] - truth) > 60)))
        if len(places):
            y, x = 8 * places[rng.randrange(len(places))]
            y, x = y + rng.randint(-40, 40), x + rng.randint(-40, 40)
    side = lambda at, of: int(np.clip(at - TILE // 2, 0, of - TILE)) // SHRINK * SHRINK
    return side(y, height), side(x, width)


def edge_sample(sample, rng, given=None):
    file, note = sample
    planes = np.load(file)
    if min(planes.shape[:2]) < TILE:
        return None
    fixed = given is not None
    given = choose_given(note, rng, 0.35) if given is None else np.array(given, np.float32)
    damage = () if fixed else draw_damage(rng, given, 0.06)
    mask = None
    if given[MASK]:
        radius = 4 if fixed else draw_radius(rng)
        mask = coarsen(planes[..., TRUTH].astype(np.float32) / 255, rng, radius)
    small = np.concatenate([shrink(np.ascontiguousarray(planes[..., i : i + 3])) for i in (0, 3, 6)], -1)
    coarse = None if mask is None else shrink(mask)
    trunk, _, _ = trunk_planes(small, coarse, given, damage)
    y, x = find_place(planes, rng)
    box = (slice(y, y + TILE), slice(x, x + TILE))
    values = planes[box].astype(np.float32) / 255
    opinions = np.zeros((SLOTS, TILE, TILE), np.float32)
    for slot in range(MASK):
        if given[slot]:
            hurt = damage[slot] if damage else None
            whole = hurt and hurt.apply(planes[..., 3 + slot].astype(np.float32) / 255)
            opinions[slot] = values[..., 3 + slot] if whole is None else whole[box]
    if mask is not None:
        opinions[MASK] = mask[box]
    picture = values[..., :3].transpose(2, 0, 1)
    if not fixed and rng.random() < 0.4:
        gamma = rng.uniform(0.75, 1.33)
        picture, trunk[:3] = picture**gamma, trunk[:3] ** gamma
    known = (values[..., KNOWN] == 1).astype(np.float32)[None]
    return trunk, given, np.ascontiguousarray(picture), opinions, values[..., TRUTH][None], known, (y // SHRINK, x // SHRINK)


def run_edge(trunk, edge, batch):
    """(first alpha, corrected alpha, truth, known) of a batch of samples."""
    planes, given, picture, opinions, truth, known = (torch.from_numpy(np.stack(part)) for part in list(zip(*batch))[:6])
    with torch.no_grad():
        weights, _ = trunk(planes, given)
        hidden = trunk.hidden
    features = trunk.tell(hidden)
    around = lambda planes: torch.cat(
        [F.pad(planes[i : i + 1], (1, 1, 1, 1), mode="replicate")[:, :, s[6][0] : s[6][0] + CELLS + 2, s[6][1] : s[6][1] + CELLS + 2]
         for i, s in enumerate(batch)]
    )
    fine = F.interpolate(around(weights), scale_factor=SHRINK, mode="bilinear", align_corners=False)
    fine = fine[:, :, SHRINK:-SHRINK, SHRINK:-SHRINK]
    first = mix(fine, opinions).clamp(0, 1)
    tiles = torch.cat([picture, first, opinions[:, 1:2], opinions[:, 2:3], opinions[:, MASK:]], 1)
    return first, edge(tiles, around(features)), truth, known


def loss_of(alpha, truth, known):
    alpha = limit(alpha)
    apart = (alpha - truth) * known
    across = ((alpha - truth)[..., 1:] - (alpha - truth)[..., :-1]) * known[..., 1:] * known[..., :-1]
    down = ((alpha - truth)[..., 1:, :] - (alpha - truth)[..., :-1, :]) * known[..., 1:, :] * known[..., :-1, :]
    total = apart.abs().sum() + 4 * (apart * apart).sum() + 0.5 * (across.abs().sum() + down.abs().sum())
    return total / known.sum().clamp(min=1)


def validate(trunk, edge, samples):
    edge.eval()
    trunk.tell.eval()
    found = {}
    modes = {"fast": (1, 1, 0, 0, 0), "best": (1, 1, 1, 0, 0), "mask": (1, 1, 0, 0, 1)}
    with torch.no_grad():
        for mode, given in modes.items():
            rng, batch = random.Random(7), []
            np.random.seed(7)
            for sample in samples:
                if sample[1]["kind"] == "street" or (given[2] and not sample[1]["isnet"]):
                    continue
                made = edge_sample(sample, rng, given)
                if made:
                    batch.append(made)
            parts = [run_edge(trunk, edge, batch[i : i + 8]) for i in range(0, len(batch), 8)]
            error = lambda k: float(np.mean([float(((p[k].clamp(0, 1) - p[2]) ** 2).mean()) for p in parts]))
            found[mode] = error(0), error(1)
    edge.train()
    return found


def main(folder, trunk_file, out, minutes, seed=1):
    seed, seconds = int(seed), 60 * float(minutes)
    rng = random.Random(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)
    training, validation = list_samples(folder)
    validation = validation[:120]
    # The edge of hand-made masks is not known: composites teach it, streets only what is solid.
    chances = [0.25 if note["kind"] == "street" else 1 for _, note in training]
    trunk, edge, kept = Trunk(), Edge(), Edge()
    trunk.load_state_dict(torch.load(trunk_file, weights_only=False)["averaged"])
    trunk.eval()
    optimizer = torch.optim.AdamW([*edge.parameters(), *trunk.tell.parameters()], RATE, weight_decay=1e-4)
    step, spent = 0, 0.0
    if Path(out).exists():
        state = torch.load(out, weights_only=False)
        edge.load_state_dict(state["model"])
        trunk.tell.load_state_dict(state["tell"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
        kept.load_state_dict(state["averaged"])
        rng.setstate(state["random"])
    else:
        kept.load_state_dict(edge.state_dict())
    kept.eval()
    print(f"{len(training)} samples, {len(validation)} to validate, {count_parameters(edge)} parameters", flush=True)
    began, losses = time.time() - spent, []
    while time.time() - began < seconds:
        share = (time.time() - began) / seconds
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
        made = (edge_sample(sample, rng) for sample in rng.choices(training, chances, k=BATCH))
        _, alpha, truth, known = run_edge(trunk, edge, [sample for sample in made if sample])
        loss = loss_of(alpha, truth, known)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(edge.parameters(), 1.0)
        optimizer.step()
        step += 1
        average(kept, edge, min(AVERAGE, step / (step + 20)))
        losses.append(loss.item())
        if step % 200 == 0 or time.time() - began >= seconds:
            scores = validate(trunk, kept, validation)
            line = ", ".join(f"{mode} {first:.5f} -> {after:.5f}" for mode, (first, after) in scores.items())
            print(f"step {step} {time.time() - began:.0f}s loss {np.mean(losses[-200:]):.4f} | {line}", flush=True)
            torch.save(
                {
                    "trunk": trunk.state_dict(), "model": edge.state_dict(), "averaged": kept.state_dict(),
                    "tell": trunk.tell.state_dict(), "optimizer": optimizer.state_dict(), "step": step,
                    "spent": time.time() - began, "random": rng.getstate(),
                },
                out,
            )


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
