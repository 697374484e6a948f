"""Values by words on paper: a row of dots for each word, or points against another value with their line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fourierscope.figures.captions import counted_label
from fourierscope.figures.form import Array, axis_label, significant, whole, words
from fourierscope.figures.letters import Frame
from fourierscope.figures.marks import Marks, across_label, groups, in_cell, letters, line_told, marks, rows_of
from fourierscope.figures.paper_curve import whole_ticks
from fourierscope.figures.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "cross": "P", "x": "X", "star": "*"}
_FRAME = Frame(380.0, 270.0, 7.0)  # points: what axes and key leave of the sheet on which marks are drawn
_GRID, _QUIET, _INK = "#e5e5e5", "#777777", "#222222"


def dots(frame: Axes, several: Sequence[xr.DataArray], names: Sequence[str]) -> None:
    """A row for each word, in the order of the axis; the values of a row under each other, with their intervals."""
    found = marks(several, names)
    every = rows_of(found)
    for place, one in enumerate(found):
        rows = np.array([every.index(word) for word in one.words]) + 0.7 * ((place + 0.5) / len(found) - 0.5)
        if one.bounds is not None:
            frame.hlines(rows, *one.bounds, color=one.colour, linewidth=1.8)
        _drawn(frame, one, one.values, rows)
    frame.set_yticks(range(len(every)), labels=every)
    frame.set_ylim(len(every) - 0.5, -0.5)
    frame.set_xlabel(counted_label(several))
    if all(map(whole, several)):
        whole_ticks(frame.xaxis)
    frame.grid(axis="x", color=_GRID, linewidth=0.6)
    frame.tick_params(axis="y", length=0)
    frame.spines[["top", "right", "left"]].set_visible(False)
    _noted(frame, found, frame.axvline)


def points(frame: Axes, several: Sequence[xr.DataArray], names: Sequence[str]) -> None:
    """A point for each word, its value up and the other value across, with the line of best fit and its band."""
    found = marks(several, names)
    for one in found:
        assert one.across is not None
        if one.bounds is not None:
            frame.vlines(one.across, *one.bounds, color=one.colour, alpha=0.45, linewidth=1.4)
        if one.band is not None:
            frame.fill_between(*one.band, color=one.colour, alpha=0.15, linewidth=0)
        if one.line is not None:
            frame.plot(*one.line, color=one.colour, linewidth=1.4, label=line_told(one))
        _drawn(frame, one, one.across, one.values)
    frame.margins(0.1)
    _lettered(frame, found)
    frame.set_xlabel(across_label(several[0]))
    frame.set_ylabel(counted_label(several))
    frame.grid(color=_GRID, linewidth=0.6)
    frame.spines[["top", "right"]].set_visible(False)
    _noted(frame, found, frame.axhline)


def cloud(frame: Axes, values: xr.DataArray) -> None:
    """A point for each place in a plane, in the colour and marker of its word; axes without a unit bear no ticks."""
    for one in groups(values):
        frame.plot(
            *one.places.T, color=one.colour, marker=_MARKERS[one.marker], linestyle="none", markersize=4, label=one.word
        )
    frame.set(xticks=[], yticks=[])
    frame.set_aspect("equal", adjustable="datalim")
    frame.spines[["top", "right"]].set_visible(False)


def table(frame: Axes, values: xr.DataArray, scale: Scale) -> None:
    """A row for each word, a column for each number of the other axis, and the value in each coloured cell."""
    from matplotlib.colors import LinearSegmentedColormap

    word_axis, number_axis = map(str, values.dims)
    cells = np.asarray(values.values, dtype=float)
    colours = LinearSegmentedColormap.from_list("scale", list(scale.colours)).with_extremes(bad="#dddddd")
    shown = np.clip((cells - scale.low) / (scale.high - scale.low), 0, 1)
    frame.imshow(shown, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    sure = significant(values)
    for row, column in np.ndindex(cells.shape):
        red, green, blue, _ = colours(shown[row, column])
        ink = "white" if 0.3 * red + 0.6 * green + 0.1 * blue < 0.5 else _INK
        faint = 0.45 if sure is not None and not sure[row, column] else 1.0
        text = in_cell(values, row, column)
        frame.text(column, row, text, ha="center", va="center", fontsize=7, color=ink, alpha=faint)
    frame.set_yticks(range(cells.shape[0]), labels=[words(one) for one in values.coords[word_axis].values])
    frame.set_xticks(range(cells.shape[1]), labels=[f"{one:g}" for one in values.coords[number_axis].values])
    frame.set_xlabel(axis_label(values, number_axis))
    frame.tick_params(length=0)
    frame.spines[:].set_visible(False)


def _lettered(frame: Axes, found: Sequence[Marks]) -> None:
    """The words of the first marks, clear of each other and of the marks; a thin line leads to those far off."""
    one, offsets = found[0], letters(found, frame.get_xlim(), frame.get_ylim(), _FRAME)
    assert one.across is not None
    leader = {"arrowstyle": "-", "color": _QUIET, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
    for word, across, up, offset in zip(one.words, one.across, one.values, offsets, strict=True):
        text = frame.annotate(
            word, (across, up), offset, textcoords="offset points", fontsize=_FRAME.letter, arrowprops=leader
        )
        text.set(ha="center", va="center", color=_INK)


def _drawn(frame: Axes, one: Marks, x: Array, y: Array) -> None:
    style: dict[str, Any] = {"color": one.colour, "marker": _MARKERS[one.marker], "linestyle": "none", "markersize": 6}
    sure = np.ones(len(x), dtype=bool) if one.significant is None else one.significant
    frame.plot(x[sure], y[sure], label=one.name or None, **style)
    frame.plot(x[~sure], y[~sure], markerfacecolor="white", **style)


def _noted(frame: Axes, found: Sequence[Marks], nought: Callable[..., Any]) -> None:
    """Where differences are drawn: the line of no difference, and what an open mark means."""
    if any(one.significant is not None for one in found):
        nought(0, color=_QUIET, linewidth=0.8)
        frame.plot([], [], "o", markerfacecolor="white", color=_QUIET, label="open: not significant")
