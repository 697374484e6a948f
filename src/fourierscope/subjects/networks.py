"""The small network of the reference classifiers."""

from __future__ import annotations

import torch
from torch import nn

WIDTHS = (16, 32, 64, 64)  # channels after each convolution
STRIDES = (1, 2, 2, 1)  # the first one sees every frequency of the image: no stride, so no folding
_KIND = torch.float32  # whatever torch's default is: the same seed gives the same weights


def small_network(channels: int = 3, classes: int = 10, seed: int = 0) -> nn.Sequential:
    """Four 3 x 3 convolutions with batch norm and ReLU, the mean over the image, and a linear layer: 61,338 weights.

    Takes float32 images (n, channels, h, w) of any size, gives logits (n, classes). The weights are drawn by `seed`;
    the global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for wide, (into, stride) in zip((channels, *WIDTHS), zip(WIDTHS, STRIDES, strict=True), strict=False):
            convolution = nn.Conv2d(wide, into, kernel_size=3, stride=stride, padding=1, bias=False, dtype=_KIND)
            layers += [convolution, nn.BatchNorm2d(into, dtype=_KIND), nn.ReLU()]
        head = nn.Linear(WIDTHS[-1], classes, dtype=_KIND)
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
