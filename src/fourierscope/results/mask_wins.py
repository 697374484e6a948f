"""Which of two classifiers' masks have more energy, band by band and mask by mask. Karantzas et al. (2022), Fig. 7."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.results.measured import Axes, rate, unpacked
from fourierscope.results.result import Result

Array = npt.NDArray[Any]

NEITHER = "both the same"


def mask_wins(first: Result, second: Result) -> Result:
    """How often the masks of `first` have more of their energy in a band than those of `second`, mask by mask.

    Both are results of one question `MaskEnergy` on the same images, of two classifiers. The result holds
    `radial_wins` over ("more", "radius") and `angular_wins` over ("more", "angle"): the shares of masks of which the
    first has more, both the same (such as nothing), and the second more, with bounds; they add up to 1. `radial_lead`
    and `angular_lead`, what the first wins less what the second wins, have bounds and marks.

    Raises ValueError where the two are no results of one question `MaskEnergy` on the same images.

    Source: Karantzas et al. (2022), Fig. 7. There ties count as losses, and sparse masks have many empty bands.
    """
    for one in (first, second):
        if not isinstance(one, Result):
            raise TypeError(f"mask_wins takes two results of MaskEnergy; {type(one).__name__} came.")
        if one.record.get("analysis") != "MaskEnergy" or "radial_share_outcomes" not in one:
            raise ValueError(f"mask_wins takes results of MaskEnergy; one of {one.record.get('analysis')} came.")
    compared = first - second  # refuses what does not belong together
    found: dict[str, xr.DataArray] = {}
    for name, axis in (("radial", "radius"), ("angular", "angle")):
        found |= _wins(name, axis, first, second, compared)
    return Result(xr.Dataset(found | {"n": first.dataset["n"]}), compared.record | {"analysis": "MaskWins"})


def _wins(name: str, axis: str, first: Result, second: Result, compared: Result) -> dict[str, xr.DataArray]:
    """Wins and leads over the bands of one axis, from the shares (bands, masks) of both."""
    ours, theirs = (unpacked(one.dataset, f"{name}_share") for one in (first, second))
    assert ours is not None
    assert theirs is not None
    bands = first.dataset[axis]
    units, along = {axis: str(bands.attrs.get("units", "1"))}, {axis: bands.values}
    more, less = ours > theirs, ours < theirs
    sides = Axes({"more": np.array(_sides(compared))} | along, units)
    says = "Share of masks of which this classifier's has more of its energy in the band, or both have the same."
    found = rate(f"{name}_wins", np.stack([more, ours == theirs, less]), sides, says)
    return found | _lead(f"{name}_lead", more, less, Axes(along, units), first, second)


def _lead(name: str, more: Array, less: Array, axes: Axes, first: Result, second: Result) -> dict[str, xr.DataArray]:
    """What the first wins less what the second wins: the paired difference of two rates (bands, masks)."""
    won, lost = (
        Result(xr.Dataset(rate(name, one, axes, "")), of.record) for one, of in ((more, first), (less, second))
    )
    found = {str(key): one for key, one in (won - lost).dataset.data_vars.items()}
    del found[name].attrs["difference"]
    found[name].attrs["says"] = (
        "Share of masks of which the first's has more of its energy in the band, less that of the second's."
    )
    return found


def _sides(compared: Result) -> list[str]:
    """Who has more, in words."""
    first, second = (str(one["name"]) for one in compared.record["subject"]["classifiers"])
    return [first, NEITHER, second] if first != second else ["the first", NEITHER, "the second"]
