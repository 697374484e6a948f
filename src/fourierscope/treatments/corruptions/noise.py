"""Noise: every value changes by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import pdtr, pdtrik

from fourierscope.treatments.corruptions.levels import Images, Streams, normals, uniforms
from fourierscope.treatments.corruptions.severities import Row

_LEVELS = 1024  # of brightness, up to which a table is worth its memory


def gaussian_noise(images: Images, row: Row, streams: Streams) -> Images:
    """Gaussian noise of one deviation."""
    (deviation,) = row
    return images + deviation * normals(streams, images.shape[1:])


def shot_noise(images: Images, row: Row, streams: Streams) -> Images:
    """Counts of light, Poisson-distributed with the image as their mean: variance in proportion to brightness.

    Drawn by inverting the distribution, so that the count moves with the severity instead of being drawn anew.
    """
    (variance,) = row
    levels, which = np.unique(images, return_inverse=True)
    quantiles = uniforms(streams, images.shape[1:])
    few = len(levels) <= _LEVELS
    return variance * (
        _tabled(quantiles, levels / variance, which.reshape(images.shape))
        if few
        else _inverted(quantiles, images / variance)
    )


def _inverted(quantiles: Images, means: Images) -> Images:
    """The Poisson counts at these quantiles, each with its own mean."""
    counts = np.ceil(np.maximum(np.nan_to_num(pdtrik(quantiles, means)), 0))
    return np.asarray(np.where(means > 0, counts, 0))


def _tabled(quantiles: Images, means: Images, which: npt.NDArray[np.intp]) -> Images:
    """The same from a table with a row for each mean: far faster where there are few, as of 8-bit images."""
    most = int(means.max() + 12 * np.sqrt(means.max()) + 30)  # beyond the last quantile that 53 bits can tell from 1
    rows = np.arange(len(means))[:, None] + pdtr(np.arange(most), means[:, None])  # row i rises from i to i + 1
    return np.asarray(np.searchsorted(rows.ravel(), which + quantiles) - which * most, dtype=np.float64)


def impulse_noise(images: Images, row: Row, streams: Streams) -> Images:
    """A share of the values becomes 0 or 1 (salt and pepper), each channel by itself."""
    (share,) = row
    chosen, salt = np.moveaxis(uniforms(streams, (2, *images.shape[1:])), 1, 0)
    return np.where(chosen < share, (salt < 0.5).astype(np.float64), images)


def speckle_noise(images: Images, row: Row, streams: Streams) -> Images:
    """Gaussian noise whose deviation is in proportion to the brightness."""
    (deviation,) = row
    return images * (1 + deviation * normals(streams, images.shape[1:]))
