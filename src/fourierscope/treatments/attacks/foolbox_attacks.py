"""Attacks of the library foolbox on a trial, with its conventions turned into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fourierscope.subjects import Classifier, Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked
from fourierscope.treatments.attacks.gradients import slope_of


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
    asked = _Asked(trial.classifier).eval()
    model = foolbox.PyTorchModel(asked, bounds=(0, 1), device=str(trial.classifier.device))
    places = iter(range(len(trial.samples)))

    def run(images: Tensor, labels: Tensor) -> Outcome:
        with _own_chance(seed, next(places), images.device), torch.enable_grad():
            _, found, _ = attack(model, images, labels, epsilons=eps)
        return Outcome(found, torch.full_like(labels, asked.felt or not asked.asked, dtype=torch.bool))

    budget = "the smallest change" if eps is None else f"eps {eps:.4g}"
    done = f"foolbox {type(attack).__name__} {budget}, seed {seed}"
    return attacked(trial, labels_asked(trial), run, done, batch)


class _Asked(nn.Module):
    """A classifier as the module that foolbox wants; notes whether its gradient was asked for and ever not zero."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.classifier, self.asked, self.felt = classifier, False, False

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = _ImagesAlone.apply(images, self)  # type: ignore[no-untyped-call]
        return logits


class _ImagesAlone(torch.autograd.Function):
    """Logits that go backward to the images and nowhere else: foolbox would fill the `.grad` of every weight."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, asked: _Asked) -> Tensor:
        ctx.asked, wanted = asked, ctx.needs_input_grad[0]
        with torch.set_grad_enabled(wanted):
            ctx.images = images.detach().requires_grad_(wanted)
            ctx.logits = asked.classifier(ctx.images)
        return ctx.logits.detach().clone()

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[Tensor, None]:
        with torch.enable_grad():
            slope = slope_of((ctx.logits * weight).sum(1), ctx.images, again=True)
        ctx.asked.asked, ctx.asked.felt = True, ctx.asked.felt or bool(slope.any())
        return slope, None


def _foolbox() -> Any:
    try:
        import foolbox
    except ImportError as error:
        raise ImportError('foolbox_attack needs foolbox: pip install "fourierscope[attacks]".') from error
    return foolbox


@contextmanager
def _own_chance(seed: int, place: int, device: torch.device) -> Iterator[None]:
    """The global random states that foolbox draws from, set by a seed for a while and given back."""
    kept, number = np.random.get_state(), int(np.random.SeedSequence([seed, place]).generate_state(1)[0])  # noqa: NPY002
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(number)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(number)
        np.random.seed(number)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(kept)  # noqa: NPY002
