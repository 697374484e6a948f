"""How networks learn in a budget, with one heuristic or another, and what is asked of them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fourierscope.analyses import ComponentLearning
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.wang2020.networks import network_of
from fourierscope.results import Result
from fourierscope.subjects import Classifier, Samples, Training
from fourierscope.training import AdjacentWeights, OnlyComponent, Recipe, train
from fourierscope.treatments import LinfPGD
from fourierscope.treatments.batch_statistics import BatchNormStatistics
from fourierscope.treatments.components import Kept, Rescale

RADII = (4, 8, 12, 16)
SMOKE = "patches:train"  # learned in smoke, where no training images were given
_EPS = 8 / 255


@dataclass(frozen=True)
class Learned:
    """How networks learn in a budget."""

    images: int
    tested: int
    probe: int
    """Most images, of those learned and of those tested, that are asked about."""
    epochs: int
    learning_rate: float
    attack_steps: int
    precision: Literal["float32", "bfloat16"]
    curves: int = 10
    """About how many times a network is asked while it learns."""


LEARNED = {
    "smoke": Learned(400, 100, 100, 4, 3e-3, 2, "float32", 4),
    "small": Learned(5000, 2000, 1000, 12, 1e-3, 5, "bfloat16", 6),
    "full": Learned(50_000, 10_000, 10_000, 100, 1e-4, 10, "float32", 50),
}


@dataclass(frozen=True)
class Learner:
    """What is learned, and by which heuristic."""

    batch: int = 100
    batch_norm: bool = False
    dropout: bool = False
    mixup: float = 0.0
    attacked: bool = False
    component: tuple[Kept, int] | None = None
    """The component that alone is learned, and its radius."""
    adjacent: float = 0.0
    """Weight of the penalty on adjacent weights that differ, in proportion to the first kernels' energy."""


def training_of(making: Making, learner: Learner, samples: Samples | None = None, epochs: int = 0) -> Training:
    """A network of the budget that learns; `samples` and `epochs` are the budget's own where they are not given.

    Raises NotTried where there are no labelled training images, or test images are of another kind.
    """
    how = LEARNED[making.budget]
    tested = making.samples({budget: one.tested for budget, one in LEARNED.items()})
    learned = making.training_samples(SMOKE).limited(how.images) if samples is None else samples
    if learned.labels is None or tested.labels is None:
        raise NotTried("it is of labelled images, and these have no labels")
    if learned.images.shape[1:] != tested.images.shape[1:]:
        shapes = " and ".join(str(tuple(one.images.shape[1:])) for one in (learned, tested))
        raise NotTried(f"images to learn and to test are of one shape, and these are {shapes}")
    classes = int(max(learned.labels.max(), tested.labels.max())) + 1
    network = network_of(making.budget, learned.plane, learned.channels, classes, learner.batch_norm, learner.dropout)
    attack = LinfPGD(_EPS, 2 / 255, how.attack_steps)
    recipe = Recipe(
        attack if learner.attacked else None,
        () if learner.component is None else (OnlyComponent(learner.component[1], learner.component[0]),),
        learner.mixup, epochs or how.epochs, learner.batch, "adam", how.learning_rate, "constant", warmup=0.0,
        weight_decay=0.0, precision=how.precision, channels_last=True,
        penalty=AdjacentWeights(learner.adjacent, relative=True) if learner.adjacent else None,
    )  # fmt: skip
    return Training(Classifier(network, "network", device=making.setting.device), learned, recipe, tested)


def taught(making: Making, name: str, training: Training) -> Classifier:
    """The classifier of a training after all its epochs, with a checkpoint in the folder of the paper."""
    assert isinstance(training.recipe, Recipe)
    checkpoint = making.folder.parent / "networks" / f"{name}.checkpoint"
    return train(training.classifier, training.samples, training.recipe, checkpoint=checkpoint)


def curves(
    making: Making,
    name: str,
    training: Training,
    rescale: Rescale = "max",
    bn_stats: BatchNormStatistics = "running",
    seeds: int = 1,
) -> Result:
    """Ask about components while a network learns, some times over its epochs."""
    how = LEARNED[making.budget]
    recipe = training.recipe
    assert isinstance(recipe, Recipe)
    every = max(1, recipe.epochs // how.curves)
    question = ComponentLearning(RADII, every, rescale, bn_stats, seeds=seeds, probe=how.probe)
    return making.ask(name, question, training)
