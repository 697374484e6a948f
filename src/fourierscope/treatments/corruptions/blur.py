"""Blur: lenses, frosted glass, and movement."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from fourierscope.treatments.corruptions.levels import Images, Streams, cut, nearest, uniforms, unit
from fourierscope.treatments.corruptions.sampling import zoomed
from fourierscope.treatments.corruptions.severities import Row

Whole = npt.NDArray[np.int64]


def smooth(images: Images, deviation: float) -> Images:
    """A Gaussian blur along the last two axes, the outermost pixels repeated outside, cut off at four deviations."""
    return ndimage.gaussian_filter(images, deviation, mode="nearest", truncate=4, axes=(-2, -1))


def gaussian_blur(images: Images, row: Row, streams: Streams) -> Images:
    """A Gaussian blur of one deviation."""
    (deviation,) = row
    return smooth(images, deviation)


def defocus_blur(images: Images, row: Row, streams: Streams) -> Images:
    """Light spread over a disc with a softened edge, mirrored about the outermost pixels."""
    disc = defocus_kernel(*row)
    return ndimage.correlate(images, disc[None, None], mode="mirror")


def defocus_kernel(radius: float, softness: float) -> Images:
    """The disc (k, k): pixels whose centres lie within `radius`, softened by a Gaussian of 3 pixels (5 above radius 8).

    A radius below 1 holds one pixel only, so that its blur is that of the Gaussian alone. From radius 8 on the disc
    meets the border of the kernel, which is mirrored: it adds up to a little more than 1 (by 0.0005), as published.
    """
    reach = 8 if radius <= 8 else ceil(radius)
    across = np.arange(-reach, reach + 1)
    disc = (across[:, None] ** 2 + across**2 <= radius**2).astype(np.float64)
    half = 1 if radius <= 8 else 2
    edge = np.exp(-(np.arange(-half, half + 1) ** 2) / (2 * softness**2))
    softened = ndimage.correlate1d(disc / disc.sum(), edge / edge.sum(), 0, mode="mirror")
    whole: Images = ndimage.correlate1d(softened, edge / edge.sum(), 1, mode="mirror")
    used = np.flatnonzero(whole.max(0) > 0)
    return whole[used[0] : used[-1] + 1, used[0] : used[-1] + 1]


def glass_blur(images: Images, row: Row, streams: Streams) -> Images:
    """Frosted glass: blurred, cut to levels, pixels copied from near by, blurred again."""
    deviation, reach, passes = row
    seen = unit(cut(smooth(images, deviation)))
    shape = images.shape[2:]
    origin = np.tile(np.arange(shape[0] * shape[1]), (len(images), 1))
    for _ in range(int(passes)):
        _copy_from_near(origin, shape, int(reach), uniforms(streams, (2, *shape)))
    moved = np.take_along_axis(seen.reshape(*seen.shape[:2], -1), origin[:, None], 2).reshape(seen.shape)
    return smooth(moved, deviation)


def _copy_from_near(origin: Whole, shape: tuple[int, int], reach: int, drawn: Images) -> None:
    """One pass over the pixels, from the last to the first: each becomes a copy of one near by.

    `origin` (n, h w) says where each pixel comes from and is changed in place; `drawn` (n, 2, h, w) gives the steps
    down and right. The published program means to swap two pixels, but copies; its steps run from -reach to reach - 1,
    and it leaves out the first reach + 1 and the last reach - 1 rows and columns.
    """
    height, width = shape
    steps = np.floor(2 * reach * drawn).astype(np.int64) - reach
    source = steps[:, 0] * width + steps[:, 1] + np.arange(height * width).reshape(shape)
    source = source.reshape(len(origin), -1)
    every = np.arange(len(origin))
    for y in range(height - reach, reach, -1):
        for x in range(width - reach, reach, -1):
            place = y * width + x
            origin[:, place] = origin[every, source[:, place]]


def motion_blur(images: Images, row: Row, streams: Streams) -> Images:
    """The picture smeared to one side along a line, up to 45 degrees from the horizontal; at 8-bit levels."""
    radius, deviation = row
    return moved(images, radius, deviation, angles=uniforms(streams, ()) * 90 - 45)


def moved(images: Images, radius: float, deviation: float, angles: Images) -> Images:
    """Images (n, c, h, w) smeared along a line at `angles` (n,) in degrees, rounded to the nearest 8-bit levels.

    The weights are one side of a Gaussian, a pixel apart on the line, each read at the nearest pixel; the outermost
    pixels repeat outside. This is how ImageMagick, with which the published sets were made, blurs for motion.
    """
    count, _, height, width = images.shape
    weights = motion_weights(radius, deviation)
    slope = np.radians(angles)
    every = np.arange(count)[:, None, None]
    result = np.zeros((count, height, width, images.shape[1]))
    seen = images.transpose(0, 2, 3, 1)
    for step, weight in enumerate(weights):
        down, right = (np.ceil(step * one - 0.5).astype(np.int64) for one in (np.sin(slope), np.cos(slope)))
        rows = np.clip(np.arange(height) + down[:, None], 0, height - 1)
        columns = np.clip(np.arange(width) + right[:, None], 0, width - 1)
        result += weight * seen[every, rows[:, :, None], columns[:, None, :]]
    return unit(nearest(result.transpose(0, 3, 1, 2)))


def motion_weights(radius: float, deviation: float) -> Images:
    """Weights (2 radius + 1,) of a movement: one side of a Gaussian, adding up to 1."""
    weights = np.exp(-(np.arange(2 * ceil(radius) + 1) ** 2) / (2 * deviation**2))
    return weights / weights.sum()


def zoom_blur(images: Images, row: Row, streams: Streams) -> Images:
    """The mean of the picture and its enlargements by the factors 1, 1 + step, ... up to `end`.

    At the first two severities rounding brings the end itself among the factors, as in the published sets.
    """
    end, step = row
    factors = np.arange(1, end, step)
    total = images.copy()
    for factor in factors:
        total += zoomed(images, float(factor))
    return total / (len(factors) + 1)
