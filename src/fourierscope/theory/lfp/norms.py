"""How hard a function is for the linear frequency principle: its FP-norm, and a bound on the error at new points."""

from __future__ import annotations

from math import gamma, isfinite, log, pi, sqrt

import numpy as np
import torch
from scipy.integrate import quad
from torch import Tensor

from fourierscope.theory.lfp.kernels import checked_moments, rate


def fp_norm(values: Tensor, cubic: float, linear: float, period: float = 1.0) -> float:
    """sqrt(sum over frequencies but 0 of |transform|^2 / rate) of a function on one period, in any dimension.

    Values are on an even grid that leaves its end point out, an axis a dimension, such as (n,) or (n, n), and `period`
    is the length of every side; frequencies are k / period. What is constant counts nothing. A sine of frequency v and
    amplitude A has A / sqrt(2 rate(v)). Source: Zhang et al. (2019), the FP-norm.
    """
    grid = torch.as_tensor(values, dtype=torch.float64)
    if not grid.ndim or not period > 0 or not bool(grid.isfinite().all()):
        raise ValueError(f"Values are finite, on a grid of one axis a dimension, and period is above 0; {period} came.")
    axes = [torch.fft.fftfreq(side, period / side, dtype=torch.float64) for side in grid.shape]
    size = torch.stack(torch.meshgrid(*axes, indexing="ij")).norm(dim=0)
    energy = torch.fft.fftn(grid, norm="forward").abs().square()
    kept = size > 0
    return float((energy[kept] / rate(size[kept], cubic, linear, grid.ndim)).sum().sqrt())


def gamma_norm(cubic: float, linear: float, dimension: int = 1, period: float = 1.0) -> float:
    """sqrt(sum of `rate` over all frequencies k / period but 0): finite in every dimension.

    In one dimension sqrt(cubic period^4 / 720 + linear period^2 / 12); in more, lattice sums by theta functions.
    """
    checked_moments(cubic, linear)
    if dimension < 1 or not period > 0:
        raise ValueError(f"dimension is at least 1, period above 0; {dimension} and {period} came.")
    d = dimension
    by_cube = cubic * period ** (d + 3) / (16 * pi**4) * _lattice_sum(d, d + 3)
    by_length = linear * period ** (d + 1) / (4 * pi**2) * _lattice_sum(d, d + 1)
    return sqrt(gamma(d / 2) / pi ** (d / 2) * (by_cube + by_length))


def generalisation_bound(largest: float, norm: float, rates: float, count: int, failure: float = 0.05) -> float:
    """A bound on the mean error at new points, with probability 1 - failure over the draw of `count` points.

    (largest + 2 norm rates) (2 norm rates / sqrt(n) + 4 sqrt(2 log(4 / failure) / n)), for a target of size at most
    `largest` and FP-norm `norm`, and `rates` the `gamma_norm`. Its core is that functions of that norm have a
    Rademacher complexity of norm rates / sqrt(n). It is far above what is measured, and only its growth tells.

    Source: Zhang et al. (2019), the a-priori bound. The constants are from memory and NOT verified from the source.
    """
    sizes = (largest, norm, rates)
    if not all(isfinite(one) and one >= 0 for one in sizes) or count < 1 or not 0 < failure < 1:
        raise ValueError(
            "Sizes and norms are finite and at least 0, count at least 1, failure between 0 and 1; "
            f"{sizes}, {count}, {failure} came."
        )
    reach = norm * rates
    return (largest + 2 * reach) * (2 * reach / sqrt(count) + 4 * sqrt(2 * log(4 / failure) / count))


def _lattice_sum(dimension: int, power: int) -> float:
    """The sum of |k|^-power over whole k but 0 (Epstein's zeta function), by the functional equation of theta."""
    d, s = dimension, power
    whole = np.arange(1, 8)

    def beyond(t: float) -> float:
        theta = 1 + 2 * np.exp(-pi * whole**2 * t).sum()
        return float((t ** (s / 2 - 1) + t ** ((d - s) / 2 - 1)) * (theta**d - 1))

    tail = quad(beyond, 1, 60, limit=200, epsabs=1e-14, epsrel=1e-12)[0]
    return float((2 / (s - d) - 2 / s + tail) * pi ** (s / 2) / gamma(s / 2))
