"""How a check reads a number of ours, with its interval and n: off one value, or a paired difference of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.papers.exhibit import Reading
from fourierscope.results import Estimate, Result, paired_means, paired_rates, unpacked
from fourierscope.results import apart as independent

Place = Mapping[str, Any]  # a coordinate on each axis of a value


def at(result: Result, name: str, place: Place) -> Reading:
    """One value of a result, at a place on its axes, with its bounds."""
    values = result[name]
    chosen = values.sel(place)
    low, high = (_beside(chosen, values.attrs.get(key)) for key in ("low", "high"))
    return Reading(float(chosen), low, high, _count(result))


def within(result: Result, name: str, first: Place, second: Place) -> Reading:
    """The value at `first` minus that at `second`, paired image by image."""
    return paired(outcomes(result, name, first), outcomes(result, name, second))


def between(first: Result, second: Result, name: str, place: Place) -> Reading:
    """The value of `first` minus that of `second` at one place, paired image by image: the same images were asked."""
    return paired(outcomes(first, name, place), outcomes(second, name, place))


def paired(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Reading:
    """first - second of outcomes (n,) of the same images, with its paired interval."""
    found = (paired_rates if first.dtype == bool else paired_means)(first, second)
    return Reading(float(found.value), float(found.low), float(found.high), len(first))


def apart(first: Reading, second: Reading) -> Reading:
    """first - second of two independent readings, with bounds from both intervals."""
    estimates = (Estimate(*map(np.asarray, one[:3])) for one in (first, second))
    found = independent(*estimates)
    return Reading(float(found.value), float(found.low), float(found.high), min(first.n, second.n))


def exact(value: float, n: int) -> Reading:
    """A number without an interval, made from n values."""
    return Reading(float(value), float("nan"), float("nan"), n)


def outcomes(result: Result, name: str, place: Place) -> npt.NDArray[Any]:
    """What each image gave (n,) for one place of a value whose outcomes were kept."""
    held = unpacked(result.dataset, name)
    assert held is not None, f"{name} keeps no outcomes"
    values = result.dataset[name]
    index = tuple(_position(values, str(axis), place[str(axis)]) for axis in values.dims)
    found: npt.NDArray[Any] = held[index]
    return found


def _position(values: xr.DataArray, axis: str, wanted: Any) -> int:
    found = np.flatnonzero(values.coords[axis].values == wanted)
    if len(found) != 1:
        raise KeyError(f"{values.name} has {len(found)} places with {axis}={wanted!r}.")
    return int(found[0])


def _beside(chosen: xr.DataArray, name: Any) -> float:
    return float(chosen.coords[name]) if name in chosen.coords else float("nan")


def _count(result: Result) -> int:
    return int(result.dataset["n"]) if "n" in result and not result.dataset["n"].ndim else 0
