"""Images read between their pixels, and enlarged about their centre."""

from __future__ import annotations

from math import ceil
from typing import Literal

import numpy as np
import numpy.typing as npt

from fourierscope.treatments.corruptions.levels import Images

Whole = npt.NDArray[np.int64]


def bilinear(images: Images, rows: Images, columns: Images, edge: Literal["mirror", "reflect"]) -> Images:
    """Images (n, c, h, w) at places `rows`, `columns` (n, h, w), in pixels, which may lie outside.

    `edge` mirrors about the outermost pixels ("mirror": c b a b c) or about their outer borders ("reflect": b a a b).
    """
    height, width = images.shape[2:]
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[:, None], (columns - left)[:, None]
    upper, lower = (_folded(top + step, height, edge) for step in (0, 1))
    first, second = (_folded(left + step, width, edge) for step in (0, 1))
    above = (1 - right) * _at(images, upper, first) + right * _at(images, upper, second)
    below = (1 - right) * _at(images, lower, first) + right * _at(images, lower, second)
    return (1 - down) * above + down * below


def zoomed(images: Images, factor: float) -> Images:
    """The centre of images (n, c, h, w) enlarged by `factor` >= 1 to (n, c, h, w), linear between pixels.

    As published: the centre of ceil(side / factor) pixels is stretched, its outermost pixels onto the outermost, to
    that many times `factor`, rounded, and the centre of the side's length is kept; odd remainders lie at the end.
    """
    row, next_row, down = _stretch(images.shape[2], factor)
    column, next_column, right = _stretch(images.shape[3], factor)
    images = images[:, :, row] * (1 - down)[:, None] + images[:, :, next_row] * down[:, None]
    return images[..., column] * (1 - right) + images[..., next_column] * right


def _stretch(side: int, factor: float) -> tuple[Whole, Whole, npt.NDArray[np.float64]]:
    """For each pixel of a zoomed side: the two pixels it lies between, and how far towards the second."""
    kept = ceil(side / factor)
    made = round(kept * factor)
    place = (np.arange(side) + (made - side) // 2) * ((kept - 1) / max(1, made - 1))
    first = np.minimum(np.floor(place).astype(np.int64), kept - 1)
    start = (side - kept) // 2
    return first + start, np.minimum(first + 1, kept - 1) + start, place - first


def _folded(index: Images, side: int, edge: Literal["mirror", "reflect"]) -> Whole:
    """Whole places brought back into 0..side - 1."""
    period = max(1, 2 * side - 2) if edge == "mirror" else 2 * side
    within = np.mod(index.astype(np.int64), period)
    return np.minimum(within, period - within if edge == "mirror" else period - 1 - within)


def _at(images: Images, rows: Whole, columns: Whole) -> Images:
    """Values (n, c, h, w) of the pixels at rows and columns (n, h, w)."""
    count, channels, _, width = images.shape
    flat = (rows * width + columns).reshape(count, 1, -1)
    return np.take_along_axis(images.reshape(count, channels, -1), flat, 2).reshape(count, channels, *rows.shape[1:])
