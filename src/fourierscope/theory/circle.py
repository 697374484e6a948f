"""Features that a translation moves, on the circle: their kernel, and how fast each frequency is learned.

A feature g sits at each place w of the circle of length 2 pi; a density rho of places makes
f(x) = int g(x - w) rho(dw), and the loss (1/2) int (f - f*)^2 dx moves the places down its gradient:
d rho/dt = d/dw (rho dV/dw), with V(w) = int g(x - w) (f - f*)(x) dx. Here g(u) = sum over n of
exp(-(u - 2 pi n)^2 / h^2), a bump of width h. Frequencies are whole, in cycles per circle; transforms are
p_k = int g(u) exp(-i k u) du = h sqrt(pi) exp(-h^2 k^2 / 4).

While rho is even, 1 / (2 pi), the error e = f - f* obeys de/dt = -int M(x - y) e(y) dy with M = d^2 K / dx dy and
K(x, y) = int g(x - w) g(y - w) dw / (2 pi). By Parseval K has the transform |p_k|^2 / (2 pi), so M has

    lambda_k = k^2 |p_k|^2 / (2 pi) = (h^2 k^2 / 2) exp(-h^2 k^2 / 2),

which is its eigenvalue for cos kx and sin kx: `flow_rate`. As a series M(d) = sum over k >= 1 of c_k cos kd, with
c_k = lambda_k / pi = (h^2 k^2 / (2 pi)) exp(-h^2 k^2 / 2), since int cos^2 kx dx = pi: `cosine_coefficient`.

Source: E, Ma, Wu (2019), Machine learning from a continuous viewpoint, arXiv:1912.12777. Where we differ: its printed
constants are both pi times larger, c_k = (h^2 k^2 / 2) exp(..) and the eigenvalue pi (h^2 k^2 / 2) exp(..): what is
printed as the coefficient is the eigenvalue. Kernels are as printed, and so are shape and conclusion. Rates fall from
k = sqrt(2) / h on, the maximum of u exp(-u) with u = h^2 k^2 / 2; the printed k >= 2 / h is enough, but not sharp.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, isfinite, log, pi, sqrt

import torch
from torch import Tensor

_LEAST_SHARE = 1e-12  # of the size of a Gaussian at its middle, below which it is left out


def flow_rate(frequency: float, width: float) -> float:
    """lambda_k, the rate per time at which the error at a frequency falls while the density is even: 0.30327 at (1, 1).

    Raises ValueError for a width that is not above 0 or a frequency below 0.
    """
    _check(width, frequency)
    u = (width * frequency) ** 2 / 2
    return u * exp(-u)


def cosine_coefficient(frequency: float, width: float) -> float:
    """c_k of the series of cosines of d^2 K / dx dy: the rate over pi."""
    return flow_rate(frequency, width) / pi


def turning_point(width: float) -> float:
    """The frequency that is learned first, sqrt(2) / width: below it low ones are slower, above it high ones."""
    _check(width)
    return sqrt(2) / width


def last_frequency(width: float) -> int:
    """The frequency above which exp(-h^2 k^2 / 2), and with it every rate, is below 1e-12: nothing moves there."""
    _check(width)
    return ceil(sqrt(-2 * log(_LEAST_SHARE)) / width)


def gaussian_transform(width: float, count: int) -> Tensor:
    """The transform p_k (count + 1,), k = 0 .. count, of bumps of a width, float64."""
    _check(width)
    k = torch.arange(count + 1, dtype=torch.float64)
    return width * sqrt(pi) * (-((width * k) ** 2) / 4).exp()


def flow_rates(transform: Tensor) -> Tensor:
    """The rates lambda_k = k^2 |p_k|^2 / (2 pi), float64, of any feature with the transform p_k (count + 1,).

    p_k = int g(u) exp(-i k u) du over the circle, k from 0 on, real or complex; shifting a feature changes no rate.
    """
    k = torch.arange(len(transform), dtype=torch.float64)
    return k.square() * transform.abs().double().square() / (2 * pi)


def linear_law(rates: Tensor, times: Sequence[float]) -> Tensor:
    """The relative error exp(-lambda_k t), (times, k), of rates (k,): exact while the density is even."""
    return torch.exp(-torch.tensor(times, dtype=torch.float64)[:, None] * rates)


def feature(distances: Tensor, width: float) -> Tensor:
    """g (...) at distances x - w (...) round the circle, radians, float64."""
    away = _wound(distances, width / sqrt(2))
    return (-((away / width) ** 2)).exp().sum(-1)


def kernel(distances: Tensor, width: float) -> Tensor:
    """K (...) at distances x - y (...): h / sqrt(8 pi) times the sum of exp(-(d + 2 pi n)^2 / (2 h^2)), as printed."""
    away = _wound(distances, width)
    return width / sqrt(8 * pi) * (-((away / width) ** 2) / 2).exp().sum(-1)


def mixed_derivative(distances: Tensor, width: float) -> Tensor:
    """M = d^2 K / dx dy (...) at distances x - y (...), the kernel that errors fall by; its mean is 0."""
    scaled = _wound(distances, width) / width
    bumps = (1 - scaled.square()) * (-scaled.square() / 2).exp()
    return bumps.sum(-1) / (width * sqrt(8 * pi))


def _wound(distances: Tensor, deviation: float) -> Tensor:
    """Distances (..., n) to as many images round the circle as a Gaussian of that deviation reaches."""
    _check(deviation)
    turns = 1 + ceil(deviation * sqrt(-2 * log(_LEAST_SHARE)) * 1.3 / (2 * pi))
    nearest = torch.remainder(distances.double() + pi, 2 * pi) - pi
    return nearest[..., None] + 2 * pi * torch.arange(-turns, turns + 1, dtype=torch.float64)


def _check(width: float, frequency: float = 0.0) -> None:
    if not (isfinite(width) and width > 0) or not (isfinite(frequency) and frequency >= 0):
        raise ValueError(f"A width is above 0 and a frequency at least 0; {width} and {frequency} came.")
