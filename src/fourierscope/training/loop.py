"""Training: a classifier learns samples by a recipe, in epochs that survive a kill."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from fourierscope.subjects import Classifier, Samples, Trial
from fourierscope.subjects.classifier import Precision
from fourierscope.subjects.fingerprint import seed_of
from fourierscope.subjects.heap import freed_memory_kept
from fourierscope.training.checkpoint import Checkpoint
from fourierscope.training.fitting import Watcher
from fourierscope.training.precision import backward, faster_precision
from fourierscope.training.processes import agreed, check_shares, processes, rank, together
from fourierscope.training.recipe import Recipe

_log = logging.getLogger(__name__)


def train(
    classifier: Classifier,
    samples: Samples,
    recipe: Recipe,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    watch: Watcher | None = None,
) -> Classifier:
    """A classifier like the one given, trained on labelled samples from its present weights on. Nothing given changes.

    Order, augmentations, noise and dropout follow from `seed` and the number of the epoch alone; the global random
    state is neither read nor changed. `checkpoint` is a file that is written whole after every epoch: a training that
    was killed goes on from there and gives the same weights as one that was not, bit for bit on one machine and number
    of threads. `watch` is shown the network that learns, which takes normalised images, and the number of steps taken:
    before the first one and after each, such as `lambda network, step: tracker.step(step)`. Under torchrun several
    processes learn each batch together, each with the batch statistics of its share.

    Raises TypeError for a classifier that is no module; ValueError for samples without labels or of more classes, for
    weights that cannot learn, and where the loss is no longer finite; StoreError for a checkpoint of another training.
    """
    _check_kinds(classifier, samples, recipe, seed)
    learner = _learner(classifier, samples, recipe)
    optimiser = _optimiser(learner.network, recipe)
    kept = None if checkpoint is None else Checkpoint(Path(checkpoint), _record(classifier, samples, recipe, seed))
    done = 0 if kept is None else kept.restore(learner.network, optimiser)
    if recipe.projection is not None and not done:
        recipe.projection(learner.network)
    if kept is not None and done:
        _log.info("%s: %d of %d epochs are done already, in %s", classifier.name, done, recipe.epochs, kept.path)
    check_shares(len(samples) // ceil(len(samples) / recipe.batch))
    with together(learner.network, learner.device) as network, _resumable(kept, recipe):
        learner.precision = _precision(learner, samples, recipe, kept)
        bar = tqdm(range(done, recipe.epochs), desc=f"training {classifier.name}", unit="epoch", disable=_quiet())
        for epoch in bar:
            with _draws(samples, f"{seed} epoch {epoch}", learner.device) as (order, generator):
                try:
                    with freed_memory_kept():  # for an epoch: what a watcher keeps would cut the heap up
                        loss = _Epoch(learner, network, optimiser, recipe, generator, watch).over(samples, order, epoch)
                    _check_finite(learner.network)
                except ValueError as error:
                    error.add_note(
                        f"This was epoch {epoch + 1} of training with learning_rate={recipe.learning_rate:g}."
                    )
                    raise
            bar.set_postfix(loss=f"{loss:.3f}")
            _log.info("%s: epoch %d of %d, loss %.4f", classifier.name, epoch + 1, recipe.epochs, loss)
            if kept is not None and rank() == 0:
                kept.keep(learner.network, optimiser, epoch + 1, learner.precision)
    learner.network.eval()
    learner.precision = "float32"
    return learner


def _check_kinds(classifier: Classifier, samples: Samples, recipe: Recipe, seed: int) -> None:
    """Raises TypeError where something else was given."""
    wanted = {"classifier": (classifier, Classifier), "samples": (samples, Samples), "recipe": (recipe, Recipe)}
    for name, (given, kind) in {**wanted, "seed": (seed, int)}.items():
        if not isinstance(given, kind):
            raise TypeError(
                f"{name} is a {kind.__name__}; {type(given).__name__} came. Write train(fs.Classifier(network, "
                "mean=..., std=...), samples, Recipe(...), seed=0), or recipe_named(NAME) for a recipe by name."
            )


@contextmanager
def _resumable(kept: Checkpoint | None, recipe: Recipe) -> Iterator[None]:
    """Tells, when a training is interrupted, what is kept and how to go on."""
    try:
        yield
    except KeyboardInterrupt as error:
        there = kept is not None and kept.path.exists()
        how = (
            f"kept in {kept.path}: train again in the same way to go on"
            if kept and there
            else "lost: give a checkpoint"
        )
        error.add_note(f"Interrupted: finished ones of {recipe.epochs} epochs are {how}.")
        raise


def _quiet() -> bool | None:
    """No progress bar from any process but the first; None: where somebody looks."""
    return True if rank() else None


def _learner(classifier: Classifier, samples: Samples, recipe: Recipe) -> Classifier:
    """A copy of the classifier, in eval mode, that fits the samples."""
    if not isinstance(classifier.network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function: it has no weights to train. Give a torch.nn.Module.")
    if classifier.precision != "float32":
        raise ValueError(
            f"Weights are kept in float32 while they learn; {classifier.name} has precision {classifier.precision}. "
            'For a faster forward pass say Recipe(precision="bfloat16").'
        )
    network = copy.deepcopy(classifier.network).eval()
    if recipe.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean, std, device = classifier.mean, classifier.std, str(classifier.device)
    learner = Classifier(network, classifier.name, mean, std, device, provenance=classifier.provenance)
    with torch.no_grad():
        Trial(learner, samples).labels(learner(samples.batch(0, 2)))
    return learner


def _optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser of all weights that learn. Raises ValueError where none does."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not learning:
        raise ValueError("No parameter of the network has requires_grad: there is nothing to train.")
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimiser == "adam":
        return torch.optim.AdamW(learning, rate, betas=(recipe.momentum, 0.999), weight_decay=decay)
    return torch.optim.SGD(learning, rate, recipe.momentum, nesterov=True, weight_decay=decay)


def _precision(learner: Classifier, samples: Samples, recipe: Recipe, kept: Checkpoint | None) -> Precision:
    """The recipe's precision; where it says auto, what the checkpoint began with, or else the faster one."""
    if recipe.precision != "auto":
        return recipe.precision
    if kept is not None and (begun := kept.precision()):
        return begun
    first = samples.subset(torch.arange(min(recipe.batch, len(samples))))
    images = _laid_out(first.batch().to(learner.device), recipe)
    labels = first.needed_labels().to(learner.device)
    fast = agreed(faster_precision(learner, images, labels) == "bfloat16", learner.device)
    return "bfloat16" if fast else "float32"


def _laid_out(images: Tensor, recipe: Recipe) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last) if recipe.channels_last else images


@dataclass(frozen=True)
class _Epoch:
    """One pass over the samples: `network` is the learner's own, joined with those of other processes."""

    learner: Classifier
    network: nn.Module
    optimiser: torch.optim.Optimizer
    recipe: Recipe
    generator: torch.Generator
    watch: Watcher | None = None

    def over(self, samples: Samples, order: Tensor, epoch: int) -> float:
        """The mean loss of the batches, after a step for each; a training of one step takes it at the largest rate."""
        count = ceil(len(samples) / self.recipe.batch)
        losses = []
        for turn, chosen in enumerate(order.tensor_split(count)):
            for group in self.optimiser.param_groups:
                only = count * self.recipe.epochs == 1
                group["lr"] = self.recipe.rate(
                    self.recipe.warmup if only else (epoch + (turn + 1) / count) / self.recipe.epochs
                )
            self._show(epoch * count + turn)
            own = chosen.tensor_split(processes())[rank()]
            losses.append(self._step(samples.subset(own)))
        self._show((epoch + 1) * count)
        return float(torch.stack(losses).mean())

    def _show(self, step: int) -> None:
        if self.watch is not None:
            assert isinstance(self.learner.network, nn.Module)
            self.watch(self.learner.network, step)

    def _step(self, part: Samples) -> Tensor:
        """One step down the loss, in train mode; the loss before it."""
        device, recipe = self.learner.device, self.recipe
        images, labels = part.batch().to(device), part.needed_labels().to(device)
        images = _laid_out(recipe.augmented(images, self.generator), recipe)
        if recipe.perturbation is not None:
            images = recipe.perturbation(self.learner, images, labels, self.generator)
        targets = labels
        if recipe.mixup:
            images, targets = self._mixed(images, labels)
        self.optimiser.zero_grad()
        self.network.train()
        given, penalty = self.learner.normalised(images), recipe.penalty
        added = None if penalty is None else partial(penalty, self.learner.network)
        loss = backward(self.network, given, targets, self.learner.precision, added)
        self.optimiser.step()
        if recipe.projection is not None:
            recipe.projection(self.learner.network)
        self.network.eval()
        return loss

    def _mixed(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Each image and its label with a share of another's: images (n, c, h, w), targets (n, classes)."""
        seed = int(torch.randint(2**62, (), generator=self.generator))
        share = float(np.random.default_rng(seed).beta(self.recipe.mixup, self.recipe.mixup))
        other = torch.randperm(len(images), generator=self.generator).to(images.device)
        with torch.no_grad():
            classes = self.learner(images[:1]).shape[1]
        targets = nn.functional.one_hot(labels, classes).to(images.dtype)
        return torch.lerp(images[other], images, share), torch.lerp(targets[other], targets, share)


def _check_finite(network: nn.Module) -> None:
    """Raises ValueError where an epoch left weights that are no finite numbers."""
    for name, values in network.named_parameters():
        if values.requires_grad and not bool(torch.isfinite(values).all()):
            raise ValueError(f"{name} holds values that are NaN or infinite after this epoch: the training diverged.")


@contextmanager
def _draws(samples: Samples, purpose: str, device: torch.device) -> Iterator[tuple[Tensor, torch.Generator]]:
    """The order of an epoch, the same in all processes, and the generator of all else, which is each one's own."""
    with _chance(purpose, device) as generator:
        order = torch.randperm(len(samples), generator=generator)
        if processes() == 1:
            yield order, generator
            return
        with _chance(f"{purpose} process {rank()}", device) as own:
            yield order, own


@contextmanager
def _chance(purpose: str, device: torch.device) -> Iterator[torch.Generator]:
    """A generator of one purpose. Meanwhile the global random state, which dropout draws from, follows from it too."""
    number = seed_of(f"training {purpose}")
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
        "processes": processes(),
        "versions": {name: version(name).split("+")[0] for name in ("fourierscope", "torch")},
    }
