"""Corruption errors against those of AlexNet: CE, mCE and relative mCE. Hendrycks and Dietterich (2019), section 4."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.results import Axes, mean

# Top-1 errors of AlexNet. Source: clean and by corruption (mean of 5 severities), Hendrycks and Dietterich (2019) and
# the authors' lists of errors by severity.
ALEXNET_CLEAN = 0.4348
ALEXNET = {
    "gaussian_noise": 0.886428,
    "shot_noise": 0.894468,
    "impulse_noise": 0.922640,
    "defocus_blur": 0.819880,
    "glass_blur": 0.826268,
    "motion_blur": 0.785948,
    "zoom_blur": 0.798360,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic_transform": 0.646056,
    "pixelate": 0.717840,
    "jpeg_compression": 0.6065,
}


def normalised(
    wrong: npt.NDArray[Any], clean: npt.NDArray[Any], names: list[str], each: Axes
) -> dict[str, xr.DataArray]:
    """CE over the axes `each`, mCE and relative mCE, in per cent, with bounds: all are linear in the images' errors.

    `wrong` (corruptions, severities, n) and `clean` (n,) are 1 where an image was taken for something else.
    """
    reference = np.array([ALEXNET[name] for name in names])[:, None]
    errors = wrong.mean(1)
    ce = 100 * errors / reference
    relative = 100 * (errors - clean) / (reference - ALEXNET_CLEAN)
    found = mean("ce", ce, each, "%", "Error under this corruption over that of AlexNet.")
    found |= mean("mce", ce.mean(0), Axes({}), "%", "Mean corruption error, relative to AlexNet.")
    says = "Mean over corruptions of the error added to the clean one, relative to what AlexNet's adds."
    return found | mean("relative_mce", relative.mean(0), Axes({}), "%", says)
