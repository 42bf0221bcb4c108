"""The judge: which opinion to trust where.

`Trunk` sees the whole picture at an eighth of the networks' grid with all opinions, and answers weights that mix them into an
alpha.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

# The networks' grid over the trunk's, and the trunk's square.
SHRINK = 8
SIDE = 128
# Order of the opinions: RVM far and near, ISNet, any other network, a mask of the user's.
OPINIONS = ("far", "near", "isnet", "other", "mask")
SLOTS = len(OPINIONS)
ABSENT = -30.0
# The mix is stretched by this much on either end, so that finite weights reach 0 and 1.
STRETCH = 0.03


def block(inside, outside, stride=1, dilation=1):
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def enlarge(values, factor):
    return F.interpolate(values, scale_factor=factor, mode="bilinear", align_corners=False)


class Trunk(nn.Module):
    """planes: N x (3 + SLOTS + 1) x SIDE x SIDE: the picture 0..1, the opinions (0 where absent), and 1 where the picture
    lies in the square. given: N x SLOTS, 1 for every opinion that is there.
    Answers weights N x (SLOTS + 2), which add up to 1: one per opinion, one for "nothing here" and one for "solid", on the same
    square."""

    def __init__(self, stem=16, widths=(24, 40, 64, 96)):
        super().__init__()
        self.stem = block(3 + SLOTS + 1, stem)
        self.down = nn.ModuleList()
        for i, width in enumerate(widths):
            first = block(4 * stem + SLOTS, width) if i == 0 else block(widths[i - 1], width, 2)
            self.down.append(nn.Sequential(first, block(width, width)))
        self.whole = nn.Sequential(nn.Linear(widths[-1], widths[-1]), nn.ReLU(), nn.Linear(widths[-1], widths[-1]))
        self.drop = nn.Dropout2d(0.2)
        self.up = nn.ModuleList([block(widths[i + 1] + widths[i], widths[i]) for i in reversed(range(len(widths) - 1))])
        self.last = nn.Sequential(
            nn.Conv2d(widths[0] + stem, stem, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True), block(stem, stem)
        )
        self.weigh = nn.Conv2d(stem, SLOTS + 2, 1)
        nn.init.zeros_(self.weigh.weight)
        self.weigh.bias.data = torch.tensor([0.0] * (SLOTS - 1) + [2.0, -3.0, -3.0])

    def forward(self, planes, given):
        stem = self.stem(planes)
        half = SIDE // 2
        flags = given[:, :, None, None].expand(-1, SLOTS, half, half)
        values = torch.cat([F.pixel_unshuffle(stem, 2), flags], 1)
        kept = []
        for down in self.down:
            values = down(values)
            kept.append(values)
        values = values + self.whole(values.mean((2, 3)))[:, :, None, None]
        values = self.drop(values)
        for up, wide in zip(self.up, reversed(kept[:-1])):
            values = up(torch.cat([enlarge(values, 2), wide], 1))
        values = self.last(torch.cat([enlarge(values, 2), stem], 1))
        absent = F.pad((1 - given) * ABSENT, (0, 2))[:, :, None, None]
        return (self.weigh(values) + absent).softmax(1)


def mix(weights, opinions):
    """First alpha, not yet limited to 0..1. weights: N x (SLOTS + 2), opinions: N x SLOTS, same size."""
    mixed = (weights[:, :SLOTS] * opinions).sum(1, keepdim=True) + weights[:, SLOTS + 1 :]
    return (mixed - STRETCH) / (1 - 2 * STRETCH)


def limit(alpha):
    """0..1, with a small slope outside so that what is beyond can come back while training."""
    inside = alpha.clamp(0, 1)
    return inside + 0.05 * (alpha - inside)


def count_parameters(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())
