"""Views by distances in input space: a Gaussian low and high filter, and the eigenvectors of a kernel."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
import torch
from torch import Tensor

from fourierscope.training.views.linear import ROUNDING, Rows

_FEWEST, _LARGEST_SHARE = 5.0, 0.25  # effective neighbours of a filter that smooths and does not merely average
_LEAST_LOW, _MOST_LOW = 0.2, 0.8  # share of the targets' energy that is low: beyond, one part is too small to divide by
_MOST_POINTS = 6000


def squared_distances(points: Tensor, others: Tensor, period: float | None = None) -> Tensor:
    """Squared distances (n, m) of points (n, d) from others (m, d), never below 0; on a circle of a period, d = 1."""
    if period is not None:
        apart = (points - others.T).remainder(period)
        return torch.minimum(apart, period - apart).square()
    products = points @ others.T
    return (points.square().sum(1)[:, None] + others.square().sum(1) - 2 * products).clamp_min(0)


@dataclass(frozen=True)
class GaussianFilter:
    """Low and high frequencies of input space, by a Gaussian of distances.

    y_low = sum_j y_j G(x_i - x_j) / sum_j G(x_i - x_j) with G(x) = exp(-|x|^2 / (2 variance)), y_high = y - y_low. What
    is cut lies above some 1 / (2 pi sqrt(variance)) cycles per unit of distance. Raises ValueError where the filter
    tells nothing: below 5 effective neighbours it is the identity, above a quarter of all points a mean; and where less
    than a fifth or more than four fifths of the targets' energy is low, since one part is then too small to divide by.
    Source: Xu et al. (2019), section 4.2; the guard is ours: published plots at small variance show the total error.
    """

    variance: float | None = None
    """Variance of the Gaussian, in squared units of the inputs; empty: such that half of the targets' energy is low."""
    own: bool = True
    """Count the point itself among its neighbours, as published."""
    period: float | None = None
    """For points of one dimension on a circle: its length."""
    guarded: bool = True
    """Refuse a filter that tells nothing."""
    name: str = "filter"

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, ...) and targets (n, outputs): those of the low part, then those of the high part."""
        if len(points) > _MOST_POINTS:
            raise ValueError(f"A filter weighs all pairs of points: at most {_MOST_POINTS}; {len(points)} came.")
        flat = points.flatten(1)
        if self.period is not None and flat.shape[1] != 1:
            raise ValueError(f"A circle has one dimension; points of {flat.shape[1]} came with a period.")
        squared = squared_distances(flat, flat, self.period)
        variance = self.variance if self.variance is not None else self._halving(squared, values)
        weights = self._weights(squared, variance)
        neighbours = float((1 / weights.square().sum(1)).median())
        share = _low_share(weights, values)
        if self.guarded:
            self._check(variance, neighbours, share, len(flat))
        matrix = torch.cat([weights, torch.eye(len(flat), dtype=weights.dtype) - weights])
        band = torch.arange(2).repeat_interleave(len(flat))
        attrs = {"variance": variance, "effective_neighbours": neighbours, "low_share_of_targets": share}
        says = f"Distance of the filtered answers from the filtered targets; variance {variance:.4g}, cut-off "
        says += (
            f"{1 / (2 * pi * sqrt(variance)):.3g} cycles per unit of distance, {neighbours:.0f} effective neighbours, "
        )
        says += f"{share:.2f} of the targets' energy is low."
        floor = np.full(2, ROUNDING * float(values.norm()))
        return Rows(matrix, band, "kept", np.array(["low", "high"]), "1", floor, says, attrs)

    def _weights(self, squared: Tensor, variance: float) -> Tensor:
        if not variance > 0:
            raise ValueError(f"variance is above 0; {variance} came.")
        exponent = -squared / (2 * variance)
        if not self.own:
            exponent = exponent.clone().fill_diagonal_(-torch.inf)
        return torch.softmax(exponent, 1)

    def _halving(self, squared: Tensor, values: Tensor) -> float:
        """The variance at which half of the energy of targets (n, outputs) is low, by bisection of its logarithm."""
        typical = float(squared.median())
        low, high = log(typical * 1e-6), log(typical * 1e3)
        for _ in range(40):
            middle = (low + high) / 2
            if _low_share(self._weights(squared, float(np.exp(middle))), values) > 0.5:
                low = middle
            else:
                high = middle
        return float(np.exp((low + high) / 2))

    def _check(self, variance: float, neighbours: float, share: float, count: int) -> None:
        told = f"variance={variance:.4g} on {count} points"
        if not _FEWEST <= neighbours <= _LARGEST_SHARE * count:
            kind = "the identity" if neighbours < _FEWEST else "a mean over nearly everything"
            raise ValueError(
                f"{told} gives {neighbours:.1f} effective neighbours; from {_FEWEST:g} to a quarter of the "
                f"points ({_LARGEST_SHARE * count:.0f}) it is a filter. This one is {kind}: choose a "
                f"{'larger' if neighbours < _FEWEST else 'smaller'} variance, or more points."
            )
        if not _LEAST_LOW <= share <= _MOST_LOW:
            side = "smaller" if share < _LEAST_LOW else "larger"
            raise ValueError(
                f"{told} leaves {share:.3f} of the targets' energy low; only from {_LEAST_LOW} to {_MOST_LOW} is "
                f"neither part too small to divide by. Choose a {side} variance."
            )


def _low_share(weights: Tensor, values: Tensor) -> float:
    return float((weights @ values).square().sum() / values.square().sum())


@dataclass(frozen=True)
class KernelModes:
    """Bands of eigenvectors of the kernel exp(-|x - x'|^2 / (2 bandwidth^2)), in falling eigenvalue.

    Low modes vary slowly over the data, high modes quickly: a frequency that needs no grid. With more points than
    `landmarks` the eigenvectors are those of so many points, carried over to all and made orthonormal (Nystroem).
    Raises ValueError for bands that overlap or go beyond the modes. Source: Rahaman et al. (2019), section 4.2, Fig. 4.
    """

    bandwidth: float | None = None
    """In units of the inputs; empty: half the median distance of two points."""
    edges: tuple[int, ...] = ()
    """First mode of each band, and the end of the last; empty: 0, then a twentieth, a fifth, and all of the modes."""
    landmarks: int = 2000
    """Most points whose kernel is solved."""
    seed: int = 0
    """Seed of the choice of landmarks."""
    name: str = "kernel"

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, ...) and targets (n, outputs): eigenvectors, low modes first."""
        flat = points.flatten(1)
        count = min(len(flat), self.landmarks)
        edges = self.edges or (0, max(1, count // 20), max(2, count // 5), count)
        if list(edges) != sorted(set(edges)) or edges[0] < 0 or edges[-1] > count or len(edges) < 2:
            raise ValueError(f"edges ascend from 0 on to at most the {count} modes; {edges} came.")
        bandwidth = self.bandwidth or _typical(flat) / 2
        modes = self._modes(flat, bandwidth, count)[edges[0] : edges[-1]]
        band = torch.cat([torch.full((end - begin,), place) for place, (begin, end) in enumerate(_spans(edges))])
        says = "Distance of the answers from the targets within bands of kernel eigenvectors, low modes first; "
        says += f"bandwidth {bandwidth:.4g}, {count} modes."
        floor = np.full(len(edges) - 1, ROUNDING * float(values.norm()))
        places = np.array([f"{begin} to {end - 1}" for begin, end in _spans(edges)])
        return Rows(modes, band, "modes", places, "1", floor, says, {"bandwidth": bandwidth})

    def _modes(self, flat: Tensor, bandwidth: float, count: int) -> Tensor:
        """Orthonormal eigenvectors (count, n) in falling eigenvalue."""
        chosen = torch.arange(len(flat))
        if count < len(flat):
            chosen = torch.randperm(len(flat), generator=torch.Generator().manual_seed(self.seed))[:count]
        few = flat[chosen]
        vectors = torch.linalg.eigh(_kernel(few, few, bandwidth))
        if count == len(flat):
            return vectors.eigenvectors.flip(1).T
        values = vectors.eigenvalues.clamp_min(float(vectors.eigenvalues[-1]) * 1e-12)
        carried = _kernel(flat, few, bandwidth) @ (vectors.eigenvectors / values)
        return torch.linalg.qr(carried.flip(1)).Q.T


def _kernel(first: Tensor, second: Tensor, bandwidth: float) -> Tensor:
    return torch.exp(-squared_distances(first, second) / (2 * bandwidth**2))


def _typical(flat: Tensor) -> float:
    few = flat[:1000]
    return float(squared_distances(few, few).median().sqrt())


def _spans(edges: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(itertools.pairwise(edges))
