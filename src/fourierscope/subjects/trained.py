"""Networks by a word, and trained ones from one file: weights, architecture and normalisation together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from fourierscope.fourier.kinds import a_path
from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.networks import NETWORKS, FilteredInput, network_named
from fourierscope.subjects.weights import load_weights, read_weights

_KEY = "fourierscope"  # in the header of the file
_MOST = 100_000  # channels or classes that a file may tell of


def described(word: str, channels: int, classes: int) -> dict[str, Any]:
    """The description of a network from a word, such as resnet20, or resnet20/low15 for one behind a filter.

    Raises ValueError where the word names no network of this package.
    """
    found = re.fullmatch(r"([a-z0-9-]+)(?:/(low|high)([1-9]\d*))?", word)
    if found is None or found.group(1) not in NETWORKS:
        raise ValueError(
            f"A network is one of {', '.join(NETWORKS)}, with /low15 or /high31 behind it for one that sees only the "
            f"square low or high pass of that bandwidth; {word!r} came."
        )
    front = {"kept": found.group(2), "bandwidth": int(found.group(3))} if found.group(2) else None
    return {"name": found.group(1), "channels": channels, "classes": classes, "front": front}


def untrained(network: Mapping[str, Any], seed: int = 0) -> nn.Module:
    """The network of a description, with weights drawn by `seed`: name, channels, classes, and front end or None."""
    made = network_named(network["name"], int(network["channels"]), int(network["classes"]), seed)
    front = network["front"]
    return made if front is None else FilteredInput(made, front["kept"], int(front["bandwidth"]))


def write_trained(path: Path, classifier: Classifier, facts: Mapping[str, Any]) -> None:
    """Write weights, and facts as JSON in the header, into one safetensors file; `facts["network"]` describes it."""
    assert isinstance(classifier.network, nn.Module)
    held = {name: one.detach().cpu().clone().contiguous() for name, one in classifier.network.state_dict().items()}
    told = {**facts, "mean": classifier.mean, "std": classifier.std}
    write_tensors(held, path, {_KEY: json.dumps(told, sort_keys=True)})


def write_tensors(held: dict[str, Tensor], path: Path, header: dict[str, str]) -> None:
    """One safetensors file. Raises OSError where it cannot be written: the library has an error of its own for that."""
    try:
        save_file(held, path, header)
    except SafetensorError as error:
        raise OSError(str(error)) from error


def trained(path: str) -> Classifier:
    """The classifier in a file that `fourierscope train` wrote, in eval mode. Nothing in the file is run.

    Raises FileNotFoundError, and ValueError where the file does not tell its network or holds other weights.
    """
    file = a_path(path)
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    facts = _facts(file)
    try:
        network = untrained(_sound(facts["network"]))
        mean, std = facts["mean"], facts["std"]
        classifier = Classifier(network.eval(), f"trained:{file.name}", mean, std, provenance=f"stated in {file.name}")
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"{file.name} does not tell its network rightly ({error!r}).") from error
    load_weights(network, read_weights(str(file)))
    return classifier


def _sound(network: Mapping[str, Any]) -> Mapping[str, Any]:
    """A description from a file, before room is made for it. Raises TypeError where its numbers fit no network."""
    sizes = (network["channels"], network["classes"])
    if not all(isinstance(one, int) and 1 <= one <= _MOST for one in sizes):
        raise TypeError(f"channels and classes are whole numbers from 1 to {_MOST}; {sizes} came")
    return network


def _facts(file: Path) -> dict[str, Any]:
    try:
        with safe_open(file, "pt") as opened:
            facts = json.loads((opened.metadata() or {})[_KEY])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{file.name} does not tell what network it holds: it was not written by `fourierscope train`, or is "
            "damaged. Open its network by a word of its own, and give these weights to it (weights=FILE)."
        ) from error
    if not isinstance(facts, dict):
        raise ValueError(f"{file.name} does not tell what network it holds.")
    return facts
