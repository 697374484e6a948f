"""`fourierscope train`: make a reference classifier again."""

from __future__ import annotations

from pathlib import Path

from jsonargparse import ArgumentParser

from fourierscope.training import make_reference


def main(words: list[str]) -> int:
    """Train a reference classifier by its recipe and write weights and measured accuracies."""
    parser = ArgumentParser(prog="fourierscope train", description="Make a reference classifier again, by its recipe.")
    parser.add_argument("name", help="natural, gaussian or adversarial.")
    parser.add_argument("--folder", default="reference", help="Where NAME.safetensors and NAME.json go.")
    parser.add_argument("--overwrite", action="store_true", help="Replace files that exist.")
    parser.add_argument(
        "--limit", type=int | None, default=None, help="Train on at most this many patches, for a trial."
    )
    parser.add_argument("--epochs", type=int | None, default=None, help="Another number of epochs, for a trial.")
    parser.add_argument(
        "--checkpoint", type=str | None, default=None, help="A file that keeps each epoch: run again to go on."
    )
    given = parser.parse_args(words)
    checkpoint = Path(given.checkpoint) if given.checkpoint else None
    make_reference(given.name, Path(given.folder), given.overwrite, given.limit, given.epochs, checkpoint)
    print(f"Written: {given.folder}/{given.name}.safetensors and .json")
    return 0
