"""The masks that several exhibits ask about: made once, and shared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal

import torch

from fourierscope.analyses import Mask, MaskEnergy, MaskTransfer
from fourierscope.analyses.masks.reading import masked
from fourierscope.papers.karantzas2022.images import halves, single_images
from fourierscope.papers.karantzas2022.learned import EPS, ROLES, STEPS, network
from fourierscope.papers.making import Making
from fourierscope.results import Result
from fourierscope.subjects import Masked, Samples, Trial

Loss = Literal["cross-entropy", "squared-difference"]
LOSSES: tuple[Loss, ...] = ("cross-entropy", "squared-difference")
"""What masks keep small: the loss of equation 2, and that of the authors' code."""
PAIR = ("natural", "adversarial")
"""The roles whose images have a mask each."""

_IMAGE, _MANY = 0.07, 0.2  # sparsities of the article: of a mask of one image, and of many
_STEPS = {"smoke": 100, "small": 400, "full": 400}


def trials_of(making: Making, roles: tuple[str, ...], samples: Samples) -> Iterator[tuple[str, Trial]]:
    """A trial for each role that is given, shipped, or can be trained here."""
    return making.trials(roles, samples, partial(network, making))


def by_loss(what: str, loss: Loss) -> str:
    """The name of what is made of masks of single images by a loss; equation 2 goes unsaid."""
    return what if loss == LOSSES[0] else f"{loss}-{what}"


def single_masks(
    making: Making, roles: tuple[str, ...] = PAIR, loss: Loss = "cross-entropy"
) -> Iterator[tuple[str, Masked]]:
    """By role, the images with a mask each."""
    for role, trial in trials_of(making, roles, single_images(making)):
        question = Mask(sparsity=_IMAGE, fidelity=loss, steps=_STEPS[making.budget])
        name = f"{role}-{by_loss('masks', loss)}"
        yield role, masked(trial, making.ask(name, question, trial, shared="single"))


def single_energies(making: Making) -> None:
    """Where the energy of the single masks of both networks lies, by both losses: Figures 4 and 7 share it."""
    for loss in LOSSES:
        for role, own in single_masks(making, PAIR, loss):
            energies(making, f"{role}-{by_loss('single', loss)}", own)


def mask_path(making: Making, role: str, trial: Trial) -> Result:
    """Masks of some images at many sparsities, from all frequencies down and from none up."""
    return making.ask(f"{role}-path", Mask(sparsity=_IMAGE, path=True, steps=_STEPS[making.budget]), trial)


def class_masks(making: Making, role: str) -> Result:
    """The masks of classes, each of all its images of the learned half."""
    trial = Trial(network(making, role), halves(making)[0])
    question = Mask(over="class", sparsity=_MANY, steps=_STEPS[making.budget])
    return making.ask(f"{role}-class-masks", question, trial, shared="class")


def set_masks(making: Making) -> Iterator[tuple[str, Loss, Masked]]:
    """By role and loss, the learned half of the images under the mask of them all."""
    learned, _ = halves(making)
    for role, trial in trials_of(making, ROLES, learned):
        for loss in LOSSES:
            question = Mask(over="set", sparsity=_MANY, fidelity=loss, steps=_STEPS[making.budget])
            yield role, loss, masked(trial, making.ask(f"{role}-{loss}", question, trial, shared="set"))


def on_others(own: Masked, others: Samples) -> Masked:
    """The one mask of a set upon images that it was not learned from, around their own mean colour."""
    places = torch.zeros(len(others), dtype=torch.int64)
    trial = Trial(own.trial.classifier, others)
    return Masked(trial, own.gains, places, own.infill, own.origin, own.seed, own.name, own.made)


def energies(making: Making, name: str, own: Masked) -> Result:
    """Where the energy of masks lies."""
    return making.ask(f"{name}-energy", MaskEnergy(), own, shared="energy")


def transfers(making: Making, roles: tuple[str, ...] = PAIR, loss: Loss = "cross-entropy") -> None:
    """What each network answers under the single masks, their complements and controls, and under attack."""
    question = MaskTransfer(treatment=f"pgd-linf:{EPS:g}", steps=STEPS)
    for role, own in single_masks(making, roles, loss):
        making.ask(f"{role}-{by_loss('transfer', loss)}", question, own, shared="transfer")
