"""The spectrum of images: mean magnitude and power per frequency, its ring profile, and its power law."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from scipy import stats
from torch import Tensor

from fourierscope.fourier import Plane, to_spectrum
from fourierscope.fourier.spectra import power_law, ring_means
from fourierscope.results import Axes, count, mean, mean_of_sums
from fourierscope.results.intervals import CONFIDENCE
from fourierscope.runs import Analysis, Measured, batches, check_kinds
from fourierscope.subjects import Samples

_BLOCK_PIXELS = 2**24
_GROUPS = 20  # of images, for the jackknife of the slope


class Block(NamedTuple):
    """Images start..stop."""

    start: int
    stop: int


@dataclass(frozen=True)
class PowerSpectrum(Analysis[Samples]):
    """How images spread over the frequencies: mean magnitude and power per bin, ring profile, slope of the power law.

    The transform is orthonormal, of [0, 1] pixels; magnitudes and powers are means over images and channels.

    The result holds `magnitude` (with bounds) and `power` over ("row", "column"), `profile`, the mean power over rings,
    over ("radius",), and `slope`, the exponent of the power law, with its jackknife interval over groups of images.

    Source: Yin et al. (2019), Fig. 2 (mean of magnitude, there unnormalised: times sqrt(h w)).
    """

    window: Literal["none", "hann"] = "none"
    """none, or hann: a taper that removes the cross which image borders draw (mean removed first, energy restored)."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if self.window not in ("none", "hann"):
            raise ValueError(f"window is none or hann; {self.window!r} came.")

    def cells(self, samples: Samples, /) -> Iterable[NamedTuple]:
        plane = samples.plane
        for part in batches(len(samples), max(1, _BLOCK_PIXELS // (plane.height * plane.width * samples.channels))):
            yield Block(part.start, part.stop)

    def measure(self, block: Block, samples: Samples, /) -> Measured:
        magnitude = to_spectrum(self._windowed(samples.batch(block.start, block.stop).double())).abs()  # (b, c, h, w)
        power, magnitude = magnitude.square().mean(1), magnitude.mean(1)
        group = torch.arange(block.start, block.stop) % _GROUPS
        sums = torch.zeros(_GROUPS, *power.shape[1:], dtype=power.dtype).index_add_(0, group, power)
        return {
            "power": sums.numpy(),
            "magnitude": magnitude.sum(0).numpy(),
            "magnitude_squared": magnitude.square().sum(0).numpy(),
            "profile": ring_means(power)[1].float().numpy(),
        }

    def assemble(self, measured: Mapping[Block, Measured], samples: Samples, /) -> Mapping[str, xr.DataArray]:
        plane, n = samples.plane, len(samples)
        power = np.sum([piece["power"] for piece in measured.values()], axis=0)  # (groups, h, w)
        profile = np.concatenate([piece["profile"] for piece in measured.values()]).T  # (rings, n)
        axes = Axes(
            {"row": plane.rows().numpy(), "column": plane.columns().numpy()},
            {"row": "cycles/image", "column": "cycles/image"},
        )
        rings = Axes({"radius": ring_means(torch.zeros(plane.shape))[0].numpy()}, {"radius": "cycles/image"})
        total, squares = (
            np.sum([piece[name] for piece in measured.values()], axis=0) for name in ("magnitude", "magnitude_squared")
        )
        says = "Mean magnitude of the spectrum, orthonormal."
        found = mean_of_sums("magnitude", total, squares, n, axes, "magnitude", says)
        found["power"] = axes.array(power.sum(0) / n, "power", "Mean squared magnitude of the spectrum, orthonormal.")
        found |= mean("profile", profile, rings, "power", "Mean power over the ring of this radius.")
        return found | _slope(power, n, plane) | count(n)

    def _windowed(self, images: Tensor) -> Tensor:
        if self.window == "none":
            return images
        height, width = images.shape[-2:]
        taper = torch.outer(
            *(torch.hann_window(side + 2, periodic=False, dtype=images.dtype)[1:-1] for side in (height, width))
        )
        taper /= taper.square().mean().sqrt()
        return (images - images.mean((-2, -1), keepdim=True)) * taper


def _slope(power: npt.NDArray[Any], n: int, plane: Plane) -> dict[str, xr.DataArray]:
    """The slope of the power law, with its jackknife interval; NaN, with the reason, where there is none."""
    says, values = (
        "Exponent of the power law fitted to the mean power, from radius 1 to Nyquist.",
        (np.nan, np.nan, np.nan),
    )
    try:
        law = power_law(torch.from_numpy(power.sum(0) / n))
        values = (law.slope, *_jackknife(law.slope, power, n))
        says += f" The law explains {law.r_squared:.1%} of the variance of log power over the rings."
    except ValueError as error:
        says = f"There is no power law here: {error}"
    names = ("slope", "slope_low", "slope_high")
    found = {
        name: xr.DataArray(value, attrs={"units": "1", "says": says}) for name, value in zip(names, values, strict=True)
    }
    found["slope"].attrs |= {"low": "slope_low", "high": "slope_high"}
    return found


def _jackknife(slope: float, power: npt.NDArray[Any], n: int) -> tuple[float, float]:
    groups = min(n, _GROUPS)
    if groups < 3:
        return np.nan, np.nan
    without = np.array([power_law(torch.from_numpy(power.sum(0) - power[group])).slope for group in range(groups)])
    error = np.sqrt((groups - 1) / groups * np.square(without - without.mean()).sum())
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, groups - 1) * error)
    return slope - reach, slope + reach
