"""Spatter: drops of water or splashes of mud on the lens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fourierscope.treatments.corruptions.blur import smooth
from fourierscope.treatments.corruptions.levels import Images, Streams, grey, normals
from fourierscope.treatments.corruptions.severities import Row

_WATER = np.array([175, 238, 238]).reshape(1, 3, 1, 1) / 255  # pale turquoise
_MUD = np.array([63, 42, 20]).reshape(1, 3, 1, 1) / 255  # brown
_LIGHT = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])  # drops are lit from below on the right
_SOBEL = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])  # the slope downwards
_WEAK, _STRONG = 50, 150  # slopes of an edge that goes on, and of one that begins
_FARTHEST = 20  # pixels
_FORMING = 0.8  # share of mud from which it covers

Levels = npt.NDArray[np.float64]
"""Whole numbers 0..255 (n, h, w)."""


def spatter(images: Images, row: Row, streams: Streams) -> Images:
    """Drops where smoothed random numbers are high: water adds light near its edges, mud covers.

    On grey pictures of one channel the drops have the grey of their colour.
    """
    mean, deviation, blur, threshold, strength, muddy = row
    drops = smooth(mean + deviation * normals(streams, images.shape[2:]), blur)
    drops[drops < threshold] = 0
    if muddy:
        cover = smooth((drops > threshold).astype(np.float64), strength)[:, None]
        cover[cover < _FORMING] = 0
        return images * (1 - cover) + cover * _coloured(_MUD, images)
    light = strength * _brought_to_one(_lit(np.floor(np.clip(drops, 0, 1) * 255)))[:, None]
    return images + light * _coloured(_WATER, images)


def _coloured(colour: Images, images: Images) -> Images:
    return grey(colour) if images.shape[1] == 1 else colour


def _lit(drops: Levels) -> Images:
    """Light on drops (n, h, w), from the distance to their edges in the picture as relief. Not scaled."""
    distance = np.stack([_distance(one) for one in _edges(drops)])
    relief = _evened(np.floor(_mean(np.minimum(distance, _FARTHEST))))
    lit = np.clip(ndimage.correlate(relief, _LIGHT[None], mode="mirror"), 0, 255)
    return drops * np.rint(_mean(lit))


def _brought_to_one(light: Images) -> Images:
    """Light (n, h, w) with the brightest value of each picture at 1; darkness stays."""
    brightest = light.max((1, 2), keepdims=True)
    return np.divide(light, brightest, out=np.zeros_like(light), where=brightest > 0)


def _mean(images: Images) -> Images:
    """Means over 3 x 3 pixels, mirrored about the outermost."""
    total: Images = ndimage.correlate(images, np.ones((1, 3, 3)), mode="mirror")
    return total / 9


def _distance(edges: npt.NDArray[np.bool_]) -> Images:
    """Distance (h, w) in pixels to the nearest edge; as far as counts where there is none."""
    if not edges.any():
        return np.full(edges.shape, float(_FARTHEST))
    return ndimage.distance_transform_edt(~edges)


def _edges(levels: Levels) -> npt.NDArray[np.bool_]:
    """Edges (n, h, w) of pictures of levels: ridges of the slope, strong or joined to strong ones.

    Source: Canny (1986), sections VI to VIII, with Sobel slopes, their size as |x| + |y|, and no blur of its own.
    """
    down, right = (ndimage.correlate(levels, slope[None], mode="nearest") for slope in (_SOBEL, _SOBEL.T))
    size = np.abs(down) + np.abs(right)
    ridge = (size > _WEAK) & _highest_across(size, down, right)
    joined = np.zeros((3, 3, 3), bool)
    joined[1] = True  # pictures do not touch each other
    parts, count = ndimage.label(ridge, joined)
    strong = np.zeros(count + 1, bool)
    strong[np.unique(parts[ridge & (size > _STRONG)])] = True
    return strong[parts] & ridge


def _highest_across(size: Images, down: Images, right: Images) -> npt.NDArray[np.bool_]:
    """Whether the slope is larger than its neighbour on one side, and not smaller than on the other, going uphill."""
    height, width = size.shape[1:]
    around = np.pad(size, ((0, 0), (1, 1), (1, 1)))

    def at(y: int, x: int) -> Images:
        return around[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width]

    flat = np.abs(down) < np.tan(np.pi / 8) * np.abs(right)
    steep = np.abs(down) > np.tan(3 * np.pi / 8) * np.abs(right)
    falling = np.where(down * right < 0, at(-1, 1), at(-1, -1)), np.where(down * right < 0, at(1, -1), at(1, 1))
    before = np.where(flat, at(0, -1), np.where(steep, at(-1, 0), falling[0]))
    after = np.where(flat, at(0, 1), np.where(steep, at(1, 0), falling[1]))
    return (size > before) & np.where(flat | steep, size >= after, size > after)


def _evened(levels: Levels) -> Levels:
    """Levels of each picture spread so that all of 0..255 are used evenly (histogram equalisation)."""
    return np.stack([_evened_one(one) for one in levels])


def _evened_one(levels: Levels) -> Levels:
    counts = np.bincount(levels.astype(np.int64).ravel(), minlength=256)
    lowest = counts[np.flatnonzero(counts)[0]]
    if lowest == levels.size:
        return levels
    share = (np.cumsum(counts) - lowest) / (levels.size - lowest)
    return np.rint(255 * np.clip(share, 0, 1))[levels.astype(np.int64)]
