"""Values by words, as paper and page both draw them: a mark for each word, with interval, colour and face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.figures.curves import COLOURS, MARKERS
from fourierscope.figures.form import (
    NOT_SIGNIFICANT,
    SIGNIFICANT,
    against,
    bounds,
    count,
    interval,
    label,
    line_bounds,
    number,
    significant,
    with_unit,
    words,
)
from fourierscope.figures.letters import Frame, lettered

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Marks:
    """The marks (k,) of one value: its words, values, bounds or None, significance or None, places across or None, and
    the bounds of the line through them, or None.
    """

    words: tuple[str, ...]
    values: Array
    bounds: tuple[Array, Array] | None
    significant: npt.NDArray[np.bool_] | None
    across: Array | None
    line_bounds: tuple[Array, Array] | None
    n: int | None
    name: str
    colour: str
    marker: str

    @property
    def slope(self) -> float:
        """The slope of that line; NaN where there is none."""
        if self.line is None:
            return float("nan")
        (left, right), (start, end) = self.line
        return float((end - start) / (right - left))

    @property
    def line(self) -> tuple[Array, Array] | None:
        """Ends (2,), (2,) of the straight line of best fit through marks with places across, where there is one."""
        if self.across is None:
            return None
        known = np.isfinite(self.across) & np.isfinite(self.values)
        if np.unique(self.across[known]).size < 2:
            return None
        slope, intercept = np.polyfit(self.across[known], self.values[known], 1)
        ends = np.array([self.across[known].min(), self.across[known].max()])
        return ends, intercept + slope * ends

    @property
    def band(self) -> tuple[Array, Array, Array] | None:
        """Places across, from left to right, and the bounds of the line there; None where it has none."""
        if self.across is None or self.line_bounds is None or self.line is None:
            return None
        order = [place for place in np.argsort(self.across) if np.isfinite(self.across[place])]
        low, high = self.line_bounds
        return self.across[order], low[order], high[order]


def letters(found: Sequence[Marks], x: tuple[float, float], y: tuple[float, float], frame: Frame) -> list[Any]:
    """Offsets (right, up) of the words of the first marks from them, in a frame whose axes reach over x and y."""
    start, span = np.array([x[0], y[0]]), np.array([x[1] - x[0], y[1] - y[0]])
    every = [(np.stack([np.asarray(one.across), one.values], -1) - start) / span for one in found]
    return lettered(found[0].words, every[0], frame, np.concatenate([np.empty((0, 2)), *every[1:]]))


def line_told(one: Marks) -> str:
    """What the key says of the line of best fit."""
    return f"line of best fit, slope {number(one.slope)}" if not one.name else f"{one.name}, slope {number(one.slope)}"


def marks(several: Sequence[xr.DataArray], names: Sequence[str]) -> list[Marks]:
    """The marks of each value, in its own colour and marker."""
    found = []
    for place, (values, name) in enumerate(zip(several, names, strict=True)):
        beside = against(values)
        across = None if beside is None else np.asarray(beside.values, dtype=float)
        told = tuple(words(one) for one in values.coords[str(values.dims[0])].values)
        found.append(
            Marks(
                told,
                np.asarray(values.values, dtype=float),
                bounds(values),
                significant(values),
                across,
                line_bounds(values),
                count(values),
                name,
                COLOURS[place % 7],
                MARKERS[place % 7],
            )
        )
    return found


def rows_of(found: Sequence[Marks]) -> list[str]:
    """The words of all marks, each once, in an order that keeps those of each: networks have different layers."""
    rows: list[str] = []
    for one in found:
        place = 0
        for word in one.words:
            if word not in rows:
                rows.insert(place, word)
            place = rows.index(word) + 1
    return rows


@dataclass(frozen=True)
class Group:
    """The places (k, 2) in a plane that share a word, with their colour and marker."""

    word: str
    places: Array
    colour: str
    marker: str


def groups(values: xr.DataArray) -> list[Group]:
    """Places in a plane (n, 2) by their words, in the order in which the words sort."""
    told = np.asarray(values.coords[str(values.dims[0])].values)
    return [
        Group(words(word), values.values[told == word], COLOURS[place % 7], MARKERS[(place + place // 7) % 7])
        for place, word in enumerate(np.unique(told))
    ]


def in_cell(values: xr.DataArray, row: int, column: int) -> str:
    """A value as a table shows it: counts whole, other numbers to two places; nothing where there is none."""
    value = float(values[row, column])
    if not np.isfinite(value):
        return ""
    return (f"{value:.0f}" if values.dtype.kind in "iu" else f"{value:.2f}").replace("-", "\u2212")


def across_label(values: xr.DataArray) -> str:
    """What stands across the marks, with its unit."""
    beside = against(values)
    assert beside is not None
    return with_unit(words(beside.name), beside.attrs.get("units", "1"))


def told(mark: Marks, place: int, values: xr.DataArray) -> list[str]:
    """What a mark says when asked: word, value, interval, n, significance; a line each."""
    lines = [mark.words[place], f"{label(values)}: {number(mark.values[place])}"]
    if mark.across is not None:
        lines.append(f"{across_label(values)}: {number(mark.across[place])}")
    if mark.bounds is not None:
        lines.append(f"95 % interval {interval(mark.bounds[0][place], mark.bounds[1][place])}")
    if mark.n is not None:
        lines.append(f"n = {mark.n}")
    if mark.significant is not None:
        lines.append(SIGNIFICANT if mark.significant[place] else NOT_SIGNIFICANT)
    return lines
