"""Saving what was trained, so that a word opens it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from fourierscope.results import written_whole
from fourierscope.subjects import Classifier
from fourierscope.subjects.trained import described, untrained, write_trained
from fourierscope.subjects.weights import load_weights


def save(classifier: Classifier, path: str | Path, network: str, overwrite: bool = False) -> Path:
    """Save a classifier of a network of this package ("resnet20", "small/low5"), so that trained:PATH opens it.

    Weights and normalisation go into one safetensors file, which holds nothing that runs. Raises TypeError for a plain
    function, ValueError where the weights are not those of that network or the path does not end in .safetensors,
    FileExistsError where another file stands there, unless `overwrite`.
    """
    if not isinstance(classifier.network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function: it has no weights to save.")
    weights = [one for one in classifier.network.parameters() if one.ndim > 1]
    channels, classes = (int(weights[0].shape[1]), len(weights[-1])) if weights else (1, 2)
    description = described(network, channels, classes)
    load_weights(untrained(description), classifier.network.state_dict())  # says what does not fit
    return written(classifier, Path(path), {"network": description}, overwrite)


def written(classifier: Classifier, path: Path, facts: dict[str, Any], overwrite: bool) -> Path:
    """Write weights and facts into one safetensors file, whole or not at all."""
    check_ending(path)
    return written_whole(path, lambda draft: write_trained(draft, classifier, facts), overwrite)


def check_ending(path: Path) -> None:
    """Raises ValueError where the path is not that of a safetensors file."""
    if path.suffix != ".safetensors":
        raise ValueError(f"Weights are saved as .safetensors, which holds nothing that runs; {path.name} came.")
