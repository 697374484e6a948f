"""Digital: what handling and storing pictures does to them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

from fourierscope.treatments.corruptions.levels import Images, Streams, nearest, picture, pixels, uniforms, unit
from fourierscope.treatments.corruptions.sampling import bilinear
from fourierscope.treatments.corruptions.severities import Row


def contrast(images: Images, row: Row, streams: Streams) -> Images:
    """Each channel drawn towards its mean over the picture."""
    (factor,) = row
    mean = images.mean((2, 3), keepdims=True)
    return mean + factor * (images - mean)


def saturate(images: Images, row: Row, streams: Streams) -> Images:
    """Saturation (of hue, saturation, value) multiplied and added to; grey of three channels turns red where added to.

    Grey pictures of one channel have no saturation and stay as they are.
    """
    factor, added = row
    if images.shape[1] == 1:
        return images
    value = images.max(1, keepdims=True)
    distance = value - images
    old = np.divide(distance.max(1, keepdims=True), value, out=np.zeros_like(value), where=value > 0)
    new = np.clip(factor * old + added, 0, 1)
    red = np.array([0.0, 1.0, 1.0]).reshape(1, 3, 1, 1)  # no hue is red by convention
    scale = np.divide(new, old, out=np.zeros_like(new), where=old > 0)
    return value - np.where(old > 0, distance * scale, red * value * new)


def jpeg_compression(images: Images, row: Row, streams: Streams) -> Images:
    """Stored as JPEG at the nearest whole quality, colours at half resolution, and read again: at 8-bit levels."""
    quality = round(row[0])
    return unit(np.stack([pixels(_stored(picture(one), quality)) for one in nearest(images)]))


def _stored(shown: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    shown.save(file, "JPEG", quality=quality)
    return Image.open(file)


def pixelate(images: Images, row: Row, streams: Streams) -> Images:
    """Shrunk to a share of the side, cut to whole pixels, by means over boxes, and enlarged again: at 8-bit levels."""
    (share,) = row
    height, width = images.shape[2:]
    small = (max(1, int(width * share)), max(1, int(height * share)))
    box = Image.Resampling.BOX
    shown = [picture(one).resize(small, box).resize((width, height), box) for one in nearest(images)]
    return unit(np.stack([pixels(one) for one in shown]))


def elastic_transform(images: Images, row: Row, streams: Streams) -> Images:
    """Sheared by three points that move at random, then displaced by smooth random steps.

    The lengths are shares of the shorter side.
    """
    height, width = images.shape[2:]
    reach, blur, shift = (one * min(height, width) for one in row)
    points = 2 * uniforms(streams, (3, 2)) - 1
    steps = 2 * uniforms(streams, (2, height, width)) - 1
    down, right = np.indices((height, width)).astype(np.float64)
    sheared = bilinear(images, *_sheared(down, right, shift * points), edge="mirror")
    steps = reach * ndimage.gaussian_filter(steps, blur, mode="reflect", truncate=3, axes=(-2, -1))
    return bilinear(sheared, down + steps[:, 0], right + steps[:, 1], edge="reflect")


def _sheared(down: Images, right: Images, moves: Images) -> tuple[Images, Images]:
    """Rows and columns (n, h, w) that each pixel is read at when three points about the centre move by (n, 3, 2)."""
    height, width = down.shape
    arm = max(1, min(height, width) // 3)
    points = np.array([height // 2, width // 2]) + arm * np.array([[1, 1], [-1, 1], [-1, -1]])
    there = np.concatenate([points + moves, np.ones((len(moves), 3, 1))], 2)
    back = np.linalg.solve(there, np.broadcast_to(points, moves.shape))  # from where a point went to where it was
    rows, columns = (
        back[:, 0, axis, None, None] * down + back[:, 1, axis, None, None] * right + back[:, 2, axis, None, None]
        for axis in (0, 1)
    )
    return rows, columns
