"""Which images the exhibits ask about: those that are classified rightly, and the two halves for masks of sets."""

from __future__ import annotations

from contextlib import suppress

import torch

from fourierscope.analyses.masks.objective import predictions
from fourierscope.papers.karantzas2022.learned import network
from fourierscope.papers.making import Making, NotTried
from fourierscope.subjects import Samples, Trial

_DRAWN = {"smoke": 60, "small": 2000, "full": 10_000}  # among which those classified rightly are looked for
_SINGLE = {"smoke": 36, "small": 1000, "full": 2000}
_SET = {"smoke": 50, "small": 1000, "full": 10_000}
_FEW = {"smoke": 4, "small": 60, "full": 200}  # for what takes a whole path a mask


def single_images(making: Making) -> Samples:
    """The images that get a mask each: those that the natural network, and the adversarial one if any, are right on.

    Where labels do not fit the natural network, what it predicts stands for them: it is right on all images then.
    Raises NotTried where there is no natural network, or it is never right.
    """
    drawn = making.samples(_DRAWN)
    natural = Trial(network(making, "natural"), drawn)
    predicted = predictions(natural)
    if misfit(natural):
        name = f"{drawn.name}, labels as {natural.classifier.name} predicts"
        drawn = Samples(drawn.images, predicted, name, None, drawn.places)
    right = predicted == drawn.needed_labels()
    with suppress(NotTried):
        right &= predictions(Trial(network(making, "adversarial"), drawn)) == drawn.needed_labels()
    if not right.any():
        raise NotTried(f"of {len(drawn)} images none is classified rightly")
    return drawn.subset(right.nonzero().flatten()).limited(_SINGLE[making.budget])


def few_of(making: Making, samples: Samples) -> Samples:
    """Some of the images, for questions that take many times as long as one mask."""
    return samples.limited(_FEW[making.budget])


def halves(making: Making) -> tuple[Samples, Samples]:
    """Two halves of the images, each with its share of every class: masks learn from one, and are tried on both.

    Raises NotTried where the labels do not fit the natural network, or there is one image.
    """
    labels_needed(making)
    whole = making.samples(_SET)
    if len(whole) < 2:
        raise NotTried("it parts the images into two halves, and there is one image")
    learned = whole.limited(len(whole) // 2)
    held = ~torch.isin(whole.places, learned.places)
    return learned, whole.subset(held.nonzero().flatten())


def labels_needed(making: Making) -> None:
    """Raises NotTried, with the reason, where the labels do not fit the natural network."""
    if why := misfit(Trial(network(making, "natural"), making.setting.samples)):
        raise NotTried(why)


def misfit(trial: Trial) -> str:
    """Why the labels of a trial are not those of its classifier; nothing where they may be.

    A folder with fewer classes than the classifier knows gives labels of its own, 0 to 4, that mean something else.
    """
    samples = trial.samples
    if samples.labels is None:
        return "the images have no labels"
    with torch.no_grad():
        known = trial.classifier(samples.batch(0, 1)).shape[1]
    held = len(samples.classes) if samples.classes else int(samples.labels.max()) + 1
    if held > known or (samples.classes and held < known):
        return (
            f"the images have {held} classes and {trial.classifier.name} has {known}: these are labels of another task"
        )
    return ""
