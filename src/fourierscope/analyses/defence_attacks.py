"""What is done to an averaging defence, image by image: attacks that know of it, and attacks that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from math import isfinite, sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fourierscope.analyses.robustness import right
from fourierscope.runs import Measured
from fourierscope.subjects import Classifier, Samples, Trial
from fourierscope.theory.averaging import certified_radius, equivalent_sigma
from fourierscope.treatments import apgd, auto_attack, just_across, post_average, square_attack
from fourierscope.treatments.attacks.attacked import gradients_heard
from fourierscope.treatments.averaging import Drawing, Units, Vote, check_average
from fourierscope.treatments.chance import streams

Array = npt.NDArray[Any]
LossName = Literal["ce", "dlr"]

CLEAN, SMALLEST, FULL = "clean", "smallest changes, transferred", "full changes, transferred"
CE, DLR, SQUARE, WORST = "APGD-CE", "APGD-DLR", "Square", "worst of full size"
LOSSES: dict[str, LossName] = {CE: "ce", DLR: "dlr"}
CE_LOOKS, DLR_LOOKS, AUTO, AUTO_RAND = "APGD-CE by looks", "APGD-DLR by looks", "AutoAttack", "AutoAttack rand"
BY_LOOKS: dict[str, LossName] = {CE_LOOKS: "ce", DLR_LOOKS: "dlr"}
TRANSFERRED = (CLEAN, SMALLEST, FULL)
LEAST_VOTES = 10  # of one class that prove anything at alpha = .001, for .001^(1/10) is just above 1/2
_AT_A_TIME = 32  # noisy images


@dataclass(frozen=True)
class Defence:
    """How a classifier is averaged, and how often an answer is drawn anew."""

    radius: float
    directions: int
    drawing: Drawing
    units: Units
    vote: Vote
    redraws: int
    seed: int
    layer: str | None = None

    def check(self) -> None:
        """Raises ValueError for a radius, directions, words and a seed that no average can be made with."""
        if not (isfinite(self.radius) and self.radius > 0):
            raise ValueError(
                f"radius is a finite number above 0, without which nothing is averaged; {self.radius!r} came."
            )
        check_average(self.radius, self.directions, self.drawing, self.units, self.vote, self.seed)

    def of(self, classifier: Classifier, draw: int = 0) -> Classifier:
        """The averaged classifier, whose directions follow from the image and the number of the draw."""
        return post_average(
            classifier,
            self.radius,
            self.directions,
            self.drawing,
            self.units,
            self.vote,
            per_input=self.drawing == "random",
            seed=self.seed + 1000 * draw,
            layer=self.layer,
        )

    def in_turn(self, classifier: Classifier, looks: int) -> Classifier:
        """So many averages that answer in turn, for attacks by the mean of their looks: first that of `of`, then others
        by their own directions, none of which `answers` draws.
        """
        draws = [0, *(self.redraws + look for look in range(1, looks))]
        turns = cycle([self.of(classifier, draw) for draw in draws])
        name = f"{classifier.name} averaged {looks} times in turn"
        return Classifier(lambda images: next(turns)(images), name, device=str(classifier.device))

    def anew(self, classifier: Classifier) -> Classifier:
        """The averaged classifier that draws its directions anew each time it is asked."""
        return post_average(
            classifier, self.radius, self.directions, self.drawing, self.units, self.vote, seed=self.seed
        )

    def answers(self, trial: Trial, samples: Samples) -> dict[str, Array]:
        """Which samples (n,) are right undefended and averaged, and the share of fresh draws by which they are."""
        averaged = right(Trial(self.of(trial.classifier), trial.samples), samples)
        draws = self.redraws if self.drawing == "random" else 0
        again = [right(Trial(self.of(trial.classifier, 1 + one), trial.samples), samples) for one in range(draws)]
        redrawn = np.mean(again, axis=0) if again else averaged
        return {
            "bare": right(trial, samples),
            "averaged": averaged,
            "redrawn": np.asarray(redrawn, dtype=np.float32),
        }

    def scale(self, classifier: Classifier) -> Tensor:
        """How many pixels a unit of the radius is, in each channel (c, 1, 1)."""
        held = classifier.std if self.units == "normalised" and classifier.std else (1.0,)
        return torch.tensor(held).view(-1, 1, 1)

    def sigma(self, samples: Samples) -> float:
        """The deviation of Gaussian noise that the whole ball amounts to, in the units of the radius."""
        return equivalent_sigma(self.radius, int(samples.images[0].numel()))


@dataclass(frozen=True)
class Budget:
    """How hard an attack tries: its eps (L-infinity), the steps of APGD, the queries of Square, and its seed."""

    eps: float
    steps: int
    queries: int
    seed: int

    def climbed(self, trial: Trial, loss: LossName, eps: float | None = None, looks: int = 1) -> Samples:
        """The samples after APGD through a classifier, by the mean of so many looks."""
        return apgd(trial, loss, "linf", self.eps if eps is None else eps, self.steps, looks=looks, seed=self.seed)


def transferred(trial: Trial, defence: Defence, budget: Budget) -> Measured:
    """Clean images, the smallest changes that fool the undefended classifier, and the full ones: (3, n) each."""
    with gradients_heard() as heard:
        full = budget.climbed(trial, "ce")
    near = just_across(trial, full)
    found = [defence.answers(trial, one) for one in (trial.samples, near, full)]
    size = (near.batch() - trial.samples.batch()).abs().flatten(1).amax(1)
    return _stacked(found) | {"size": size.numpy(), "felt": torch.stack(heard).any(0).numpy()}


def adaptive(trial: Trial, defence: Defence, budget: Budget, test: str) -> Measured:
    """An attack through the average, beside the same attack on the undefended classifier: (1, n) each."""
    own = Trial(defence.of(trial.classifier), trial.samples)
    with gradients_heard() as heard:
        after = _attacked(own, budget, test)
    felt = torch.stack(heard).any(0) if heard else torch.ones(len(trial.samples), dtype=torch.bool)
    with gradients_heard():
        bare = _attacked(trial, budget, test)
    found = defence.answers(trial, after) | {"bare": right(trial, bare)}
    return _stacked([found]) | {"felt": felt.numpy()}


def controlled(trial: Trial, defence: Defence, budget: Budget, test: str, looks: int) -> Measured:
    """One attack of a control, ours or the one beside it, answered by the average: (n,) each."""
    with gradients_heard() as heard:
        after = _controlling(trial, defence, budget, test, looks)
    found = defence.answers(trial, after)
    return {"averaged": found["averaged"], "redrawn": found["redrawn"], "felt": torch.stack(heard).any(0).numpy()}


def swept(trial: Trial, defence: Defence, budget: Budget, eps: float) -> Measured:
    """Which images (n,) the average has right under APGD-CE through it at another eps."""
    own = Trial(defence.of(trial.classifier), trial.samples)
    with gradients_heard():
        after = budget.climbed(own, "ce", eps)
    return {"averaged": right(own, after)}


def certified(trial: Trial, defence: Defence, noise: int) -> Measured:
    """The certified L2 radius (n,), in pixels, of Gaussian smoothing as wide as the ball; 0 where it is wrong.

    Half of the draws choose the class, the others vote on it.
    """
    labels, sigma = trial.samples.needed_labels(), defence.sigma(trial.samples)
    narrow = float(defence.scale(trial.classifier).min())  # of an ellipsoid, the ball that it holds
    radii = []
    for votes, label in zip(_votes(trial, defence, 2 * noise), labels.tolist(), strict=True):
        chosen = int(votes[:noise].mode().values)
        own = int((votes[noise:] == chosen).sum())
        radii.append(narrow * certified_radius(sigma, own, noise) if chosen == label and sigma > 0 else 0.0)
    return {"radius": np.array(radii, dtype=np.float32)}


def reach(samples: Samples, eps: float) -> float:
    """The L2 length of the longest change in an L-infinity ball of images."""
    return eps * sqrt(samples.images[0].numel())


def _votes(trial: Trial, defence: Defence, count: int) -> Iterator[Tensor]:
    """The classes (count,) that noisy copies of each image get."""
    images, scale = trial.samples.batch(), defence.scale(trial.classifier)
    for image, own in zip(images, streams(images, "smoothing", defence.seed), strict=True):
        found = []
        for start in range(0, count, _AT_A_TIME):
            size = min(_AT_A_TIME, count - start)
            noise = torch.from_numpy(own.standard_normal((size, *image.shape), dtype=np.float32))
            with torch.no_grad():
                logits = trial.classifier(image + defence.sigma(trial.samples) * scale * noise)
            found.append(logits.argmax(1).cpu())
        yield torch.cat(found)


def _attacked(trial: Trial, budget: Budget, test: str) -> Samples:
    if test == SQUARE:
        return square_attack(trial, budget.eps, budget.queries, seed=budget.seed)
    return budget.climbed(trial, LOSSES[test])


def _controlling(trial: Trial, defence: Defence, budget: Budget, test: str, looks: int) -> Samples:
    classifier, samples = trial.classifier, trial.samples
    if test in BY_LOOKS:
        return budget.climbed(Trial(defence.in_turn(classifier, looks), samples), BY_LOOKS[test], looks=looks)
    if test == AUTO_RAND:  # in one batch: what is drawn anew follows from the batches before
        own = Trial(defence.anew(classifier), samples)
        return auto_attack(own, "linf", budget.eps, "rand", budget.seed, batch=len(samples))
    own = Trial(defence.of(classifier), samples)
    if test == AUTO:
        return auto_attack(own, "linf", budget.eps, "standard", budget.seed, batch=len(samples))
    return _attacked(own, budget, test)


def _stacked(found: list[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.stack([one[name] for one in found]) for name in found[0]}
