"""Attacks that climb step by step within a ball: PGD with restarts, and its single step FGSM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked
from fourierscope.treatments.attacks.balls import Ball, Norm, Region
from fourierscope.treatments.attacks.gradients import Network, mistake_log_odds, slopes

Attempt = Callable[[Tensor, Tensor, int], Outcome]


@dataclass(frozen=True)
class Climb:
    """How an attack climbs in a ball: in how many steps, of what length, from how many starts, of which seed.

    Raises ValueError for steps or restarts below 1, and for a step that is not finite or not above 0.
    """

    ball: Ball
    steps: int
    step: float | None
    """The length of a step in the norm of the ball; None: 2.5 eps / steps."""
    restarts: int
    seed: int

    def __post_init__(self) -> None:
        for name, count in (("steps", self.steps), ("restarts", self.restarts)):
            if count < 1:
                raise ValueError(f"{name} is a whole number from 1 on; {count!r} came.")
        if self.step is not None and not (isfinite(self.step) and self.step > 0):
            raise ValueError(f"step is a finite number above 0, in the norm of the ball; {self.step!r} came.")

    @property
    def length(self) -> float:
        """The length of a step."""
        return 2.5 * self.ball.eps / self.steps if self.step is None else self.step

    @property
    def told(self) -> str:
        """What a name says of it: `linf eps 0.03137, 20 steps, seed 0`."""
        own = "" if self.step is None else f" of {self.step:.3g}"
        again = f", {self.restarts} restarts" if self.restarts > 1 else ""
        return f"{self.ball.norm} eps {self.ball.eps:.4g}, {self.steps} steps{own}{again}, seed {self.seed}"


def pgd(
    trial: Trial,
    norm: Norm = "linf",
    eps: float = 8 / 255,
    steps: int = 20,
    step: float | None = None,
    restarts: int = 1,
    seed: int = 0,
    batch: int | None = None,
) -> Samples:
    """The samples of a trial under projected gradient ascent on the loss of their labels, from random starts.

    Each image moves at most `eps` in the norm ("linf": every pixel; "l2": the whole image, all channels together) and
    stays in [0, 1]. `step` is the length of a step in that norm, 2.5 eps / steps unless given. Of several `restarts`
    the first that is misclassified counts, else the one with the largest loss. Starts are even in the ball and belong
    to the seed and the image's own content: they depend neither on its neighbours nor on `batch`.

    The loss climbed is the log odds of a mistake (`mistake_log_odds`), whose direction is that of the cross-entropy.

    Raises ValueError for a budget out of range, samples without fitting labels, NaN or infinite logits or gradients,
    and where no image has a gradient; warns where some have none.

    Source: Madry et al. (2018), section 2.1; we normalise the gradient in L2 and clip to [0, 1] after the ball.
    """
    check_subject(trial, Trial, "pgd")
    climb = Climb(Ball(norm, eps), steps, step, restarts, seed)
    return climbed(trial, climb, climb.ball, f"PGD {climb.told}", batch)


def fgsm(trial: Trial, eps: float = 8 / 255, batch: int | None = None) -> Samples:
    """The samples of a trial after one step of length `eps` along the sign of the loss's gradient, in [0, 1].

    There is no random start, hence no seed. Raises as `pgd` does. Source: Goodfellow et al. (2015), section 4.
    """
    check_subject(trial, Trial, "fgsm")
    ball = Ball("linf", eps)

    def attack(images: Tensor, labels: Tensor) -> Outcome:
        return ascent(trial.classifier, images, labels, ball, 1, eps, torch.zeros_like(images))

    return attacked(trial, labels_asked(trial), attack, f"FGSM eps {eps:.4g}", batch)


def climbed(trial: Trial, climb: Climb, region: Region, done: str, batch: int | None) -> Samples:
    """The samples of a trial after the worst of several climbs of each image within a region, named by what was `done`.

    Raises as `pgd` does.
    """
    climb.ball.check_fits(tuple(trial.samples.images.shape[1:]))

    def attempt(images: Tensor, labels: Tensor, restart: int) -> Outcome:
        start = region.within(images, climb.ball.start(images, f"pgd start {restart}", climb.seed))
        return ascent(trial.classifier, images, labels, region, climb.steps, climb.length, start)

    def attack(images: Tensor, labels: Tensor) -> Outcome:
        return worst(trial.classifier, images, labels, attempt, climb.restarts)

    return attacked(trial, labels_asked(trial), attack, done, batch)


def ascent(
    classifier: Network, images: Tensor, labels: Tensor, region: Region, steps: int, length: float, change: Tensor
) -> Outcome:
    """Images after `steps` steps of steepest ascent from a first change, each kept within the region."""
    felt = torch.zeros(len(images), dtype=torch.bool, device=images.device)
    for _ in range(steps):
        direction = region.steepest(slopes(classifier, images + change, labels))
        felt |= direction.flatten(1).any(1)
        change = region.within(images, change + length * direction)
    return Outcome(region.reached(images, change), felt)


def worst(classifier: Network, images: Tensor, labels: Tensor, attempt: Attempt, restarts: int) -> Outcome:
    """The worst of several attempts at each image: the first that is misclassified, else that of the largest loss.

    `attempt` takes images, labels and the number of the restart; those misclassified already are not asked again.
    """
    result = Outcome(images.clone(), torch.zeros(len(images), dtype=torch.bool, device=images.device))
    height, wrong = torch.full((len(images),), -torch.inf, device=images.device), torch.zeros_like(result.felt)
    for restart in range(restarts):
        left = (~wrong).nonzero().flatten()
        if not len(left):
            break
        found = attempt(images[left], labels[left], restart)
        with torch.no_grad():
            logits = classifier(found.images)
        heights, mistaken = mistake_log_odds(logits, labels[left]).float(), logits.argmax(1) != labels[left]
        better = mistaken | (heights > height[left])
        result.images[left[better]] = found.images[better]
        height[left], wrong[left] = torch.maximum(heights, height[left]), mistaken
        result.felt[left] |= found.felt
    return result
