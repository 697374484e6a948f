"""Eigenvalues of kernels on spheres: what a kernel of the angle does to harmonics of each degree.

K(x, x') = kernel(angle) has the spherical harmonics as eigenfunctions (Funk and Hecke): by quadrature over the angle,
in which ReLU kernels are smooth, so that a few more nodes than degrees give all digits.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, gamma, pi, sqrt

import numpy as np
import torch
from torch import Tensor

_MORE_NODES = 100  # than degrees


def eigenvalues(kernel: Callable[[Tensor], Tensor], degrees: int, dimension: int = 2) -> Tensor:
    """Eigenvalues (degrees + 1,) of degrees 0, 1, ... on the sphere of points of length 1 in `dimension` dimensions.

    `kernel` takes angles (n,) from 0 to pi, float64. Under the even probability measure: on the circle (dimension 2)
    these are the Fourier coefficients (1 / 2 pi) times the integral of kernel(|t|) exp(-i k t). Raises ValueError for
    dimensions below 2 and degrees below 0.
    """
    if dimension < 2 or degrees < 0:
        raise ValueError(f"dimension is at least 2, degrees at least 0; {dimension} and {degrees} came.")
    nodes, weights = np.polynomial.legendre.leggauss(degrees + _MORE_NODES)
    angles = torch.from_numpy((nodes + 1) * pi / 2)
    share = gamma(dimension / 2) / (sqrt(pi) * gamma((dimension - 1) / 2))  # of a slice, over the whole sphere
    measure = torch.from_numpy(weights * pi / 2) * share * torch.sin(angles) ** (dimension - 2)
    return polynomials(torch.cos(angles), degrees, dimension) @ (measure * kernel(angles))


def polynomials(cosines: Tensor, degrees: int, dimension: int) -> Tensor:
    """Gegenbauer polynomials (degrees + 1, n) that are 1 at 1, of cosines (n,); on the circle cos(k t)."""
    rows = [torch.ones_like(cosines), cosines]
    for k in range(1, degrees):
        rows.append(((2 * k + dimension - 2) * cosines * rows[k] - k * rows[k - 1]) / (k + dimension - 2))
    return torch.stack(rows[: degrees + 1])


def multiplicity(degree: int, dimension: int) -> int:
    """How many harmonics of a degree there are: 2 on the circle from degree 1 on, 2 k + 1 on the sphere in space."""
    lower = comb(degree + dimension - 3, dimension - 1) if degree >= 2 else 0
    return comb(degree + dimension - 1, dimension - 1) - lower


def decay(degrees: Tensor, dimension: int, kink: float = 1 / (2 * pi)) -> Tensor:
    """What eigenvalues (k,) go to for high degrees where a kernel falls by kink t from angle 0, and is smoother else.

    kink 2^(d-2) Gamma(d/2)^2 / pi k^-d: of -|x| in d - 1 flat dimensions. The two-layer kernel with a bias has the kink
    1 / (2 pi), so 1 / (2 pi^2 k^2) on the circle. A kink at the other end, as without a bias, adds and takes away by
    turns.
    """
    constant = kink * 2 ** (dimension - 2) * gamma(dimension / 2) ** 2 / pi
    return constant * degrees.double() ** -dimension
