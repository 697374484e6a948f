"""Recipes: how a network is trained, as a value that can be recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import cos, isfinite, pi
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from fourierscope.fourier.kinds import came, check_numbers, check_texts, check_whole, did_you_mean
from fourierscope.training.amplitude_noise import PowerSpectrumNoise
from fourierscope.training.augmentations import Augmentation, AutoAugment, Crops, Flips, Recorded, Tints
from fourierscope.training.frequency_proportion import FrequencyProportion
from fourierscope.training.kernel_penalties import AdjacentWeights, Penalty, ProportionPenalty
from fourierscope.training.kernel_projections import Projection, ProportionProjection
from fourierscope.training.noise import GaussianNoise
from fourierscope.treatments import LinfPGD


class Perturbation(Protocol):
    """What is done to a batch in view of the network that learns it: noise, an attack."""

    def __call__(
        self, classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> Tensor: ...

    def trace(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: optimiser, learning rate, and what is done to every batch.

    A batch goes through the augmentations in their order, then the perturbation, then mixup. Raises ValueError for a
    number that fits no training.
    """

    perturbation: Perturbation | None = None
    """Noise or an attack on every batch, in view of the network in eval mode."""
    augmentations: tuple[Augmentation, ...] = (Flips(),)
    """Changes by chance, in their order."""
    mixup: float = 0.0
    """Parameter of the beta distribution by which images and labels are mixed in pairs (Zhang et al., 2018); 0: not."""
    epochs: int = 12
    """Times every image is seen."""
    batch: int = 128
    """Most images in a batch; batches of an epoch differ in size by one at most, so that none is tiny."""
    optimiser: Literal["sgd", "adam"] = "sgd"
    """sgd: with Nesterov momentum and L2 weight decay; adam: with decoupled weight decay (AdamW)."""
    learning_rate: float = 0.1
    """Largest learning rate. Unless it is constant, it falls to 0 with the last step, which then changes nothing."""
    schedule: Literal["cosine", "one-cycle", "constant"] = "cosine"
    """cosine: an even rise from 0, then half a cosine to 0; one-cycle: a rise from 1/25 along half a cosine instead;
    constant: an even rise, and then the same to the end."""
    warmup: float = 0.2
    """Share of all steps in which the learning rate rises."""
    momentum: float = 0.9
    """Nesterov momentum; Adam's first moment."""
    weight_decay: float = 5e-4
    """Weight decay, on all parameters."""
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    """Of the forward pass, by autocast; auto: whichever is faster, timed once and then kept with the checkpoint."""
    channels_last: bool = False
    """Keep channels last in memory, which is faster for most convolutions."""
    penalty: Penalty | None = None
    """What is added to the loss in view of the weights, such as AdjacentWeights()."""
    projection: Projection | None = None
    """What is done to the weights before the first step and after each, such as ProportionProjection()."""

    def __post_init__(self) -> None:
        self._check_kinds()
        fits = {
            "epochs": ("is at least 1", self.epochs >= 1),
            "batch": ("is at least 2", self.batch >= 2),
            "optimiser": ("is sgd or adam", self.optimiser in ("sgd", "adam")),
            "schedule": (
                "is cosine, one-cycle or constant",
                self.schedule in ("cosine", "one-cycle", "constant"),
            ),
            "precision": ("is float32, bfloat16 or auto", self.precision in ("float32", "bfloat16", "auto")),
            "learning_rate": ("is finite and above 0", isfinite(self.learning_rate) and self.learning_rate > 0),
            "warmup": ("lies from 0 to below 1", 0 <= self.warmup < 1),
            "momentum": ("lies above 0 and below 1", 0 < self.momentum < 1),
            "mixup": ("is finite and at least 0", isfinite(self.mixup) and self.mixup >= 0),
            "weight_decay": ("is finite and at least 0", isfinite(self.weight_decay) and self.weight_decay >= 0),
        }
        if broken := [
            f"{name} {rule}; {getattr(self, name)!r} came" for name, (rule, holds) in fits.items() if not holds
        ]:
            raise ValueError(f"{'. '.join(broken)}.")

    def _check_kinds(self) -> None:
        """Raises TypeError for values of other kinds, and for what stands in the place of something else."""
        numbers = ("mixup", "learning_rate", "warmup", "momentum", "weight_decay")
        check_numbers(**{name: getattr(self, name) for name in numbers})
        check_whole(epochs=self.epochs, batch=self.batch)
        check_texts(optimiser=self.optimiser, schedule=self.schedule, precision=self.precision)
        if not isinstance(self.augmentations, tuple) or not all(callable(one) for one in self.augmentations):
            raise TypeError(f"augmentations is a tuple, such as (Crops(4), Flips()); {self.augmentations!r} came.")
        _check_perturbation(self.perturbation)
        _check_of_weights(self.penalty, self.projection)

    def rate(self, share: float) -> float:
        """The learning rate when `share`, from 0 to 1, of all steps is done."""
        if share >= self.warmup and self.schedule == "constant":
            return self.learning_rate
        if share >= self.warmup:
            return self.learning_rate * (1 + cos(pi * (share - self.warmup) / (1 - self.warmup))) / 2
        if self.schedule != "one-cycle":
            return self.learning_rate * share / self.warmup
        return self.learning_rate * (1 - (1 - 1 / 25) * (1 + cos(pi * share / self.warmup)) / 2)

    def augmented(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """The images (n, c, h, w) after all augmentations."""
        for change in self.augmentations:
            images = change(images, generator)
        return images

    def trace(self) -> dict[str, Any]:
        """What to record: every option, and the kind of each augmentation and of the perturbation."""
        apart = ("perturbation", "augmentations", "penalty", "projection")
        plain = {name: value for name, value in vars(self).items() if name not in apart}
        of_weights = {"penalty": self.penalty, "projection": self.projection}
        added = {name: one.trace() for name, one in of_weights.items() if one is not None}  # older records lack both
        return (
            plain
            | added
            | {
                "perturbation": None if self.perturbation is None else self.perturbation.trace(),
                "augmentations": [one.trace() for one in self.augmentations],
            }
        )


def _check_perturbation(given: object) -> None:
    """Raises TypeError for an augmentation, noise whose strengths learn, and what cannot be called."""
    if isinstance(given, Recorded):
        raise TypeError(f"{type(given).__name__} is an augmentation: write Recipe(augmentations=({given!r},)).")
    if isinstance(given, PowerSpectrumNoise):
        raise TypeError(
            "The strengths of PowerSpectrumNoise learn, and those of a recipe stay: write perturbation=noise.fixed()."
        )
    if given is not None and not callable(given):
        raise TypeError(f"A perturbation is noise or an attack, such as GaussianNoise(); {came(given)} came.")


def _check_of_weights(penalty: object, projection: object) -> None:
    """Raises TypeError for what is no penalty or projection of weights, and where each stands in the other's place."""
    if isinstance(penalty, FrequencyProportion) or isinstance(projection, FrequencyProportion):
        raise TypeError(
            "A FrequencyProportion holds one network's convolution, and a recipe is for any: write "
            "penalty=ProportionPenalty(...) or projection=ProportionProjection(...)."
        )
    if isinstance(penalty, ProportionProjection):
        raise TypeError("A ProportionProjection is a projection: write Recipe(projection=...).")
    if isinstance(projection, AdjacentWeights | ProportionPenalty):
        raise TypeError(f"{type(projection).__name__} is a penalty: write Recipe(penalty=...).")
    if penalty is not None and not callable(penalty):
        raise TypeError(f"A penalty is one of weights, such as AdjacentWeights(); {came(penalty)} came.")
    if projection is not None and not callable(projection):
        raise TypeError(f"A projection is one of weights, as ProportionProjection(); {came(projection)} came.")


_PATCHES = (Flips(), Tints(0.1))  # without the tint they go by colour, and low frequencies hurt them most
_CIFAR = Recipe(
    augmentations=(Crops(4), Flips()), epochs=20, learning_rate=0.2, schedule="one-cycle", warmup=0.25,
    precision="bfloat16", channels_last=True,
)  # fmt: skip


RECIPES = {
    "natural": Recipe(augmentations=_PATCHES),
    "gaussian": Recipe(GaussianNoise(highest=0.1), _PATCHES),
    "adversarial": Recipe(LinfPGD(eps=8 / 255, step=2 / 255, steps=5), _PATCHES, epochs=10),
    "cifar10-natural": _CIFAR,
    "cifar10-gaussian": replace(_CIFAR, perturbation=GaussianNoise(highest=0.1)),
    "cifar10-adversarial": replace(
        _CIFAR, perturbation=LinfPGD(eps=8 / 255, step=2 / 255, steps=5), epochs=8, weight_decay=2e-4
    ),
    "cifar10-autoaugment": replace(_CIFAR, augmentations=(Crops(4), Flips(), AutoAugment()), epochs=24),
}
"""Recipes by name: those of the reference classifiers of patches, and those of CIFAR-10's."""


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises ValueError with the names there are."""
    check_texts(recipe=name)
    if name not in RECIPES:
        raise ValueError(f"The recipes are {', '.join(RECIPES)}; {name!r} came.{did_you_mean(name, list(RECIPES))}")
    return RECIPES[name]
