"""A frequency plane on the page: a heat map whose bins say their numbers when they are pointed at."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.form import (
    NOT_SIGNIFICANT,
    SIGNIFICANT,
    Array,
    axis_label,
    bounds,
    count,
    counts,
    edges,
    hatching,
    label,
    significant,
    ticks,
)
from fourierscope.figures.page_layout import PageFigure, layout, rounded, short
from fourierscope.figures.scale import MOST_DOTS, Scale, logarithmic_ticks, logarithmic_told


def plane(values: xr.DataArray, scale: Scale) -> PageFigure:
    """The figure of values over ("row", "column"), ascending, on a scale that others may share."""
    rows, columns = (np.asarray(values.coords[axis].values) for axis in ("row", "column"))
    shown = np.asarray(values.values, dtype=float)
    heat = coloured(shown, scale, _asked(values)) | {"x": columns.tolist(), "y": rows.tolist()}
    heat["colorbar"] = bar(values, scale)
    sure = significant(values)
    wash = [] if sure is None else [_washed(columns, rows, sure), _dotted(columns, rows, sure)]
    return {"data": [heat, *wash, *_hatched(values), *_zero(rows, columns)], "layout": _plane_layout(values)}


def _asked(values: xr.DataArray) -> tuple[list[list[list[Any]]], str]:
    """What each bin says when asked (rows, columns, parts), and the template that says it."""
    rows, columns = np.meshgrid(values.coords["row"].values, values.coords["column"].values, indexing="ij")
    parts: list[Array] = [np.hypot(rows, columns), np.asarray(values.values, dtype=float)]
    lines = [
        "row %{y}, column %{x} cycles/image",
        "radius %{customdata[0]} cycles/image",
        label(values) + ": %{customdata[1]}",
    ]
    found, n, sure = bounds(values), count(values), significant(values)
    if found is not None:
        parts.extend(found)
        lines.append("95 % interval %{customdata[2]} to %{customdata[3]}")
    if n is not None:
        lines.append(f"n = {n}")
    own = counts(values)
    if own is not None:
        lines.append("n = %{customdata[" + str(len(parts)) + "]}")
        parts.append(own)
    if sure is not None:
        lines.append("%{customdata[" + str(len(parts)) + "]}")
    cells = np.stack(parts, axis=-1)
    kept: list[list[list[Any]]] = [[[short(one) for one in cell] for cell in row] for row in cells]
    if sure is not None:
        for row, marks in zip(kept, sure, strict=True):
            for cell, mark in zip(row, marks, strict=True):
                cell.append(SIGNIFICANT if mark else NOT_SIGNIFICANT)
    return kept, "<br>".join(lines) + "<extra></extra>"


def coloured(shown: Array, scale: Scale, asked: tuple[list[list[list[Any]]], str]) -> dict[str, Any]:
    """The cells (rows, columns) of a plane or a map in the colours of a scale, with what each says when asked."""
    low, high = scale.low, scale.high
    if scale.kind == "logarithmic":
        shown, low, high = np.log10(shown), float(np.log10(low)), float(np.log10(high))
    return {
        "type": "heatmap",
        "z": rounded(shown),
        "zmin": short(low),
        "zmax": short(high),
        "colorscale": [[place / (len(scale.colours) - 1), colour] for place, colour in enumerate(scale.colours)],
        "customdata": asked[0],
        "hovertemplate": asked[1],
        "hoverongaps": False,
    }


def bar(values: xr.DataArray, scale: Scale) -> dict[str, Any]:
    """The colour bar under a plane or a map."""
    made: dict[str, Any] = {
        "orientation": "h",
        "thickness": 11,
        "len": 1.0,
        "y": -0.18,
        "yanchor": "top",
        "outlinewidth": 0,
        "title": {"text": logarithmic_told(label(values), scale.kind == "logarithmic"), "side": "bottom"},
        "nticks": 7,
        "tickangle": 0,
    }
    if scale.kind == "logarithmic":
        ticks = logarithmic_ticks(scale.low, scale.high)
        made |= {"tickvals": [short(float(np.log10(one))) for one in ticks], "ticktext": [f"{one:g}" for one in ticks]}
    return made


def _washed(columns: Array, rows: Array, sure: Array) -> dict[str, Any]:
    """A grey veil over bins that are not significant."""
    veil = [[None if mark else 1 for mark in row] for row in sure]
    grey = "rgba(128,128,128,0.55)"
    return {
        "type": "heatmap",
        "x": columns.tolist(),
        "y": rows.tolist(),
        "z": veil,
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, grey], [1, grey]],
        "showscale": False,
        "hoverinfo": "skip",
    }


def _dotted(columns: Array, rows: Array, sure: Array) -> dict[str, Any]:
    """A dot in each bin that is not significant, unless there are too many bins to see one."""
    places = np.argwhere(~sure) if sure.size <= MOST_DOTS else np.empty((0, 2), dtype=int)
    return {
        "type": "scatter",
        "x": columns[places[:, 1]].tolist(),
        "y": rows[places[:, 0]].tolist(),
        "mode": "markers",
        "marker": {"size": max(1.5, 75 / max(sure.shape)), "color": "#333333"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _hatched(values: xr.DataArray) -> list[dict[str, Any]]:
    """Strokes through bins that were not measured, as on paper."""
    strokes = hatching(values)
    if strokes is None:
        return []
    x, y = ([None if np.isnan(one) else short(one) for one in along] for along in strokes)
    line = {"color": "#777777", "width": 0.8}
    return [
        {"type": "scatter", "x": x, "y": y, "mode": "lines", "line": line, "hoverinfo": "skip", "showlegend": False}
    ]


def _zero(rows: Array, columns: Array) -> list[dict[str, Any]]:
    if 0 not in rows or 0 not in columns:
        return []
    marks = [("#000000", 11, 3.2), ("#ffffff", 10, 1.4)]
    return [
        {
            "type": "scatter",
            "x": [0],
            "y": [0],
            "mode": "markers",
            "hoverinfo": "skip",
            "showlegend": False,
            "marker": {"symbol": "cross-thin", "size": size, "line": {"color": colour, "width": width}},
        }
        for colour, size, width in marks
    ]


def _plane_layout(values: xr.DataArray) -> dict[str, Any]:
    left, right = edges(values.coords["column"].values)
    top, bottom = edges(values.coords["row"].values)
    axis = {
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "nticks": 7,
        "fixedrange": True,
        "constrain": "domain",
        "tickangle": 0,
    }
    return layout(
        410,
        {"l": 54, "r": 14, "t": 8, "b": 108},
        {**axis, **_side(values, "column"), "range": [left, right]},
        {**axis, **_side(values, "row"), "range": [bottom, top], "scaleanchor": "x"},
    )


def _side(values: xr.DataArray, axis: str) -> dict[str, Any]:
    """An axis's title and, where they are few, a tick at each measured frequency."""
    title = {"title": {"text": axis_label(values, axis), "standoff": 4}}
    marked = ticks(values.coords[axis].values)
    return title if marked is None else {**title, "tickvals": marked, "tickfont": {"size": 11}}
