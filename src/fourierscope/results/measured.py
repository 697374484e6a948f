"""From the outcome of every image to labelled values with bounds; the outcomes are kept, packed, beside them.

A value `error` on any axes comes with `error_low`, `error_high`, and `error_outcomes`, whose last axis is the images:
packed bits for outcomes that are false or true, float32 else. Where one outcome row serves several cells (a frequency
and its partner), an index variable says which row stands in which cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.results.intervals import (
    Estimate,
    mean_interval,
    moment_interval,
    share_interval,
    size_interval,
    wilson,
)

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Axes:
    """The named axes of a value: dims with coordinates and units, and the index of its outcome row where they differ.

    `index` (integers of the axes' shape) tells the row of the outcomes' first axis for each cell; None where outcomes
    have the same axes as the value. Points of `separate` axes are things of their own, such as filters, between which
    there is nothing: what lies over them is drawn without a line from one to the next.
    """

    coordinates: Mapping[str, Array]
    units: Mapping[str, str] = field(default_factory=dict)
    index: Array | None = None
    rows: str = "wave"
    separate: tuple[str, ...] = ()

    def array(self, values: Array, unit: str, says: str, **attrs: Any) -> xr.DataArray:
        """Values (of the axes' shape, or of the outcome rows) as a labelled array."""
        placed = values if self.index is None else values[self.index]
        coords = {
            name: xr.Variable((name,), one, {"units": self.units.get(name, "1")} | self._apart(name))
            for name, one in self.coordinates.items()
        }
        return xr.DataArray(
            placed, coords=coords, dims=tuple(self.coordinates), attrs={"units": unit, "says": says, **attrs}
        )

    def _apart(self, name: str) -> dict[str, str]:
        return {"separate": "yes"} if name in self.separate else {}

    def outcome_dims(self) -> tuple[str, ...]:
        return tuple(self.coordinates) if self.index is None else (self.rows,)


def rate(name: str, outcomes: Array, axes: Axes, says: str) -> dict[str, xr.DataArray]:
    """A rate of outcomes (..., n), false or true, with Wilson bounds; the outcomes packed eight to a byte."""
    outcomes = np.asarray(outcomes, dtype=bool)
    n = outcomes.shape[-1]
    packed = xr.DataArray(
        np.packbits(outcomes, axis=-1),
        dims=(*axes.outcome_dims(), "image_byte"),
        attrs={
            "units": "1",
            "says": f"Outcome of each image for {name}, eight to a byte, first image in the highest bit.",
            "count": n,
        },
    )
    behind = _behind(name, axes)
    return _with_bounds(name, wilson(outcomes.mean(-1), n), axes, "1", says, n, behind) | _kept(name, packed, axes)


def share(name: str, outcomes: Array, axes: Axes, says: str) -> dict[str, xr.DataArray]:
    """A mean of shares (..., n), such as the error over several waves, with bounds in [0, 1]; kept as float32."""
    return _averaged(name, outcomes, share_interval, axes, "1", says)


def mean(name: str, outcomes: Array, axes: Axes, unit: str, says: str) -> dict[str, xr.DataArray]:
    """A mean of outcomes (..., n), any numbers, with Student's bounds; the outcomes as float32."""
    return _averaged(name, outcomes, mean_interval, axes, unit, says)


def mean_size(name: str, outcomes: Array, axes: Axes, unit: str, says: str) -> dict[str, xr.DataArray]:
    """A mean of sizes (..., n), such as counts and energies, with bounds that are not below 0; outcomes as float32."""
    return _averaged(name, outcomes, size_interval, axes, unit, says)


def mean_of_sums(
    name: str, total: Array, squares: Array, n: int, axes: Axes, unit: str, says: str
) -> dict[str, xr.DataArray]:
    """A mean with Student's bounds from the sums over n images of values and of their squares; no outcomes kept."""
    return bounded(name, moment_interval(total, squares, n), axes, unit, says, n)


def bounded(name: str, estimate: Estimate, axes: Axes, unit: str, says: str, n: int) -> dict[str, xr.DataArray]:
    """An estimate over n images with its bounds; no outcomes kept, so that there is no paired difference of it."""
    return _with_bounds(name, estimate, axes, unit, says, n, {})


def estimated(name: str, estimate: Estimate, axes: Axes, unit: str, says: str) -> dict[str, xr.DataArray]:
    """A value with bounds from elsewhere, such as from counts that differ from cell to cell; no outcomes kept."""
    return {
        name: axes.array(estimate.value, unit, says, low=f"{name}_low", high=f"{name}_high"),
        f"{name}_low": axes.array(estimate.low, unit, f"Lower 95 % bound of {name}."),
        f"{name}_high": axes.array(estimate.high, unit, f"Upper 95 % bound of {name}."),
    }


def count(n: int) -> dict[str, xr.DataArray]:
    """The number of images behind every value."""
    return {"n": xr.DataArray(np.int64(n), attrs={"units": "images", "says": "Number of images behind every value."})}


def unpacked(dataset: xr.Dataset, name: str) -> Array | None:
    """The outcomes (..., n) behind a value, on the value's own axes; None where none were kept."""
    return _rows(dataset, name, "outcomes")


def seen(dataset: xr.Dataset, name: str) -> Array | None:
    """Which images (..., n) are behind each cell of a value; None where that is all of them."""
    return _rows(dataset, name, "seen")


def _rows(dataset: xr.Dataset, name: str, what: str) -> Array | None:
    kept = dataset[name].attrs.get(what)
    if kept is None:
        return None
    stored = dataset[kept]
    outcomes: Array = stored.values
    if "count" in stored.attrs:
        outcomes = np.unpackbits(outcomes, axis=-1, count=int(stored.attrs["count"])).astype(bool)
    index = dataset[name].attrs.get("index")
    return outcomes if index is None else outcomes[dataset[index].values]


def _averaged(
    name: str, outcomes: Array, bounded: Callable[[Array], Estimate], axes: Axes, unit: str, says: str
) -> dict[str, xr.DataArray]:
    outcomes = np.asarray(outcomes, dtype=np.float32)
    attrs = {"units": unit, "says": f"Outcome of each image for {name}."}
    kept = xr.DataArray(outcomes, dims=(*axes.outcome_dims(), "image"), attrs=attrs)
    found = _with_bounds(name, bounded(outcomes), axes, unit, says, outcomes.shape[-1], _behind(name, axes))
    return found | _kept(name, kept, axes)


def _behind(name: str, axes: Axes) -> dict[str, str]:
    """The attributes that lead from a value to its outcomes."""
    return {"outcomes": f"{name}_outcomes"} | ({} if axes.index is None else {"index": f"{axes.rows}_of"})


def _with_bounds(
    name: str, estimate: Estimate, axes: Axes, unit: str, says: str, n: int, attrs: dict[str, str]
) -> dict[str, xr.DataArray]:
    return {
        name: axes.array(estimate.value, unit, says, low=f"{name}_low", high=f"{name}_high", **attrs),
        f"{name}_low": axes.array(estimate.low, unit, f"Lower 95 % bound of {name}, n = {n}."),
        f"{name}_high": axes.array(estimate.high, unit, f"Upper 95 % bound of {name}, n = {n}."),
    }


def _kept(name: str, outcomes: xr.DataArray, axes: Axes) -> dict[str, xr.DataArray]:
    kept = {f"{name}_outcomes": outcomes}
    if axes.index is not None:
        says = f"Which {axes.rows} stands in this cell."
        kept[f"{axes.rows}_of"] = xr.DataArray(
            axes.index, dims=tuple(axes.coordinates), attrs={"units": "1", "says": says}
        )
    return kept
