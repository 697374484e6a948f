"""Classifiers of torchvision, timm and the Hugging Face hub, with the normalisation that each library states."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from fourierscope.subjects.torchvision_import import torchvision_module
from fourierscope.subjects.weights import load_weights, read_weights


@dataclass(frozen=True)
class Found:
    """A network, the normalisation stated for it (None: nothing is stated), and where that was read."""

    network: nn.Module
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    provenance: str


def torchvision_network(name: str, weights: str | None, classes: int | None) -> Found:
    """A network of torchvision.models by name. `weights` is a file, or an entry of its weights enum such as DEFAULT.

    Mean and std are those of the entry's transforms; for a file with as many classes as the enum's, those on which all
    entries of the network agree. Raises ValueError for unknown names, no weights, and heads that weights cannot fill.
    """
    models = torchvision_module().models
    _check_name(name, models.list_models(module=models), "torchvision")
    enum = models.get_model_weights(name)
    entries = list(enum.__members__)
    if weights is None:
        raise ValueError(_no_weights(f"torchvision:{name}", f"an official entry ({', '.join(entries)})"))
    if weights in entries:
        _check_whole_head(classes, weights)
        entry = getattr(enum, weights)
        # these two were trained on images normalised otherwise, and undo it inside when they are told so
        settings: dict[str, Any] = {"transform_input": True} if name in ("googlenet", "inception_v3") else {}
        network = models.get_model(name, weights=None, **settings)
        load_weights(network, entry.get_state_dict(progress=False, check_hash=True, weights_only=True))
        return Found(network, *_transforms(entry), f"torchvision {type(entry).__name__}.{entry.name}")
    settings = {} if classes is None else {"num_classes": classes}
    network = models.get_model(name, weights=None, **settings)
    load_weights(network, read_weights(weights))
    return Found(network, *_agreed(enum, classes))


def timm_network(name: str, weights: str | None, classes: int | None) -> Found:
    """A network of timm by name. `weights` is a file, or "pretrained" for timm's own. Needs the extra `timm`.

    Mean and std are those of the network's `pretrained_cfg`, where it has as many classes. Raises ValueError for
    unknown names, no weights, and heads that weights cannot fill.
    """
    torchvision_module()  # timm imports it
    try:
        import timm
    except ImportError as error:
        raise ImportError('timm: needs the library timm: pip install "fourierscope[timm]".') from error
    _check_name(name.partition(".")[0], timm.list_models(), "timm")
    if weights is None:
        raise ValueError(_no_weights(f"timm:{name}", '"pretrained"'))
    network: Any
    if weights == "pretrained":
        _check_whole_head(classes, weights)
        network = timm.create_model(name, pretrained=True)
    else:
        settings: dict[str, Any] = {} if classes is None else {"num_classes": classes}
        network = timm.create_model(name, pretrained=False, **settings)
        load_weights(network, read_weights(weights))
    stated: dict[str, Any] = network.pretrained_cfg or {}
    own = classes is not None and classes != stated.get("num_classes")
    if own or stated.get("mean") is None or stated.get("std") is None:
        return Found(network, None, None, "")
    tag = stated.get("tag")
    provenance = f"timm pretrained_cfg of {stated.get('architecture', name)}{f'.{tag}' if tag else ''}"
    return Found(network, tuple(stated["mean"]), tuple(stated["std"]), provenance)


def hub_network(name: str, weights: str | None, classes: int | None) -> Found:
    """An image classifier of the Hugging Face hub, with its own weights (safetensors only). Needs the extra `hf`.

    `weights` may be a file for the same architecture. Mean and std are those of its image processor, if it normalises.
    """
    try:
        import transformers
    except ImportError as error:
        raise ImportError('hf: needs the library transformers: pip install "fourierscope[hf]".') from error
    kinds, network = transformers.AutoModelForImageClassification, None
    if weights is None:
        _check_whole_head(classes, f"hf:{name}")
        network = kinds.from_pretrained(name, use_safetensors=True, trust_remote_code=False)
    else:
        settings = {} if classes is None else {"num_labels": classes}
        network = kinds.from_config(transformers.AutoConfig.from_pretrained(name, trust_remote_code=False, **settings))
        load_weights(network, read_weights(weights))
    processor = transformers.AutoImageProcessor.from_pretrained(name, trust_remote_code=False)
    provenance = f"Hugging Face image processor of {Path(name).name if Path(name).is_dir() else name}"
    if not getattr(processor, "do_normalize", False):
        return Found(network, (0.0,), (1.0,), f"{provenance}, which does not normalise")
    return Found(network, tuple(processor.image_mean), tuple(processor.image_std), provenance)


def _transforms(entry: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    stated = entry.transforms()
    return tuple(stated.mean), tuple(stated.std)


def _agreed(enum: Any, classes: int | None) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None, str]:
    """Mean and std of a network's official weights, where all entries agree and have as many classes."""
    entries = list(enum)
    stated = {_transforms(entry) for entry in entries}
    counts = {len(entry.meta["categories"]) for entry in entries}
    if len(stated) != 1 or (classes is not None and counts != {classes}):
        return None, None, ""
    return (
        *stated.pop(),
        f"torchvision {enum.__name__}: the transforms of {' and '.join(entry.name for entry in entries)}",
    )


def _check_name(name: str, known: Iterable[str], library: str) -> None:
    known = list(known)
    if name not in known:
        near = difflib.get_close_matches(name, known, 5, 0.4)
        some = f"Near it: {', '.join(near)}." if near else f"It has {len(known)} others."
        raise ValueError(f"{library} has no network {name!r}. {some}")


def _no_weights(spec: str, official: str) -> str:
    return f"{spec} has random weights, and a random network answers no question. Give weights=: a file, or {official}."


def _check_whole_head(classes: int | None, weights: str) -> None:
    if classes is not None:
        raise ValueError(
            f"{weights} comes with its own classes; with classes={classes} the last layer would be random. "
            "Leave classes out, or give a file of weights that were trained for them."
        )
