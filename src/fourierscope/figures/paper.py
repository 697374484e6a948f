"""Figures on paper, by matplotlib: `draw` one value, `draw_together` several on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import xarray as xr

from fourierscope.figures.captions import caption, captioned, counted, counted_label
from fourierscope.figures.curves import axis_of, curves
from fourierscope.figures.form import (
    bounds,
    common_form,
    interval,
    number,
    ordered,
    picture,
    reached,
    significant,
    unfolded,
    unmeasured,
    within_numbers,
    words,
)
from fourierscope.figures.paper_curve import curve_in, spaced
from fourierscope.figures.paper_map import map_in
from fourierscope.figures.paper_plane import bar, plane
from fourierscope.figures.paper_words import cloud, dots, points, table
from fourierscope.figures.scale import scale_of, scales_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _QUIET = "#222222", "#777777"
_ACROSS = 5  # planes in a row, at most
_ACROSS_ALONE = 3  # those of the words of one value


def draw(values: xr.DataArray, title: str = "") -> Figure:
    """A matplotlib Figure of one value of a result, in the form its axes ask for: plane, map, curve, pictures or value.

    Above it stands the title, or else the sentence on what the value is.

    A plane has one square a bin, in cycles per image, with frequency zero marked by a cross; of a difference, cells
    that are not significant are greyed and dotted. Curves, and the line through points, have the band of their bounds.
    Raises ValueError, with the
    axes that can be drawn, for others. Save it with `figure.savefig("name.pdf")`.
    """
    return draw_together([values], [""], title)


def draw_together(values: Sequence[xr.DataArray], names: Sequence[str], title: str = "") -> Figure:
    """Several values in one Figure: planes side by side on one scale, curves in one frame, values under each other.

    Raises ValueError where their axes or units differ.
    """
    drawing = {
        "plane": _planes,
        "planes": _planes,
        "curve": _curves,
        "curves": _curves,
        "dots": _dots,
        "points": _points,
        "table": _tables,
        "cloud": _clouds,
        "map": _maps,
        "maps": _maps,
        "pictures": _pictures,
        "value": _values,
    }[common_form(values, names)]
    figure = drawing(values, names)
    if title:
        figure.suptitle(title, fontsize=12, color=_INK)
    elif told := caption(values):
        captioned(figure, told)
    plain_texts(figure)
    return figure


def sheet(width: float, height: float, layout: Literal["constrained", "compressed"] = "constrained") -> Figure:
    """An empty figure of so many inches, that needs no window, and shows itself in notebooks."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout=layout)
    FigureCanvasAgg(figure)
    # Else it is shown where pyplot was imported alone; a partial, for figures are pickled and copied.
    figure._repr_png_ = partial(png, figure)  # type: ignore[attr-defined]
    return figure


def png(figure: Figure) -> bytes:
    """A figure as a PNG file."""
    held = BytesIO()
    figure.savefig(held, format="png", bbox_inches="tight")
    return held.getvalue()


def plain_texts(figure: Figure) -> None:
    """Names are text: a dollar sign in one is no formula, and half a character is a question mark."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        if not text.get_text().isascii():
            text.set_text(text.get_text().encode("utf-8", errors="replace").decode("utf-8"))


def _planes(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    """Planes on one scale, some in a row; in `_places` those of values that hold a plane for each word."""
    axis, places = several[0].dims[0], _places(several)
    scales, (several, names) = scales_of(several), unfolded(several, names)
    one_bar = all(one == scales[0] for one in scales)
    lines, across = (1 + max(place) for place in zip(*places, strict=True))
    figure = sheet(1.0 + 3.6 * across, 0.5 + 3.6 * lines, "compressed")
    grid = figure.subplots(lines, across, squeeze=False)
    frames = [grid[place] for place in places]
    for spare in set(grid.flat) - set(frames):
        spare.remove()
    for frame, values, name, scale in zip(frames, several, names, scales, strict=True):
        image = plane(frame, ordered(values), scale)
        frame.set_title(name, fontsize=10, color=_INK)
        if not one_bar:
            bar(figure, image, [frame], [values], scale, 16)
    if one_bar:
        bar(figure, image, frames, several, scales[0], 28)
    marks = ["+ frequency zero"] + ["grey and dotted: not significant"] * (significant(several[0]) is not None)
    marks += ["hatched: not measured"] * any(unmeasured(one) is not None for one in several)
    marks += [] if one_bar else [f"each {words(axis)} has its own scale"]
    figure.supxlabel(counted(", ".join(marks), several), fontsize=8, color=_QUIET)
    return figure


def _maps(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    """Maps side by side on one scale; where the words of values differ much, on one for each word, which is told."""
    axis = several[0].dims[0]
    scales, (several, names) = scales_of(several), unfolded(several, names)
    one_bar, across = all(one == scales[0] for one in scales), _evenly(len(several), _ACROSS_ALONE)
    lines = -(-len(several) // across)
    figure = sheet(1.2 + 4.4 * across, 0.4 + 3.4 * lines)
    frames = figure.subplots(lines, across, squeeze=False)
    for spare in frames.flat[len(several) :]:
        spare.remove()
    held = list(frames.flat[: len(several)])
    for frame, values, name, scale in zip(held, several, names, scales, strict=True):
        image = map_in(frame, within_numbers(ordered(values)), scale)
        frame.set_title(name, fontsize=10, color=_INK)
        if not one_bar:
            bar(figure, image, [frame], [values], scale, 24)
    if one_bar:
        bar(figure, image, held, several, scales[0], 24)
    marked = next((str(one.attrs["reached"]) for one in several if reached(one) is not None), "")
    marks = [f"dots: {words(marked)}"] * bool(marked) + ["grey: not significant"] * (
        significant(several[0]) is not None
    )
    marks += [] if one_bar else [f"each {words(axis)} has its own scale"]
    if told := counted(", ".join(marks), several):
        figure.supxlabel(told, fontsize=8, color=_QUIET)
    return figure


def _places(several: Sequence[xr.DataArray]) -> list[tuple[int, int]]:
    """Row and column of each plane, in the order in which they are unfolded, in rows of about one length.

    Values that hold a plane for each word have a row each, one under the other; where the words are many, the rows of
    all values with the first words come first, then those with the next.
    """
    if several[0].ndim == 3 and len(several) > 1:
        across = _evenly(max(map(len, several)), _ACROSS)
        starts = [(len(several) * (word // across), word % across) for word in range(max(map(len, several)))]
        return [(row + which, column) for which, one in enumerate(several) for row, column in starts[: len(one)]]
    count, most = (len(several[0]), _ACROSS_ALONE) if several[0].ndim == 3 else (len(several), _ACROSS)
    return [divmod(place, _evenly(count, most)) for place in range(count)]


def _evenly(count: int, most: int) -> int:
    """How many of `count` stand in a row of at most `most`, where all rows but the last are alike."""
    return -(-count // -(-count // most))


def _curves(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    axis, found = axis_of(several), curves(several, names)
    figure = sheet(6.4, 4.0)
    frame = figure.subplots()
    for one in found:
        curve_in(frame, one)
    spaced(frame, axis)
    if any(one.significant is not None for one in found):
        frame.axhline(0, color=_QUIET, linewidth=0.8)
        frame.plot([], [], "o", markerfacecolor="white", color=_QUIET, label="open: not significant")
    frame.set_xlabel(axis.x_title)
    frame.set_ylabel(counted(axis.y_title, several))
    frame.grid(color="#e5e5e5", linewidth=0.6)
    frame.spines[["top", "right"]].set_visible(False)
    if frame.get_legend_handles_labels()[1]:
        figure.legend(loc="outside lower center", ncols=2 if len(found) > 1 else 1, frameon=False, fontsize=9)
    return figure


def _dots(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    figure = sheet(6.4, 1.2 + 0.26 * (1 + max(one.size for one in several)) * max(1.0, len(several) / 3))
    dots(figure.subplots(), several, names)
    return _with_legend(figure)


def _points(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    figure = sheet(6.4, 4.8)
    points(figure.subplots(), several, names)
    return _with_legend(figure)


def _tables(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    """A table for each value, side by side, all on one scale."""
    scale, (rows, columns) = scale_of(several), several[0].shape
    figure = sheet(1.8 + (0.6 + 0.52 * columns) * len(several), 1.1 + 0.27 * rows)
    frames = figure.subplots(1, len(several), squeeze=False, sharey=True)[0]
    for frame, values, name in zip(frames, several, names, strict=True):
        table(frame, values, scale)
        frame.set_title(name, fontsize=10, color=_INK)
    marks = [counted_label(several)] + ["pale numbers: not significant"] * (significant(several[0]) is not None)
    figure.supxlabel(", ".join(marks), fontsize=8, color=_QUIET)
    return figure


def _clouds(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    """A frame for each value, side by side; one key serves all."""
    figure = sheet(4.2 * len(several), 5.0)
    frames = figure.subplots(1, len(several), squeeze=False)[0]
    for frame, values, name in zip(frames, several, names, strict=True):
        cloud(frame, values)
        frame.set_title(name, fontsize=10, color=_INK)
    handles, told = max((frame.get_legend_handles_labels() for frame in frames), key=lambda one: len(one[1]))
    figure.legend(handles, told, loc="outside lower center", ncols=5, frameon=False, fontsize=9)
    return figure


def _with_legend(figure: Figure) -> Figure:
    if figure.axes[0].get_legend_handles_labels()[1]:
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure


def _values(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    figure = sheet(6.4, 1.1 + 0.4 * len(several))
    frame = figure.subplots()
    for place, values in enumerate(several):
        found, value = bounds(values), float(values)
        told = number(value)
        if found is not None:
            frame.plot(
                [float(one) for one in found], [place, place], color="#0072b2", linewidth=2.2, marker="|", markersize=9
            )
            told += f" ({interval(float(found[0]), float(found[1]))})"
        frame.plot([value], [place], "o", color="#0072b2", markersize=7)
        frame.annotate(told, (value, place), (0, 8), textcoords="offset points", ha="center", fontsize=9, color=_INK)
    frame.set_yticks(range(len(several)), labels=list(names))
    frame.set_ylim(len(several) - 0.5, -0.8)
    frame.margins(x=0.25)
    frame.set_xlabel(counted_label(several))
    frame.spines[["top", "right", "left"]].set_visible(False)
    frame.tick_params(axis="y", length=0)
    frame.grid(axis="x", color="#e5e5e5", linewidth=0.6)
    return figure


def _pictures(several: Sequence[xr.DataArray], names: Sequence[str]) -> Figure:
    """A row of strips for each value: a column for each picture, its states under each other."""
    across = max(one.sizes["picture"] for one in several)
    rows = [
        (values, name, state)
        for values, name in zip(several, names, strict=True)
        for state in range(values.sizes["state"])
    ]
    figure = sheet(0.6 + 1.6 * across, 0.3 + 1.65 * len(rows))
    frames = figure.subplots(len(rows), across, squeeze=False)
    for line, (values, name, state) in zip(frames, rows, strict=True):
        word = str(values.coords["state"].values[state]) if "state" in values.coords else str(state)
        line[0].set_ylabel(f"{name}\n{word}" if name and state == 0 else word, fontsize=9)
        for place, frame in enumerate(line):
            frame.set(xticks=[], yticks=[])
            frame.spines[:].set_visible(False)
            if place < values.sizes["picture"]:
                pixels = picture(values.isel(picture=place, state=state).values)
                if "picture" in values.coords and state == 0:
                    frame.set_title(str(values.coords["picture"].values[place]), fontsize=9, color=_INK)
                frame.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    return figure
