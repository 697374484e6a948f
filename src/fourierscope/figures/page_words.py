"""Values by words on the page: a row of dots for each word, or points against another value with their line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.form import Array, axis_label, common_label, significant, whole, words
from fourierscope.figures.letters import Frame
from fourierscope.figures.marks import Marks, across_label, groups, in_cell, letters, line_told, marks, rows_of, told
from fourierscope.figures.page_layout import PageFigure, bars, layout, line_axis, shaded, short, whole_ticks
from fourierscope.figures.scale import Scale

_FRAME = Frame(480.0, 370.0, 10.0)  # pixels: a frame of points on a page of middling width


def dots(several: Sequence[xr.DataArray], names: Sequence[str]) -> PageFigure:
    """A row for each word, the values of a row under each other, with their intervals."""
    found, traces = marks(several, names), []
    every = rows_of(found)
    for place, (one, values) in enumerate(zip(found, several, strict=True)):
        rows = np.array([every.index(word) for word in one.words]) + 0.7 * ((place + 0.5) / len(found) - 0.5)
        traces.append(_trace(one, values, one.values, rows, "error_x"))
    x = line_axis(common_label(several), False, [], True)
    if all(map(whole, several)):
        x |= whole_ticks([one.values for one in found])
    x["zeroline"] = any(one.significant is not None for one in found)
    y = {
        "tickvals": list(range(len(every))),
        "ticktext": every,
        "range": [len(every) - 0.5, -0.5],
        "fixedrange": True,
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
    }
    height = 90 + round(24 * len(every) * max(1.0, len(found) / 2)) + 22 * len(found)
    return _framed(traces, found, layout(height, {"l": 10, "r": 14, "t": 10, "b": 56}, x, y))


def points(several: Sequence[xr.DataArray], names: Sequence[str]) -> PageFigure:
    """A point for each word, its value up and the other value across, with the line of best fit and its band."""
    found, traces = marks(several, names), []
    for one, values in zip(found, several, strict=True):
        assert one.across is not None
        traces.append(_trace(one, values, one.across, one.values, "error_y"))
        traces += _line(one)
    traces = [shaded(*one.band, one.colour) for one in found if one.band is not None] + traces  # behind the marks
    x, y = line_axis(across_label(several[0]), False, [], True), line_axis(common_label(several), False, [], False)
    x["range"], y["range"] = _reach([one.across for one in found]), _reach([one.values for one in found] + _ends(found))
    y["zeroline"] = any(one.significant is not None for one in found)
    made = layout(440 + 22 * len(found), {"l": 62, "r": 14, "t": 10, "b": 60}, x, y)
    made["annotations"] = _letters(found, x["range"], y["range"])
    framed = _framed(traces, found, made)
    made["showlegend"] = True
    return framed


def _ends(found: list[Marks]) -> list[Array]:
    held = [end for one in found if one.bounds is not None for end in one.bounds]
    return held + [end for one in found if one.band is not None for end in one.band[1:]]


def _reach(several: Sequence[Array | None]) -> list[float | None]:
    """The range of an axis that holds all these values, with some room."""
    values = np.concatenate([one for one in several if one is not None])
    values = values[np.isfinite(values)] if np.isfinite(values).any() else np.zeros(1)
    room = 0.08 * (values.max() - values.min()) or 0.5
    return [short(values.min() - room), short(values.max() + room)]


def _letters(found: list[Marks], x: list[float | None], y: list[float | None]) -> list[dict[str, Any]]:
    """The words of the first marks, where they cover neither each other nor a mark."""
    one, (left, right), (low, high) = found[0], *([float(end or 0) for end in ends] for ends in (x, y))
    assert one.across is not None
    offsets = letters(found, (left, right), (low, high), _FRAME)
    look = {"showarrow": True, "arrowhead": 0, "arrowwidth": 0.6, "arrowcolor": "#9aa1ad", "standoff": 5}
    return [
        {"text": word, "x": short(across), "y": short(up), "ax": round(right), "ay": -round(above), **look}
        | {"font": {"size": _FRAME.letter}, "borderpad": 0}
        for word, across, up, (right, above) in zip(one.words, one.across, one.values, offsets, strict=True)
        if np.isfinite(across) and np.isfinite(up)
    ]


def cloud(values: xr.DataArray) -> PageFigure:
    """A point for each place in a plane, in the colour and marker of its word."""
    found = groups(values)
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [short(place) for place in one.places[:, 0]],
            "y": [short(place) for place in one.places[:, 1]],
            "name": one.word,
            "text": one.word,
            "hoverinfo": "text",
            "marker": {"symbol": one.marker, "size": 7, "color": one.colour},
        }
        for one in found
    ]
    x = {"showticklabels": False, "fixedrange": True, "zeroline": False}
    y = x | {"scaleanchor": "x"}
    made = layout(420 + 11 * len(found), {"l": 14, "r": 14, "t": 10, "b": 14}, x, y)
    made["showlegend"] = True
    made["legend"] = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yanchor": "top"}
    return {"data": traces, "layout": made}


def table(values: xr.DataArray, scale: Scale) -> PageFigure:
    """A row for each word, a column for each number of the other axis, and the value in each coloured cell."""
    word_axis, number_axis = map(str, values.dims)
    cells, sure = np.asarray(values.values, dtype=float), significant(values)
    asked, along = [words(one) for one in values.coords[word_axis].values], values.coords[number_axis].values
    colours = list(scale.colours)
    heat = {
        "type": "heatmap",
        "x": [f"{one:g}" for one in along],
        "y": asked,
        "z": [[short(one) for one in row] for row in cells],
        "zmin": short(scale.low),
        "zmax": short(scale.high),
        "zauto": False,
        "colorscale": [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)],
        "showscale": False,
        "text": [[_cell(values, sure, row, column) for column in range(len(along))] for row in range(len(asked))],
        "texttemplate": "%{text}",
        "hoverinfo": "x+y+text",
        "xgap": 1,
        "ygap": 1,
    }
    x = {"type": "category", "title": {"text": axis_label(values, number_axis)}, "fixedrange": True}
    y = {"type": "category", "autorange": "reversed", "fixedrange": True, "automargin": True}
    return {"data": [heat], "layout": layout(80 + 24 * len(asked), {"l": 10, "r": 14, "t": 10, "b": 50}, x, y)}


def _cell(values: xr.DataArray, sure: Array | None, row: int, column: int) -> str:
    """A value in its cell; in brackets where a difference is not significant."""
    told = in_cell(values, row, column)
    return told if not told or sure is None or sure[row, column] else f"({told})"


def _framed(traces: list[dict[str, Any]], found: list[Marks], made: dict[str, Any]) -> PageFigure:
    made["showlegend"] = any(one.name for one in found)
    made["legend"] = {"orientation": "v", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "itemclick": False}
    return {"data": traces, "layout": made}


def _trace(one: Marks, values: xr.DataArray, x: Any, y: Any, side: str) -> dict[str, Any]:
    sure = np.ones(len(one.words), dtype=bool) if one.significant is None else one.significant
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": [short(value) for value in x],
        "y": [short(value) for value in y],
        "name": one.name,
        "text": ["<br>".join(told(one, place, values)) for place in range(len(one.words))],
        "hoverinfo": "text",
        "showlegend": bool(one.name),
        "marker": {
            "symbol": one.marker,
            "size": 9,
            "color": [one.colour if face else "#ffffff" for face in sure],
            "line": {"color": one.colour, "width": 1.6},
        },
    }
    if one.bounds is not None:
        trace[side] = bars(one.values, one.bounds, one.colour)
    return trace


def _line(one: Marks) -> list[dict[str, Any]]:
    if one.line is None:
        return []
    across, up = one.line
    trace = {
        "type": "scatter",
        "mode": "lines",
        "hoverinfo": "skip",
        "showlegend": True,
        "name": line_told(one),
        "line": {"color": one.colour},
    }
    return [trace | {"x": [short(value) for value in across], "y": [short(value) for value in up]}]
