"""Maps on paper: values over two axes of numbers, such as steps and frequencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fourierscope.figures.form import axis_label, reached, significant
from fourierscope.figures.scale import Scale, logarithmic_told
from fourierscope.figures.spacing import spacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def map_in(frame: Axes, values: xr.DataArray, scale: Scale) -> Any:
    """Draw values, ascending along both axes, into a frame: the first axis runs across, the second up; their image.

    Where a place along the first axis is reached for each point of the second, a dot marks it.
    Cells that are not significant are greyed.
    """
    from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize

    norm = (LogNorm if scale.kind == "logarithmic" else Normalize)(scale.low, scale.high)
    colours = LinearSegmentedColormap.from_list("scale", list(scale.colours), N=256).with_extremes(bad="#dddddd")
    first, second = map(str, values.dims)
    across, up = (spacing(values.coords[axis].values) for axis in (first, second))
    shown = np.ma.masked_invalid(np.asarray(values.values, dtype=float).T)
    image = frame.pcolormesh(across.edges, up.edges, shown, cmap=colours, norm=norm, shading="flat")
    sure = significant(values)
    if sure is not None:
        wash = np.ma.masked_array(np.zeros(shown.shape), sure.T | np.ma.getmaskarray(shown))
        frame.pcolormesh(across.edges, up.edges, wash, cmap="gray", vmin=-1, vmax=1, alpha=0.55, shading="flat")
    dots = reached(values)
    if dots is not None:
        known = np.isfinite(dots)
        style: dict[str, Any] = {"markersize": 5.5, "markeredgecolor": "black", "markerfacecolor": "white"}
        frame.plot(across.placed(dots[known]), up.places[known], "o", linestyle="none", **style)
    frame.set_xticks(across.marks, labels=across.texts)
    frame.set_yticks(up.marks, labels=up.texts)
    frame.set(xlim=across.edges[[0, -1]], ylim=up.edges[[0, -1]])
    frame.set_xlabel(logarithmic_told(axis_label(values, first), across.logarithmic))
    frame.set_ylabel(logarithmic_told(axis_label(values, second), up.logarithmic))
    return image
