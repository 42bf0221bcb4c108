"""Trains the edge network on tiles.

Usage: python train_edge.py TILES OUT.pt MINUTES [SEED]
TILES as tiles.py writes them. Continues from OUT.pt where it exists; MINUTES are of computing, all runs together. OUT.pt is
the last state, OUT.best.pt the one that measured best on the validation split.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from edge_net import EdgeNet
from net import count_parameters, limit

torch.set_num_threads(int(os.environ.get("TRAINING_THREADS", "1")))
cv2.setNumThreads(1)
BATCH, RATE, DECAY, AVERAGE = 12, 3e-3, 1e-3, 0.997
TILE = 112
TRUTH, KNOWN = 9, 10
EVERY = 200


def change_colors(rgb, rng):
    """Gamma per channel, order of the channels, saturation, brightness and noise, each sometimes."""
    if rng.random() < 0.3:
        rgb = rgb[..., rng.sample(range(3), 3)]
    if rng.random() < 0.5:
        rgb = rgb ** np.array([rng.uniform(0.75, 1.33) for _ in range(3)], np.float32)
    if rng.random() < 0.3:
        gray = rgb.mean(-1, keepdims=True)
        rgb = gray + (rgb - gray) * rng.choice([0, rng.uniform(0, 1.5)])
    if rng.random() < 0.3:
        rgb = rgb * rng.uniform(0.5, 1.2)
    if rng.random() < 0.3:
        rgb = rgb + np.random.normal(0, rng.uniform(0.003, 0.03), rgb.shape)
    return np.clip(rgb, 0, 1)


def damage(united, rng):
    """A united alpha as it could be elsewhere: blurred, hard, hazy."""
    way = rng.random()
    if way < 0.35:
        return cv2.GaussianBlur(united, (0, 0), rng.uniform(0.5, 4))
    if way < 0.65:
        gain = rng.uniform(1.2, 5)
        return np.clip((united - rng.uniform(0.3, 0.7)) * gain + 0.5, 0, 1)
    if way < 0.85:
        return np.clip(united * rng.uniform(0.8, 1) + rng.uniform(0, 0.12), 0, 1)
    move = np.float32([[1, 0, rng.uniform(-3, 3)], [0, 1, rng.uniform(-3, 3)]])
    return cv2.warpAffine(united, move, united.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def draw(tile, isnet, rng):
    """Input, truth and known of one tile as it is trained on."""
    side = rng.randint(96, tile.shape[0])
    top, left = rng.randint(0, tile.shape[0] - side), rng.randint(0, tile.shape[0] - side)
    part = tile[top : top + side, left : left + side].astype(np.float32) / 255
    opinions = part[..., 6:9] if isnet and rng.random() < 0.6 else part[..., 3:6]
    if rng.random() < 0.15:
        # A single network: its opinion is all there is.
        opinions = np.repeat(opinions[..., rng.choice([0, 1, 2])][..., None], 3, -1)
    planes = np.dstack([change_colors(part[..., :3], rng), opinions, part[..., TRUTH], part[..., KNOWN] == 1]).astype(np.float32)
    if rng.random() < 0.2:
        planes[..., 3] = damage(np.ascontiguousarray(planes[..., 3]), rng)
    way = cv2.INTER_AREA if side > TILE else cv2.INTER_LINEAR
    parts = [cv2.resize(np.ascontiguousarray(planes[..., i : i + 4]), (TILE, TILE), interpolation=way) for i in (0, 4)]
    planes = np.rot90(np.dstack(parts), rng.randrange(4))
    planes = planes[:, ::-1] if rng.random() < 0.5 else planes
    planes = np.ascontiguousarray(planes.transpose(2, 0, 1))
    return planes[:6], planes[6:7], (planes[7:] > 0.99).astype(np.float32)


def loss_of(alpha, truth, known):
    apart = limit(alpha) - truth
    across = (apart[..., 1:] - apart[..., :-1]) * known[..., 1:] * known[..., :-1]
    down = (apart[..., 1:, :] - apart[..., :-1, :]) * known[..., 1:, :] * known[..., :-1, :]
    apart = apart * known
    total = 0.5 * apart.abs().sum() + 5 * (apart * apart).sum() + 0.3 * (across.abs().sum() + down.abs().sum())
    return total / known.sum().clamp(min=1)


def validate(model, tiles, notes):
    """Per mode: mean squared and absolute error before and after, and the interval of the difference over pictures."""
    model.eval()
    rows = {"fast": {}, "best": {}}
    with torch.no_grad():
        for i in range(0, len(tiles), 16):
            part = torch.from_numpy(np.ascontiguousarray(tiles[i : i + 16].transpose(0, 3, 1, 2)).astype(np.float32) / 255)
            truth, known = part[:, TRUTH : TRUTH + 1], (part[:, KNOWN:] == 1).float()
            for mode, first in (("fast", 3), ("best", 6)):
                planes = torch.cat([part[:, :3], part[:, first : first + 3]], 1)
                after, before = model(planes).clamp(0, 1), planes[:, 3:4]
                for k, note in enumerate(notes[i : i + 16]):
                    if note["isnet"] or mode == "fast":
                        sums = [((a[k] - truth[k]).abs() ** p * known[k]).sum().item() for p in (2, 1) for a in (before, after)]
                        rows[mode].setdefault(note["file"], []).append([*sums, known[k].sum().item()])
    model.train()
    found = {}
    for mode, files in rows.items():
        sums = np.array([np.sum(values, 0) for values in files.values()])
        errors = sums[:, :4] / np.maximum(1, sums[:, 4:])
        apart = errors[:, 1] - errors[:, 0]
        drawn = np.random.default_rng(0).choice(apart, (2000, len(apart))).mean(1)
        found[mode] = (*errors.mean(0), *np.percentile(drawn, [2.5, 97.5]))
    return found


def average(kept, model, share):
    with torch.no_grad():
        for (_, old), (_, new) in zip(kept.state_dict().items(), model.state_dict().items()):
            old.copy_(old * share + new * (1 - share) if old.dtype.is_floating_point else new)


def main(folder, out, minutes, seed=1):
    seed, seconds = int(seed), 60 * float(minutes)
    rng = random.Random(seed)
    torch.manual_seed(seed)
    np.random.seed(seed)
    notes = json.loads((Path(folder) / "notes.json").read_text())
    tiles = np.load(Path(folder) / "planes.npy", mmap_mode="r")
    training = [i for i, note in enumerate(notes) if not note["held"]]
    held = [i for i, note in enumerate(notes) if note["held"] and note["kind"] != "street"]
    held_tiles, held_notes = tiles[held], [notes[i] for i in held]
    # ISNet's answers are rarer and worth more: both modes are to be learned.
    chances = [2 if notes[i]["isnet"] else 1 for i in training]
    model, kept = EdgeNet().to(memory_format=torch.channels_last), EdgeNet()
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    step, spent, best = 0, 0.0, 1.0
    if Path(out).exists():
        state = torch.load(out, weights_only=False)
        model.load_state_dict(state["model"])
        kept.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent, best = state["step"], state["spent"], state["best"]
        rng.setstate(state["random"])
    else:
        kept.load_state_dict(model.state_dict())
    print(f"{len(training)} tiles, {len(held)} to validate, {count_parameters(model)} parameters", flush=True)
    began, losses = time.time() - spent, []
    while time.time() - began < seconds:
        share = (time.time() - began) / seconds
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * share)))
        batch = [draw(tiles[i], notes[i]["isnet"], rng) for i in rng.choices(training, chances, k=BATCH)]
        planes, truth, known = (torch.from_numpy(np.stack(part)) for part in zip(*batch))
        loss = loss_of(model(planes.to(memory_format=torch.channels_last)), truth, known)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        average(kept, model, min(AVERAGE, step / (step + 20)))
        losses.append(loss.item())
        if step % EVERY == 0 or time.time() - began >= seconds:
            scores = validate(kept, held_tiles, held_notes)
            line = " | ".join(
                f"{mode} MSE {a:.5f} -> {b:.5f} ({low:+.5f} to {high:+.5f}) MAD {c:.4f} -> {d:.4f}"
                for mode, (a, b, c, d, low, high) in scores.items()
            )
            print(f"step {step} {time.time() - began:.0f}s loss {np.mean(losses[-EVERY:]):.4f} | {line}", flush=True)
            reached = scores["fast"][1] + scores["best"][1]
            state = {
                "model": model.state_dict(), "averaged": kept.state_dict(), "optimizer": optimizer.state_dict(),
                "step": step, "spent": time.time() - began, "best": min(best, reached), "random": rng.getstate(),
            }
            torch.save(state, out)
            if reached < best:
                best = reached
                torch.save(state, Path(out).with_suffix(".best.pt"))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
