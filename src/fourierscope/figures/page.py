"""Figures on the page, for plotly: the same forms as on paper, as dictionaries of `data` and `layout` ready for JSON.

Plotly reads tags and templates in texts; every text that comes from a result is made harmless here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.curves import Axis, Curve, axis_of, curves, told
from fourierscope.figures.form import (
    NOT_SIGNIFICANT,
    SIGNIFICANT,
    Array,
    axis_label,
    bounds,
    common_form,
    count,
    edges,
    interval,
    label,
    number,
    ordered,
    significant,
)
from fourierscope.figures.scale import MOST_DOTS, Scale, logarithmic_ticks, scale_of

PageFigure = dict[str, Any]

_LONGEST = 48  # characters of a name within a figure
_FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": "#1d2433"}
_GRID, _LINE = "#e6e8ed", "#9aa1ad"


def page_figures(several: Sequence[xr.DataArray], names: Sequence[str]) -> list[PageFigure]:
    """The figures of values that are compared: one for each plane, all on one scale; one for all curves, or all values.

    Raises ValueError where axes or units differ, or the form is pictures (a page shows those as images).
    """
    form = common_form(several, names)
    if form == "plane":
        scale = scale_of(several)
        return [_plane(ordered(values), scale) for values in several]
    if form == "value":
        return [_values(several, names)]
    if form == "pictures":
        raise ValueError("A page shows pictures as images, not as a plotly figure.")
    return [_curves(several, names)]


def harmless(text: object) -> str:
    """A text that plotly shows as it stands: no tags, entities or templates; long ones are cut."""
    plain = " ".join(str(text).split())
    plain = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "\u2026"
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "&#37;{")


def _plane(values: xr.DataArray, scale: Scale) -> PageFigure:
    rows, columns = (np.asarray(values.coords[axis].values) for axis in ("row", "column"))
    shown = np.asarray(values.values, dtype=float)
    low, high = scale.low, scale.high
    if scale.kind == "logarithmic":
        shown, low, high = np.log10(shown), float(np.log10(low)), float(np.log10(high))
    kept, template = _asked(values)
    heat = {
        "type": "heatmap", "x": columns.tolist(), "y": rows.tolist(), "z": _rounded(shown), "zmin": _short(low), "zmax": _short(high),
        "colorscale": [[place / (len(scale.colours) - 1), colour] for place, colour in enumerate(scale.colours)],
        "customdata": kept, "hovertemplate": template, "hoverongaps": False, "colorbar": _bar(values, scale),
    }  # fmt: skip
    sure = significant(values)
    wash = [] if sure is None else [_washed(columns, rows, sure), _dotted(columns, rows, sure)]
    return {"data": [heat, *wash, *_zero(rows, columns)], "layout": _plane_layout(values)}


def _asked(values: xr.DataArray) -> tuple[list[list[list[Any]]], str]:
    """What each bin says when asked (rows, columns, parts), and the template that says it."""
    rows, columns = np.meshgrid(values.coords["row"].values, values.coords["column"].values, indexing="ij")
    parts: list[Array] = [np.hypot(rows, columns), np.asarray(values.values, dtype=float)]
    lines = ["row %{y}, column %{x} cycles/image", "radius %{customdata[0]} cycles/image", harmless(label(values)) + ": %{customdata[1]}"]
    found, n, sure = bounds(values), count(values), significant(values)
    if found is not None:
        parts.extend(found)
        lines.append("95 % interval %{customdata[2]} to %{customdata[3]}")
    if n is not None:
        lines.append(f"n = {n}")
    if sure is not None:
        lines.append("%{customdata[" + str(len(parts)) + "]}")
    cells = np.stack(parts, axis=-1)
    kept: list[list[list[Any]]] = [[[_short(one) for one in cell] for cell in row] for row in cells]
    if sure is not None:
        for row, marks in zip(kept, sure, strict=True):
            for cell, mark in zip(row, marks, strict=True):
                cell.append(SIGNIFICANT if mark else NOT_SIGNIFICANT)
    return kept, "<br>".join(lines) + "<extra></extra>"


def _bar(values: xr.DataArray, scale: Scale) -> dict[str, Any]:
    bar: dict[str, Any] = {
        "orientation": "h", "thickness": 11, "len": 1.0, "y": -0.18, "yanchor": "top", "outlinewidth": 0,
        "title": {"text": harmless(label(values)), "side": "bottom"}, "nticks": 5, "tickangle": 0,
    }  # fmt: skip
    if scale.kind == "logarithmic":
        ticks = logarithmic_ticks(scale.low, scale.high)
        bar |= {"tickvals": [_short(float(np.log10(one))) for one in ticks], "ticktext": [f"{one:g}" for one in ticks]}
    return bar


def _washed(columns: Array, rows: Array, sure: Array) -> dict[str, Any]:
    """A grey veil over bins that are not significant."""
    veil = [[None if mark else 1 for mark in row] for row in sure]
    grey = "rgba(128,128,128,0.55)"
    return {
        "type": "heatmap", "x": columns.tolist(), "y": rows.tolist(), "z": veil, "zmin": 0, "zmax": 1,
        "colorscale": [[0, grey], [1, grey]], "showscale": False, "hoverinfo": "skip",
    }  # fmt: skip


def _dotted(columns: Array, rows: Array, sure: Array) -> dict[str, Any]:
    """A dot in each bin that is not significant, unless there are too many bins to see one."""
    places = np.argwhere(~sure) if sure.size <= MOST_DOTS else np.empty((0, 2), dtype=int)
    return {
        "type": "scatter", "x": columns[places[:, 1]].tolist(), "y": rows[places[:, 0]].tolist(), "mode": "markers",
        "marker": {"size": max(1.5, 75 / max(sure.shape)), "color": "#333333"}, "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip


def _zero(rows: Array, columns: Array) -> list[dict[str, Any]]:
    if 0 not in rows or 0 not in columns:
        return []
    marks = [("#000000", 11, 3.2), ("#ffffff", 10, 1.4)]
    return [
        {
            "type": "scatter", "x": [0], "y": [0], "mode": "markers", "hoverinfo": "skip", "showlegend": False,
            "marker": {"symbol": "cross-thin", "size": size, "line": {"color": colour, "width": width}},
        }
        for colour, size, width in marks
    ]  # fmt: skip


def _plane_layout(values: xr.DataArray) -> dict[str, Any]:
    left, right = edges(values.coords["column"].values)
    top, bottom = edges(values.coords["row"].values)
    axis = {
        "showgrid": False, "zeroline": False, "ticks": "outside", "ticklen": 4, "nticks": 7, "fixedrange": True, "constrain": "domain",
        "tickangle": 0,
    }  # fmt: skip
    return _layout(
        410,
        {"l": 54, "r": 14, "t": 8, "b": 108},
        {**axis, "title": {"text": axis_label(values, "column"), "standoff": 4}, "range": [left, right]},
        {**axis, "title": {"text": axis_label(values, "row"), "standoff": 4}, "range": [bottom, top], "scaleanchor": "x"},
    )


def _layout(height: int, margin: dict[str, int], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    return {
        "height": height, "margin": margin, "xaxis": x, "yaxis": y, "font": _FONT, "autosize": True, "showlegend": False,
        "plot_bgcolor": "rgba(0,0,0,0)", "paper_bgcolor": "rgba(0,0,0,0)", "dragmode": False,
        "hoverlabel": {"align": "left", "bgcolor": "#1d2433", "font": {"color": "#ffffff", "size": 13}},
    }  # fmt: skip


def _curves(several: Sequence[xr.DataArray], names: Sequence[str]) -> PageFigure:
    axis, found = axis_of(several), curves(several, names)
    traces = [trace for one in found for trace in _curve(one, axis)]
    differs = any(one.significant is not None for one in found)
    named = [one for one in found if one.name]
    layout = _layout(360 + 22 * len(named), {"l": 62, "r": 14, "t": 10, "b": 60}, _line_axis(axis.x_title, axis.x_logarithmic, found, True),
                     _line_axis(axis.y, axis.y_logarithmic, found, False))  # fmt: skip
    layout["yaxis"]["zeroline"] = differs
    layout["showlegend"] = bool(named)
    layout["legend"] = {"orientation": "v", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "itemclick": False}
    return {"data": traces, "layout": layout}


def _line_axis(text: str, is_logarithmic: bool, found: Sequence[Curve], across: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "title": {"text": harmless(text), "standoff": 8}, "gridcolor": _GRID, "zeroline": False, "zerolinecolor": _LINE,
        "linecolor": _LINE, "ticks": "outside", "ticklen": 4, "fixedrange": True, "nticks": 8, "tickangle": 0, "automargin": True,
    }  # fmt: skip
    if is_logarithmic:
        points = np.concatenate([one.x if across else one.y for one in found])
        points = points[points > 0]
        ticks = logarithmic_ticks(points.min() / 2, points.max() * 2)
        axis |= {"type": "log", "tickvals": ticks, "ticktext": [f"{one:g}" for one in ticks]}
    return axis


def _curve(curve: Curve, axis: Axis) -> list[dict[str, Any]]:
    style, name = curve.style, harmless(curve.name)
    x = [_short(one) for one in curve.x]
    faces = [style.filled] * len(x) if curve.significant is None else curve.significant.tolist()
    texts = ["<br>".join(harmless(line) for line in [curve.name, *told(curve, place, axis)] if line) for place in range(len(x))]
    marker = {"symbol": style.marker, "size": 8, "color": [style.colour if face else "#ffffff" for face in faces]}
    marker["line"] = {"color": style.colour, "width": 1.6}
    line = {
        "type": "scatter", "mode": "lines+markers", "x": x, "y": [_short(one) for one in curve.y], "name": name,
        "line": {"color": style.colour, "dash": style.dash, "width": 2}, "marker": marker, "text": texts, "hoverinfo": "text",
        "showlegend": bool(name),
    }  # fmt: skip
    return [*_band(curve, x, axis), line]


def _band(curve: Curve, x: list[Any], axis: Axis) -> list[dict[str, Any]]:
    if curve.bounds is None:
        return []
    least = np.nanmin(curve.y) / 10 if axis.y_logarithmic else -np.inf  # a logarithmic axis holds no bound at 0
    low, high = ([_short(one) for one in np.maximum(side, least)] for side in curve.bounds)
    colour = "rgba({}, {}, {}, 0.16)".format(*(int(curve.style.colour[place : place + 2], 16) for place in (1, 3, 5)))
    return [
        {
            "type": "scatter", "mode": "lines", "x": x + x[::-1], "y": high + low[::-1], "fill": "toself", "fillcolor": colour,
            "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False,
        }
    ]  # fmt: skip


def _values(several: Sequence[xr.DataArray], names: Sequence[str]) -> PageFigure:
    """Values under each other, each with its bar and, above it, its name and numbers."""
    values = [float(one) for one in several]
    found = [_ends(one) for one in several]
    dots = {
        "type": "scatter", "mode": "markers", "x": [_short(value) for value in values], "y": list(range(len(several))),
        "hovertext": [_value_told(one, name) for one, name in zip(several, names, strict=True)], "hoverinfo": "text",
        "marker": {"size": 10, "color": "#0072b2", "symbol": "circle"},
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": "#0072b2",
            "array": [_short(high - value) for value, (_, high) in zip(values, found, strict=True)],
            "arrayminus": [_short(value - low) for value, (low, _) in zip(values, found, strict=True)],
        },
    }  # fmt: skip
    n = count(several[0])
    low, high = float(np.nanmin(found)), float(np.nanmax(found))
    room = 0.1 * (high - low) or 0.5
    x = _line_axis(label(several[0]) + ("" if n is None else f", n = {n}"), False, [], True)
    x |= {"range": [_short(low - room), _short(high + room)], "nticks": 6}
    y = {"range": [len(several) - 0.6, -0.75], "visible": False, "fixedrange": True}
    layout = _layout(80 + 52 * len(several), {"l": 10, "r": 10, "t": 4, "b": 52}, x, y)
    layout["annotations"] = [_above(place, one, name) for place, (one, name) in enumerate(zip(several, names, strict=True))]
    return {"data": [dots], "layout": layout}


def _ends(values: xr.DataArray) -> tuple[float, float]:
    """The bounds of a value; the value itself twice where it has none."""
    found = bounds(values)
    return (float(values), float(values)) if found is None else (float(found[0]), float(found[1]))


def _above(place: int, values: xr.DataArray, name: str) -> dict[str, Any]:
    told = number(float(values)) + ("" if bounds(values) is None else f" ({interval(*_ends(values))})")
    return {
        "text": f"{harmless(name)}  <b>{told}</b>", "xref": "paper", "x": 0, "xanchor": "left", "y": place - 0.2, "yanchor": "bottom",
        "showarrow": False,
    }  # fmt: skip


def _value_told(values: xr.DataArray, name: str) -> str:
    lines = [harmless(name)] * bool(name) + [f"{harmless(label(values))}: {number(float(values))}"]
    if bounds(values) is not None:
        lines.append(f"95 % interval {interval(*_ends(values))}")
    if count(values) is not None:
        lines.append(f"n = {count(values)}")
    return "<br>".join(lines)


def _rounded(values: Array) -> list[list[float | None]]:
    return [[_short(one) for one in row] for row in values]


def _short(value: float) -> float | None:
    """Four significant digits, which is what a page can show; None where there is no number."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
