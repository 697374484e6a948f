"""Attacks that climb step by step within a ball: PGD with restarts, and its single step FGSM."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked
from fourierscope.treatments.attacks.balls import Ball, Norm, Region, in_box
from fourierscope.treatments.attacks.gradients import Network, mistake_log_odds, slopes

Climb = Callable[[Tensor, Tensor, int], Outcome]


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
    ball, length = Ball(norm, eps), step_length(eps, steps, step)
    ball.check_fits(tuple(trial.samples.images.shape[1:]))
    check_restarts(restarts)
    again = f", {restarts} restarts" if restarts > 1 else ""
    own = "" if step is None else f" of {step:.3g}"

    def climb(images: Tensor, labels: Tensor, restart: int) -> Outcome:
        start = ball.start(images, f"pgd start {restart}", seed)
        return ascent(trial.classifier, images, labels, ball, steps, length, in_box(images, start))

    def attack(images: Tensor, labels: Tensor) -> Outcome:
        return worst(trial.classifier, images, labels, climb, restarts)

    done = f"PGD {norm} eps {eps:.4g}, {steps} steps{own}{again}, seed {seed}"
    return attacked(trial, labels_asked(trial), attack, done, batch)


def fgsm(trial: Trial, eps: float = 8 / 255, batch: int | None = None) -> Samples:
    """The samples of a trial after one step of length `eps` along the sign of the loss's gradient, in [0, 1].

    There is no random start, hence no seed. Raises as `pgd` does. Source: Goodfellow et al. (2015), section 4.
    """
    check_subject(trial, Trial, "fgsm")
    ball = Ball("linf", eps)

    def attack(images: Tensor, labels: Tensor) -> Outcome:
        return ascent(trial.classifier, images, labels, ball, 1, eps, torch.zeros_like(images))

    return attacked(trial, labels_asked(trial), attack, f"FGSM eps {eps:.4g}", batch)


def ascent(
    classifier: Network, images: Tensor, labels: Tensor, region: Region, steps: int, length: float, change: Tensor
) -> Outcome:
    """Images after `steps` steps of steepest ascent from a first change, each kept within the region."""
    felt = torch.zeros(len(images), dtype=torch.bool, device=images.device)
    for _ in range(steps):
        direction = region.steepest(slopes(classifier, images + change, labels))
        felt |= direction.flatten(1).any(1)
        change = region.within(images, change + length * direction)
    return Outcome((images + change).clamp(0, 1), felt)


def worst(classifier: Network, images: Tensor, labels: Tensor, climb: Climb, restarts: int) -> Outcome:
    """The worst of several climbs of each image: the first that is misclassified, else that of the largest loss.

    `climb` takes images, labels and the number of the restart; those misclassified already are not asked again.
    """
    result = Outcome(images.clone(), torch.zeros(len(images), dtype=torch.bool, device=images.device))
    height, wrong = torch.full((len(images),), -torch.inf, device=images.device), torch.zeros_like(result.felt)
    for restart in range(restarts):
        left = (~wrong).nonzero().flatten()
        if not len(left):
            break
        found = climb(images[left], labels[left], restart)
        with torch.no_grad():
            logits = classifier(found.images)
        heights, mistaken = mistake_log_odds(logits, labels[left]).float(), logits.argmax(1) != labels[left]
        better = mistaken | (heights > height[left])
        result.images[left[better]] = found.images[better]
        height[left], wrong[left] = torch.maximum(heights, height[left]), mistaken
        result.felt[left] |= found.felt
    return result


def step_length(eps: float, steps: int, step: float | None) -> float:
    """The length of a step: 2.5 eps / steps unless given. Raises ValueError for a step or number of steps below 1."""
    if steps < 1:
        raise ValueError(f"steps is a whole number from 1 on; {steps!r} came.")
    if step is not None and not (isfinite(step) and step > 0):
        raise ValueError(f"step is a finite number above 0, in the norm of the ball; {step!r} came.")
    return 2.5 * eps / steps if step is None else step


def check_restarts(restarts: int) -> None:
    """Raises ValueError for a number of restarts below 1."""
    if restarts < 1:
        raise ValueError(f"restarts is a whole number from 1 on; {restarts!r} came.")
