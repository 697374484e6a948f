"""Where the cells of a map stand along an axis of numbers: evenly, or by the logarithm of 1 + the number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fourierscope.figures.form import ticks
from fourierscope.figures.scale import uneven

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Spacing:
    """The places (k,) of points in rising order, the edges (k + 1,) of their cells, and marks with their texts."""

    places: Array
    edges: Array
    marks: list[float]
    texts: list[str]
    logarithmic: bool

    def placed(self, values: Array) -> Array:
        """Where other numbers of this axis stand."""
        found: Array = np.log10(1 + np.asarray(values, dtype=float)) if self.logarithmic else np.asarray(values, float)
        return found


def spacing(points: Array) -> Spacing:
    """The spacing of points (k,), ascending: logarithmic where they start at 0 or above and thin out, 0 included."""
    points = np.asarray(points, dtype=float)
    logarithmic = bool(points.min() >= 0 and uneven(points[points > 0]))
    places = np.log10(1 + points) if logarithmic else points
    middles = (places[1:] + places[:-1]) / 2
    first = places[0] - (middles[0] - places[0]) if len(places) > 1 else places[0] - 0.5
    last = places[-1] + (places[-1] - middles[-1]) if len(places) > 1 else places[0] + 0.5
    edges = np.concatenate([[first], middles, [last]])
    if logarithmic:
        decades = [0.0, *(10.0**one for one in range(int(np.log10(max(points.max(), 1))) + 1))]
        marked = [one for one in decades if points.min() <= one <= points.max()]
    else:
        marked = [float(one) for one in ticks(points) or _round(points)]
    found = Spacing(places, edges, [], [], logarithmic)
    return Spacing(places, edges, found.placed(np.array(marked)).tolist(), [f"{one:g}" for one in marked], logarithmic)


def _round(points: Array) -> list[float]:
    """Some six round numbers within the points."""
    span = float(points.max() - points.min())
    step = 10.0 ** np.floor(np.log10(span / 5))
    step *= next(one for one in (1, 2, 5, 10) if span / (one * step) <= 7)
    begin = np.ceil(points.min() / step) * step
    return np.arange(begin, points.max() + step * 1e-9, step).tolist()
