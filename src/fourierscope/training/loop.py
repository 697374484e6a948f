"""Training: a classifier learns samples by a recipe, in epochs that survive a kill."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from fourierscope.subjects import Classifier, Samples, Trial, logits_of
from fourierscope.training.checkpoint import Checkpoint
from fourierscope.training.recipe import Recipe


def train(
    classifier: Classifier, samples: Samples, recipe: Recipe, seed: int = 0, checkpoint: str | Path | None = None
) -> Classifier:
    """A classifier like the one given, trained on labelled samples from its present weights on. Nothing given changes.

    Order, flips, noise and dropout follow from `seed` and the number of the epoch alone; the global random state is
    neither read nor changed. `checkpoint` is a file that is written whole after every epoch: a training that was killed
    goes on from there and gives the same weights as one that was not, bit for bit on one machine and number of threads.

    Raises TypeError for a classifier that is no module; ValueError for samples without labels or of more classes, for
    weights that cannot learn, and where the loss is no longer finite; StoreError for a checkpoint of another training.
    """
    learner = _learner(classifier, samples)
    optimiser = torch.optim.SGD(
        _learning(learner.network), lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=True,
        weight_decay=recipe.weight_decay,
    )  # fmt: skip
    kept = None if checkpoint is None else Checkpoint(Path(checkpoint), _record(classifier, samples, recipe, seed))
    done = 0 if kept is None else kept.restore(learner.network, optimiser)
    bar = tqdm(range(done, recipe.epochs), desc=f"training {classifier.name}", unit="epoch", disable=None)
    for epoch in bar:
        with _chance(f"{seed} epoch {epoch}", learner.device) as generator:
            try:
                loss = _epoch(learner, samples, recipe, optimiser, epoch, generator)
            except ValueError as error:
                error.add_note(f"This was epoch {epoch + 1} of training with learning_rate={recipe.learning_rate:g}.")
                raise
        bar.set_postfix(loss=f"{loss:.3f}")
        if kept is not None:
            kept.keep(learner.network, optimiser, epoch + 1)
    learner.network.eval()
    return learner


def _learner(classifier: Classifier, samples: Samples) -> Classifier:
    """A copy of the classifier, in eval mode, that fits the samples."""
    if not isinstance(classifier.network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function: it has no weights to train. Give a torch.nn.Module.")
    if classifier.precision != "float32":
        raise ValueError(f"Training is done in float32; {classifier.name} has precision {classifier.precision}.")
    network = copy.deepcopy(classifier.network).eval()
    mean, std, device = classifier.mean, classifier.std, str(classifier.device)
    learner = Classifier(network, classifier.name, mean, std, device, provenance=classifier.provenance)
    with torch.no_grad():
        Trial(learner, samples).labels(learner(samples.batch(0, 2)))
    return learner


def _learning(network: nn.Module) -> list[nn.Parameter]:
    found = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not found:
        raise ValueError("No parameter of the network has requires_grad: there is nothing to train.")
    return found


def _epoch(
    learner: Classifier,
    samples: Samples,
    recipe: Recipe,
    optimiser: torch.optim.Optimizer,
    epoch: int,
    generator: torch.Generator,
) -> float:
    """One pass over the samples; the mean loss."""
    count = ceil(len(samples) / recipe.batch)
    losses = []
    for turn, chosen in enumerate(torch.randperm(len(samples), generator=generator).tensor_split(count)):
        part = samples.subset(chosen)
        images, labels = part.batch().to(learner.device), part.needed_labels().to(learner.device)
        images = recipe.tinted(recipe.flipped(images, generator), generator)
        if recipe.perturbation is not None:
            images = recipe.perturbation(learner, images, labels, generator)
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate((epoch + (turn + 1) / count) / recipe.epochs)
        losses.append(_step(learner, images, labels, optimiser))
    return float(torch.stack(losses).mean())


def _step(learner: Classifier, images: Tensor, labels: Tensor, optimiser: torch.optim.Optimizer) -> Tensor:
    """One step down the cross-entropy, in train mode; the loss before it."""
    learner.network.train()
    logits = logits_of(learner.network(learner.normalised(images)), len(images))
    loss = nn.functional.cross_entropy(logits, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    learner.network.eval()
    return loss.detach()


@contextmanager
def _chance(purpose: str, device: torch.device) -> Iterator[torch.Generator]:
    """A generator of one purpose. Meanwhile the global random state, which dropout draws from, follows from it too."""
    number = int.from_bytes(hashlib.sha256(f"training {purpose}".encode()).digest()[:8], "big") >> 1
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):
        torch.manual_seed(number)
        yield torch.Generator().manual_seed(number)


def _record(classifier: Classifier, samples: Samples, recipe: Recipe, seed: int) -> dict[str, Any]:
    """Everything the trained weights follow from."""
    return {
        "classifier": classifier.trace(),
        "samples": samples.trace(),
        "recipe": recipe.trace(),
        "seed": seed,
        "versions": {name: version(name).split("+")[0] for name in ("fourierscope", "torch")},
    }
