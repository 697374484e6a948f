"""The precision of a training: float32, or bfloat16 by autocast where that is faster on the machine at hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from torch import Tensor, nn

from fourierscope.subjects import Classifier, logits_of
from fourierscope.subjects.classifier import Precision

_STEPS = 5  # timed in each precision, turn by turn
_WORTH = 0.9  # bfloat16 must take less than this share of float32's time


def faster_precision(learner: Classifier, images: Tensor, labels: Tensor) -> Precision:
    """The precision in which a forward and backward pass over these images takes less time; ties go to float32.

    Works on a copy of the network; nothing of the learner changes.
    """
    network, given = copy.deepcopy(learner.network), learner.normalised(images)
    assert isinstance(network, nn.Module)
    network.train()
    times: dict[Precision, list[float]] = {"float32": [], "bfloat16": []}
    with torch.random.fork_rng(devices=[] if learner.device.type == "cpu" else [learner.device]):
        for _ in range(_STEPS):
            for precision, taken in times.items():
                start = perf_counter()
                backward(network, given, labels, precision).item()
                taken.append(perf_counter() - start)
    slow, fast = (median(one[1:]) for one in (times["float32"], times["bfloat16"]))  # the first one warms up
    return "bfloat16" if fast < _WORTH * slow else "float32"


def backward(
    network: nn.Module,
    given: Tensor,
    labels: Tensor,
    precision: Precision,
    penalty: Callable[[], Tensor] | None = None,
) -> Tensor:
    """The mean cross-entropy of what the network says of `given`, and a penalty where there is one, after their
    gradients were added to the weights.
    """
    with torch.autocast(given.device.type, torch.bfloat16, enabled=precision != "float32"):
        logits = logits_of(network(given), len(given))
    loss = nn.functional.cross_entropy(logits, labels)
    if penalty is not None:
        loss = loss + penalty()
    loss.backward()
    return loss.detach()
