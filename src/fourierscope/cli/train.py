"""`fourierscope train`: a network learns samples by a recipe."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from jsonargparse import ArgumentParser, Namespace

from fourierscope.cli.ask import free
from fourierscope.cli.opening import to_be_trained
from fourierscope.cli.parsing import parsed
from fourierscope.subjects import Classifier, Samples, Trial, open_samples
from fourierscope.training import Recipe, accuracy, recipe_named, train
from fourierscope.training.processes import own_device, rank
from fourierscope.training.saving import check_ending, written


def main(words: list[str]) -> int:
    """Train a network, measure it where --test samples are given, write its weights and what made them."""
    given = parsed(_parser(), words)
    check_ending(Path(given.out))
    out = free(given.out, given.overwrite) if rank() == 0 else Path(given.out)
    recipe, samples = _recipe(given), open_samples(given.samples, given.limit)
    if (given.mean is None) != (given.std is None):
        raise ValueError(f"Give --mean and --std together, or neither; {given.mean} and {given.std} came.")
    classifier, network = to_be_trained(
        given.classifier, samples, given.weights, (given.mean, given.std), own_device(given.device), given.seed
    )
    tested = None if given.test is None else _tested(classifier, given.test)
    kept = Path(given.checkpoint or f"{out}.checkpoint")
    with telling():
        learned = train(classifier, samples, recipe, given.seed, kept)
    if rank() == 0:
        facts = {"network": network, "recipe": recipe.trace(), "samples": samples.trace(), "seed": given.seed}
        if tested is not None:
            facts["accuracy"] = accuracy(learned, tested)
            print("accuracy {rate:.3f} ({low:.3f} to {high:.3f}), n = {n}".format(**facts["accuracy"]))
        written(learned, out, facts, overwrite=True)
        print(f"Saved: {out}. Next: fourierscope heat-map --classifier {_opened_by(given, out, learned)} --samples ...")
        if given.checkpoint is None:
            kept.unlink(missing_ok=True)
    return 0


def _tested(classifier: Classifier, word: str) -> Samples:
    """The samples to test on. Raises ValueError, before any work, where the classifier cannot be asked of them."""
    samples = open_samples(word)
    try:
        with torch.no_grad():
            Trial(classifier, samples).labels(classifier(samples.batch(0, 2)))
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"--test {word} does not fit what is trained: {error}") from error
    return samples


@contextmanager
def telling() -> Iterator[None]:
    """A line for each epoch on the error stream, where nobody looks at a progress bar."""
    log, handler = logging.getLogger("fourierscope.training"), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    level = log.level
    if rank() == 0 and not sys.stderr.isatty():
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def _parser() -> ArgumentParser:
    says = "Train a network by a recipe. torchrun --nproc-per-node 2 -m fourierscope train ... uses two processes."
    parser = ArgumentParser(prog="fourierscope train", description=says)
    parser.add_argument("--samples", type=str, required=True, help="Labelled samples to learn; see fourierscope list.")
    parser.add_argument(
        "--classifier",
        type=str,
        default="network:resnet20",
        help="network:NAME[/low15], or a word with weights to start.",
    )
    parser.add_argument("--weights", type=str | None, default=None, help="Weights to start from.")
    parser.add_argument(
        "--mean", type=tuple[float, ...] | float | None, default=None, help="Empty: measured on the samples."
    )
    parser.add_argument(
        "--std", type=tuple[float, ...] | float | None, default=None, help="Empty: measured on the samples."
    )
    parser.add_argument("--recipe", type=str, default="cifar10-natural", help="A recipe; see fourierscope list.")
    parser.add_argument("--epochs", type=int | None, default=None, help="Another number than the recipe's.")
    parser.add_argument(
        "--precision",
        type=Literal["float32", "bfloat16", "auto"] | None,
        default=None,
        help="Another than the recipe's.",
    )
    parser.add_argument("--seed", type=int, default=0, help="Seed of weights, order, augmentation and noise.")
    parser.add_argument("--limit", type=int | None, default=None, help="Learn at most this many samples.")
    parser.add_argument("--test", type=str | None, default=None, help="Samples to measure the accuracy on.")
    parser.add_argument("--device", type=str | None, default=None, help="cpu, cuda, cuda:1; empty: cpu.")
    parser.add_argument("--out", type=str, default="trained.safetensors", help="The file of weights.")
    parser.add_argument("--overwrite", action="store_true", help="Replace the file --out if it exists.")
    parser.add_argument(
        "--checkpoint", type=str | None, default=None, help="Keeps each epoch: run again to go on. Empty: beside --out."
    )
    return parser


def _recipe(given: Namespace) -> Recipe:
    recipe = recipe_named(given.recipe)
    recipe = recipe if given.epochs is None else replace(recipe, epochs=given.epochs)
    return recipe if given.precision is None else replace(recipe, precision=given.precision)


def _opened_by(given: Namespace, out: Path, learned: Classifier) -> str:
    """The words that open what was trained, normalisation included."""
    if given.classifier.startswith("network:"):
        return f"trained:{out}"
    mean, std = (",".join(f"{one:g}" for one in values or ()) for values in (learned.mean, learned.std))
    return f"{given.classifier} --weights {out}" + (f" --mean {mean} --std {std}" if mean else "")
