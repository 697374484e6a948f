"""What one network's masks hold more than another's: of masks of sets, and where in frequency it lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.papers.exhibit import Reading
from fourierscope.papers.karantzas2022.printed import printed
from fourierscope.papers.reading import exact, paired
from fourierscope.results import Result, unpacked

Array = npt.NDArray[np.float64]

LOWEST = printed("figure 7")["lowest bands"] / printed("figure 7")["bands"]
"""The lowest bands of the article as a share of the way to the corner of the plane."""
MIDDLE = (0.25, 0.5)
"""Bands in the middle, as shares of the way to the corner."""


def less(first: xr.DataArray, second: xr.DataArray) -> xr.DataArray:
    """first - second of two values on the same axes, of one mask each, so that there are no bounds."""
    plain = (one.drop_vars([name for name in one.coords if name not in one.dims]) for one in (first, second))
    ours, theirs = plain
    attrs = {"units": first.attrs["units"], "says": f"Difference: {first.attrs['says']}", "difference": "yes"}
    return (ours - theirs).rename(first.name).assign_attrs(attrs)


def band_share(energy: Result, low: float, high: float) -> Array:
    """The share (n,) of each mask's energy between two radii, which are shares of the way to the corner; low < high."""
    held, radius = unpacked(energy.dataset, "radial_share"), energy["radial_share"]["radius"].values
    assert held is not None
    chosen = (radius >= low * radius.max()) & (radius <= high * radius.max())
    return np.asarray(held[chosen].sum(0, dtype=np.float64))


def more_in_band(first: Result, second: Result, low: float, high: float) -> Reading:
    """How much more of its masks' energy the first network has in a band, paired mask by mask."""
    ours, theirs = (band_share(one, low, high) for one in (first, second))
    return paired(ours, theirs) if len(ours) > 1 else exact(float((ours - theirs)[0]), 1)


def lower_by(first: Result, second: Result) -> Reading:
    """How many cycles per image the energy of the first's masks lies lower, in the mean, paired mask by mask.

    Unlike shares of bands this does not fall by itself where masks are larger.
    """
    radii = []
    for one in (first, second):
        held = unpacked(one.dataset, "radial_share")
        assert held is not None
        radii.append(held.T.astype(np.float64) @ one["radial_share"]["radius"].values)
    return paired(radii[1], radii[0])


def lead_in_band(first: Result, second: Result, low: float, high: float) -> Reading:
    """The share of images of which the first's mask has more in a band, less that of which the second's has."""
    ours, theirs = (band_share(one, low, high) for one in (first, second))
    return paired(ours > theirs, ours < theirs)
