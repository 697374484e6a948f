"""Bands by a word, for the samples at hand, and the axes on which values by band or by frequency stand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fourierscope.fourier import Plane, bands
from fourierscope.fourier.bands import Bands
from fourierscope.fourier.pairs import Modulated, Pairs
from fourierscope.results import Axes
from fourierscope.subjects import Samples
from fourierscope.subjects.remembered import remembered

WORDS = (
    "rings or rings:WIDTH (cycles per image), octaves, wedges or wedges:COUNT, discs or discs:COUNT (of equal "
    "amplitude), power-discs or power-discs:COUNT, cells or cells:SIDE (odd)"
)
KINDS = ("rings", "octaves", "wedges", "discs", "power-discs", "cells")
FEW = 12  # bands, of which all coalitions can be asked about
_CHUNK = 1024  # images looked at a time for the means of a set


class BandWord(NamedTuple):
    """A kind of bands and its number: width, count or side; None for the one that suits the plane."""

    kind: str
    number: float | None


def band_word(text: str) -> BandWord:
    """What a word such as "rings:2" names. Raises ValueError for an unknown one."""
    kind, colon, rest = text.partition(":")
    if kind not in KINDS or (colon and kind == "octaves"):
        raise ValueError(f"bands is one of {WORDS}; {text!r} came.")
    if not colon:
        return BandWord(kind, None)
    try:
        number = float(rest)
    except ValueError:
        number = float("nan")
    if not (0 < number < np.inf) or (kind != "rings" and number != int(number)):
        wanted = "a width above 0" if kind == "rings" else "a whole number from 1 on"
        raise ValueError(f"bands={text!r} came: after {kind}: stands {wanted}.")
    return BandWord(kind, number)


def bands_of(text: str, samples: Samples) -> Bands:
    """The bands that a word names, on the plane of some samples; discs go by their mean amplitude or power.

    Without a number: the narrowest rings of whole width that are at most twelve, eight wedges, ten discs, and cells of
    an eighth of the longer side.
    """
    (kind, number), plane = band_word(text), samples.plane
    if kind == "rings":
        return bands.rings(plane, number or _ring_width(plane))
    if kind == "octaves":
        return bands.octaves(plane)
    if kind == "wedges":
        return bands.wedges(plane, int(number or 8))
    if kind == "cells":
        return bands.cells(plane, int(number or max(plane.shape) // 8 // 2 * 2 + 1))
    weight = mean_spectrum(samples, "power" if kind == "power-discs" else "amplitude")
    return bands.discs(plane, weight, int(number or 10))


@remembered
def mean_spectrum(samples: Samples, word: str) -> Tensor:
    """The mean amplitude or power (h, w) of the grey images of a set, by the word amplitude or power."""
    pairs, total = Pairs(samples.plane), torch.zeros(1)
    for start in range(0, len(samples), _CHUNK):
        power = grey_power(samples.batch(start, start + _CHUNK))
        total = total + (power if word == "power" else power.sqrt()).double().sum(0)
    return pairs.spread(total / len(samples))


def grey_power(images: Tensor) -> Tensor:
    """The power (n, pairs) of images (n, c, h, w), whose channels are averaged first."""
    grey = images.mean(1, keepdim=True)
    return Modulated.of(grey, torch.zeros_like(grey[:1])).power(shared=True)[:, 0]


def band_axes(kind: str, found: Bands, plane: Plane) -> Axes:
    """The axis of some bands: their radius, their direction in words, or for cells the whole plane."""
    if kind == "cells":
        return plane_axes(plane, found.gains.argmax(0).numpy(), "band")
    if kind == "wedges":
        return Axes({"direction": np.array([_direction(one) for one in found.centres])})
    return Axes({"radius": np.array(found.centres)}, {"radius": "cycles/image"})


def pair_axes(plane: Plane) -> Axes:
    """The axes of a map: rows and columns, and the pair that stands in each cell."""
    return plane_axes(plane, plane.spread(Pairs(plane).frequencies), "pair")


def plane_axes(plane: Plane, index: npt.NDArray[Any], rows: str) -> Axes:
    """The rows and columns of a whole plane, where `index` (h, w) tells the outcome row of each cell."""
    cycles = {"row": "cycles/image", "column": "cycles/image"}
    return Axes({"row": plane.rows().numpy(), "column": plane.columns().numpy()}, cycles, index, rows)


def _ring_width(plane: Plane) -> int:
    """The least whole width of at most twelve rings."""
    return next(width for width in range(1, 10**9) if int(float(plane.radius().max()) / width + 0.5) < FEW)


def _direction(angle: float) -> str:
    """A wedge in words: how far its frequencies point from the column axis (which is that of upright stripes)."""
    return "frequency zero" if np.isnan(angle) else f"{np.degrees(angle):.4g} degrees"
