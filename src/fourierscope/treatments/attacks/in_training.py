"""Attacks in training: values called with a batch and a generator, of which every step of a training makes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.treatments.attacks.balls import Ball, in_box


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
        _check_budget(self)

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


@dataclass(frozen=True)
class L2PGD:
    """Projected gradient ascent on the cross-entropy within an L2 ball, from a random start even in the ball.

    Called as `LinfPGD` is. `eps` and `step` are L2 norms of the change of a whole image, all channels together; the
    change is kept in the ball first and then clipped to [0, 1].

    Raises ValueError for a budget that is no positive number. Source: Madry et al. (2018), section 2.1; the defaults
    are those customary for images of 32 x 32 (eps 0.5).
    """

    eps: float = 0.5
    """Largest L2 norm of a change, on [0, 1] pixels."""
    step: float = 0.1
    """L2 norm of one step of the ascent."""
    steps: int = 7
    """Steps of the ascent."""

    def __post_init__(self) -> None:
        _check_budget(self)

    def __call__(
        self, classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> Tensor:
        ball = Ball("l2", self.eps)
        change = in_box(images, self._start(ball, images, generator).to(images.device))
        for _ in range(self.steps):
            slope = _slope(classifier, images + change, labels)
            change = ball.within(images, change + self.step * ball.steepest(slope))
        return (images + change).clamp(0, 1)

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}

    def _start(self, ball: Ball, images: Tensor, generator: torch.Generator) -> Tensor:
        direction = torch.randn(images.shape, generator=generator, dtype=images.dtype)
        share = torch.rand(len(images), 1, 1, 1, generator=generator, dtype=images.dtype)
        return ball.inside(direction, share)


def _check_budget(attack: LinfPGD | L2PGD) -> None:
    if not all(isfinite(one) and one > 0 for one in (attack.eps, attack.step)) or attack.steps < 1:
        raise ValueError(f"eps and step are finite and above 0, and steps is at least 1; {attack} came.")


def _slope(classifier: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor) -> Tensor:
    """The gradient of the summed cross-entropy with respect to the images."""
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        loss = nn.functional.cross_entropy(classifier(images), labels, reduction="sum")
        return torch.autograd.grad(loss, images)[0]
