"""Noise to learn under: normal noise of one standard deviation, or of the spectrum of a given change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from fourierscope.fourier import to_images, to_spectrum
from fourierscope.fourier.filters import is_hermitian
from fourierscope.subjects import Pair

_BLOCK = 500  # images whose spectra are taken at a time


@dataclass(frozen=True)
class GaussianNoise:
    """Normal noise on every pixel, clipped to [0, 1]; its standard deviation is drawn anew for each batch.

    Source: Yin et al. (2019), Gaussian data augmentation: a uniform draw from 0 to 0.1.
    """

    lowest: float = 0.0
    """Smallest standard deviation, on [0, 1] pixels."""
    highest: float = 0.1
    """Largest standard deviation, on [0, 1] pixels."""

    def __post_init__(self) -> None:
        if not (0 <= self.lowest <= self.highest and isfinite(self.highest)):
            raise ValueError(f"Standard deviations run from 0 or more to as much or more, both finite; {self} came.")

    def __call__(
        self, classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> Tensor:
        share = float(torch.rand((), generator=generator))
        sigma = self.lowest + (self.highest - self.lowest) * share
        noise = torch.randn(images.shape, generator=generator, dtype=images.dtype)
        return (images + sigma * noise.to(images.device)).clamp_(0, 1)

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, eq=False)
class ShapedNoise:
    """Normal noise that holds as much of each frequency as a given change does on the average; clipped to [0, 1].

    `deviation` (h, w), centred, is the standard deviation of the noise's coefficient in each wave of the orthonormal
    basis. Channels are drawn independently. Raises ValueError where it is no spectrum of real noise.

    Source: Yin et al. (2019), section 4.3 and Table 1, the sum over i, j of N(0, sigma_ij^2) U_ij.
    """

    deviation: Tensor
    """Standard deviation (h, w) of each coefficient."""
    source: str = "given"
    """What has this spectrum, for the record."""

    def __post_init__(self) -> None:
        sound = self.deviation.ndim == 2 and bool(torch.isfinite(self.deviation).all())
        if not sound or float(self.deviation.min()) < 0 or not is_hermitian(self.deviation):
            raise ValueError(
                "A deviation is a plane (h, w) of finite numbers from 0 on, the same at a frequency and its partner; "
                f"shape {tuple(self.deviation.shape)} came."
            )

    @classmethod
    def like(cls, pair: Pair) -> ShapedNoise:
        """Noise with the mean magnitude E|F(after - before)| of a pair, over images and channels."""
        total, count = torch.zeros(pair.before.plane.shape, dtype=torch.float64), len(pair.before)
        for start in range(0, count, _BLOCK):
            change = pair.after.batch(start, start + _BLOCK) - pair.before.batch(start, start + _BLOCK)
            total += to_spectrum(change).abs().double().mean(1).sum(0)
        return cls((total / count).float(), f"{pair.before.name} -> {pair.after.name}")

    def __call__(
        self, classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> Tensor:
        if images.shape[-2:] != self.deviation.shape:
            raise ValueError(
                f"This noise is for images of {tuple(self.deviation.shape)}; {tuple(images.shape[-2:])} came."
            )
        white = torch.randn(images.shape, generator=generator, dtype=images.dtype)
        return (images + to_images(to_spectrum(white) * self.deviation).to(images)).clamp_(0, 1)

    def trace(self) -> dict[str, Any]:
        """What to record: the kind, its source and a digest of its spectrum."""
        digest = hashlib.sha256(self.deviation.double().numpy().tobytes()).hexdigest()
        return {"kind": type(self).__name__, "source": self.source, "deviation": digest}
