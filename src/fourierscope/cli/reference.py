"""`fourierscope reference`: make a reference classifier again."""

from __future__ import annotations

from pathlib import Path

from jsonargparse import ArgumentParser

from fourierscope.cli.parsing import parsed
from fourierscope.cli.train import telling
from fourierscope.subjects import open_samples
from fourierscope.training import Budget, make_reference


def main(words: list[str]) -> int:
    """Train a reference classifier by its recipe and write weights and measured accuracies."""
    parser = ArgumentParser(prog="fourierscope reference", description="Make a reference classifier again.")
    parser.add_argument("name", help="natural, gaussian, adversarial, cifar10-resnet20-natural, ...")
    parser.add_argument(
        "--samples", type=str | None, default=None, help="CIFAR-10's training set, for its classifiers."
    )
    parser.add_argument("--test", type=str | None, default=None, help="CIFAR-10's test set, for its classifiers.")
    parser.add_argument("--folder", default="reference", help="Where NAME.safetensors and NAME.json go.")
    parser.add_argument("--overwrite", action="store_true", help="Replace files that exist.")
    parser.add_argument("--seed", type=int, default=0, help="Seed; the shipped ones have 0.")
    parser.add_argument("--limit", type=int | None, default=None, help="Use at most this many images, for a trial.")
    parser.add_argument("--epochs", type=int | None, default=None, help="Another number of epochs, for a trial.")
    parser.add_argument(
        "--checkpoint", type=str | None, default=None, help="A file that keeps each epoch: run again to go on."
    )
    given = parsed(parser, words)
    if (given.samples is None) != (given.test is None):
        raise ValueError(f"Give --samples and --test together; {given.samples} and {given.test} came.")
    data = None if given.samples is None else (open_samples(given.samples), open_samples(given.test))
    budget = Budget(given.limit, given.epochs)
    with telling():
        make_reference(given.name, Path(given.folder), data, given.seed, budget, given.checkpoint, given.overwrite)
    print(f"Written: {given.folder}/{given.name}.safetensors and .json")
    return 0
