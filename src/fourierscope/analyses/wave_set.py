"""The waves that heat maps put on images: which, of what norm, on which images at a time, with which signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fourierscope.fourier import Frequency, Plane, is_self_paired, quadratures, wave
from fourierscope.results import Axes
from fourierscope.runs import batches

_WAVES = 32  # in a cell: the clean answers, which some scores need, cost that share of its work
_PIXELS = 2**18  # of the images of a cell, so that it takes seconds
_CELLS = 4000  # at most: large sets have larger cells


class Tile(NamedTuple):
    """Waves first..last on images start..stop."""

    first: int
    last: int
    start: int
    stop: int


@dataclass(frozen=True)
class WaveSet:
    """One wave of each conjugate pair within `crop`, thinned by `stride`, in `phases` phases, of L2 norm `norm`."""

    norm: float
    crop: int | None
    stride: int
    phases: int
    clip: bool

    def check(self) -> None:
        """Raises ValueError where an option has no meaning."""
        if not (isfinite(self.norm) and self.norm > 0):
            raise ValueError(f"norm is a finite number above 0; {self.norm} came.")
        for name in ("phases", "stride", "crop"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int | np.integer) or value < 1):
                raise ValueError(f"{name} is a whole number from 1 on; {value!r} came.")

    def frequencies(self, plane: Plane) -> tuple[Frequency, ...]:
        """The waves, in reading order."""
        return _waves(plane, self.crop, self.stride)

    def tiles(self, plane: Plane, count: int) -> Iterator[Tile]:
        """All waves on `count` images, in cells of some of each."""
        images = max(8, _PIXELS // (plane.height * plane.width), self._enough(plane, count))
        for shard in batches(count, images):
            for tile in self.parts(plane):
                yield Tile(tile.start, tile.stop, shard.start, shard.stop)

    def parts(self, plane: Plane) -> Iterator[slice]:
        """All waves, as many as a cell has."""
        return batches(len(self.frequencies(plane)), _WAVES)

    def most_images(self, plane: Plane, count: int) -> int:
        """How many of `count` images a cell has at most, where it should have many: then it takes minutes."""
        return max(16, 16 * _PIXELS // (plane.height * plane.width), self._enough(plane, count))

    def _enough(self, plane: Plane, count: int) -> int:
        """The images of a cell with which there are not more cells than there should be."""
        return -(-count * -(-len(self.frequencies(plane)) // _WAVES) // _CELLS)

    def stack(self, plane: Plane, tile: Tile) -> Tensor:
        """The waves of a tile (w, p, h, w), of norm `norm`; a self-paired wave, with its one phase, stands p times."""
        several = self.frequencies(plane)[tile.first : tile.last]
        stack = torch.empty(len(several), self.phases, plane.height, plane.width, dtype=torch.float32)
        for index, frequency in enumerate(several):
            phases = quadratures(plane, frequency, self.phases)
            for turn in range(self.phases):
                stack[index, turn] = self.norm * wave(plane, frequency, phases[turn % len(phases)])
        return stack

    def added(self, images: Tensor, signs: Tensor, waves: Tensor) -> Tensor:
        """Images (b, c, h, w) under each of some waves (w, h, w), by their signs (b, c): (w, b, c, h, w)."""
        return _added(images, signs, waves, self.clip)

    def axes(self, plane: Plane) -> Axes:
        """The axes of a map: rows and columns, and the wave that stands in each cell."""
        rows, columns = plane.grid(self.crop, self.stride)
        index = plane.spread(self.frequencies(plane), self.crop, self.stride)
        return Axes(
            {"row": np.array(rows), "column": np.array(columns)},
            {"row": "cycles/image", "column": "cycles/image"},
            index,
        )

    def rings(self, plane: Plane) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Rounded radii (r,), and the weight (r, waves) of each wave in its ring: a pair counts twice, others once."""
        waves = self.frequencies(plane)
        radii = np.array([int(np.hypot(*frequency) + 0.5) for frequency in waves])
        weights = np.array([1.0 if is_self_paired(plane, frequency) else 2.0 for frequency in waves])
        found = np.unique(radii)
        return found, np.stack([np.where(radii == one, weights, 0) / weights[radii == one].sum() for one in found])


def put_on(images: Tensor, signs: Tensor, waves: Tensor, clip: bool, into: Tensor) -> Tensor:
    """Write images (b, c, h, w) under each of some waves, as `WaveSet.added`, into (w, b, c, h, w).

    Returns the L2 norms (w, b, c, h) of what was added, after clipping, row by row: compiled code splits a longer sum
    over the threads that there are, and so would have other bits for another number of them.
    """
    return torch.linalg.vector_norm(_added(images, signs, waves, clip, into) - images, dim=-1)


def _added(images: Tensor, signs: Tensor, waves: Tensor, clip: bool, into: Tensor | None = None) -> Tensor:
    changed = torch.addcmul(images, signs[:, :, None, None], waves[:, None, None], out=into)
    return changed.clamp_(0, 1) if clip else changed


@lru_cache(maxsize=8)
def _waves(plane: Plane, crop: int | None, stride: int) -> tuple[Frequency, ...]:
    """Found once: each cell asks, and on large planes that takes a twentieth of its time."""
    return tuple(plane.waves(crop, stride))


def balanced_signs(count: int, channels: int, generator: torch.Generator) -> Tensor:
    """Signs (count, channels), +1 or -1: all 2^channels patterns equally often, to within one, in random order.

    Above eight channels each channel is balanced by itself.
    """
    if channels > 8:
        return torch.cat([balanced_signs(count, 1, generator) for _ in range(channels)], dim=1)
    pattern = torch.randperm(2**channels, generator=generator)[torch.arange(count) % 2**channels]
    pattern = pattern[torch.randperm(count, generator=generator)]
    return (pattern[:, None] // 2 ** torch.arange(channels) % 2 * 2 - 1).float()
