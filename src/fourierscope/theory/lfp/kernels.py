"""The kernels of the linear frequency principle as functions of distance, and their transforms, the rates.

A neuron of weight w turns a distance s between two points into one along its direction, |w . (x - x')|; so a kernel in
d dimensions is the mean of that in one over the angle between w and x - x', and a rate falls by |frequency|^(1 - d)
faster. Rates and kernels are for a density of biases of 1 per unit: with biases even on [-B, B] both are 1 / 2B of it.
"""

from __future__ import annotations

from math import gamma, isfinite, pi, sqrt

import numpy as np
import torch
from scipy.special import roots_jacobi
from torch import Tensor

_NODES = 128  # of the mean over angles: 1e-12 up to |w| s = 10, 1e-7 at 50
_NEAR = 0.02  # below it hyperbolic functions lose digits, and three terms of a series have all of them
_VALUES_AT_A_TIME = 2**22


def checked_moments(cubic: float, linear: float) -> None:
    """Raises ValueError where the moments are not finite, below 0, or both 0."""
    if not (isfinite(cubic) and isfinite(linear) and cubic >= 0 and linear >= 0 and cubic + linear > 0):
        raise ValueError(
            f"cubic = E[r^3] and linear = E[a^2 r] are finite, at least 0, and not both 0; {cubic} and {linear} came."
        )


def mean_projection(dimension: int, power: int) -> float:
    """The mean of |u_1|^power over the unit sphere in so many dimensions; 1 in one dimension."""
    d, p = dimension, power
    return gamma(d / 2) * gamma((p + 1) / 2) / (sqrt(pi) * gamma((d + p) / 2))


def relu_kernel(distances: Tensor, cubic: float, linear: float, dimension: int = 1) -> Tensor:
    """cubic E|u|^3 s^3 / 12 - linear E|u| s / 2 at distances s, of any shape; u the cosine of a random angle.

    Its transform is `rate`: it is positive on weights that are orthogonal to all linear functions.
    """
    checked_moments(cubic, linear)
    by_cube = cubic * mean_projection(dimension, 3) / 12
    by_length = linear * mean_projection(dimension, 1) / 2
    return distances * (by_cube * distances.square() - by_length)


def rate(frequency: Tensor, cubic: float, linear: float, dimension: int = 1) -> Tensor:
    """gamma^2 of ReLU at frequencies above 0, of any shape: how fast each is learned.

    C (cubic / (16 pi^4 |frequency|^(d + 3)) + linear / (4 pi^2 |frequency|^(d + 1))), C = Gamma(d / 2) / pi^(d / 2).
    Frequencies in cycles per unit. Source: Zhang et al. (2019), the rate of ReLU; constants derived again.
    """
    checked_moments(cubic, linear)
    size, d = _sizes(frequency), dimension
    both = cubic / (16 * pi**4 * size ** (d + 3)) + linear / (4 * pi**2 * size ** (d + 1))
    return gamma(d / 2) / pi ** (d / 2) * both


def tanh_rate(frequency: Tensor, lengths: Tensor, amplitudes: Tensor, dimension: int = 1) -> Tensor:
    """gamma^2 of tanh at frequencies above 0, of any shape: exponentially small beyond |w|.

    `lengths` |w| and `amplitudes` a (m,) are those of neurons that stand for all. C |frequency|^(1 - d) times the mean
    of (pi^2 / r) csch^2(pi^2 |frequency| / r) (1 + 4 pi^2 a^2 frequency^2 / r^2). Source: Zhang et al. (2019).
    """
    r, a = checked_neurons(lengths, amplitudes)
    size = _sizes(frequency)[..., None]
    decay = torch.exp(-2 * pi**2 * size / r)
    csch_squared = 4 * decay / (1 - decay).square()
    each = pi**2 / r * csch_squared * (1 + (2 * pi * a * size / r).square())
    return gamma(dimension / 2) / pi ** (dimension / 2) * _sizes(frequency) ** (1 - dimension) * each.mean(-1)


def tanh_kernel(distances: Tensor, lengths: Tensor, amplitudes: Tensor, dimension: int = 1) -> Tensor:
    """The kernel of tanh at distances s, of any shape, whose transform is `tanh_rate`.

    In one dimension, with z = |w| s, the mean over neurons of -2 z coth z + 4 a^2 csch^2 z (z coth z - 1): integrals of
    tanh(b) tanh(b + z) - 1 and of the product of their slopes over all biases b. In more it is the mean over angles, by
    Gauss-Jacobi quadrature. It is positive on weights that add up to 0.
    """
    r, a = checked_neurons(lengths, amplitudes)
    cosines, shares = _angles(dimension)
    stretched = torch.outer(r, cosines).flatten()  # of each neuron at each angle
    squares = a.square().repeat_interleave(len(cosines))
    weights = shares.repeat(len(r)) / len(r)
    found = torch.zeros_like(distances, dtype=torch.float64)
    part = max(1, _VALUES_AT_A_TIME // max(1, distances.numel()))
    for begin in range(0, len(stretched), part):
        here = slice(begin, begin + part)
        found += _along_a_line(distances[..., None] * stretched[here], squares[here]) @ weights[here]
    return found


def checked_neurons(lengths: Tensor, amplitudes: Tensor) -> tuple[Tensor, Tensor]:
    """Both as float64. Raises ValueError where they are not (m,) of one length, finite, with lengths above 0."""
    r, a = (torch.as_tensor(one, dtype=torch.float64) for one in (lengths, amplitudes))
    if r.ndim != 1 or r.shape != a.shape or not len(r) or not bool((r > 0).all() & (r + a).isfinite().all()):
        raise ValueError(
            "lengths |w| above 0 and amplitudes a are finite numbers (m,), one of each for a neuron; "
            f"{tuple(r.shape)} and {tuple(a.shape)} came."
        )
    return r, a


def _along_a_line(z: Tensor, squares: Tensor) -> Tensor:
    held = z.clamp_min(_NEAR)
    decay = torch.exp(-2 * held)
    z_coth = held * (1 + decay) / (1 - decay)
    slopes = 4 * decay / (1 - decay).square() * (z_coth - 1)
    near, z2 = z < _NEAR, z.square()
    z_coth = torch.where(near, 1 + z2 / 3 - z2.square() / 45, z_coth)
    slopes = torch.where(near, 1 / 3 - 2 * z2 / 15 + 2 * z2.square() / 63, slopes)
    return -2 * z_coth + 4 * squares * slopes


def _angles(dimension: int) -> tuple[Tensor, Tensor]:
    """Cosines between a random direction and a fixed one, and their shares."""
    if dimension == 1:
        return torch.ones(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    power = (dimension - 3) / 2
    nodes, shares = roots_jacobi(2 * _NODES, power, power)
    kept = nodes > 0  # all that is averaged is even
    half = np.asarray(shares)[kept]
    return torch.from_numpy(np.asarray(nodes)[kept]), torch.from_numpy(half / half.sum())


def _sizes(frequency: Tensor) -> Tensor:
    size = torch.as_tensor(frequency, dtype=torch.float64)
    if not bool((size > 0).all()):
        raise ValueError("Frequencies lie above 0, in cycles per unit: what is constant or linear has no finite rate.")
    return size
