"""Figures on the page, for plotly: the forms of the paper, as dictionaries of `data` and `layout` ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.curves import Axis, Curve, axis_of, curves, told
from fourierscope.figures.form import (
    bounds,
    common_form,
    common_label,
    count,
    interval,
    label,
    number,
    ordered,
    unfolded,
    within_numbers,
)
from fourierscope.figures.page_layout import (
    PageFigure,
    bars,
    harmless,
    harmless_values,
    layout,
    line_axis,
    shaded,
    short,
    whole_ticks,
)
from fourierscope.figures.page_map import map_figure
from fourierscope.figures.page_plane import plane
from fourierscope.figures.page_words import cloud, dots, points, table
from fourierscope.figures.scale import scale_of, scales_of


def page_figures(several: Sequence[xr.DataArray], names: Sequence[str]) -> list[PageFigure]:
    """The figures of values that are compared: one for each plane, all on one scale; one for all curves, or all values.

    Raises ValueError where axes or units differ, or the form is pictures (a page shows those as images).
    """
    form = common_form(several, names)
    scales = scales_of(several) if form in ("plane", "planes", "map", "maps") else []
    several, names = unfolded(several, names)
    several, names = [harmless_values(one) for one in several], [harmless(one) for one in names]
    if form in ("plane", "planes"):
        return [plane(ordered(values), scale) for values, scale in zip(several, scales, strict=True)]
    if form == "value":
        return [_values(several, names)]
    if form == "table":
        scale = scale_of(several)
        return [table(values, scale) for values in several]
    if form in ("map", "maps"):
        drawn = zip(several, scales, strict=True)
        return [map_figure(within_numbers(ordered(values)), scale) for values, scale in drawn]
    if form == "cloud":
        return [cloud(values) for values in several]
    if form in ("dots", "points"):
        return [(dots if form == "dots" else points)(several, names)]
    if form == "pictures":
        raise ValueError("A page shows pictures as images, not as a plotly figure.")
    return [_curves(several, names)]


def _curves(several: Sequence[xr.DataArray], names: Sequence[str]) -> PageFigure:
    axis, found = axis_of(several), curves(several, names)
    traces = [trace for one in found for trace in _curve(one, axis)]
    differs = any(one.significant is not None for one in found)
    named = [one for one in found if one.name]
    figure_layout = layout(
        360 + 22 * len(named),
        {"l": 62, "r": 14, "t": 10, "b": 60},
        line_axis(axis.x_title, axis.x_logarithmic, found, True),
        line_axis(axis.y_title, axis.y_logarithmic, found, False),
    )
    if axis.x_whole and axis.thinning is None and not axis.x_logarithmic:
        figure_layout["xaxis"] |= whole_ticks([one.x for one in found])
    if axis.y_whole and not axis.y_logarithmic:
        figure_layout["yaxis"] |= whole_ticks([one.y for one in found])
    if axis.thinning is not None:
        marked = {"tickvals": [short(one) for one in axis.thinning.marks], "ticktext": axis.thinning.texts}
        figure_layout["xaxis"] |= marked
    figure_layout["yaxis"]["zeroline"] = differs
    figure_layout["showlegend"] = bool(named)
    figure_layout["legend"] = {
        "orientation": "v",
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "itemclick": False,
    }
    return {"data": traces, "layout": figure_layout}


def _curve(curve: Curve, axis: Axis) -> list[dict[str, Any]]:
    style, name = curve.style, curve.name
    x = [short(one) for one in _across(curve, axis)]
    faces = [style.filled] * len(x) if curve.significant is None else curve.significant.tolist()
    texts = ["<br>".join(line for line in [name, *told(curve, place, axis)] if line) for place in range(len(x))]
    marker = {"symbol": style.marker, "size": 8, "color": [style.colour if face else "#ffffff" for face in faces]}
    marker["line"] = {"color": style.colour, "width": 1.6}
    line = {
        "type": "scatter",
        "mode": "lines+markers" if curve.joined else "markers",
        "x": x,
        "y": [short(one) for one in curve.y],
        "name": name,
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": marker,
        "text": texts,
        "hoverinfo": "text",
        "showlegend": bool(name),
    }
    if curve.joined:
        return [*_band(curve, axis), line]
    return [line if curve.bounds is None else line | {"error_y": bars(curve.y, curve.bounds, style.colour)}]


def _across(curve: Curve, axis: Axis) -> Any:
    """Where the points of a curve stand across."""
    return curve.x if axis.thinning is None else axis.thinning.placed(curve.x)


def _band(curve: Curve, axis: Axis) -> list[dict[str, Any]]:
    if curve.bounds is None:
        return []
    least = np.nanmin(curve.y) / 10 if axis.y_logarithmic else -np.inf  # a logarithmic axis holds no bound at 0
    low, high = (np.maximum(side, least) for side in curve.bounds)
    return [shaded(_across(curve, axis), low, high, curve.style.colour)]


def _values(several: Sequence[xr.DataArray], names: Sequence[str]) -> PageFigure:
    """Values under each other, each with its bar and, above it, its name and numbers."""
    values = [float(one) for one in several]
    found = [_ends(one) for one in several]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [short(value) for value in values],
        "y": list(range(len(several))),
        "hovertext": [_value_told(one, name) for one, name in zip(several, names, strict=True)],
        "hoverinfo": "text",
        "marker": {"size": 10, "color": "#0072b2", "symbol": "circle"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "thickness": 2,
            "width": 5,
            "color": "#0072b2",
            "array": [short(high - value) for value, (_, high) in zip(values, found, strict=True)],
            "arrayminus": [short(value - low) for value, (low, _) in zip(values, found, strict=True)],
        },
    }
    n = count(several[0])
    low, high = float(np.nanmin(found)), float(np.nanmax(found))
    room = 0.1 * (high - low) or 0.5
    x = line_axis(common_label(several) + ("" if n is None else f", n = {n}"), False, [], True)
    x |= {"range": [short(low - room), short(high + room)], "nticks": 6}
    y = {"range": [len(several) - 0.6, -0.75], "visible": False, "fixedrange": True}
    figure_layout = layout(80 + 52 * len(several), {"l": 10, "r": 10, "t": 4, "b": 52}, x, y)
    figure_layout["annotations"] = [
        _above(place, one, name) for place, (one, name) in enumerate(zip(several, names, strict=True))
    ]
    return {"data": [dots], "layout": figure_layout}


def _ends(values: xr.DataArray) -> tuple[float, float]:
    """The bounds of a value; the value itself twice where it has none."""
    found = bounds(values)
    return (float(values), float(values)) if found is None else (float(found[0]), float(found[1]))


def _above(place: int, values: xr.DataArray, name: str) -> dict[str, Any]:
    told = number(float(values)) + ("" if bounds(values) is None else f" ({interval(*_ends(values))})")
    return {
        "text": f"{name}  <b>{told}</b>",
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": place - 0.2,
        "yanchor": "bottom",
        "showarrow": False,
    }


def _value_told(values: xr.DataArray, name: str) -> str:
    lines = [name] * bool(name) + [f"{label(values)}: {number(float(values))}"]
    if bounds(values) is not None:
        lines.append(f"95 % interval {interval(*_ends(values))}")
    if count(values) is not None:
        lines.append(f"n = {count(values)}")
    return "<br>".join(lines)
