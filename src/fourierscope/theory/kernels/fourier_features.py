"""Fourier features: inputs turned into waves, by which a network's bias towards low frequencies can be tuned away.

gamma(v) = (a cos 2 pi b v, a sin 2 pi b v) puts all points on a sphere, so that the kernel of whatever follows depends
on v - v' alone. Source: Tancik et al. (2020), Fourier features let networks learn high frequency functions in low
dimensional domains, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, pi

import torch
from torch import Tensor, nn


class FourierFeatures(nn.Module):
    """Features (n, 2 m) of points (n, d): a cos 2 pi b . v, then a sin 2 pi b . v. Nothing in it learns.

    `frequencies` (m, d), or (m,) for d = 1, in cycles per unit of the points; `amplitudes` (m,). Raises ValueError for
    other shapes.
    """

    def __init__(self, frequencies: Tensor, amplitudes: Tensor) -> None:
        super().__init__()
        frequencies = frequencies[:, None] if frequencies.ndim == 1 else frequencies
        if frequencies.ndim != 2 or amplitudes.shape != frequencies.shape[:1] or not len(amplitudes):
            raise ValueError(
                "Each frequency (m, d) has one amplitude (m,); "
                f"{tuple(frequencies.shape)} and {tuple(amplitudes.shape)} came."
            )
        self.frequencies: Tensor
        self.amplitudes: Tensor
        self.register_buffer("frequencies", frequencies.detach().clone())
        self.register_buffer("amplitudes", amplitudes.detach().clone())

    def forward(self, points: Tensor) -> Tensor:
        phases = 2 * pi * points @ self.frequencies.T
        return torch.cat([self.amplitudes * torch.cos(phases), self.amplitudes * torch.sin(phases)], 1)


def power_amplitudes(frequencies: Tensor, power: float) -> Tensor:
    """Amplitudes (m,) |b|^-power of frequencies (m,) above 0; infinity: 1 at the lowest one, 0 at all others."""
    if not bool((frequencies > 0).all()) or power < 0:
        raise ValueError("Frequencies are above 0, and a power is at least 0; others came.")
    if power == inf:
        return (frequencies == frequencies.min()).to(frequencies)
    return frequencies**-power


def stationary_kernel(differences: Tensor, frequencies: Tensor, amplitudes: Tensor) -> Tensor:
    """The inner product (...) of the features of two points with differences v - v' (...): sum a^2 cos 2 pi b (v - v').

    Points of one dimension; frequencies and amplitudes (m,).
    """
    return torch.cos(2 * pi * differences[..., None] * frequencies) @ amplitudes.square()


def feature_angle(differences: Tensor, frequencies: Tensor, amplitudes: Tensor) -> Tensor:
    """The angle (...), in radians, between the features of two points with differences (...), exact near 0 too."""
    shares = amplitudes.square() / amplitudes.square().sum()
    return 2 * torch.asin((torch.sin(pi * differences[..., None] * frequencies).square() @ shares).clamp(0, 1).sqrt())


def composed_spectrum(
    kernel: Callable[[Tensor], Tensor], frequencies: Tensor, amplitudes: Tensor, points: int
) -> Tensor:
    """Eigenvalues (points // 2 + 1,) of a kernel of the angle behind Fourier features, by frequency in cycles per unit.

    On an even grid of so many points of [0, 1), whole frequencies (m,): the share of each frequency in the kernel, by
    which a wide network that takes features of length 1 learns it. A flat spectrum has no bias.
    """
    differences = torch.arange(points, dtype=torch.float64) / points
    values = kernel(feature_angle(differences, frequencies.double(), amplitudes.double()))
    found: Tensor = torch.fft.rfft(values).real / points
    return found
