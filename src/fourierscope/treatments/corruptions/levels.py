"""Images of the corruptions as arrays, and the 8-bit levels that the published generator rounds or cuts them to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

Images = npt.NDArray[np.float64]
"""Images (n, c, h, w) in [0, 1]."""
Streams = Sequence[np.random.Generator]
"""The chance of each image."""

_FORGIVEN = 1e-4  # of a level: what rounding in float32 takes from a whole level must not cost that level


def cut(images: Images) -> npt.NDArray[np.uint8]:
    """Levels 0..255 (n, c, h, w), the part after the point cut off, as in the published sets."""
    return np.floor(np.clip(images, 0, 1) * 255 + _FORGIVEN).astype(np.uint8)


def nearest(images: Images) -> npt.NDArray[np.uint8]:
    """The nearest levels 0..255 (n, c, h, w)."""
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def unit(levels: npt.NDArray[np.uint8]) -> Images:
    """Levels 0..255 on the scale of [0, 1]."""
    return levels / 255.0


def picture(levels: npt.NDArray[np.uint8]) -> Image.Image:
    """One image (c, h, w) of levels as a picture, grey or RGB."""
    return Image.fromarray(np.ascontiguousarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0)))


def pixels(shown: Image.Image) -> npt.NDArray[np.uint8]:
    """The levels (c, h, w) of a picture, grey or RGB."""
    held = np.asarray(shown)
    return held[None] if held.ndim == 2 else held.transpose(2, 0, 1)


def grey(images: Images) -> Images:
    """Brightness (n, 1, h, w) as the eye weighs red, green and blue (ITU-R BT.601); one channel is its own."""
    if images.shape[1] == 1:
        return images
    return 0.299 * images[:, :1] + 0.587 * images[:, 1:2] + 0.114 * images[:, 2:3]


def normals(streams: Streams, shape: tuple[int, ...]) -> Images:
    """Normally distributed numbers (n, *shape), each image from its own stream."""
    return np.stack([one.standard_normal(shape) for one in streams])


def uniforms(streams: Streams, shape: tuple[int, ...]) -> Images:
    """Numbers evenly in [0, 1) (n, *shape), each image from its own stream."""
    return np.stack([one.random(shape) for one in streams])
