"""How networks learn in a budget, and what is asked of each: one cell for a method and a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from fourierscope.analyses import CorruptionProfile
from fourierscope.papers.jia2019.methods import Method
from fourierscope.papers.making import Making, NotTried
from fourierscope.results import Result
from fourierscope.subjects import Classifier, Trial
from fourierscope.subjects.networks import network_named
from fourierscope.training import Crops, Flips, Recipe, moments, recipe_named, train


@dataclass(frozen=True)
class Learned:
    """How networks learn in a budget."""

    network: str
    images: int
    recipe: Recipe
    seeds: int
    tested: int
    corruptions: str = "usual"
    severities: tuple[int, ...] = (1, 2, 3, 4, 5)


LEARNED = {
    "smoke": Learned("small", 100, Recipe(epochs=1), 1, 20, "gaussian_noise,defocus_blur,fog,contrast", (3,)),
    "small": Learned("resnet20", 25_000, replace(recipe_named("cifar10-natural"), epochs=8), 3, 1000),
    "full": Learned(
        "resnet18", 50_000,
        Recipe(
            augmentations=(Crops(4), Flips()), epochs=200, warmup=0.025, precision="bfloat16", channels_last=True
        ),
        3, 10_000,
    ),
}  # fmt: skip


def cell(method: Method, seed: int) -> str:
    """The name of what a method gave under a seed."""
    return f"{method.name}, seed {seed}"


def each(making: Making, methods: tuple[Method, ...], seeds: int) -> Iterator[tuple[Method, int]]:
    """Learn and ask, cell by cell: all methods under the first seed, then under the next; which one is done.

    A finished training and every finished part of a question are kept, in folders that all exhibits share.
    """
    for seed, method in product(range(seeds), methods):
        asked(making, method, seed)
        yield method, seed


def asked(making: Making, method: Method, seed: int) -> Result:
    """The corruption profile of the network that a method gives under a seed."""
    how, tested = LEARNED[making.budget], making.samples({name: one.tested for name, one in LEARNED.items()})
    if tested.labels is None:
        raise NotTried("it is of labelled images, and these have no labels")
    classifier = learned(making, method, seed)
    return making.ask(
        cell(method, seed),
        CorruptionProfile(how.corruptions, how.severities),
        Trial(classifier, tested),
        shared="corruptions",
    )


def learned(making: Making, method: Method, seed: int) -> Classifier:
    """The network that a method gives under a seed, with a checkpoint in the folder `networks`.

    Weights and the order of images follow from the seed, alike for all methods.
    """
    how = LEARNED[making.budget]
    samples = making.training_samples("patches:train").limited(how.images)
    network = network_named(how.network, samples.channels, int(samples.needed_labels().max()) + 1, seed)
    network = network if method.change is None else method.change(network)
    recipe = replace(
        how.recipe, augmentations=(*how.recipe.augmentations, *method.augmentations), penalty=method.penalty
    )
    taught = "standard" if method.after is not None else method.name
    mean, std = moments(samples)
    untaught = Classifier(network, taught, mean, std, making.setting.device)
    word = "".join(one if one.isalnum() else "-" for one in f"{taught} {seed}")
    checkpoint = making.folder.parent / "networks" / f"{word}.checkpoint"
    classifier = train(untaught, samples, recipe, seed, checkpoint)
    return classifier if method.after is None else method.after(classifier, samples)
