"""APGD: projected gradient ascent that chooses its own steps, on two losses; and by the mean of several looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked
from fourierscope.treatments.attacks.balls import Ball, Norm, Region
from fourierscope.treatments.attacks.gradients import Network, mistake_log_odds, slope_of
from fourierscope.treatments.attacks.projected import Climb, worst

LossName = Literal["ce", "dlr"]
Loss = Callable[[Tensor, Tensor], Tensor]

_MOMENTUM = 0.75  # the share of the new step; the rest is that of the last one
_RISING = 0.75  # the share of steps that must rise for a step length to be kept


def apgd(
    trial: Trial,
    loss: LossName = "ce",
    norm: Norm = "linf",
    eps: float = 8 / 255,
    steps: int = 100,
    restarts: int = 1,
    looks: int = 1,
    seed: int = 0,
    batch: int | None = None,
) -> Samples:
    """The samples of a trial under APGD: gradient ascent with momentum, whose steps are halved where it gets no higher.

    `loss`: "ce", climbed as the log odds of a mistake, whose direction is that of the cross-entropy; or "dlr", the
    difference of logits ratio, which is the same however the logits are scaled. `looks` is for classifiers that answer
    by chance: each loss and slope is the mean over that many (expectation over transformation). A point that is
    misclassified, by the mean of the looks, goes before one that is not; else the largest loss counts.

    Ball, box, restarts, starts and errors as in `pgd`; ValueError too for "dlr" with less than three classes and for
    less than one look.

    Source: Croce and Hein (2020), sections 3 and 4, algorithm 1; Athalye et al. (2018) for the mean over looks. We take
    the log odds in place of the cross-entropy, so that a classifier that is sure of itself has a slope.
    """
    check_subject(trial, Trial, "apgd")
    climb = Climb(Ball(norm, eps), steps, None, restarts, seed)
    if loss not in get_args(LossName):
        raise ValueError(f"loss is {' or '.join(get_args(LossName))}; {loss!r} came.")
    if looks < 1:
        raise ValueError(f"looks is a whole number from 1 on; {looks!r} came.")
    climb.ball.check_fits(tuple(trial.samples.images.shape[1:]))
    view = View(trial.classifier, LOSSES[loss], looks)

    def attempt(images: Tensor, labels: Tensor, restart: int) -> Outcome:
        start = climb.ball.within(images, climb.ball.start(images, f"apgd start {restart}", seed))
        return automatic_ascent(view, images, labels, climb.ball, steps, start)

    def attack(images: Tensor, labels: Tensor) -> Outcome:
        return worst(trial.classifier, images, labels, attempt, restarts)

    told = f"APGD-{loss.upper()} {climb.told}" + (f", {looks} looks" if looks > 1 else "")
    return attacked(trial, labels_asked(trial), attack, told, batch)


def logits_ratio(logits: Tensor, labels: Tensor) -> Tensor:
    """(largest other logit - the label's) / (largest - third largest), (n,): above 0 where another class is predicted.

    The published loss, of DLR. Raises ValueError for less than three classes.
    """
    if logits.shape[1] < 3:
        raise ValueError(f'The ratio of logits takes three classes or more; {logits.shape[1]} came. Take loss="ce".')
    own = torch.nn.functional.one_hot(labels, logits.shape[1]).bool()
    largest = logits.topk(3, dim=1).values
    lead = logits.masked_fill(own, -torch.inf).amax(1) - logits[own]
    return lead / (largest[:, 0] - largest[:, 2]).clamp(min=1e-12)


LOSSES: dict[LossName, Loss] = {"ce": mistake_log_odds, "dlr": logits_ratio}


class Seen(NamedTuple):
    """What a look at images found: losses (n,), slopes (n, c, h, w), and which are misclassified (n,)."""

    heights: Tensor
    slope: Tensor
    wrong: Tensor


@dataclass(frozen=True)
class View:
    """A classifier as an attack sees it: through a loss, as the mean of several looks."""

    classifier: Network
    loss: Loss
    looks: int = 1

    def __call__(self, images: Tensor, labels: Tensor) -> Seen:
        found = [self._look(images, labels) for _ in range(self.looks)]
        heights, slopes, logits = (torch.stack(one).mean(0) for one in zip(*found, strict=True))
        return Seen(heights, slopes, logits.argmax(1) != labels)

    def felt(self, seen: Seen) -> Tensor:
        """Which images (n,) have a slope that is not all zero. The ratio of logits is 1, and flat, where the label's is
        the third of them: such a mistake counts as felt.
        """
        found = seen.slope.flatten(1).any(1)
        return found | seen.wrong if self.loss is logits_ratio else found

    def _look(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with torch.enable_grad():
            images = images.detach().requires_grad_()
            logits = self.classifier(images)
            heights = self.loss(logits, labels)
            return heights.detach().float(), slope_of(heights, images), logits.detach().log_softmax(1)


def automatic_ascent(view: View, images: Tensor, labels: Tensor, ball: Ball, steps: int, change: Tensor) -> Outcome:
    """Images after APGD of so many steps from a first change, each image with its own length of steps."""
    length = torch.full((len(images), 1, 1, 1), 2 * ball.eps, dtype=images.dtype, device=images.device)
    seen, before = view(images + change, labels), change
    best, top = _Best(change, seen), _Best(change, seen)
    felt, rises = view.felt(seen), torch.zeros_like(labels)
    last, held = 0, (length, best.seen.heights)
    for turn in range(1, steps + 1):
        new = _step(ball, images, (change, before), length, seen.slope, first=turn == 1)
        before, change = change, new
        height, seen = seen.heights, view(images + change, labels)
        felt = felt | view.felt(seen)
        rises += seen.heights > height
        best.take(change, seen, seen.heights > best.seen.heights)
        top.take(change, seen, _worse(seen, top.seen))
        if turn in checkpoints(steps):
            stuck = rises < _RISING * (turn - last)
            stuck |= (length == held[0]).flatten() & (best.seen.heights == held[1])
            held = (length, best.seen.heights.clone())
            length = torch.where(_wide(stuck), length / 2, length)
            change = torch.where(_wide(stuck), best.change, change)
            seen = Seen(*(torch.where(_like(stuck, new), new, old) for new, old in zip(best.seen, seen, strict=True)))
            last, rises = turn, torch.zeros_like(rises)
    return Outcome(ball.reached(images, top.change), felt)


def checkpoints(steps: int) -> tuple[int, ...]:
    """After which steps APGD thinks about its length: denser towards the end. Source: section 3.2."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return tuple(dict.fromkeys(found for one in shares[1:] if (found := ceil(round(one * steps, 9))) <= steps))


class _Best:
    """The best change (n, c, h, w) so far, image by image, and what was seen there."""

    def __init__(self, change: Tensor, seen: Seen) -> None:
        self.change, self.seen = change, seen

    def take(self, change: Tensor, seen: Seen, better: Tensor) -> None:
        """Take these where they are better (n,)."""
        self.change = torch.where(_wide(better), change, self.change)
        self.seen = Seen(*(torch.where(_like(better, one), one, old) for one, old in zip(seen, self.seen, strict=True)))


def _step(
    ball: Region, images: Tensor, changes: tuple[Tensor, Tensor], length: Tensor, slope: Tensor, first: bool
) -> Tensor:
    change, before = changes
    aim = ball.within(images, change + length * ball.steepest(slope))
    if first:
        return aim
    return ball.within(images, change + _MOMENTUM * (aim - change) + (1 - _MOMENTUM) * (change - before))


def _worse(new: Seen, old: Seen) -> Tensor:
    """Where (n,) what is new is worse for the classifier: misclassified before not, then by loss."""
    return torch.where(new.wrong == old.wrong, new.heights > old.heights, new.wrong)


def _wide(marks: Tensor) -> Tensor:
    return marks.view(-1, 1, 1, 1)


def _like(marks: Tensor, one: Tensor) -> Tensor:
    return _wide(marks) if one.ndim == 4 else marks
