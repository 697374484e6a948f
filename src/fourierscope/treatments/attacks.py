"""Attacks: the change of an image, within a ball around it, that hurts a classifier most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LinfPGD:
    """Projected gradient ascent on the cross-entropy within an L-infinity ball, from a random start.

    Called with a classifier, images (n, c, h, w) in [0, 1], labels (n,) and a generator, it returns attacked images: in
    [0, 1], no pixel further than `eps` from where it was. Only the gradient with respect to the images is asked for, so
    the parameters' `.grad` stays as it is.

    Raises ValueError for a budget that is no positive number. Source: Madry et al. (2018), section 2.1 and the settings
    of section 5 (eps 8/255, step 2/255, 7 steps).
    """

    eps: float = 8 / 255
    """Largest change of a pixel, on [0, 1] pixels."""
    step: float = 2 / 255
    """Change of a pixel in one step of the ascent."""
    steps: int = 7
    """Steps of the ascent."""

    def __post_init__(self) -> None:
        if not all(isfinite(one) and one > 0 for one in (self.eps, self.step)) or self.steps < 1:
            raise ValueError(f"eps and step are finite and above 0, and steps is at least 1; {self} came.")

    def __call__(
        self, classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> Tensor:
        low, high = (images - self.eps).clamp(min=0), (images + self.eps).clamp(max=1)
        start = torch.rand(images.shape, generator=generator, dtype=images.dtype).mul_(2).sub_(1)
        attacked = torch.clamp(images + self.eps * start.to(images.device), low, high)
        for _ in range(self.steps):
            slope = _slope(classifier, attacked, labels)
            attacked = torch.clamp(attacked + self.step * slope.sign(), low, high)
        return attacked

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


def _slope(classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor) -> Tensor:
    """The gradient of the summed cross-entropy with respect to the images."""
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        loss = nn.functional.cross_entropy(classifier(images), labels, reduction="sum")
        return torch.autograd.grad(loss, images)[0]
