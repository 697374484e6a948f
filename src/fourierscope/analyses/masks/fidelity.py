"""Fidelity: how much a network's answer to a masked image has lost, as one number an image that a mask makes small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

Fidelity = Literal["cross-entropy", "squared-difference", "divergence", "margin"]
FIDELITIES: tuple[str, ...] = get_args(Fidelity)

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From logits (n, classes) of masked images, targets (n,) and logits (n, classes) of whole images to losses (n,)."""

_STEEPEST = 20.0  # exp of more than this is continued by its tangent, for exp of 89 is infinite in float32


def loss_named(fidelity: str) -> Loss:
    """The loss of a word. Raises ValueError for an unknown one."""
    if fidelity not in _LOSSES:
        raise ValueError(f"fidelity is one of {', '.join(FIDELITIES)}; {fidelity!r} came.")
    return _LOSSES[fidelity]


def _cross_entropy(logits: Tensor, targets: Tensor, whole: Tensor) -> Tensor:
    """Cross-entropy to the target. Karantzas et al. (2022), equation 2."""
    return cross_entropy(logits, targets, reduction="none")


def _squared_difference(logits: Tensor, targets: Tensor, whole: Tensor) -> Tensor:
    """exp(D^2) - 1 of the change D of the cross-entropy: as the authors' code has it, less the constant 1.

    It punishes a mask that makes the network surer, too. Beyond D^2 = 20 it goes on along its tangent.
    """
    change = (cross_entropy(logits, targets, reduction="none") - _cross_entropy(whole, targets, whole)).square()
    steep = change.clamp(max=_STEEPEST)
    return torch.expm1(steep) + steep.exp() * (change - steep)


def _divergence(logits: Tensor, targets: Tensor, whole: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the prediction for the whole image to that for the masked one."""
    before, after = whole.log_softmax(1), logits.log_softmax(1)
    return (before.exp() * (before - after)).sum(1)


def _margin(logits: Tensor, targets: Tensor, whole: Tensor) -> Tensor:
    """How far the margin of the target's logit over the next falls below that of the whole image; 0 where it rises."""
    return (margin(whole, targets) - margin(logits, targets)).clamp_min(0)


def margin(logits: Tensor, targets: Tensor) -> Tensor:
    """The target's logit minus the largest other one (n,)."""
    own = logits.gather(1, targets[:, None])[:, 0]
    return own - logits.scatter(1, targets[:, None], -torch.inf).amax(1)


_LOSSES: dict[str, Loss] = {
    "cross-entropy": _cross_entropy,
    "squared-difference": _squared_difference,
    "divergence": _divergence,
    "margin": _margin,
}
