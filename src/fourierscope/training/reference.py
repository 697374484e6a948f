"""The making of the reference classifiers: trained on the embedded patches, measured, written with the facts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from fourierscope.results import wilson, written_whole
from fourierscope.runs import batches
from fourierscope.subjects import Classifier, Samples
from fourierscope.subjects.embedded import PHOTOGRAPHS, patches
from fourierscope.subjects.networks import small_network
from fourierscope.training.loop import train
from fourierscope.training.recipe import GaussianNoise, Perturbation, recipe_named
from fourierscope.treatments import LinfPGD

SEED = 0
TRIALS: dict[str, Perturbation | None] = {
    "clean": None,
    "noise": GaussianNoise(lowest=0.1, highest=0.1),
    "attack": LinfPGD(eps=8 / 255, step=2 / 255, steps=10),
}
"""What the accuracy of a reference classifier is measured under."""

_BATCH = 100  # images measured at a time; chance follows it, so it is fixed


def make_reference(
    name: str,
    folder: str | Path,
    overwrite: bool = False,
    limit: int | None = None,
    epochs: int | None = None,
    checkpoint: str | Path | None = None,
) -> Classifier:
    """Train the reference classifier `name` (natural, gaussian, adversarial), and write NAME.safetensors and NAME.json.

    The network learns `patches:train` by the recipe of that name and is measured on `patches:test`: as they are, under
    noise, under attack. `limit` images of each split and another number of `epochs` make a quick one. On one machine
    the same call gives the same files. `checkpoint` is a file that lets a killed training go on.

    Raises ValueError for an unknown name, FileExistsError where another file stands there, unless `overwrite`.
    """
    recipe = recipe_named(name)
    recipe = recipe if epochs is None else replace(recipe, epochs=epochs)
    learned, tested = (_limited(patches(split), limit) for split in ("train", "test"))
    mean, std = _moments(learned)
    shape = {"channels": learned.channels, "classes": len(PHOTOGRAPHS)}
    untrained = Classifier(small_network(**shape, seed=SEED), name, mean, std)
    classifier = train(untrained, learned, recipe, SEED, checkpoint)
    facts = {
        "name": name,
        "network": {"function": "small_network", **shape},
        "classes": list(PHOTOGRAPHS),
        "mean": mean,
        "std": std,
        "recipe": recipe.trace(),
        "seed": SEED,
        "samples": {"train": learned.trace(), "test": tested.trace()},
        "accuracy": {trial: accuracy(classifier, tested, change) for trial, change in TRIALS.items()},
        "versions": {one: version(one).split("+")[0] for one in ("fourierscope", "torch", "scikit-image")},
    }
    _write(Path(folder), classifier, facts, overwrite)
    return classifier


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


def _moments(samples: Samples) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel, to four decimals."""
    images = samples.batch().double()
    found = images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)
    mean, std = ([round(float(value), 4) for value in one] for one in found)
    return mean, std


def _write(folder: Path, classifier: Classifier, facts: dict[str, Any], overwrite: bool) -> None:
    assert isinstance(classifier.network, torch.nn.Module)
    tensors = {name: one.detach().cpu().contiguous() for name, one in classifier.network.state_dict().items()}
    contents = {"safetensors": save(tensors), "json": (json.dumps(facts, indent=1) + "\n").encode()}
    for kind, content in contents.items():
        written_whole(folder / f"{facts['name']}.{kind}", partial(_write_bytes, content), overwrite)


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)
