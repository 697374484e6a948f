"""Fourier waves: real images of one frequency."""

from __future__ import annotations

from math import cos, pi, sqrt

import torch
from torch import Tensor

from fourierscope.fourier.plane import Frequency, Plane


def wave(plane: Plane, frequency: Frequency, phase: float = pi / 4) -> Tensor:
    """The wave of one frequency as an image (h, w), float64, of L2 norm 1.

    Proportional to cos(2 pi (row y / h + column x / w) - phase), where (row, column) is the member of the conjugate
    pair that stands for it (`Plane.representative`): a frequency and its partner name the same wave. A self-paired wave
    is +-1 / sqrt(h w) everywhere, whatever the phase.

    Raises ValueError where the frequency does not fit the plane, and for the vanishing quadrature of a self-paired
    wave.

    Source: Yin et al. (2019), section 2, the basis U_ij; the default phase pi / 4 is that of the published code.
    """
    frequency = plane.representative(frequency)
    alone = is_self_paired(plane, frequency)
    if alone and abs(cos(phase)) < 1e-9:
        raise ValueError(
            f"{frequency} is its own partner on {plane}: its wave is cos(phase) times a pattern of signs and vanishes "
            f"at phase={phase:.6g}. Ask for another phase; this wave has only one quadrature."
        )
    down, along = _turns(frequency.row, plane.height), _turns(frequency.column, plane.width)
    size = sqrt(plane.height * plane.width) * (abs(cos(phase)) if alone else sqrt(0.5))  # the norm of the cosine itself
    rows = torch.stack([(down - phase).cos(), (down - phase).sin()], 1) / size
    return rows @ torch.stack([along.cos(), -along.sin()])


def quadratures(plane: Plane, frequency: Frequency, count: int = 2) -> list[float]:
    """`count` phases evenly spread over half a turn from pi / 4 on; only the first for a self-paired frequency.

    Two phases give an orthonormal basis of all images; random signs supply the other half turn.
    """
    return [pi / 4 + turn * pi / count for turn in range(1 if is_self_paired(plane, frequency) else count)]


def is_self_paired(plane: Plane, frequency: Frequency) -> bool:
    """Whether a frequency is its own conjugate partner: zero, and Nyquist along even sides."""
    return plane.partner(frequency) == tuple(frequency)


def _turns(component: int, side: int) -> Tensor:
    """2 pi component y / side for y = 0, 1, ..., reduced to one turn first so that large planes stay exact."""
    return 2 * pi * ((component * torch.arange(side)) % side).double() / side
