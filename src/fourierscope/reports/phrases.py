"""Numbers and places in words: the phrases of which the sentences of a report are made."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from fourierscope.figures.form import Array, bounds, interval, number, words

_WORDS = {
    "flips": "share of changed predictions",
    "layer": "change of the layer's activations",
    "higher_harmonics": "share of higher harmonics",
    "second_harmonics": "energy of the second harmonics",
}


def measure(name: str) -> str:
    """What a variable measures, in words: `error_ring` is error, `top5` the top-5 error."""
    plain = re.sub(r"_ring$", "", name)
    top = re.fullmatch(r"top(\d+)", plain)
    return f"top-{top.group(1)} error" if top else _WORDS.get(plain, words(plain))


def stretches(points: Array, chosen: Array) -> str:
    """Chosen points in words, neighbours together: `1 to 5, 8`."""
    places = np.flatnonzero(chosen)
    if points.dtype.kind in "UOT":
        return ", ".join(words(points[place]) for place in places)
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    told = [
        number(points[run[0]]) if len(run) == 1 else f"{number(points[run[0]])} to {number(points[run[-1]])}"
        for run in runs
    ]
    return ", ".join(told)


def valued(values: xr.DataArray) -> str:
    """A value with its unit and its interval: `0.71 (0.66 to 0.76)`, or `1 (bounds the same)` where that is a point."""
    reach, unit = interval_of(values), values.attrs.get("units", "1")
    told = number(float(values)) if unit == "1" else f"{number(float(values))} {unit}"
    return told if reach is None else f"{told} ({_between(*reach)})"


def _between(low: float, high: float) -> str:
    """Bounds in words; where both are the value, to the digits that are told, `bounds the same`."""
    return "bounds the same" if f"{low:.3g}" == f"{high:.3g}" else interval(low, high)


def interval_of(values: xr.DataArray) -> tuple[float, float] | None:
    """The bounds of one value, where there are any."""
    found = bounds(values)
    return None if found is None else (float(found[0]), float(found[1]))


def percent(share: float) -> str:
    """A share in per cent, without the sign: `71.3`."""
    return f"{100 * share:.1f}"


def coordinate(values: xr.DataArray, place: int) -> str:
    """Where on its first axis a value stands."""
    return _point(values[values.dims[0]][place])


def location(cell: xr.DataArray, values: xr.DataArray) -> str:
    """Where a cell stands on all axes of its values: `row 1, column 0`."""
    return ", ".join(f"{words(axis)} {_point(cell[axis])}" for axis in values.dims)


def _point(coordinate: xr.DataArray) -> str:
    item = coordinate.item()
    return words(item) if isinstance(item, str) else number(item)


def clean_sentence(name: str, values: xr.DataArray) -> str:
    """What `clean_error`, `clean_accuracy` and the like say."""
    measured = name.removeprefix("clean_")
    if measured in ("error", "accuracy"):
        right = values if measured == "accuracy" else 1 - values
        reach = interval_of(values)
        if reach and measured == "error":
            reach = (1 - reach[1], 1 - reach[0])
        told = "" if reach is None else f" ({_between(*reach)})"
        return f"The accuracy on clean images is {number(float(right))}{told}."
    if measured == "layer":
        return f"On clean images the norm of the layer's activations is {valued(values)}."
    return f"On clean images the {measure(measured)} is {valued(values)}."
