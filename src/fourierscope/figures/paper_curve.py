"""Curves on paper: one curve with its band in a frame, and how the axes of a frame are spaced for curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fourierscope.figures.curves import Axis, Curve
from fourierscope.figures.scale import logarithmic_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "cross": "P", "x": "X", "star": "*"}
_SIZES = {"circle": 7.5, "square": 5.5, "diamond": 4.0}  # as they are drawn: what lies under another looks out
_MOST_MARKED = 40  # points of a curve; of more, some are marked
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}


def curve_in(frame: Axes, curve: Curve) -> None:
    """Draw one curve, with its band, into a frame."""
    style = curve.style
    line: dict[str, Any] = {
        "color": style.colour,
        "linestyle": _DASHES[style.dash] if curve.joined else "none",
        "marker": _MARKERS[style.marker],
        "markersize": _SIZES.get(style.marker, 5.0),
    }
    faces = np.full(len(curve.x), style.filled) if curve.significant is None else curve.significant
    marked = _marked(curve)
    if curve.bounds is not None and not curve.joined:
        frame.vlines(curve.x, *curve.bounds, color=style.colour, alpha=0.45, linewidth=1.4)
    elif curve.bounds is not None:
        frame.fill_between(curve.x, *curve.bounds, color=style.colour, alpha=0.18, linewidth=0)
    face = style.colour if style.filled else "white"
    frame.plot(
        curve.x, curve.y, label=curve.name or None, markerfacecolor=face, markevery=marked.nonzero()[0].tolist(), **line
    )
    line["linestyle"] = "none"
    frame.plot(curve.x[marked & ~faces], curve.y[marked & ~faces], markerfacecolor="white", **line)


def _marked(curve: Curve) -> npt.NDArray[np.bool_]:
    """Which points (k,) bear a marker: all of few, of those without a line, or where each tells
    whether it is significant; else some."""
    step = 1 if curve.significant is not None or not curve.joined else -(-len(curve.x) // _MOST_MARKED)
    start = list(_MARKERS).index(curve.style.marker) % step  # so that curves that lie on each other show their own
    return np.arange(len(curve.x)) % step == start


def spaced(frame: Axes, axis: Axis) -> None:
    """Space the axes of a frame that holds its curves: evenly, logarithmically, or so that points thin out from 0."""
    if axis.x_logarithmic:
        frame.set_xscale("log")
        _logarithmic_axis(frame.xaxis, frame.get_xlim())
    elif axis.x_whole and axis.thinning is None:
        whole_ticks(frame.xaxis)
    if axis.thinning is not None:
        frame.set_xscale("function", functions=(axis.thinning.placed, axis.thinning.undone))
        frame.set_xticks(axis.thinning.undone(np.array(axis.thinning.marks)), labels=axis.thinning.texts)
        frame.set_xlim(*map(float, axis.thinning.undone(axis.thinning.edges[[0, -1]])))
    if axis.y_logarithmic:
        frame.set_yscale("log")
        _logarithmic_axis(frame.yaxis, frame.get_ylim())
    elif axis.y_whole:
        whole_ticks(frame.yaxis)


def whole_ticks(side: Any) -> None:
    """Mark an axis of whole numbers at whole numbers alone."""
    from matplotlib.ticker import MaxNLocator

    side.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))


def _logarithmic_axis(axis: Any, limits: tuple[float, float]) -> None:
    ticks = logarithmic_ticks(*limits)
    axis.set_ticks(ticks, labels=[f"{one:g}" for one in ticks])
    axis.set_ticks([], minor=True)
