"""Noise on the amplitudes of images, ring by ring of frequency; phases stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import inf, isfinite, log, sqrt
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.fourier import Frequency, Plane
from fourierscope.fourier.filters import mirrored
from fourierscope.fourier.kinds import came, check_numbers, check_whole, is_number, listed
from fourierscope.fourier.transform import filtered

_ROUNDING = 0.01  # beyond [0, 1], by half precision, is clipped and not refused


class PowerSpectrumNoise(nn.Module):
    """Multiplies the amplitudes of images by exp(strength xi), xi normal, with a strength that learns for each ring.

    For images (n, c, h, w) in [0, 1], in train mode; in eval mode they stay as they are. xi is drawn for each image,
    channel and frequency and is the same at conjugate partners, so that images stay real; phases and the mean stay, and
    the result is clipped to [0, 1]. Rings are evenly spaced in cycles per pixel, to the corners. Strengths lie between
    0 and `most`; gradients come through them, so that an optimiser with `maximize=True` makes the noise adversarial.
    `fixed()` is the same noise with its present strengths, for a `Recipe`. Raises TypeError or ValueError in train mode
    for images of another kind, shape or range, and for NaN.

    Source: ours, the input side of "perturbation in the power spectrum" in the abstract of Jia, Bao and Ma (2019); what
    they did is not public. Beside it stand APR (Chen et al., 2021) and HybridAugment++ (Yucel et al., 2023).
    """

    def __init__(self, rings: int = 8, strength: float = 0.3, most: float = 1.0) -> None:
        super().__init__()
        check_whole(1, rings=rings)
        check_numbers(strength=strength, most=most)
        if not 0 < strength < most < inf:
            raise ValueError(f"strength lies between 0 and most, which is finite; {strength=}, {most=} came.")
        self.most = most
        self.raw_strengths = nn.Parameter(torch.full((rings,), log(strength / (most - strength))))

    @property
    def strengths(self) -> Tensor:
        """The strength (rings,) of each ring, from frequency zero outwards."""
        return self.most * torch.sigmoid(self.raw_strengths)

    def forward(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images (n, c, h, w) under noise, drawn by a generator on the CPU, or else from the global random state."""
        if not self.training:
            return images
        _check_images(images)
        return amplitude_noise(images, self.strengths, generator).clamp(0, 1)

    def fixed(self) -> AmplitudeNoise:
        """This noise with its present strengths."""
        return AmplitudeNoise(tuple(self.strengths.tolist()))


@dataclass(frozen=True)
class AmplitudeNoise:
    """The perturbation of `PowerSpectrumNoise` with strengths that stay, for a `Recipe`; clipped to [0, 1].

    Raises TypeError or ValueError for images as `PowerSpectrumNoise` does.
    """

    strengths: tuple[float, ...] = (0.3,) * 8
    """The strength of each ring, from frequency zero outwards."""

    def __post_init__(self) -> None:
        what = "strengths are one finite number from 0 on for each ring, such as (0.3, 0.3)"
        given = listed(self.strengths, what)
        if not all(is_number(one) for one in given):
            raise TypeError(f"{what}; {came(self.strengths)} came.")
        if not given or not all(0 <= one < inf for one in given):
            raise ValueError(f"{what}; {self.strengths} came.")

    def __call__(
        self, classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> Tensor:
        _check_images(images)
        return amplitude_noise(images, torch.tensor(self.strengths).to(images), generator).clamp_(0, 1)

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


def amplitude_noise(images: Tensor, strengths: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Images (n, c, h, w) whose amplitudes are multiplied by exp(strength of the ring x xi); real, not clipped."""
    plane = Plane(*(int(side) for side in images.shape[-2:]))
    drawn = torch.randn(images.shape, generator=generator).to(images)  # on the CPU: the same on every machine
    places = torch.arange(plane.height * plane.width).reshape(plane.shape)
    first = (places <= mirrored(places)).to(images.device)
    symmetric = torch.where(first, drawn, mirrored(drawn))
    rings = ring_places(plane, len(strengths)).to(images.device)
    gain = torch.exp(strengths[rings] * symmetric)
    kept = torch.zeros(plane.shape, dtype=torch.bool, device=images.device)
    kept[plane.position(Frequency(0, 0))] = True
    return filtered(images, torch.where(kept, torch.ones_like(gain), gain)).to(images.dtype)


def _check_images(images: Tensor) -> None:
    """Raises TypeError or ValueError for what are no images (n, c, h, w), floating-point and finite, in [0, 1]."""
    what = "Noise on amplitudes takes floating-point images (n, c, h, w) in [0, 1]"
    if not isinstance(images, Tensor):
        raise TypeError(f"{what}, a tensor; {came(images)} came.")
    if images.ndim != 4 or not images.is_floating_point():
        raise ValueError(f"{what}; {images.dtype} of shape {tuple(images.shape)} came.")
    if not images.numel():
        return
    low, high = (float(one) for one in torch.aminmax(images.detach()))
    if not (isfinite(low) and isfinite(high)):
        raise ValueError(f"{what}; some hold NaN or infinity: mend them, or leave them out.")
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):
        mended = "divide by 255" if low >= 0 and 1 < high <= 255.5 else "scale them, and normalise after the noise"
        raise ValueError(f"{what}; values from {low:.4g} to {high:.4g} came: {mended}.")


def ring_places(plane: Plane, rings: int) -> Tensor:
    """Which of so many even rings (h, w) each frequency of a plane lies in, in cycles per pixel to the corners."""
    radius = torch.hypot(plane.rows()[:, None] / plane.height, plane.columns() / plane.width)
    return (radius / sqrt(0.5) * rings).long().clamp_max(rings - 1)
