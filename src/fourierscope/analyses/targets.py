"""What is explained: one number an image, by how much a classifier speaks for a class, its label or its prediction."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.subjects import Trial

Value = Literal["log-odds", "log-probability", "logit", "margin"]
Target = Literal["label", "prediction"]
VALUES: tuple[str, ...] = get_args(Value)
TARGETS: tuple[str, ...] = get_args(Target)


def values_of(value: Value, logits: Tensor, targets: Tensor) -> Tensor:
    """How much logits (n, classes) speak for the class `targets` (n,) of each image: (n,).

    log-odds: log(p / (1 - p)) of its probability, a margin that is smooth and never flat. log-probability: log p, which
    is flat where the classifier is sure. logit: its logit. margin: its logit over the largest other one.
    """
    own = logits.gather(1, targets[:, None])[:, 0]
    others = logits.scatter(1, targets[:, None], -torch.inf)
    if value == "log-odds":
        return own - others.logsumexp(1)
    if value == "log-probability":
        return -cross_entropy(logits, targets, reduction="none")
    return own if value == "logit" else own - others.amax(1)


def unit_of(value: Value) -> str:
    """The unit of a value."""
    return "nat" if value.startswith("log-") else "logit"


def check_words(value: str, target: str) -> None:
    """Raises ValueError for an unknown value or target."""
    if value not in VALUES:
        raise ValueError(f"value is one of {', '.join(VALUES)}; {value!r} came.")
    if target not in TARGETS:
        raise ValueError(f"target is label, or prediction (on the whole image); {target!r} came.")


def check_target(target: Target, trial: Trial) -> None:
    """Raises ValueError, before any work, where labels are asked for and are missing or of another task."""
    if target == "label":
        check_labels(score_named("loss"), trial)


def targets_of(target: Target, trial: Trial, index: Tensor, images: Tensor) -> Tensor:
    """The class (n,) asked about for each of some images (n, c, h, w), the samples at `index`."""
    if target == "label":
        return trial.samples.needed_labels()[index].to(images.device)
    with torch.no_grad():
        return trial.classifier(images).argmax(1)
