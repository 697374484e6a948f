"""Augmentations by frequency, and noise on a share of the images. Each a frozen value; images stay in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from fourierscope.fourier import to_spectrum
from fourierscope.fourier.transform import filtered
from fourierscope.training.augmentations import Recorded

_NOTHING = 1e-4  # amplitudes below it are rounding errors, whose phases mean nothing


@dataclass(frozen=True)
class NoiseOnSome(Recorded):
    """Normal noise of one standard deviation on a share of the images, each by chance; clipped to [0, 1].

    Source: Kireev et al. (2022), "50 % Gaussian": half of the images, a deviation of 0.1.
    """

    share: float = 0.5
    """Probability that an image gets noise."""
    deviation: float = 0.1
    """Standard deviation, on [0, 1] pixels."""

    def __post_init__(self) -> None:
        _check_share(self.share)
        if not (isfinite(self.deviation) and self.deviation >= 0):
            raise ValueError(f"A standard deviation is a finite number from 0 on; {self.deviation} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        chosen = _chosen(images, self.share, generator)
        noise = self.deviation * torch.randn(images.shape, generator=generator).to(images)
        return torch.where(chosen, (images + noise).clamp(0, 1), images)


@dataclass(frozen=True)
class AmplitudeSwaps(Recorded):
    """A share of the images keep their phases and take the amplitudes of another of the batch; clipped to [0, 1].

    Channel by channel, from a permutation by chance. The label stays that of the phases.

    Source: Chen et al. (2021), amplitude-phase recombination between images (APR-P). Their code transforms over
    channels too, and lets values outside [0, 255] wrap; here neither.
    """

    share: float = 0.5
    """Probability that an image takes others' amplitudes; ours, theirs is not on record with us."""

    def __post_init__(self) -> None:
        _check_share(self.share)

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        chosen, others = _chosen(images, self.share, generator), _others(images, generator)
        gain = to_spectrum(others).abs() / to_spectrum(images).abs().clamp_min(_NOTHING)
        mixed = filtered(images, gain).to(images.dtype).clamp(0, 1)
        return torch.where(chosen, mixed, images)


@dataclass(frozen=True)
class HybridImages(Recorded):
    """A share of the images keep their low frequencies and take the high ones of another; clipped to [0, 1].

    Low is what a Gaussian blur of three taps leaves, edges duplicated; high is the rest. The label stays that of the
    low frequencies.

    Source: Yucel et al. (2023), HybridAugment, with three taps and a deviation of half a pixel, without its part on
    amplitudes. Their code lets values outside [0, 255] wrap; here they are clipped.
    """

    share: float = 0.5
    """Probability that an image takes others' high frequencies; ours."""
    deviation: float = 0.5
    """Standard deviation of the blur, in pixels."""

    def __post_init__(self) -> None:
        _check_share(self.share)
        if not (isfinite(self.deviation) and self.deviation > 0):
            raise ValueError(f"The deviation of a blur is a finite number above 0; {self.deviation} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        chosen, others = _chosen(images, self.share, generator), _others(images, generator)
        mixed = self.low(images) + others - self.low(others)
        return torch.where(chosen, mixed.clamp(0, 1), images)

    def low(self, images: Tensor) -> Tensor:
        """The low frequencies of images (n, c, h, w)."""
        side = exp(-1 / (2 * self.deviation**2))
        line = torch.tensor([side, 1.0, side]).to(images) / (1 + 2 * side)
        kernel = torch.outer(line, line).expand(images.shape[1], 1, 3, 3)
        return conv2d(pad(images, (1, 1, 1, 1), mode="replicate"), kernel, groups=images.shape[1])


@dataclass(frozen=True)
class RandomFilters(Recorded):
    """Each image goes through a filter of its own, drawn by chance: itself plus normal taps; clipped to [0, 1].

    The deviation of the taps is drawn for each image, evenly from 0 to `most`; channels share a filter, edges are
    duplicated. Among filters of that energy normal taps have the most entropy.

    Source: after the spectral part of Modas et al. (2022), PRIME, without its colours, its diffeomorphisms and its
    mixing; the strength is ours.
    """

    size: int = 3
    """Taps in each direction, odd."""
    most: float = 0.3
    """Largest standard deviation of a tap."""

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0 or not (isfinite(self.most) and self.most >= 0):
            raise ValueError(f"size is an odd number from 1 on, most finite and from 0 on; {self} came.")

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, channels, height, width = images.shape
        deviation = self.most * torch.rand(count, 1, 1, 1, generator=generator)
        taps = (deviation * torch.randn(count, 1, self.size, self.size, generator=generator)).to(images)
        reach = self.size // 2
        wide = pad(images, (reach,) * 4, mode="replicate").transpose(0, 1)  # (c, n, h, w): a group for each image
        added = conv2d(wide, taps, groups=count).transpose(0, 1)
        return (images + added.reshape(count, channels, height, width)).clamp(0, 1)


def _chosen(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Which images (n, 1, 1, 1), each with probability `share`."""
    return (torch.rand(len(images), generator=generator) < share).to(images.device)[:, None, None, None]


def _others(images: Tensor, generator: torch.Generator) -> Tensor:
    """The images in an order by chance."""
    return images[torch.randperm(len(images), generator=generator).to(images.device)]


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"The share of images lies from 0 to 1; {share} came.")
