"""The spectrum of a change of images: a corruption, an attack, a filter. Yin et al. (2019), Figs. 2 and 7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.fourier import Plane, to_spectrum
from fourierscope.fourier.spectra import ring_means
from fourierscope.results import Axes, count, mean, mean_of_sums, ratio_interval
from fourierscope.runs import Analysis, Measured, batches, check_kinds
from fourierscope.subjects import Pair

_BLOCK_VALUES = 2**22  # pixels times channels of the images of a cell
_PICTURES = 4  # images shown before and after, with their change


class Block(NamedTuple):
    """Images start..stop."""

    start: int
    stop: int


@dataclass(frozen=True)
class ShiftSpectrum(Analysis[Pair]):
    """How a change of images spreads over the frequencies: mean magnitude of after minus before, bin by bin.

    The transform is orthonormal, of [0, 1] pixels; magnitudes are means over images and channels, all images counted.
    For an attack on the images it succeeded on, ask of `fourierscope.treatments.successful(classifier, pair)`.

    The result holds `magnitude` over ("row", "column") and `profile`, the mean magnitude over rings, over ("radius",),
    both with bounds; `low_high_ratio`, the mean magnitude over the bins with 0 < radius < split over that of the bins
    with radius >= split, with Fieller's interval; `norm`, the L2 norm of the change per channel; and pictures.

    Source: Yin et al. (2019), Fig. 2 right and Fig. 7 a, b (there unnormalised: times sqrt(h w)).
    """

    split: float = 0.0
    """Radius in cycles per image below which a frequency is low; 0: half of Nyquist of the shorter side."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if not (np.isfinite(self.split) and self.split >= 0):
            raise ValueError(f"split is a radius in cycles per image, or 0 for half of Nyquist; {self.split} came.")

    def cells(self, pair: Pair, /) -> Iterable[NamedTuple]:
        self._low_and_high(pair.before.plane)
        count, values = len(pair.before), pair.before.images[0].numel()
        for part in batches(count, max(1, _BLOCK_VALUES // values)):
            yield Block(part.start, part.stop)

    def measure(self, block: Block, pair: Pair, /) -> Measured:
        before, after = (one.batch(block.start, block.stop).double() for one in (pair.before, pair.after))
        change = after - before  # (b, c, h, w)
        magnitude = to_spectrum(change).abs().mean(1)  # (b, h, w)
        low, high = (torch.from_numpy(one) for one in self._low_and_high(pair.before.plane))
        return {
            "magnitude": magnitude.sum(0).numpy(),
            "magnitude_squared": magnitude.square().sum(0).numpy(),
            "profile": ring_means(magnitude)[1].float().numpy(),
            "low": magnitude[:, low].mean(1).numpy(),
            "high": magnitude[:, high].mean(1).numpy(),
            "norm": torch.linalg.vector_norm(change, dim=(-2, -1)).mean(1).float().numpy(),
        }

    def assemble(self, measured: Mapping[Block, Measured], pair: Pair, /) -> Mapping[str, xr.DataArray]:
        plane, n = pair.before.plane, len(pair.before)
        total, squares = (
            np.sum([piece[name] for piece in measured.values()], axis=0) for name in ("magnitude", "magnitude_squared")
        )
        by_image = {
            name: np.concatenate([piece[name] for piece in measured.values()])
            for name in ("profile", "low", "high", "norm")
        }
        axes = Axes(
            {"row": plane.rows().numpy(), "column": plane.columns().numpy()},
            {"row": "cycles/image", "column": "cycles/image"},
        )
        rings = Axes({"radius": ring_means(torch.zeros(plane.shape))[0].numpy()}, {"radius": "cycles/image"})
        says = "Mean magnitude of the spectrum of the change, orthonormal."
        found = mean_of_sums("magnitude", total, squares, n, axes, "magnitude", says)
        ring_says = "Mean magnitude of the change over the ring of this radius."
        found |= mean("profile", by_image["profile"].T, rings, "magnitude", ring_says)
        found |= _ratio(by_image["low"], by_image["high"], self._split(plane))
        found |= mean("norm", by_image["norm"], Axes({}), "L2 per channel", "Mean L2 norm of the change per channel.")
        return found | count(n) | _pictures(pair)

    def _split(self, plane: Plane) -> float:
        return self.split or min(plane.shape) / 4

    def _low_and_high(self, plane: Plane) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which bins (h, w) are low, and which high; frequency zero is neither. Raises ValueError where either is none.

        The mean brightness is a change of its own kind, and would drown the few bins around it.
        """
        radius, split = plane.radius().numpy(), self._split(plane)
        low, high = (radius > 0) & (radius < split), radius >= split
        if self.split and not (low.any() and high.any()):
            raise ValueError(
                f"split={split:g} leaves no low or no high frequency on {plane}: take a radius above 1 and up to "
                f"{radius.max():.3g} cycles per image, or 0 for half of Nyquist."
            )
        return low, high


def _ratio(low: npt.NDArray[Any], high: npt.NDArray[Any], split: float) -> dict[str, xr.DataArray]:
    """NaN, with the reason, where a plane is too small to have low and high frequencies, or nothing changed."""
    says = f"Mean magnitude of the change at radius 0 < r < {split:g} over that at r >= {split:g} cycles per image."
    estimate: tuple[Any, ...] = (np.nan, np.nan, np.nan)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        says = f"There is no ratio here: this plane has no low or no high frequencies. {says}"
    elif not high.any():
        says = f"There is no ratio here: nothing changed at high frequencies. {says}"
    else:
        estimate = ratio_interval(low, high)
    names = ("low_high_ratio", "low_high_ratio_low", "low_high_ratio_high")
    said = (says, "Lower 95 % bound of low_high_ratio (Fieller).", "Upper 95 % bound of low_high_ratio (Fieller).")
    found = {
        name: xr.DataArray(np.float64(value), attrs={"units": "1", "says": one})
        for name, value, one in zip(names, estimate, said, strict=True)
    }
    found[names[0]].attrs |= {"low": names[1], "high": names[2]}
    return found


def _pictures(pair: Pair) -> dict[str, xr.DataArray]:
    """Some images before, after, and their change around grey, scaled (picture, state, y, x, channel)."""
    before, after = (one.batch(0, _PICTURES) for one in (pair.before, pair.after))
    change = after - before
    largest = change.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-9)
    shown = torch.stack([before, after, 0.5 + 0.5 * change / largest], 1)
    pictures = xr.DataArray(
        shown.clamp(0, 1).mul(255).round().byte().permute(0, 1, 3, 4, 2).numpy(),
        dims=("picture", "state", "y", "x", "channel"),
        coords={"state": ["before", "after", "change"]},
    )
    pictures.attrs = {
        "units": "1/255",
        "says": "Images before and after, and their change around grey, each scaled to its own extreme.",
    }
    return {"pictures": pictures}
