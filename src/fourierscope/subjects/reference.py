"""The reference classifiers inside this package: small networks that learned the embedded patches, three ways."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from safetensors.torch import load

from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.trained import untrained

_ROOM = files("fourierscope") / "reference"


def reference_names() -> tuple[str, ...]:
    """The names of the reference classifiers."""
    held = (one.name for one in _ROOM.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in held if name.endswith(".json")))


def reference(name: str) -> Classifier:
    """The reference classifier of that name, in eval mode; `reference_facts` says how it was made, and how good it is.

    Of 32 x 32 patches of ten photographs (`patches`): `natural` learned them as they are, `gaussian` under noise,
    `adversarial` under attack. Of CIFAR-10: `cifar10-resnet20-NAME`, ResNet-20 trained in six ways (Yin et al., 2019).
    Raises ValueError with the names there are.
    """
    facts = reference_facts(name)
    network = untrained(facts["network"])
    network.load_state_dict(load((_ROOM / f"{name}.safetensors").read_bytes()))
    mean, std = facts["mean"], facts["std"]
    return Classifier(network.eval(), f"reference:{name}", mean, std, provenance=f"fourierscope/reference/{name}.json")


def reference_facts(name: str) -> dict[str, Any]:
    """How a reference classifier was made, and its accuracies with n and bounds.

    Raises ValueError with the names there are.
    """
    if name not in reference_names():
        raise ValueError(f"The reference classifiers are {', '.join(reference_names())}; {name!r} came.")
    facts: dict[str, Any] = json.loads((_ROOM / f"{name}.json").read_text(encoding="utf-8"))
    return facts
