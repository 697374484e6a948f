"""A map on the page: cells over two axes of numbers, which say their numbers when they are pointed at."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.form import (
    NOT_SIGNIFICANT,
    SIGNIFICANT,
    axis_label,
    bounds,
    count,
    label,
    reached,
    significant,
)
from fourierscope.figures.page_layout import PageFigure, layout, short
from fourierscope.figures.page_plane import bar, coloured
from fourierscope.figures.scale import Scale, logarithmic_told
from fourierscope.figures.spacing import Spacing, spacing


def map_figure(values: xr.DataArray, scale: Scale) -> PageFigure:
    """The figure of values over two axes, ascending, on a scale that others may share: the first axis runs across."""
    first, second = map(str, values.dims)
    across, up = (spacing(values.coords[axis].values) for axis in (first, second))
    cells = coloured(np.asarray(values.values, dtype=float).T, scale, _asked(values))
    cells |= {"x": [short(one) for one in across.edges], "y": [short(one) for one in up.edges]}
    cells["colorbar"] = bar(values, scale)
    made = layout(420, {"l": 62, "r": 14, "t": 8, "b": 108}, _side(values, first, across), _side(values, second, up))
    made["plot_bgcolor"] = "#dddddd"  # where there is no number, as on paper
    return {"data": [cells, *_washed(values, cells), *_dots(values, across, up)], "layout": made}


def _asked(values: xr.DataArray) -> tuple[list[list[list[Any]]], str]:
    """What each cell says when asked (second axis, first axis, parts), and the template that says it."""
    first, second = map(str, values.dims)
    across, up = np.meshgrid(values.coords[first].values, values.coords[second].values)
    parts = [across, up, np.asarray(values.values, dtype=float).T]
    lines = [f"{axis_label(values, axis)}: %{{customdata[{place}]}}" for place, axis in enumerate((first, second))]
    lines.append(f"{label(values)}: %{{customdata[2]}}")
    found, n, sure = bounds(values), count(values), significant(values)
    if found is not None:
        parts.extend(one.T for one in found)
        lines.append("95 % interval %{customdata[3]} to %{customdata[4]}")
    if n is not None:
        lines.append(f"n = {n}")
    if sure is not None:
        lines.append("%{customdata[" + str(len(parts)) + "]}")
    cells = np.stack([np.asarray(one, dtype=float) for one in parts], axis=-1)
    kept: list[list[list[Any]]] = [[[short(one) for one in cell] for cell in row] for row in cells]
    if sure is not None:
        for place in np.ndindex(sure.T.shape):
            kept[place[0]][place[1]].append(SIGNIFICANT if sure.T[place] else NOT_SIGNIFICANT)
    return kept, "<br>".join(lines) + "<extra></extra>"


def _washed(values: xr.DataArray, cells: dict[str, Any]) -> list[dict[str, Any]]:
    """A grey veil over cells that are not significant."""
    sure, grey = significant(values), "rgba(128,128,128,0.55)"
    if sure is None:
        return []
    veil = {"type": "heatmap", "x": cells["x"], "y": cells["y"], "showscale": False, "hoverinfo": "skip"}
    shown = [[None if mark else 1 for mark in row] for row in (sure | ~np.isfinite(values.values)).T]
    return [veil | {"z": shown, "zmin": 0, "zmax": 1, "colorscale": [[0, grey], [1, grey]]}]


def _dots(values: xr.DataArray, across: Spacing, up: Spacing) -> list[dict[str, Any]]:
    """A dot where each point of the second axis reaches its place along the first."""
    found = reached(values)
    if found is None:
        return []
    known = np.isfinite(found)
    marker = {"size": 8, "color": "#ffffff", "line": {"color": "#000000", "width": 1.4}}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [short(one) for one in across.placed(found[known])],
            "y": [short(one) for one in up.places[known]],
            "marker": marker,
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _side(values: xr.DataArray, axis: str, along: Spacing) -> dict[str, Any]:
    return {
        "title": {"text": logarithmic_told(axis_label(values, axis), along.logarithmic), "standoff": 6},
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickvals": [short(one) for one in along.marks],
        "ticktext": along.texts,
        "range": [short(one) for one in along.edges[[0, -1]]],
        "fixedrange": True,
        "tickangle": 0,
    }
