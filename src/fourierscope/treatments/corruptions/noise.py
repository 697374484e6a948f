"""Noise: every value changes by itself."""

from __future__ import annotations

import numpy as np
from scipy.special import pdtrik

from fourierscope.treatments.corruptions.levels import Images, Streams, normals, uniforms
from fourierscope.treatments.corruptions.severities import Row


def gaussian_noise(images: Images, row: Row, streams: Streams) -> Images:
    """Gaussian noise of one deviation."""
    (deviation,) = row
    return images + deviation * normals(streams, images.shape[1:])


def shot_noise(images: Images, row: Row, streams: Streams) -> Images:
    """Counts of light, Poisson-distributed with the image as their mean: variance in proportion to brightness.

    Drawn by inverting the distribution, so that the count moves with the severity instead of being drawn anew.
    """
    (variance,) = row
    mean = images / variance
    counts = pdtrik(uniforms(streams, images.shape[1:]), mean)
    return variance * np.where(mean > 0, np.ceil(np.maximum(np.nan_to_num(counts), 0)), 0)


def impulse_noise(images: Images, row: Row, streams: Streams) -> Images:
    """A share of the values becomes 0 or 1 (salt and pepper), each channel by itself."""
    (share,) = row
    chosen, salt = np.moveaxis(uniforms(streams, (2, *images.shape[1:])), 1, 0)
    return np.where(chosen < share, (salt < 0.5).astype(np.float64), images)


def speckle_noise(images: Images, row: Row, streams: Streams) -> Images:
    """Gaussian noise whose deviation is in proportion to the brightness."""
    (deviation,) = row
    return images * (1 + deviation * normals(streams, images.shape[1:]))
