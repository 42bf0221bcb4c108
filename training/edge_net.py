"""The edge network: a picture and the alpha that the networks' opinions were united to give a finer alpha, by local evidence only."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from net import block, enlarge

# red, green, blue, united alpha, lowest and highest opinion; 0..1.
INPUTS = 6
# Mean colors of subject and background are taken in windows of (pixels, on the grid over this).
WINDOWS = ((7, 4), (9, 8))
# What alpha is mixed of: united, lowest, highest, the colors' answer in either window, nothing, solid.
CANDIDATES = 3 + len(WINDOWS) + 2
# The mix is stretched by this much on either end, so that finite weights reach 0 and 1.
STRETCH = 0.03
# Largest change beyond the mix.
BOUND = 0.25


def project_colors(rgb, alpha):
    """Alpha by where a color lies between the mean colors of subject and background around it, per window; 0..1."""
    found = []
    for window, factor in WINDOWS:
        small, share = F.avg_pool2d(rgb, factor), F.avg_pool2d(alpha, factor)
        subject, rest = share * share, (1 - share) * (1 - share)
        mean = lambda values: F.avg_pool2d(values, window, 1, window // 2, count_include_pad=False)
        front = enlarge(mean(small * subject) / (mean(subject) + 1e-3), factor)
        back = enlarge(mean(small * rest) / (mean(rest) + 1e-3), factor)
        axis = front - back
        along = ((rgb - back) * axis).sum(1, keepdim=True) / ((axis * axis).sum(1, keepdim=True) + 0.005)
        found.append(along.clamp(0, 1))
    return found


class EdgeNet(nn.Module):
    """N x INPUTS x H x W with sides that are multiples of 8 to alpha N x 1 x H x W; `limit` bounds it."""

    def __init__(self, width=24, deep=40, deepest=48):
        super().__init__()
        self.first = block(4 * (INPUTS + len(WINDOWS)), width)
        self.near = block(width, width)
        self.down = nn.Sequential(block(width, deep, 2), block(deep, deep, 1, 2), block(deep, deep, 1, 3), block(deep, deep))
        self.wide = nn.Sequential(block(deep, deepest, 2), block(deepest, deepest, 1, 2), block(deepest, deepest))
        self.up = block(deepest + deep, deep)
        self.last = block(deep + width, width)
        self.tell = nn.Conv2d(width, 4 * (CANDIDATES + 1), 3, 1, 1)
        nn.init.zeros_(self.tell.weight)
        # Starts as the united alpha.
        self.tell.bias.data = torch.tensor([4.0] * 4 + [0.0] * (4 * CANDIDATES))

    def forward(self, planes):
        rgb, united = planes[:, :3], planes[:, 3:4]
        colors = project_colors(rgb, united)
        near = self.near(self.first(F.pixel_unshuffle(torch.cat([planes, *colors], 1) - 0.5, 2)))
        down = self.down(near)
        up = self.up(torch.cat([enlarge(self.wide(down), 2), down], 1))
        told = F.pixel_shuffle(self.tell(self.last(torch.cat([enlarge(up, 2), near], 1))), 2)
        weights = told[:, :CANDIDATES].softmax(1)
        # The last weight counts for 1, the one before it for 0.
        candidates = torch.cat([planes[:, 3:6], *colors], 1)
        mixed = (weights[:, :-2] * candidates).sum(1, keepdim=True) + weights[:, -1:]
        changed = mixed + BOUND * torch.tanh(told[:, CANDIDATES:]) * 4 * mixed * (1 - mixed)
        return (changed - STRETCH) / (1 - 2 * STRETCH)
