"""Recipes: how a network is trained, as a value that can be recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import cos, isfinite, pi
from typing import Any

import torch
from torch import Tensor

from fourierscope.treatments import LinfPGD


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


Perturbation = GaussianNoise | LinfPGD


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: stochastic gradient descent with Nesterov momentum under a warm-up and a cosine.

    Raises ValueError for a number that fits no training.
    """

    perturbation: Perturbation | None = None
    """What is done to every batch before the network learns from it, and sees the network in eval mode."""
    epochs: int = 12
    """Times every image is seen."""
    batch: int = 128
    """Most images in a batch; batches of an epoch differ in size by one at most, so that none is tiny."""
    learning_rate: float = 0.1
    """Largest learning rate: reached after the warm-up, falling to 0 along half a cosine."""
    warmup: float = 0.2
    """Share of all steps in which the learning rate rises, evenly, to its largest."""
    momentum: float = 0.9
    """Nesterov momentum."""
    weight_decay: float = 5e-4
    """Weight decay, on all parameters."""
    flip_columns: bool = True
    """Mirror every other image, by chance, left to right."""
    flip_rows: bool = False
    """Mirror every other image, by chance, upside down."""
    tint: float = 0.0
    """Largest amount by which each channel of each image is made brighter or darker, by chance; clipped to [0, 1]."""

    def __post_init__(self) -> None:
        fits = {
            "epochs is at least 1": self.epochs >= 1,
            "batch is at least 2": self.batch >= 2,
            "learning_rate is finite and above 0": isfinite(self.learning_rate) and self.learning_rate > 0,
            "warmup lies from 0 to below 1": 0 <= self.warmup < 1,
            "momentum lies above 0 and below 1": 0 < self.momentum < 1,
            "tint lies from 0 to 1": 0 <= self.tint <= 1,
            "weight_decay is finite and at least 0": isfinite(self.weight_decay) and self.weight_decay >= 0,
        }
        if broken := [rule for rule, holds in fits.items() if not holds]:
            raise ValueError(f"{'; '.join(broken)}; {self} came.")

    def rate(self, share: float) -> float:
        """The learning rate when `share`, from 0 to 1, of all steps is done."""
        if share < self.warmup:
            return self.learning_rate * share / self.warmup
        return self.learning_rate * (1 + cos(pi * (share - self.warmup) / (1 - self.warmup))) / 2

    def flipped(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The images (n, c, h, w), each mirrored or not, by chance."""
        for axis, wanted in ((3, self.flip_columns), (2, self.flip_rows)):
            if wanted:
                chosen = torch.rand(len(images), generator=generator).to(images.device) < 0.5
                images = torch.where(chosen[:, None, None, None], images.flip(axis), images)
        return images

    def tinted(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The images (n, c, h, w), each channel brighter or darker as a whole, by chance."""
        if self.tint == 0:
            return images
        offset = self.tint * (2 * torch.rand(*images.shape[:2], 1, 1, generator=generator) - 1)
        return (images + offset.to(images.device)).clamp(0, 1)

    def trace(self) -> dict[str, Any]:
        """What to record: every option, and the kind of perturbation."""
        return asdict(self) | {"perturbation": None if self.perturbation is None else self.perturbation.trace()}


RECIPES = {
    "natural": Recipe(tint=0.1),
    "gaussian": Recipe(perturbation=GaussianNoise(highest=0.1), tint=0.1),
    "adversarial": Recipe(perturbation=LinfPGD(eps=8 / 255, step=2 / 255, steps=5), epochs=10, tint=0.1),
}
"""The recipes of the reference classifiers. Without the tint they go by colour, and low frequencies hurt them most."""


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises ValueError with the names there are."""
    if name not in RECIPES:
        raise ValueError(f"The recipes are {', '.join(RECIPES)}; {name!r} came.")
    return RECIPES[name]
