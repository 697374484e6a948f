"""Classifiers by a word: the catalogue of kinds, and the one door to them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from fourierscope.fourier.kinds import a_path, check_texts, check_whole
from fourierscope.subjects.classifier import Classifier, Precision, channelwise
from fourierscope.subjects.classifier_files import made_by
from fourierscope.subjects.classifier_zoos import Found, hub_network, timm_network, torchvision_network
from fourierscope.subjects.specification import remembering
from fourierscope.subjects.trained import described, trained, untrained
from fourierscope.subjects.weights import load_weights, read_weights

CLASSIFIER_KINDS = {
    "torchvision": "torchvision:NAME, such as torchvision:resnet18, with weights=FILE or an official entry (DEFAULT)",
    "timm": 'timm:NAME, such as timm:resnet10t, with weights=FILE or "pretrained" (extra timm)',
    "hf": "hf:NAME: from the Hugging Face hub (extra hf)",
    "reference": "reference:NAME: a trained network within the package",
    "network": "network:NAME, such as network:resnet20: of this package, untrained without weights=FILE",
    "trained": "trained:PATH: a file that `fourierscope train` wrote",
    "file": "path/to/file.py:function, where function() returns an nn.Module, a callable or a Classifier",
}
_ZOOS: dict[str, Callable[[str, str | None, int | None], Found]] = {
    "torchvision": torchvision_network,
    "timm": timm_network,
    "hf": hub_network,
}


class _Given(NamedTuple):
    """What was said beside the word; see `open_classifier`."""

    weights: str | None
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    device: str | None
    precision: Precision


@remembering
def open_classifier(
    spec: str,
    weights: str | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    classes: int | None = None,
    device: str | None = None,
    precision: Precision = "float32",
) -> Classifier:
    """A classifier by a word, such as "torchvision:resnet18" or "my_networks.py:build"; CLASSIFIER_KINDS lists them.

    `weights` is a file that is read without running anything (`read_weights`), or official weights by the library's
    own word. `mean` and `std` win over what the library states; where it states nothing for these weights, they must be
    given: normalisation is never guessed. `classes` is the number of classes of weights of your own.

    A file's function runs: it is your own code. Without `mean` and `std` its network sees images in [0, 1] as they are.

    Raises ValueError for an unknown word, with all kinds, and where weights or normalisation are missing or do not fit.
    """
    if not isinstance(spec, str):
        raise TypeError(f'A classifier is opened by a word such as "path/to/file.py:function"; {spec!r} came.')
    kind, _, name = spec.partition(":")
    if (mean is None) != (std is None):
        raise ValueError(f"Give mean and std together, or neither; mean={mean}, std={std} came.")
    words = {"weights": weights, "device": device, "precision": precision}
    check_texts(**{key: word for key, word in words.items() if word is not None})
    mean, std = channelwise(mean, "mean"), channelwise(std, "std")
    if classes is not None:
        check_whole(1, classes=classes)
    if kind in _ZOOS and name:
        with torch.random.fork_rng(devices=[]):  # libraries draw weights before they load them
            found = _ZOOS[kind](name, weights, classes)
        if mean is None and found.mean is None:
            raise ValueError(_unstated(spec, classes))
        stated = (found.mean, found.std, found.provenance) if mean is None else (mean, std, "given by the user")
        called = _called(f"{kind}:{Path(name).name}" if Path(name).is_dir() else spec, weights)
        return Classifier(found.network.eval(), called, stated[0], stated[1], device, precision, stated[2])
    if kind == "network" and name:
        return _of_this_package(spec, name, classes, _Given(weights, mean, std, device, precision))
    if classes is not None:
        raise ValueError(f"classes is for torchvision, timm, hf and network; {spec} has its own number of classes.")
    given = _Given(weights, mean, std, device, precision)
    if kind == "reference" and name:
        return _reference(name, given)
    if kind == "trained" and name:
        return _trained(name, given)
    if ".py:" in spec:
        return _of_file(spec, given)
    if Path(spec).suffix == ".py":
        raise ValueError(f"Which function of {spec} makes the network? Write {spec}:FUNCTION.")
    listed = "\n  ".join(CLASSIFIER_KINDS.values())
    near = difflib.get_close_matches(kind, CLASSIFIER_KINDS, 1)
    meant = f" Did you mean {near[0]}:{name or 'NAME'}?" if near else ""
    raise ValueError(f"There is no classifier {spec!r}.{meant} Classifiers are:\n  {listed}")


def _called(spec: str, weights: str | None) -> str:
    """A name that tells two weights of one architecture apart; a record holds no folder."""
    return spec if weights is None else f"{spec} {Path(weights).name}"


def _unstated(spec: str, classes: int | None) -> str:
    why = (
        f"with classes={classes} these are weights of your own"
        if classes is not None
        else "its library states none, or several"
    )
    return (
        f"How must images be normalised for {spec}? {why[0].upper()}{why[1:]}. Give mean and std as they were in "
        "training (mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225) for ImageNet's; mean=(0,), std=(1,) for "
        "none), or on the command line --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225."
    )


def _reference(name: str, given: _Given) -> Classifier:
    from fourierscope.subjects.reference import reference

    if given.weights is not None:
        raise ValueError(f"reference:{name} comes with its weights; weights={given.weights!r} came.")
    return _opened(reference(name), None, given)


def _trained(path: str, given: _Given) -> Classifier:
    if given.weights is not None:
        raise ValueError(f"trained:{path} comes with its weights; weights={given.weights!r} came.")
    return _opened(trained(path), None, given)


def _of_this_package(spec: str, name: str, classes: int | None, given: _Given) -> Classifier:
    """A network of this package; the number of channels is that of mean, or 3."""
    if given.mean is None or given.std is None:
        raise ValueError(_unstated(spec, classes))
    channels = len(given.mean) if len(given.mean) > 1 else 1
    network = untrained(described(name, channels, classes or 10))
    if given.weights is not None:
        load_weights(network, read_weights(given.weights))
    called = _called(spec, given.weights) if given.weights else f"{spec} untrained"
    return Classifier(network.eval(), called, given.mean, given.std, given.device, given.precision)


def _of_file(spec: str, given: _Given) -> Classifier:
    path, _, name = spec.rpartition(":")
    file = a_path(path)
    made = made_by(file, name)
    network = made.network if isinstance(made, Classifier) else made
    if given.weights is not None:
        if not isinstance(network, nn.Module):
            came = f"{type(network).__name__}, which has no weights to load; weights={given.weights!r} came"
            raise ValueError(f"{file.name}:{name} returns {came}.")
        load_weights(network, read_weights(given.weights))
    if isinstance(network, nn.Module):
        network.eval()  # it was made a moment ago, for this
    return _opened(made, _called(f"{file.name}:{name}", given.weights), given)


def _opened(made: Any, name: str | None, given: _Given) -> Classifier:
    """The classifier around what was made; a Classifier keeps its own normalisation unless another is given."""
    if not isinstance(made, Classifier):
        return Classifier(made, name, given.mean, given.std, given.device, given.precision)
    stated = (made.mean, made.std, made.provenance)
    mean, std, provenance = stated if given.mean is None else (given.mean, given.std, "given by the user")
    place = given.device or str(made.device)
    return Classifier(made.network, name or made.name, mean, std, place, given.precision, provenance)
