"""Harmonics: what a nonlinearity makes of a wave, read off a closed circle, where no window leaks.

A response to the angle t is sampled at t = 2 pi i / points and written as c_0 + sum_h c_h cos(h t - phase_h). A linear
response holds the first harmonic alone; what lies above it is distortion ("blue shift").

Sources: Mehmeti-Göpel, Hartmann and Wand (2021), "Ringing ReLUs", where harmonics are taken along paths of parameters;
Karantzas et al. (2022), Fig. 1, of activation functions (there on a window that is no whole number of periods, so that
leakage is mixed with harmonics). Total distortion is that of audio engineering, relative to the fundamental.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, pi
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "swish": functional.silu,
    "mish": functional.mish,
    "tanh": torch.tanh,
    "hardtanh": functional.hardtanh,
}
"""Activation functions by word, as torch defines them; swish is its silu, gelu the exact one."""

_POINTS = 2**16  # of a circle: what aliases is at most 2e-9 of the amplitude, see `activation_harmonics`
_SIDE = 512  # points of each of two circles


class Tones(NamedTuple):
    """Energies (...) of a response to two tones: of both, of the tones at their sum and their difference, and of both
    at twice their frequency."""

    fundamental: Tensor
    sum: Tensor
    difference: Tensor
    doubled: Tensor


def activation_named(name: str) -> Callable[[Tensor], Tensor]:
    """The activation function of a word. Raises ValueError, with the words there are, for an unknown one."""
    if name not in ACTIVATIONS:
        raise ValueError(f"An activation function is one of {', '.join(ACTIVATIONS)}; {name!r} came.")
    return ACTIVATIONS[name]


def angles(points: int) -> Tensor:
    """The angles (points,) 2 pi i / points of a closed circle, radians, float64."""
    return 2 * pi * torch.arange(points, dtype=torch.float64) / points


def activation_harmonics(name: str, amplitude: float = 1.0, bias: float = 0.0, count: int = 64) -> Tensor:
    """The coefficients (count + 1,), float64, of activation(bias + amplitude cos t) = sum_h c_h cos(h t).

    Taken from 65,536 points, onto which higher harmonics alias: where g(t) is the response and V the variation of its
    slope over the circle, |c_h| <= V / (pi h^2), so that the error is at most V pi / 3 / points^2 for h far below
    points. V is at most 6 times the amplitude for these functions, and the error 2e-9 times the amplitude. Without the
    harmonics above 64 the total distortion of ReLU is 1.1e-6 lower.

    Raises ValueError for an unknown activation, an amplitude that is not above 0, a bias that is not finite, or a count
    outside 1 to 16384.
    """
    _check(amplitude, bias)
    if not 1 <= count <= _POINTS // 4:
        raise ValueError(f"count is a whole number from 1 to {_POINTS // 4}; {count} came.")
    response = activation_named(name)(bias + amplitude * angles(_POINTS).cos())
    coefficients = torch.fft.rfft(response).real[: count + 1] / _POINTS  # even in t: no sines
    return torch.cat([coefficients[:1], 2 * coefficients[1:]])


def relu_harmonics(count: int = 64) -> Tensor:
    """The coefficients (count + 1,) of ReLU(cos t), exactly: 1 / pi, 1/2, then 2 (-1)^(n + 1) / (pi (4 n^2 - 1)) at
    h = 2 n and none at odd h > 1. Their total distortion, of all of them, is sqrt(1 - 8 / pi^2) = 0.43524.
    """
    h = torch.arange(count + 1, dtype=torch.float64)
    even = torch.where(h % 4 == 2, 2 / (h**2 - 1), -2 / (h**2 - 1)) / pi
    found = torch.where(h % 2 == 0, even, 0.0)
    found[0], found[1] = 1 / pi, 0.5
    return found


def energies(values: Tensor) -> Tensor:
    """The energy (..., points // 2 + 1) of each harmonic of real values (..., points) round a circle.

    They add up to the mean square of the values; a harmonic c_h cos(h t) has c_h^2 / 2, the constant c_0^2. Harmonics h
    and points - h fall onto each other. A product with a table of points x points: for circles of up to some thousand.
    """
    points = values.shape[-1]
    turns = angles(points)[:, None] * torch.arange(1, points // 2 + 1)
    scale = torch.full((points // 2,), 2**0.5 / points, dtype=torch.float64)
    if points % 2 == 0:
        scale[-1] = 1 / points  # at the highest harmonic the sines vanish
    return torch.cat([values.mean(-1, keepdim=True).square(), _energies(values, turns, scale)], dim=-1)


def total_distortion(coefficients: Tensor) -> Tensor:
    """The total harmonic distortion (...) of coefficients (..., harmonics) from the constant on, of any sign and scale:
    sqrt(sum_{h >= 2} c_h^2) / |c_1|. Infinite where the fundamental vanishes, NaN where nothing is left either.
    """
    return torch.linalg.vector_norm(coefficients[..., 2:], dim=-1) / coefficients[..., 1].abs()


def spectral_centroid(coefficients: Tensor) -> Tensor:
    """The centroid (...) of coefficients (..., harmonics) from the constant on: sum h c_h^2 / sum c_h^2 over h >= 1.

    1 for a pure wave. The constant is left out: it says nothing of how a response varies. NaN where it does not vary.
    """
    energy = coefficients[..., 1:].square()
    h = torch.arange(1, coefficients.shape[-1], dtype=energy.dtype, device=energy.device)
    return (energy * h).sum(-1) / energy.sum(-1)


def tone_energies(values: Tensor) -> Tones:
    """The energies (...) of the tones in real values (..., points, points) of a response to two angles s and t.

    The sum is cos(s + t - phase), the difference cos(s - t - phase), the doubled ones cos(2 s - phase) and cos(2 t -
    phase). Both angles run round closed circles, so that no two of these tones ever coincide, whatever the frequencies
    of the waves that they turn. Raises ValueError for less than five points, onto which they fall together.
    """
    points = values.shape[-1]
    if points < 5 or values.shape[-2] != points:
        raise ValueError(f"Tones are told apart on five points or more of two circles; {tuple(values.shape)} came.")
    orders = torch.tensor([[1, 0], [0, 1], [1, 1], [1, -1], [2, 0], [0, 2]], dtype=torch.float64)
    s, t = torch.meshgrid(angles(points), angles(points), indexing="ij")
    turns = torch.stack([s.flatten(), t.flatten()], -1) @ orders.T
    found = _energies(values.flatten(-2), turns, torch.full((6,), 2**0.5 / points**2, dtype=torch.float64))
    return Tones(found[..., :2].sum(-1), found[..., 2], found[..., 3], found[..., 4:].sum(-1))


def activation_tones(name: str, amplitude: float = 1.0, bias: float = 0.0) -> Tones:
    """The energies of activation(bias + amplitude (cos s + cos t)): intermodulation of two tones.

    Taken from 512 x 512 points; aliasing leaves an error of about 1e-5. Raises ValueError as `activation_harmonics`.
    """
    _check(amplitude, bias)
    wave = angles(_SIDE).cos()
    return tone_energies(activation_named(name)(bias + amplitude * (wave[:, None] + wave)))


def _energies(values: Tensor, turns: Tensor, scale: Tensor) -> Tensor:
    """Energies (..., k) of values (..., points) at waves of the phases `turns` (points, k), by both quadratures."""
    waves = torch.cat([scale * turns.cos(), scale * turns.sin()], dim=-1).to(values)
    varying = values - values.mean(-1, keepdim=True)  # a large constant would round the waves away
    return (varying @ waves).square().unflatten(-1, (2, -1)).sum(-2)


def _check(amplitude: float, bias: float) -> None:
    if not (isfinite(amplitude) and amplitude > 0 and isfinite(bias)):
        raise ValueError(
            f"amplitude is a finite number above 0 and bias a finite one; amplitude={amplitude}, bias={bias} came."
        )
