"""How images look through the square filters: as they are left, and stretched for the eye."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.fourier.filters import apply, square_high_pass, square_low_pass
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Samples

_SPREAD = 6.0  # standard deviations from black to white


@dataclass(frozen=True)
class FilteredPictures(Analysis[Samples]):
    """Some images through square low and high passes, for looking at; nothing is asked of a classifier.

    Low-passed images are shown as they are, clipped to [0, 1]. High-passed ones, whose mean is 0, are shown on middle
    grey: raw, and scaled to unit variance with six standard deviations from black to white.

    Source: Yin et al. (2019), section 3 and Fig. 1 (unit variance; their scale is not stated).
    """

    low: tuple[int, ...] = (3, 7, 15)
    """Bandwidths of the low passes."""
    high: tuple[int, ...] = (15, 23, 31)
    """Bandwidths of the high passes."""
    images: int = 5
    """Number of images."""

    def measure(self, cell: Any, samples: Samples, /) -> Measured:
        plane, images = samples.plane, samples.batch(0, self.images)
        shown = [images]
        shown += [apply(images, square_low_pass(plane, width)) for width in self.low]
        parts = [apply(images, square_high_pass(plane, width)) for width in self.high]
        shown += [0.5 + part for part in parts] + [0.5 + _unit(part) / _SPREAD for part in parts]
        levels = torch.stack(shown, 1).clamp(0, 1).mul(255).round().byte()  # (picture, state, c, y, x)
        return {"pictures": levels.permute(0, 1, 3, 4, 2).numpy()}

    def assemble(self, measured: Mapping[Any, Measured], samples: Samples, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        states = ["as they are", *(f"low {one}" for one in self.low), *(f"high {one}" for one in self.high)]
        states += [f"high {one}, unit variance" for one in self.high]
        dims = ("picture", "state", "y", "x", "channel")
        pictures = xr.DataArray(piece["pictures"], dims=dims, coords={"state": np.array(states)})
        pictures.attrs = {
            "units": "1/255",
            "says": "Images through square filters; high-passed ones on grey, raw and scaled to unit variance.",
        }
        return {"pictures": pictures}


def _unit(part: Tensor) -> Tensor:
    """Scaled to a standard deviation of 1 over all pixels and channels of an image; nothing stays nothing."""
    deviation = part.std((1, 2, 3), correction=0, keepdim=True)
    return torch.where(deviation > 1e-6, part / deviation.clamp(min=1e-6), torch.zeros_like(part))
