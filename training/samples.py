"""Makes training samples: pictures with their true alpha and what the networks say about them.

Usage: python samples.py TRAIN OUT COUNT [FIRST]
TRAIN holds ccp/, portraits/ and backgrounds/; sample i depends on i alone, so that a stopped run continues and two may share
the work. Each sample is OUT/i.npy: height x width x 9 bytes on the networks' grid (red, green, blue, far, near, ISNet,
another network, truth, where the truth is known) and OUT/i.json.
"""

import json
import random
import sys
from pathlib import Path

import cv2
import numpy as np

from cutouts import make_cutouts, read_colors
from opinions import LONGER, grid_of, resample, resize, run
from scenes import Scenes

# Shares of the samples on which ISNet (slow) and another view are asked.
WITH_ISNET = 0.3
WITH_OTHER = 0.2
# What stands in for a network that some users have (BSHM, MODNet): RVM on other grids, or mirrored.
OTHERS = ("own", "mirrored", "rvm-mid", "rvm-fine", "rvm-wide-squash")


def other_view(name, rgb, width, height):
    if name == "own":
        return run("rvm", rgb, width, height)
    if name == "mirrored":
        return run("rvm", np.ascontiguousarray(rgb[:, ::-1]), width, height)[:, ::-1]
    if name == "rvm-wide-squash":
        return run("rvm-wide", rgb, LONGER, LONGER)
    return run(name, rgb, width, height)


def to_bytes(alpha, width, height):
    return np.round(resample(np.ascontiguousarray(alpha), width, height) * 255).astype(np.uint8)


def make_sample(scenes, i):
    rng = random.Random(i)
    np.random.seed(i)
    scene = scenes.draw(rng)
    width, height = grid_of(scene.rgb.shape[1], scene.rgb.shape[0])
    rgb = resize(scene.rgb, width, height)
    nothing = np.zeros((height, width), np.uint8)
    isnet = rng.random() < WITH_ISNET
    other = rng.choice(OTHERS) if rng.random() < WITH_OTHER else None
    planes = [
        *rgb.transpose(2, 0, 1),
        to_bytes(run("rvm-wide", rgb, width, height), width, height),
        to_bytes(run("rvm", rgb, LONGER, LONGER), width, height),
        to_bytes(run("isnet", rgb, LONGER, LONGER), width, height) if isnet else nothing,
        to_bytes(other_view(other, rgb, width, height), width, height) if other else nothing,
        resize(scene.alpha, width, height),
        cv2.resize(scene.known, (width, height), interpolation=cv2.INTER_NEAREST),
    ]
    note = {"kind": scene.kind, "source": scene.source, "isnet": isnet, "other": other}
    return np.ascontiguousarray(np.stack(planes, -1)), note


def main(train, out, count, first=0):
    train, out = Path(train), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    names = make_cutouts(train / "portraits", out / "cutouts")
    scenes = Scenes(train, out / "cutouts", names, read_colors)
    for i in range(int(first), int(count)):
        if (out / f"{i:05d}.json").exists():
            continue
        pixels, note = make_sample(scenes, i)
        np.save(out / f"{i:05d}.npy", pixels)
        (out / f"{i:05d}.json").write_text(json.dumps(note))
        if i % 50 == 0:
            print("sample", i, note, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
