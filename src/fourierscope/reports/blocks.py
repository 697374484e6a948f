"""The pictures of a question as the page shows them: blocks of panels, each with a sentence and an alternative text."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from fourierscope.figures.form import (
    bounds,
    common_form,
    count,
    crowded,
    interval,
    is_difference,
    number,
    picture,
    significant,
    unfolded,
    unmeasured,
    words,
)
from fourierscope.figures.page import page_figures
from fourierscope.figures.page_layout import PageFigure
from fourierscope.figures.scale import scales_of
from fourierscope.reports.questions import Question, compared, same_for_all, shown


@dataclass(frozen=True)
class Photo:
    """One image as a data URI, with its pixel width and height."""

    source: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Panel:
    """A plotly figure, or rows of photographs by state, with its name."""

    name: str
    alt: str
    figure: PageFigure | None = None
    photos: dict[str, list[Photo]] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """One variable of a question: its panels, and the sentence on what it is."""

    heading: str
    says: str
    panels: list[Panel]
    wide: bool


def blocks(question: Question) -> list[Block]:
    """Everything in a question's results that can be drawn, and what cannot be, said in words."""
    found: list[Block] = []
    for name in _in_order(question):
        having = [place for place, one in enumerate(question.results) if name in one]
        several = [question.results[place][name] for place in having]
        names = [question.names[place] if len(question.names) > 1 else "" for place in having]
        found += _block(words(name), several, names)
        pairs = [pair for pair in question.differences if name in compared(pair.result)]
        found += _block(
            f"difference in {words(name)}", [pair.result[name] for pair in pairs], [pair.name for pair in pairs]
        )
    return found


def _in_order(question: Question) -> list[str]:
    """The names of all results' values; pictures last, such as those of samples, unless results begin with them."""
    names = list(dict.fromkeys(name for one in question.results for name in shown(one)))
    first = question.results[0]
    return names[:1] + sorted(names[1:], key=lambda name: name in first and first.dataset[name].ndim == 5)


def _block(heading: str, several: list[xr.DataArray], names: list[str]) -> list[Block]:
    if not several:
        return []
    says = str(several[0].attrs.get("says", ""))
    if same_for_all(several):
        several, names, says = several[:1], [""], f"{says} The same for all {len(several)}: {', '.join(names)}."
    try:
        form = common_form(several, names)
    except ValueError:
        return [
            Block(
                heading, f"{says} Not drawn: its axes are {several[0].dims}, sizes {dict(several[0].sizes)}.", [], False
            )
        ]
    if all(one.dtype.kind in "iu" and not one.values.any() for one in several) and form != "pictures":
        return [Block(heading, f"{says} It is 0 everywhere.", [], False)]
    told, whole = _explained(says, several, form), several
    several, names = unfolded(several, names)
    if form == "pictures":
        return [
            Block(
                heading,
                "",
                [
                    Panel(name, str(one.attrs.get("says", "")), photos=_photos(one))
                    for one, name in zip(several, names, strict=True)
                ],
                True,
            )
        ]
    if form == "value" and not any(np.isfinite(float(one)) for one in several):
        return [Block(heading, says, [], False)]
    if form in ("plane", "planes", "table", "cloud", "map", "maps", "value") or len(several) == 1:
        wide = form not in ("plane", "planes")
        return [Block(heading, told, list(_panels(whole, several, names)), wide)]
    return [Block(heading, told, list(_in_one(several, names)), True)]


def _panels(whole: list[xr.DataArray], several: list[xr.DataArray], names: list[str]) -> Iterator[Panel]:
    """A figure for each; `several` are the whole values, unfolded."""
    figures = page_figures(whole, [""] * len(whole))
    if len(figures) == len(several):
        for figure, values, name in zip(figures, several, names, strict=True):
            yield Panel(name, _alt(values, name), figure)
    else:
        yield from _in_one(several, names)


def _in_one(several: list[xr.DataArray], names: list[str]) -> Iterator[Panel]:
    """One figure for all; many curves, and those of differences, each get their own, since bands hide each other."""
    if several and ((is_difference(several[0]) and several[0].ndim) or crowded(several)):
        for values, name in zip(several, names, strict=True):
            yield Panel(name, _alt(values, name), page_figures([values], [""])[0])
    else:
        alt = " ".join(_alt(values, name) for values, name in zip(several, names, strict=True))
        yield Panel("", alt, page_figures(several, names)[0])


def _explained(says: str, several: list[xr.DataArray], form: str) -> str:
    """The sentence on values, and how to read their picture."""
    parts, values = [says], several[0]
    sure = significant(values)
    if form in ("plane", "planes"):
        if len(set(scales_of(several))) > 1:
            parts.append(f"Each {words(values.dims[0])} has its own scale, since their magnitudes differ.")
        parts.append("The cross marks frequency zero.")
        parts += ["Grey cells with a dot are not significant."] * (sure is not None)
        parts += ["Hatched cells were not measured."] * any(unmeasured(one) is not None for one in several)
    elif form in ("map", "maps"):
        if len(set(scales_of(several))) > 1:
            parts.append(f"Each {words(values.dims[0])} has its own scale, since their magnitudes differ.")
        marked = next((words(one.attrs["reached"]) for one in several if "reached" in one.attrs), "")
        parts += [f"Dots mark the {marked}."] * bool(marked)
        parts += ["Grey cells are not significant."] * (sure is not None)
    elif sure is not None and form == "table":
        parts.append("Values in brackets are not significant.")
    elif sure is not None and values.ndim:
        parts.append("Open points are not significant.")
    if bounds(values) is not None and form not in ("plane", "planes", "map", "maps", "table"):
        parts.append("Bands and bars are 95 % intervals.")
    return " ".join(parts)


def _alt(values: xr.DataArray, name: str) -> str:
    """A picture in words."""
    finite = values.values[np.isfinite(values.values)]
    told = f"{name}: " if name else ""
    if not finite.size:
        return f"{told}no finite values."
    n = count(values)
    axes = " and ".join(words(axis) for axis in values.dims)
    told += f"{words(values.name)} over {axes}, {interval(finite.min(), finite.max())}"
    if values.ndim == 0:
        told = f"{name}: {words(values.name)} {number(float(values))}"
    return told + ("." if n is None else f", n = {n}.")


def _photos(values: xr.DataArray) -> dict[str, list[Photo]]:
    states = (
        [str(one) for one in values.coords["state"].values]
        if "state" in values.coords
        else list(map(str, range(values.sizes["state"])))
    )
    told = (
        values.coords["picture"].values
        if "picture" in values.coords
        else [f"Image {place + 1}" for place in range(values.sizes["picture"])]
    )
    return {
        state: [
            _photo(values.isel(picture=place, state=turn).values, f"{told[place]}, {state}")
            for place in range(values.sizes["picture"])
        ]
        for turn, state in enumerate(states)
    }


def _photo(pixels: np.ndarray[Any, Any], alt: str) -> Photo:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(picture(pixels)).save(held, "PNG", optimize=True)
    height, width = pixels.shape[:2]
    return Photo("data:image/png;base64," + base64.b64encode(held.getvalue()).decode(), alt, width, height)
