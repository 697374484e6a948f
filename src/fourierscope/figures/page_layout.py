"""What all figures of the page share: layout, harmless texts, numbers as short as a page can show.

Plotly reads tags and templates in texts; every text of a result is made harmless
here, before a figure is made of it, so that no figure needs to think of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.curves import Curve
from fourierscope.figures.form import (
    Array,
)
from fourierscope.figures.scale import logarithmic_ticks

PageFigure = dict[str, Any]

_LONGEST = 48  # characters of a name within a figure
_FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": "#1d2433"}
_FEW = 8  # whole numbers across an axis, of which each is marked
_GRID, _LINE = "#e6e8ed", "#9aa1ad"


def harmless(text: object) -> str:
    """A text that plotly shows as it stands: no tags, entities or templates; long ones are cut in the middle."""
    plain = " ".join(str(text).split())
    if len(plain) > _LONGEST:
        plain = plain[: _LONGEST // 2] + "\u2026" + plain[1 - _LONGEST // 2 :]
    return _escaped(plain)


def harmless_values(values: xr.DataArray) -> xr.DataArray:
    """Values whose texts are harmless: name, units, names of axes, words and units along them."""
    made = values.copy(deep=False)
    made.attrs = _harmless_units(values.attrs)
    for axis in values.dims:
        if axis in values.coords:
            along = values.coords[axis]
            points = [harmless(one) for one in along.values] if along.dtype.kind in "UOT" else along.values
            made = made.assign_coords({axis: (axis, points, _harmless_units(along.attrs))})
    beside = made.attrs.get("against")
    if beside in made.coords and beside not in made.dims:
        made = made.rename({beside: harmless(beside)})
        made.attrs["against"] = harmless(beside)
        made.coords[harmless(beside)].attrs = _harmless_units(made.coords[harmless(beside)].attrs)
    made = made.rename({axis: _escaped(str(axis)) for axis in values.dims if _escaped(str(axis)) != axis})
    return made.rename(None if values.name is None else harmless(values.name))


def _harmless_units(attrs: dict[Any, Any]) -> dict[Any, Any]:
    return attrs | {"units": harmless(attrs["units"])} if "units" in attrs else dict(attrs)


def _escaped(plain: str) -> str:
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "&#37;{")


def layout(height: int, margin: dict[str, int], x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """The layout of a figure of this height in pixels, with its two axes."""
    return {
        "height": height,
        "margin": margin,
        "xaxis": x,
        "yaxis": y,
        "font": _FONT,
        "autosize": True,
        "showlegend": False,
        "plot_bgcolor": "rgba(0,0,0,0)",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "hoverlabel": {"align": "left", "bgcolor": "#1d2433", "font": {"color": "#ffffff", "size": 13}},
    }


def line_axis(text: str, is_logarithmic: bool, found: Sequence[Curve], across: bool) -> dict[str, Any]:
    """An axis for curves and values; where it is logarithmic, with ticks that fit the points `across` or up."""
    axis: dict[str, Any] = {
        "title": {"text": text, "standoff": 8},
        "gridcolor": _GRID,
        "zeroline": False,
        "zerolinecolor": _LINE,
        "linecolor": _LINE,
        "ticks": "outside",
        "ticklen": 4,
        "fixedrange": True,
        "nticks": 8,
        "tickangle": 0,
        "automargin": True,
    }
    if is_logarithmic:
        points = np.concatenate([one.x if across else one.y for one in found])
        points = points[points > 0]
        ticks = logarithmic_ticks(points.min() / 2, points.max() * 2)
        axis |= {"type": "log", "tickvals": ticks, "ticktext": [f"{one:g}" for one in ticks]}
    return axis


def whole_ticks(several: Sequence[Array]) -> dict[str, Any]:
    """Ticks of an axis of whole numbers: one at each, where so few lie within it that plotly would part them."""
    points = np.concatenate([np.empty(0), *several])
    points = points[np.isfinite(points)]
    return {"tick0": 0, "dtick": 1} if points.size and np.ptp(points) < _FEW else {}


def bars(values: Array, bounds: tuple[Array, Array], colour: str) -> dict[str, Any]:
    """The intervals of marks, as bars."""
    return {
        "type": "data",
        "symmetric": False,
        "thickness": 1.6,
        "width": 0,
        "color": colour,
        "array": [short(value) for value in bounds[1] - values],
        "arrayminus": [short(value) for value in values - bounds[0]],
    }


def shaded(x: Array, low: Array, high: Array, colour: str) -> dict[str, Any]:
    """The area between two curves (k,), in a faint shade of a colour such as #0072b2."""
    across = [short(one) for one in x]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": across + across[::-1],
        "y": [short(one) for one in high] + [short(one) for one in low[::-1]],
        "fill": "toself",
        "fillcolor": "rgba({}, {}, {}, 0.16)".format(*(int(colour[place : place + 2], 16) for place in (1, 3, 5))),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def rounded(values: Array) -> list[list[float | None]]:
    """Values (rows, columns) for JSON."""
    return [[short(one) for one in row] for row in values]


def short(value: float) -> float | None:
    """Four significant digits, which is what a page can show; None where there is no number."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
