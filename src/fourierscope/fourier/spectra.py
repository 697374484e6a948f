"""Spectra in one dimension: means over rings, and the power law that natural images follow."""

from __future__ import annotations

from typing import NamedTuple

import torch
from scipy import stats
from torch import Tensor

from fourierscope.fourier.bands import Bands, rings
from fourierscope.fourier.plane import Plane


class PowerLaw(NamedTuple):
    """power = 10^intercept * radius^slope, with the standard error of the slope and the share of variance explained."""

    slope: float
    intercept: float
    slope_error: float
    r_squared: float


def ring_means(values: Tensor) -> tuple[Tensor, Tensor]:
    """Radius (rings,) in cycles per image and mean (..., rings) of values (..., h, w) over rings of width 1."""
    bands = rings(Plane(*values.shape[-2:]))
    return torch.tensor(bands.centres, dtype=torch.float64), bands.mean(values)


def power_law(power: Tensor, lowest: float = 1.0, highest: float | None = None) -> PowerLaw:
    """The power law fitted to a power spectrum (h, w), by a straight line through its rings in double logarithm.

    Uses the rings with lowest <= radius <= highest cycles per image (highest: Nyquist of the shorter side). Each ring
    counts once, with the mean of log power against the mean of log radius over its bins: exact for a pure power law.

    Raises ValueError where fewer than three rings are left or some power is not above 0.
    """
    plane = Plane(*power.shape[-2:])
    bands, chosen = _fitted_rings(plane, lowest, highest)
    if not bool((power[bands.gains[chosen].sum(0) > 0] > 0).all()):
        raise ValueError("A power law needs power above 0 in every bin of its rings: this spectrum has empty bins.")
    radius = plane.radius().clamp(min=0.5)
    fit = stats.linregress(
        bands.mean(radius.log10())[chosen].numpy(), bands.mean(power.double().clamp(min=1e-300).log10())[chosen].numpy()
    )
    return PowerLaw(float(fit.slope), float(fit.intercept), float(fit.stderr), float(fit.rvalue) ** 2)


def _fitted_rings(plane: Plane, lowest: float, highest: float | None) -> tuple[Bands, Tensor]:
    bands = rings(plane)
    centres = torch.tensor(bands.centres)
    top = min(plane.shape) // 2 if highest is None else highest
    chosen = (centres >= max(lowest, 1e-9)) & (centres <= top)
    if int(chosen.sum()) < 3:
        raise ValueError(
            f"A power law needs at least three rings; {int(chosen.sum())} lie between {lowest:g} and {top:g} "
            f"cycles per image on a plane of {plane.height} x {plane.width}."
        )
    return bands, chosen
