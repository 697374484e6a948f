"""Frequency planes on paper: the cells in a frame, and the bar of their colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fourierscope.figures.form import axis_label, common_label, edges, hatching, significant, ticks, whole
from fourierscope.figures.paper_curve import whole_ticks
from fourierscope.figures.scale import MOST_DOTS, Scale, logarithmic_ticks, logarithmic_told

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WASH = (0.5, 0.5, 0.5, 0.55)  # over cells that are not significant


def bar(
    figure: Figure, image: Any, frames: list[Axes], several: Sequence[xr.DataArray], scale: Scale, aspect: int
) -> None:
    """The colour bar of frames that share a scale."""
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[
        scale.exceeded(several)
    ]
    made = figure.colorbar(image, ax=frames, extend=extend, fraction=0.05, pad=0.02, aspect=aspect)
    made.set_label(logarithmic_told(common_label(several), scale.kind == "logarithmic"))
    if scale.kind == "logarithmic":
        marked = logarithmic_ticks(scale.low, scale.high)
        made.set_ticks(marked, labels=[f"{one:g}" for one in marked])
        made.ax.minorticks_off()


def plane(frame: Axes, values: xr.DataArray, scale: Scale) -> Any:
    """Draw the cells of a plane into a frame, with frequency zero marked; its image."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize

    norm = (LogNorm if scale.kind == "logarithmic" else Normalize)(scale.low, scale.high)
    colours = LinearSegmentedColormap.from_list("scale", list(scale.colours), N=256).with_extremes(bad="#dddddd")
    rows, columns = (edges(values.coords[axis].values) for axis in ("row", "column"))
    extent = (columns[0], columns[1], rows[1], rows[0])
    image = frame.imshow(
        np.asarray(values.values, float),
        cmap=colours,
        norm=norm,
        extent=extent,
        interpolation="nearest",
        aspect="equal",
    )
    sure = significant(values)
    if sure is not None:
        wash = np.zeros((*sure.shape, 4))
        wash[~sure] = _WASH
        frame.imshow(wash, extent=extent, interpolation="nearest", aspect="equal")
        places = np.argwhere(~sure) if sure.size <= MOST_DOTS else np.empty((0, 2), dtype=int)
        size = 40 / max(sure.shape)
        frame.plot(
            values["column"].values[places[:, 1]],
            values["row"].values[places[:, 0]],
            "o",
            color="#333333",
            markersize=size,
            mew=0,
        )
    strokes = hatching(values)
    if strokes is not None:
        frame.plot(*strokes, color="#777777", linewidth=min(0.9, 12 / max(values.shape)))
    frame.plot([0], [0], marker="+", color="black", markersize=9, markeredgewidth=2.6)
    frame.plot([0], [0], marker="+", color="white", markersize=8, markeredgewidth=1.2)
    frame.set(xlim=columns, ylim=(rows[1], rows[0]))
    for axis, side in (("column", frame.xaxis), ("row", frame.yaxis)):
        marked = ticks(values.coords[axis].values)
        if marked is not None:
            side.set_ticks(marked)
        elif whole(values.coords[axis]):
            whole_ticks(side)
    frame.set_xlabel(axis_label(values, "column"))
    frame.set_ylabel(axis_label(values, "row"))
    return image
