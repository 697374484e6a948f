"""Attacks of the library foolbox on a trial, with its conventions turned into ours."""

from __future__ import annotations

from math import isfinite
from typing import Any

import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked
from fourierscope.treatments.attacks.foreign import Asked, own_chance


def foolbox_attack(
    trial: Trial, attack: Any, eps: float | None = None, seed: int = 0, batch: int | None = None
) -> Samples:
    """The samples of a trial under an attack object of foolbox, such as `foolbox.attacks.LinfPGD(steps=20)`.

    `eps` is the budget in the attack's own norm, on [0, 1] pixels; None lets an attack that looks for the smallest
    change find it. What foolbox draws follows from `seed` and the place of the batch, since it draws for a whole batch
    at a time: these attacks alone depend on `batch`. Neither the global random states nor the gradients of the
    network's weights are changed.

    Raises ImportError where foolbox is not installed (extra `attacks`), TypeError for what is no foolbox attack,
    ValueError for a budget out of range, samples without fitting labels, and logits without a gradient where the attack
    asks for it.
    """
    check_subject(trial, Trial, "foolbox_attack")
    foolbox = _foolbox()
    if not isinstance(attack, foolbox.attacks.base.Attack):
        raise TypeError(
            f"attack is an attack object of foolbox, such as foolbox.attacks.LinfPGD(); {type(attack).__name__} came."
        )
    if eps is not None and not (isfinite(eps) and eps >= 0):
        raise ValueError(f"eps is a finite number from 0 on, or None; {eps!r} came.")
    asked = Asked(trial.classifier).eval()
    model = foolbox.PyTorchModel(asked, bounds=(0, 1), device=str(trial.classifier.device))
    places = iter(range(len(trial.samples)))

    def run(images: Tensor, labels: Tensor) -> Outcome:
        with own_chance(seed, next(places), images.device), torch.enable_grad():
            _, found, _ = attack(model, images, labels, epsilons=eps)
        return Outcome(found, torch.full_like(labels, asked.felt or not asked.asked, dtype=torch.bool))

    budget = "the smallest change" if eps is None else f"eps {eps:.4g}"
    done = f"foolbox {type(attack).__name__} {budget}, seed {seed}"
    return attacked(trial, labels_asked(trial), run, done, batch)


def _foolbox() -> Any:
    try:
        import foolbox
    except ImportError as error:
        raise ImportError('foolbox_attack needs foolbox: pip install "fourierscope[attacks]".') from error
    return foolbox
