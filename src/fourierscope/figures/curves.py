"""Curves as paper and page both draw them: points, band, and a colour, marker and dash that tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.figures.form import (
    NOT_SIGNIFICANT,
    SIGNIFICANT,
    axis_label,
    bounds,
    common_label,
    count,
    form_of,
    interval,
    number,
    ordered,
    separate,
    significant,
    whole,
)
from fourierscope.figures.scale import logarithmic, logarithmic_told, uneven
from fourierscope.figures.spacing import Spacing, spacing

Array = npt.NDArray[Any]
Dash = Literal["solid", "dash", "dot", "dashdot"]

# Okabe and Ito (2008): told apart by the colour-blind.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b8860b", "#000000")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
DASHES: tuple[Dash, ...] = ("solid", "dash", "dot", "dashdot")
_FAR = 100  # times the least point above 0, up to which points that begin at 0 reach where they thin out


class Style(NamedTuple):
    """How a curve looks; an open marker has a white face."""

    colour: str
    marker: str
    dash: Dash
    filled: bool


@dataclass(frozen=True)
class Curve:
    """Points (x, y), all (k,), with bounds or None, and whether each point is significant, or None; not `joined` where
    they are things of their own.
    """

    x: Array
    y: Array
    bounds: tuple[Array, Array] | None
    significant: npt.NDArray[np.bool_] | None
    n: int | None
    name: str
    style: Style
    joined: bool = True


class Axis(NamedTuple):
    """The two axes of curves: their labels, whether they are logarithmic, and whether x = 0 falls outside for that;
    whether they hold whole numbers alone.

    Points that thin out from 0, such as steps 0, 1, 2, 5, 10 .. 10000, have a logarithmic spacing that holds 0.
    """

    x: str
    y: str
    x_logarithmic: bool
    y_logarithmic: bool
    without_zero: bool
    thinning: Spacing | None = None
    x_whole: bool = False
    y_whole: bool = False

    @property
    def x_title(self) -> str:
        told = logarithmic_told(self.x, self.x_logarithmic or self.thinning is not None)
        return f"{told}, 0 not shown" if self.without_zero else told

    @property
    def y_title(self) -> str:
        return logarithmic_told(self.y, self.y_logarithmic)


def curves(several: Sequence[xr.DataArray], names: Sequence[str]) -> list[Curve]:
    """All curves of these values. Names take colour and marker, words of one value (low, high) the dash and the face;
    a single value's words take all of them. Points that a logarithmic axis cannot hold are left out.
    """
    found, above = [], 0.0 if axis_of(several).x_logarithmic else -np.inf
    for which, (values, name) in enumerate(zip(several, names, strict=True)):
        for turn, (word, one) in enumerate(_by_word(values)):
            place = which if len(several) > 1 else turn
            style = Style(COLOURS[place % 7], MARKERS[place % 7], DASHES[(turn or which // 7) % 4], turn % 2 == 0)
            told = word or name if len(several) == 1 else f"{name}, {word}" if word else name
            found.append(_curve(one.isel({one.dims[0]: one.coords[one.dims[0]].values > above}), told, style))
    return found


def axis_of(several: Sequence[xr.DataArray]) -> Axis:
    """Labels and spacing of the axes that these values share."""
    first = several[0]
    x_name = str(first.dims[-1])
    x = np.concatenate([np.asarray(one.coords[x_name].values, dtype=float) for one in several])
    y = np.concatenate([np.asarray(one.values, dtype=float).ravel() for one in several])
    y_logarithmic, points = logarithmic(y), np.unique(x)
    made = Axis(axis_label(first, x_name), common_label(several), False, y_logarithmic, False)
    made = made._replace(x_whole=all(whole(one.coords[x_name]) for one in several), y_whole=all(map(whole, several)))
    if points[0] == 0 and uneven(points[1:]) and points[-1] >= _FAR * points[1]:
        return made._replace(thinning=spacing(points))
    x_logarithmic = uneven(points) or (y_logarithmic and x.min() >= 0 and (points > 0).sum() >= 3)
    return made._replace(x_logarithmic=x_logarithmic, without_zero=x_logarithmic and x.min() <= 0)


def told(curve: Curve, place: int, axis: Axis) -> list[str]:
    """What a point says when asked: place, value, interval, n, significance; a line each."""
    lines = [f"{axis.x}: {number(curve.x[place])}", f"{axis.y}: {number(curve.y[place])}"]
    if curve.bounds is not None:
        lines.append(f"95 % interval {interval(curve.bounds[0][place], curve.bounds[1][place])}")
    if curve.n is not None:
        lines.append(f"n = {curve.n}")
    if curve.significant is not None:
        lines.append(SIGNIFICANT if curve.significant[place] else NOT_SIGNIFICANT)
    return lines


def _by_word(values: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    if form_of(values) == "curve":
        yield "", values
        return
    axis = str(values.dims[0])
    for place, word in enumerate(values.coords[axis].values):
        yield f"{axis}: {word}", values.isel({axis: place})


def _curve(values: xr.DataArray, name: str, style: Style) -> Curve:
    values = ordered(values)
    along = values.coords[str(values.dims[0])]
    x, y = (np.asarray(one.values, dtype=float) for one in (along, values))
    return Curve(x, y, bounds(values), significant(values), count(values), name, style, not separate(along))
