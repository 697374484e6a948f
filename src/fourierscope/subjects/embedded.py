"""Real images that come inside installed packages: patches of ten photographs, and handwritten digits. No download.

The photographs lie in the scikit-image wheel (`skimage.data`, where each function names author and licence), the digits
in scikit-learn's (`sklearn.datasets.load_digits`; Alpaydin and Kaynak, 1998).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fourierscope.subjects.samples import Samples

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "hubble", "ihc", "retina", "rocket", "motorcycle", "brick", "grass")
_CALLED = {"hubble": "hubble_deep_field", "ihc": "immunohistochemistry", "motorcycle": "stereo_motorcycle"}
SPLITS = {"train": 600, "test": 200}  # patches of each photograph

_SIDE = 32  # pixels of a patch
_BLOCK = 64  # pixels of a square of the checkerboard that parts train from test
_STRIDE = 4  # pixels from one patch to the next
_FLAT = 3.0  # a patch whose grey levels have a smaller standard deviation, in 1/255, shows nothing and is left out
_SHORTER = 256  # photographs are reduced by a whole factor while their shorter side keeps at least this many pixels

Pixels = npt.NDArray[np.uint8]


@cache
def patches(split: str) -> Samples:
    """Patches (n, 3, 32, 32), uint8, of ten photographs, labelled by the photograph: 600 of each to train, 200 to test.

    Each photograph is reduced by block means to a shorter side of 256 to 511 pixels and laid out as a checkerboard of
    64 x 64 squares: patches of "train" lie wholly inside even squares, those of "test" inside odd ones, so no pixel is
    in both. Nearly flat patches are left out, and the rest is thinned evenly. Patch i shows photograph i % 10.

    Raises ValueError for another split.
    """
    if split not in SPLITS:
        raise ValueError(f'The embedded patches have the splits "train" and "test"; {split!r} came.')
    cut = np.stack([_thinned(_cut(_reduced(_photograph(name)), split), SPLITS[split]) for name in PHOTOGRAPHS], axis=1)
    images = np.ascontiguousarray(cut.reshape(-1, _SIDE, _SIDE, 3).transpose(0, 3, 1, 2))  # (n, 3, 32, 32)
    labels = np.tile(np.arange(len(PHOTOGRAPHS)), SPLITS[split])
    return Samples(images, labels, f"patches:{split}", PHOTOGRAPHS)


@cache
def digits() -> Samples:
    """scikit-learn's handwritten digits (1797, 1, 8, 8), labelled.

    A level v of 0..16 is kept as the nearest uint8 to 255 v / 16; nothing else is changed.
    """
    from sklearn.datasets import load_digits

    held: Any = load_digits()
    images = np.rint(held.images * 255 / 16).astype(np.uint8)[:, None]  # (n, 1, 8, 8)
    return Samples(images, held.target.astype(np.int64), "digits", [str(digit) for digit in range(10)])


def _photograph(name: str) -> Pixels:
    """A photograph (h, w, 3); a grey one is repeated over the channels."""
    from skimage import data

    held: Any = getattr(data, _CALLED.get(name, name))()
    pixels: Pixels = held[0] if name == "motorcycle" else held  # of the stereo pair, the left
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _reduced(photograph: Pixels) -> Pixels:
    """The photograph reduced by whole blocks: their means, rounded. Rows and columns left over are dropped."""
    height, width = photograph.shape[:2]
    factor = max(1, min(height, width) // _SHORTER)
    whole = photograph[: height // factor * factor, : width // factor * factor]
    blocks = whole.reshape(height // factor, factor, width // factor, factor, -1)
    return np.asarray(np.rint(blocks.mean((1, 3))), dtype=np.uint8)


def _corners(height: int, width: int, split: str) -> list[tuple[int, int]]:
    """First row and column of every patch of the split, square by square."""
    steps = range(0, _BLOCK - _SIDE + 1, _STRIDE)
    squares = [
        (row, column)
        for row in range(height // _BLOCK)
        for column in range(width // _BLOCK)
        if (row + column) % 2 == ("train", "test").index(split)
    ]
    inside = [(down, right) for down in steps for right in steps]
    return [(row * _BLOCK + down, column * _BLOCK + right) for row, column in squares for down, right in inside]


def _cut(photograph: Pixels, split: str) -> Pixels:
    """Every patch (n, 32, 32, 3) of the split that is not nearly flat."""
    corners = _corners(photograph.shape[0], photograph.shape[1], split)
    cut: Pixels = np.stack([photograph[row : row + _SIDE, column : column + _SIDE] for row, column in corners])
    return np.compress(cut.mean(-1).std((1, 2)) >= _FLAT, cut, axis=0)


def _thinned(cut: Pixels, count: int) -> Pixels:
    """`count` of the patches, evenly spaced."""
    assert len(cut) >= count, f"{len(cut)} patches, where {count} are needed"
    return cut[np.arange(count) * len(cut) // count]
