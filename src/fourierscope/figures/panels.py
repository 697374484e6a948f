"""Curves in several frames beside each other, which share their axes and their key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import xarray as xr

from fourierscope.figures.captions import counted
from fourierscope.figures.curves import axis_of, curves
from fourierscope.figures.form import common_form
from fourierscope.figures.paper import plain_texts, sheet
from fourierscope.figures.paper_curve import curve_in, spaced

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Panel(NamedTuple):
    """One frame: its title, its curves, and their names, which stand for the same colour and marker in every frame."""

    title: str
    values: Sequence[xr.DataArray]
    names: Sequence[str]


def draw_panels(panels: Sequence[Panel], across: int = 2, title: str = "") -> Figure:
    """Frames of curves, `across` in a row, on one pair of axes; the first frame's key serves all.

    Raises ValueError where a frame holds something else than one curve a value, or other axes or units than the first.
    """
    every = [one for panel in panels for one in panel.values]
    names = [name for panel in panels for name in panel.names]
    if common_form(every, names) != "curve":
        raise ValueError(f"Panels hold curves, one axis each; {every[0].dims} came.")
    axis, rows = axis_of(every), -(-len(panels) // across)
    figure = sheet(0.6 + 3.4 * across, 0.9 + 2.6 * rows)
    frames = figure.subplots(rows, across, squeeze=False, sharex=True, sharey=True)
    for frame, panel in zip(frames.flat, panels, strict=False):
        for one in curves(panel.values, panel.names):
            curve_in(frame, one)
        frame.set_title(panel.title, fontsize=10)
        frame.grid(color="#e5e5e5", linewidth=0.6)
        frame.spines[["top", "right"]].set_visible(False)
    spaced(frames.flat[0], axis)
    for frame in frames.flat[len(panels) :]:
        frame.remove()
    figure.supxlabel(axis.x_title, fontsize=10)
    figure.supylabel(counted(axis.y_title, every), fontsize=10)
    handles, told = frames.flat[0].get_legend_handles_labels()
    if told:
        figure.legend(handles, told, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=12)
    plain_texts(figure)
    return figure
