"""The making of the reference classifiers: trained on patches or CIFAR-10, measured, written with the facts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from safetensors.torch import save

from fourierscope.results import wilson, written_whole
from fourierscope.runs import batches
from fourierscope.subjects import Classifier, Samples
from fourierscope.subjects.embedded import patches
from fourierscope.subjects.networks import Kept
from fourierscope.subjects.trained import untrained
from fourierscope.training.loop import train
from fourierscope.training.noise import GaussianNoise
from fourierscope.training.processes import rank
from fourierscope.training.recipe import Perturbation, recipe_named
from fourierscope.treatments import LinfPGD

SEED = 0
TRIALS: dict[str, Perturbation | None] = {
    "clean": None,
    "noise": GaussianNoise(lowest=0.1, highest=0.1),
    "attack": LinfPGD(eps=8 / 255, step=2 / 255, steps=10),
}
"""What the accuracy of a reference classifier is measured under."""

_BATCH = 100  # images measured at a time; chance follows it, so it is fixed


class Making(NamedTuple):
    """How a reference classifier is made: recipe, network, front end, and the set of images it learns."""

    recipe: str
    network: str = "small"
    front: tuple[Kept, int] | None = None
    samples: Literal["patches", "cifar10"] = "patches"

    def shape(self, channels: int, classes: int) -> dict[str, Any]:
        """The network as facts tell of it."""
        front = None if self.front is None else {"kept": self.front[0], "bandwidth": self.front[1]}
        return {"name": self.network, "channels": channels, "classes": classes, "front": front}


_SIX: tuple[tuple[str, str, tuple[Kept, int] | None], ...] = (
    ("natural", "natural", None),
    ("gaussian", "gaussian", None),
    ("adversarial", "adversarial", None),
    ("lowpass15", "natural", ("low", 15)),
    ("highpass31", "natural", ("high", 31)),
    ("autoaugment", "autoaugment", None),
)
REFERENCES = {name: Making(name) for name in ("natural", "gaussian", "adversarial")} | {
    f"cifar10-resnet20-{name}": Making(f"cifar10-{recipe}", "resnet20", front, "cifar10")
    for name, recipe, front in _SIX
}
"""The reference classifiers by name."""


class Budget(NamedTuple):
    """What a making may be cut to, for a trial: images of each split, epochs."""

    limit: int | None = None
    epochs: int | None = None


WHOLE = Budget()


def make_reference(
    name: str,
    folder: str | Path,
    data: tuple[Samples, Samples] | None = None,
    seed: int = SEED,
    budget: Budget = WHOLE,
    checkpoint: str | Path | None = None,
    overwrite: bool = False,
) -> Classifier:
    """Train the reference classifier `name` and write NAME.safetensors and NAME.json; REFERENCES lists the names.

    `data` are the samples to learn and to be tested on: the patches need none, CIFAR-10's classifiers need theirs. It
    is measured as they are, under noise, under attack. On one machine the same call gives the same files. `checkpoint`
    is a file that lets a killed training go on.

    Raises ValueError for an unknown name and missing data, FileExistsError where another file stands there, unless
    `overwrite`.
    """
    making = _making(name)
    learned, tested = (_limited(one, budget.limit) for one in _data(name, making, data))
    recipe = recipe_named(making.recipe)
    recipe = recipe if budget.epochs is None else replace(recipe, epochs=budget.epochs)
    mean, std = moments(learned)
    shape = making.shape(learned.channels, int(learned.needed_labels().max()) + 1)
    classifier = train(Classifier(untrained(shape, seed), name, mean, std), learned, recipe, seed, checkpoint)
    facts = {
        "name": name,
        "network": shape,
        "classes": None if learned.classes is None else list(learned.classes),
        "mean": mean,
        "std": std,
        "recipe": recipe.trace(),
        "seed": seed,
        "samples": {"train": learned.trace(), "test": tested.trace()},
        "accuracy": {trial: accuracy(classifier, tested, change) for trial, change in TRIALS.items()},
        "versions": {one: version(one).split("+")[0] for one in ("fourierscope", "torch", "scikit-image")},
    }
    if rank() == 0:
        _write(Path(folder), classifier, facts, overwrite)
    return classifier


def _making(name: str) -> Making:
    if name not in REFERENCES:
        raise ValueError(f"The reference classifiers are {', '.join(REFERENCES)}; {name!r} came.")
    return REFERENCES[name]


def _data(name: str, making: Making, data: tuple[Samples, Samples] | None) -> tuple[Samples, Samples]:
    if data is not None:
        return data
    if making.samples == "cifar10":
        raise ValueError(
            f"{name} learns CIFAR-10, which is not embedded: give its training and its test set, such as "
            "npz:cifar10_train.npz and npz:cifar10_test.npz."
        )
    return patches("train"), patches("test")


def accuracy(
    classifier: Classifier, samples: Samples, perturbation: Perturbation | None = None, seed: int = SEED
) -> dict[str, Any]:
    """The share of perturbed images classified rightly, with Wilson bounds, the count n, and what was done to them."""
    generator, right = torch.Generator().manual_seed(seed), 0
    labels = samples.needed_labels().to(classifier.device)
    for part in batches(len(samples), _BATCH):
        images = samples.batch(part.start, part.stop).to(classifier.device)
        if perturbation is not None:
            images = perturbation(classifier, images, labels[part], generator)
        with torch.no_grad():
            right += int((classifier(images).argmax(1) == labels[part]).sum())
    rate, low, high = (round(float(one), 6) for one in wilson(right / len(samples), len(samples)))
    found = {"rate": rate, "low": low, "high": high, "n": len(samples)}
    return found if perturbation is None else found | {"under": perturbation.trace()}


def _limited(samples: Samples, limit: int | None) -> Samples:
    return samples if limit is None else samples.limited(limit)


def moments(samples: Samples) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of the samples, to four decimals."""
    images = samples.batch().double()
    found = images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)
    mean, std = (tuple(round(float(value), 4) for value in one) for one in found)
    return mean, std


def _write(folder: Path, classifier: Classifier, facts: dict[str, Any], overwrite: bool) -> None:
    assert isinstance(classifier.network, torch.nn.Module)
    tensors = {name: one.detach().cpu().contiguous() for name, one in classifier.network.state_dict().items()}
    contents = {"safetensors": save(tensors), "json": (json.dumps(facts, indent=1) + "\n").encode()}
    for kind, content in contents.items():
        written_whole(folder / f"{facts['name']}.{kind}", partial(_write_bytes, content), overwrite)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)
