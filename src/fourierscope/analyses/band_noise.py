"""Accuracy under noise of low or high frequencies alone, as its band grows. Yin et al. (2019), Fig. 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.fourier import Plane
from fourierscope.fourier.filters import square_high_pass, square_low_pass
from fourierscope.fourier.transform import filtered
from fourierscope.results import Axes, count, rate
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Trial

BANDS = ("low", "high")
_PIXELS = 2**17  # of the images of a cell, so that it takes seconds


class Block(NamedTuple):
    """Images start..stop, under the noise of every band."""

    start: int
    stop: int


@dataclass(frozen=True)
class BandNoise(Analysis[Trial]):
    """Accuracy under Gaussian noise that holds low or high frequencies alone, all of one norm, as the band grows.

    In each channel of each image: independent Gaussian noise, through the square low or high pass of a bandwidth,
    rescaled to the L2 norm `norm`, added. The draw behind it is one an image, the same for all bands and all models.
    Low and high of nearly the whole side are nearly the same white noise, and from the longer side on they are just
    that, which the sentence of `accuracy` then says.

    The result holds `accuracy` over ("noise", "bandwidth"), with bounds and n, where bandwidth 0 is without noise;
    `clean_accuracy`; and `effective_norm`, the L2 norm per channel left after clipping.

    Source: Yin et al. (2019), section 4.2 and Fig. 5 (norm 8 on 32 x 32; clipping is not stated there).
    """

    norm: float = 8.0
    """L2 norm of the noise in each channel, on [0, 1] pixels: 8 on 32 x 32 is 0.25 a pixel, root mean square."""
    bandwidths: tuple[int, ...] = ()
    """Odd bandwidths of the square filters (one more for high along odd sides); empty: 3, 7, ... 31 on 32 x 32. From
    the longer side on the noise is white."""
    clip: bool = True
    """Clip noisy images to [0, 1]."""
    seed: int = 0
    """Seed of the noise."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if not (isfinite(self.norm) and self.norm > 0):
            raise ValueError(f"norm is a finite number above 0; {self.norm} came.")
        if any(not isinstance(one, int | np.integer) or one < 1 or one % 2 == 0 for one in self.bandwidths):
            raise ValueError(f"bandwidths are odd whole numbers from 1 on; {self.bandwidths} came.")
        if len(set(self.bandwidths)) != len(self.bandwidths):
            raise ValueError(f"bandwidths are different numbers; {self.bandwidths} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        plane = trial.samples.plane
        for part in batches(len(trial.samples), max(8, _PIXELS // (plane.height * plane.width))):
            yield Block(part.start, part.stop)

    def measure(self, block: Block, trial: Trial, /) -> Measured:
        plane, device, labels = trial.samples.plane, trial.classifier.device, trial.samples.needed_labels()
        found: list[dict[str, Tensor]] = []
        with torch.no_grad():
            for part in batches(block.stop - block.start, batch_size(plane, device)):
                start, stop = block.start + part.start, block.start + part.stop
                images, noise = trial.samples.batch(start, stop).to(device), self._noise(trial, start, stop).to(device)
                right, norms = [trial.classifier(images).argmax(1).cpu() == labels[start:stop]], []
                for band in BANDS:
                    for bandwidth in self._bandwidths(plane):
                        changed = images + scaled(
                            filtered(noise, band_gain(plane, band, bandwidth).to(device)), self.norm
                        )
                        changed = changed.clamp(0, 1) if self.clip else changed
                        right.append(trial.classifier(changed).argmax(1).cpu() == labels[start:stop])
                        norms.append(torch.linalg.vector_norm(changed - images, dim=(-2, -1)).mean(1).cpu())
                found.append({"right": torch.stack(right), "norms": torch.stack(norms)})
        return {name: torch.cat([piece[name] for piece in found], dim=-1).numpy() for name in found[0]}

    def assemble(self, measured: Mapping[Block, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        plane, n = trial.samples.plane, len(trial.samples)
        right, norms = (
            np.concatenate([piece[name] for piece in measured.values()], axis=-1) for name in ("right", "norms")
        )
        widths, clean = self._bandwidths(plane), right[0]
        outcomes = np.stack([np.vstack([clean[None], half]) for half in np.split(right[1:], 2)])  # (2, 1 + widths, n)
        left = np.hstack([np.zeros((2, 1)), norms.astype(np.float64).mean(-1).reshape(2, -1)])
        axes = Axes({"noise": np.array(BANDS), "bandwidth": np.array([0, *widths])}, {"bandwidth": "cycles/image"})
        root = self.norm / np.sqrt(plane.height * plane.width)
        says = (
            f"Share of images classified rightly under noise of this band, of L2 norm {self.norm:g} in each channel "
            f"({root:.3g} a pixel, root mean square); bandwidth 0 is without noise.{_white(plane, widths)}"
        )
        found = rate("accuracy", outcomes, axes, says)
        found |= rate("clean_accuracy", clean, Axes({}), "Share of images without noise classified rightly.")
        clipped = f"Mean L2 norm per channel left of {self.norm:g} after clipping."
        found["effective_norm"] = axes.array(left, "L2 per channel", clipped)
        return found | count(n)

    def _noise(self, trial: Trial, start: int, stop: int) -> Tensor:
        """White noise (b, c, h, w), a stream an image, so that neither batch nor cell nor model changes it."""
        shape = (trial.samples.channels, *trial.samples.plane.shape)
        return torch.stack(
            [torch.randn(shape, generator=self.chance(purpose=f"noise of image {one}")) for one in range(start, stop)]
        )

    def _bandwidths(self, plane: Plane) -> list[int]:
        if self.bandwidths:
            return sorted(self.bandwidths)
        side = min(plane.shape)
        return list(range(3, side, 4 * max(1, round(side / 32)))) or [1]


def _white(plane: Plane, bandwidths: list[int]) -> str:
    """A sentence on those bandwidths whose bands hold all frequencies; nothing where there are none."""
    whole = [str(one) for one in bandwidths if one >= max(plane.shape)]
    if not whole:
        return ""
    return f" At bandwidth {' and '.join(whole)} both bands hold all frequencies: that is plain white noise."


def scaled(noise: Tensor, norm: float) -> Tensor:
    """Noise (b, c, h, w) rescaled to the L2 norm `norm` in each channel."""
    return noise * (norm / torch.linalg.vector_norm(noise, dim=(-2, -1), keepdim=True))


def band_gain(plane: Plane, band: str, bandwidth: int) -> Tensor:
    """The square low or high pass (h, w) of an odd bandwidth; along odd sides the high pass takes one more."""
    if band == "low":
        return square_low_pass(plane, bandwidth)
    return square_high_pass(plane, (bandwidth + plane.height % 2, bandwidth + plane.width % 2))
