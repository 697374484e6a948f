"""AutoAttack, of the library pyautoattack, on a trial: four attacks of other authors, one after the other."""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked
from fourierscope.treatments.attacks.balls import Ball, Norm
from fourierscope.treatments.attacks.foreign import Asked, own_chance

Version = Literal["standard", "rand"]
_NORMS = {"linf": "Linf", "l2": "L2"}


def auto_attack(
    trial: Trial,
    norm: Norm = "linf",
    eps: float = 8 / 255,
    version: Version = "standard",
    seed: int = 0,
    batch: int | None = None,
) -> Samples:
    """The samples of a trial under AutoAttack, with its own settings: an attack goes on where the one before failed.

    "standard" is APGD-CE, targeted APGD and FAB, and Square with 5,000 queries, for classifiers that answer without
    chance; "rand" is APGD-CE and APGD-DLR by 20 looks each, for the others, and keeps points that one draw called
    misclassified: ask about them again by fresh draws. What it draws follows from `seed` and the place of the batch.
    Neither the global random states nor the gradients of weights are changed.

    Raises ImportError where pyautoattack is not installed (extra `attacks`), ValueError for a budget out of range,
    another version, and samples without fitting labels. Source: Croce and Hein (2020).
    """
    check_subject(trial, Trial, "auto_attack")
    ball = Ball(norm, eps)
    if version not in get_args(Version):
        raise ValueError(f"version is {' or '.join(get_args(Version))}; {version!r} came.")
    library, asked = _library(), Asked(trial.classifier).eval()
    places = iter(range(len(trial.samples)))

    def run(images: Tensor, labels: Tensor) -> Outcome:
        kind, device = _NORMS[norm], str(images.device)
        attack = library.AutoAttack(asked, norm=kind, eps=ball.eps, version=version, seed=seed, device=device)
        attack.verbose = False
        with own_chance(seed, next(places), images.device), torch.enable_grad():
            found, _ = attack.run_standard_evaluation(images.clone(), labels.clone(), batch_size=len(images))
        return Outcome(found, torch.full_like(labels, asked.felt or not asked.asked, dtype=torch.bool))

    return attacked(trial, labels_asked(trial), run, f"AutoAttack {version} {norm} eps {eps:.4g}, seed {seed}", batch)


def _library() -> Any:
    try:
        import pyautoattack
    except ImportError as error:
        raise ImportError('auto_attack needs pyautoattack: pip install "fourierscope[attacks]".') from error
    return pyautoattack
