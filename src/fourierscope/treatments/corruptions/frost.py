"""Frost: a texture of ice laid over the picture, from the user's own pictures or made up."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from fourierscope.treatments.corruptions.levels import Images, Streams, normals, uniforms, unit
from fourierscope.treatments.corruptions.plasma import plasma
from fourierscope.treatments.corruptions.severities import Row, Table

_TINT = np.array([0.92, 0.97, 1.0]).reshape(1, 3, 1, 1)  # ice is a little blue
_THINNED = 5  # the textures of the CIFAR sets are every fifth pixel of the pictures


def frost(images: Images, row: Row, textures: Images) -> Images:
    """A weighted sum of the picture and its texture."""
    weight, iced = row
    return weight * images + iced * textures


class FrostTextures:
    """Where the texture of each image comes from: cut at random from a folder's pictures, or made up.

    With table "cifar" every fifth pixel of the pictures is used, as in the published sets; those drew from the first
    five of their six pictures, here all are drawn from. Raises FileNotFoundError and ValueError for a folder without
    readable pictures of the needed size; warns where the texture is made up.
    """

    def __init__(self, folder: str | None, table: Table, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._pictures = None if folder is None else _pictures(Path(folder).expanduser(), table, shape)
        if folder is None:
            warnings.warn(
                "Frost without pictures of frost: a synthetic texture is used, so that the numbers cannot be compared "
                "with published ones. Give frost=FOLDER with the pictures of the published sets to do so.",
                stacklevel=4,
            )

    def __call__(self, streams: Streams) -> Images:
        """Textures (n, c, h, w) in [0, 1]."""
        if self._pictures is None:
            return synthetic_frost(streams, self._shape)
        _, height, width = self._shape
        drawn = []
        for which, down, right in uniforms(streams, (3,)):
            whole = self._pictures[int(which * len(self._pictures))]
            top = int(down * (whole.shape[1] - height + 1))
            left = int(right * (whole.shape[2] - width + 1))
            drawn.append(whole[:, top : top + height, left : left + width])
        return np.stack(drawn)


def synthetic_frost(streams: Streams, shape: tuple[int, int, int]) -> Images:
    """Textures (n, c, h, w) like ice on a pane: bright ridges where clouds of plasma cross their middle, and grains."""
    channels, height, width = shape
    clouds = plasma(streams, max(height, width), 1.5)[:, None, :height, :width]
    ridges = 1 - np.abs(2 * clouds - 1)
    grains = 0.1 * normals(streams, (1, height, width))
    ice = np.clip(0.15 + 0.75 * ridges**2 + grains, 0, 1)
    return ice if channels == 1 else ice * _TINT


def _pictures(folder: Path, table: Table, shape: tuple[int, int, int]) -> list[Images]:
    """The pictures (c, h, w) of a folder, sorted by name."""
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder} with pictures of frost.")
    files = sorted(one for one in folder.iterdir() if one.suffix.lower() in (".png", ".jpg", ".jpeg"))
    if not files:
        raise ValueError(f"{folder.name} holds no pictures of frost (.png, .jpg, .jpeg).")
    return [_picture(file, _THINNED if table == "cifar" else 1, shape) for file in files]


def _picture(file: Path, thinned: int, shape: tuple[int, int, int]) -> Images:
    channels, height, width = shape
    try:
        with Image.open(file) as opened:
            held = unit(np.asarray(opened.convert("L" if channels == 1 else "RGB")))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file.name} is no readable picture of frost: {error}.") from error
    held = (held[:, :, None] if held.ndim == 2 else held).transpose(2, 0, 1)[
        :, thinned // 2 :: thinned, thinned // 2 :: thinned
    ]
    if held.shape[1] < height or held.shape[2] < width:
        found = f"{held.shape[1]} x {held.shape[2]} pixels" + (f" of every {thinned}th" if thinned > 1 else "")
        raise ValueError(f"{file.name} has {found}, too few for images of {height} x {width}.")
    return held
