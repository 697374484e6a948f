"""The predicted function in one dimension, where it is a cubic between neighbouring points: exact for any number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import solveh_banded
from torch import Tensor


@dataclass(frozen=True, eq=False)
class LineSpline:
    """A function of one variable that is a cubic between neighbouring points, bends there, and is linear outside.

    Called on points (m,) or (m, 1) it gives (m,) or (m, outputs), float64. The second derivative is continuous; the
    slope jumps by -linear weights, the third derivative by cubic weights.
    """

    knots: Tensor
    """(n,), ascending"""
    values: Tensor
    """(n, outputs)"""
    bends: Tensor
    """(n, outputs): the second derivative at the knots, 0 at both ends."""
    ends: Tensor
    """(2, outputs): the slopes before the first and behind the last knot."""
    weights: Tensor
    """(n, outputs): of cubic |x - knot|^3 / 12 - linear |x - knot| / 2."""
    one_output: bool = True
    """Whether answers have no axis of outputs."""

    def __call__(self, points: Tensor) -> Tensor:
        places = torch.as_tensor(points).to(self.knots)
        if places.ndim not in (1, 2) or places.shape[1:] not in ((), (1,)):
            raise ValueError(f"Points are (m,) or (m, 1); {tuple(places.shape)} came.")
        x = places.reshape(-1, 1)
        left = torch.searchsorted(self.knots, x[:, 0].contiguous()).clamp(1, len(self.knots) - 1) - 1
        width = (self.knots[left + 1] - self.knots[left])[:, None]
        b = (x - self.knots[left, None]) / width
        a = 1 - b
        bent = (a**3 - a) * self.bends[left] + (b**3 - b) * self.bends[left + 1]
        found = a * self.values[left] + b * self.values[left + 1] + width.square() / 6 * bent
        first, last = self.knots[0], self.knots[-1]
        found = torch.where(x < first, self.values[0] + (x - first) * self.ends[0], found)
        found = torch.where(x > last, self.values[-1] + (x - last) * self.ends[1], found)
        return found[:, 0] if self.one_output else found

    def norm(self) -> Tensor:
        """Its FP-norm, without what is constant and linear, () or (outputs,)."""
        found = (self.weights * self.values).sum(0).clamp_min(0).sqrt()
        return found[0] if self.one_output else found


def on_a_line(points: Tensor, values: Tensor, cubic: float, linear: float, one_output: bool) -> LineSpline:
    """The function through values (n, outputs) at points (n, 1), none of which comes twice, in time that grows as n.

    With q = second derivative / cubic, piecewise linear, weights are the jumps of its slope, and what the slope of the
    function has to jump at inner points, (cubic mass - linear differences) q = jumps of the chords' slopes, is one
    system of three diagonals, positive for all moments.
    """
    order = points[:, 0].argsort()
    x, y = points[order, 0].cpu().numpy(), values[order].cpu().numpy()
    gaps = np.diff(x)
    slopes = np.diff(y, axis=0) / gaps[:, None]  # of the chords
    diagonal, beside, jumps = np.ones(len(x)), np.zeros(len(x)), np.zeros_like(y)  # q is 0 at both ends
    diagonal[1:-1] = cubic * (gaps[1:] + gaps[:-1]) / 3 + linear * (1 / gaps[1:] + 1 / gaps[:-1])
    beside[2:-1] = cubic * gaps[1:-1] / 6 - linear / gaps[1:-1]
    jumps[1:-1] = np.diff(slopes, axis=0)
    q = solveh_banded(np.stack([beside, diagonal]), jumps)
    weights = np.diff(np.diff(q, axis=0) / gaps[:, None], axis=0, prepend=0, append=0)
    bends, outer = cubic * q, gaps[[0, -1], None]
    inside = slopes[[0, -1]] + outer / 6 * np.stack([-bends[1], bends[-2]])  # slopes at the ends, inside
    ends = inside + linear * np.stack([weights[0], -weights[-1]])
    knots, heights, *rest = (torch.from_numpy(one).to(points.device) for one in (x, y, bends, ends, weights))
    return LineSpline(knots, heights, rest[0], rest[1], rest[2], one_output)
