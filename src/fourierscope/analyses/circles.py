"""Closed circles of images: a wave whose phase turns once round, or two random directions; never clipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import pi

import torch
from torch import Tensor

from fourierscope.fourier import Frequency, Plane, is_self_paired, wave
from fourierscope.runs import batches


def turning_wave(plane: Plane, frequency: Frequency, angles: Tensor) -> Tensor:
    """The wave cos(2 pi (row y / h + column x / w) - t) of L2 norm 1 at angles t (p,): (p, h, w), float64.

    The wave of -frequency turns the other way. Raises ValueError where the frequency does not fit, or is its own
    partner: such a wave has one quadrature alone.
    """
    if is_self_paired(plane, frequency):
        raise ValueError(f"{frequency} is its own partner on {plane}: its wave has no phase to turn. Take another one.")
    ahead = 1 if plane.representative(frequency) == frequency else -1  # a wave is that of its pair's representative
    cosine, sine = wave(plane, frequency, 0.0), ahead * wave(plane, frequency, pi / 2)
    return angles.cos()[:, None, None] * cosine + angles.sin()[:, None, None] * sine


def random_circle(plane: Plane, channels: int, angles: Tensor, chance: torch.Generator) -> Tensor:
    """u cos t + v sin t at angles t (p,): (p, c, h, w), float64, for random u and v, which in each channel are
    orthogonal and of L2 norm 1. Raises ValueError for a plane of one pixel, which has no two directions.
    """
    pixels = plane.height * plane.width
    if pixels < 2:
        raise ValueError("An image of one pixel has no two directions: take a larger one.")
    normal = torch.randn(channels, pixels, 2, generator=chance, dtype=torch.float64)
    directions = torch.linalg.qr(normal).Q  # (c, h w, 2)
    turns = torch.stack([angles.cos(), angles.sin()], -1)
    return torch.einsum("csd,pd->pcs", directions, turns).unflatten(-1, plane.shape)


def answers_round(
    heard: Callable[[Tensor], list[Tensor]], images: Tensor, offsets: Tensor, device: torch.device, size: int
) -> Iterator[Tensor]:
    """The activations (b, units, p) of each layer that `heard` hears, for images (b, c, h, w) moved by offsets
    (b or 1, p, c or 1, h, w), at most `size` of them at a time.
    """
    moved = (images[:, None] + offsets.float()).flatten(0, 1)
    pieces = [heard(moved[part].to(device)) for part in batches(len(moved), size)]
    for layer in zip(*pieces, strict=True):
        whole = layer[0] if len(layer) == 1 else torch.cat(layer)
        yield whole.unflatten(0, (len(images), -1)).movedim(1, 2)
