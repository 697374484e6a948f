"""Where the cells of a map stand along an axis of numbers: evenly, or by the logarithm, with room for 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fourierscope.figures.form import ticks
from fourierscope.figures.scale import logarithmic_ticks, uneven

Array = npt.NDArray[Any]
_APART = 0.1  # of an axis; points that stand further apart are marked each


@dataclass(frozen=True)
class Spacing:
    """The places (k,) of points in rising order, the edges (k + 1,) of their cells, and marks with their texts.

    A logarithmic place is log10(x), or, so that 0 has one, log10(1 + x / unit), the unit being the least point above 0.
    """

    places: Array
    edges: Array
    marks: list[float]
    texts: list[str]
    logarithmic: bool
    unit: float | None

    def placed(self, values: Array) -> Array:
        """Where other numbers of this axis stand; NaN for those that a logarithmic axis cannot hold."""
        return _placed(values, self.logarithmic, self.unit)

    def undone(self, places: Array) -> Array:
        """The numbers that stand at these places."""
        if not self.logarithmic:
            return np.asarray(places, dtype=float)
        found: Array = 10.0 ** np.asarray(places, dtype=float)
        return found if self.unit is None else self.unit * (found - 1)


def spacing(points: Array) -> Spacing:
    """The spacing of points (k,), ascending: logarithmic where they start at 0 or above and thin out, 0 included."""
    points = np.asarray(points, dtype=float)
    logarithmic = bool(points.min() >= 0 and uneven(points[points > 0]))
    unit = float(points[points > 0].min()) if logarithmic and points.min() == 0 else None
    places = _placed(points, logarithmic, unit)
    middles = (places[1:] + places[:-1]) / 2
    first = places[0] - (middles[0] - places[0]) if len(places) > 1 else places[0] - 0.5
    last = places[-1] + (places[-1] - middles[-1]) if len(places) > 1 else places[0] + 0.5
    edges = np.concatenate([[first], middles, [last]])
    marked = _thinning(points, places) if logarithmic else [float(one) for one in ticks(points) or _round(points)]
    marks = _placed(np.array(marked), logarithmic, unit).tolist()
    return Spacing(places, edges, marks, [f"{one:g}" for one in marked], logarithmic, unit)


def _placed(values: Array, logarithmic: bool, unit: float | None) -> Array:
    values = np.asarray(values, dtype=float)
    if not logarithmic:
        return values
    grown = values if unit is None else 1 + values / unit
    return np.log10(grown, out=np.full(values.shape, np.nan), where=grown > 0)


def _thinning(points: Array, places: Array) -> list[float]:
    """What is marked of points that thin out: each, where they stand well apart, else 0 and round numbers."""
    if np.diff(places).min() > _APART * (places[-1] - places[0]):
        return [float(one) for one in points]
    return [0.0] * bool(points[0] == 0) + logarithmic_ticks(points[points > 0].min(), points.max())


def _round(points: Array) -> list[float]:
    """Some six round numbers within the points."""
    span = float(points.max() - points.min())
    step = 10.0 ** np.floor(np.log10(span / 5))
    step *= next(one for one in (1, 2, 5, 10) if span / (one * step) <= 7)
    begin = np.ceil(points.min() / step) * step
    return np.arange(begin, points.max() + step * 1e-9, step).tolist()
