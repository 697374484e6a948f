"""What all attacks on a trial share: its doors, its batches, and the samples that come out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor

from fourierscope.fourier import Plane
from fourierscope.subjects import Samples, Trial


class Outcome(NamedTuple):
    """Attacked images (n, c, h, w), and which of them (n,) ever had a gradient that is not all zero."""

    images: Tensor
    felt: Tensor


Attack = Callable[[Tensor, Tensor], Outcome]
_heard: ContextVar[list[Tensor] | None] = ContextVar("which images had a gradient", default=None)


def attacked(trial: Trial, labels: Tensor, attack: Attack, done: str, batch: int | None) -> Samples:
    """The samples of a trial under an attack, float32 in [0, 1], named by what was `done`; labels and classes stay.

    `attack` takes images and the `labels` (n,) to lead them away from, on the classifier's device, `batch` at a time
    (None: as many as suit most networks). Raises ValueError where no image has a gradient other than 0; warns where
    some have none.
    """
    outcomes = []
    with trial.classifier.evaluating():
        for images, chosen in batches(trial, batch):
            outcome = attack(images, labels[chosen].to(images.device))
            outcomes.append(Outcome(outcome.images.detach().float().clamp(0, 1).cpu(), outcome.felt.cpu()))
    felt = torch.cat([one.felt for one in outcomes])
    heard = _heard.get()
    if heard is None:
        check_felt(felt, trial.classifier.name)
    else:
        heard.append(felt)
    return renamed(trial.samples, torch.cat([one.images for one in outcomes]), f"{done}, on {trial.classifier.name}")


@contextmanager
def gradients_heard() -> Iterator[list[Tensor]]:
    """Collects which images (n,) had a gradient other than 0, for those who attack in pieces and judge the whole."""
    heard: list[Tensor] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def labels_asked(trial: Trial) -> Tensor:
    """The labels (n,) of a trial, after a look at its logits. Raises ValueError as `Trial.labels` does."""
    if trial.samples.labels is None:
        raise ValueError(
            f"{trial.samples!r} has no labels, from which this attack leads away. Give labels, or the classifier's own "
            "predictions: labels = classifier(samples.batch()).argmax(1), fs.Samples(samples.images, labels). deepfool "
            "and wave_search need none."
        )
    with torch.no_grad():
        return trial.labels(trial.classifier(trial.samples.batch(0, 1)))


def predictions(trial: Trial, batch: int | None) -> Tensor:
    """The class (n,) that the classifier gives to each image of a trial."""
    with torch.no_grad(), trial.classifier.evaluating():
        return torch.cat([trial.classifier(images).argmax(1).cpu() for images, _ in batches(trial, batch)])


def batches(trial: Trial, batch: int | None) -> Iterator[tuple[Tensor, slice]]:
    """Images on the classifier's device, `batch` at a time, with their place. Raises ValueError for a batch below 1."""
    if batch is not None and batch < 1:
        raise ValueError(f"batch is a whole number from 1 on, or None for one that suits; {batch!r} came.")
    device, count = trial.classifier.device, len(trial.samples)
    size = batch or _suiting(trial.samples.plane, device)
    for start in range(0, count, size):
        yield trial.samples.batch(start, start + size).to(device), slice(start, start + size)


def renamed(samples: Samples, images: Tensor, done: str) -> Samples:
    """New images under the labels and classes of samples, with what was done in their name."""
    return samples.changed(images, f"{samples.name} under {done}")


def _suiting(plane: Plane, device: torch.device) -> int:
    """About 2^16 pixels on a processor, 2^20 on an accelerator, where gradients take their memory too; at least 4."""
    pixels = 2**16 if device.type == "cpu" else 2**20
    return max(4, pixels // (plane.height * plane.width))


def check_felt(felt: Tensor, name: str) -> None:
    """Raises ValueError where no image (n,) had a gradient other than 0; warns where some had none."""
    numb = int((~felt).sum())
    if numb == len(felt):
        raise ValueError(
            f"The gradient of {name} with respect to the images is zero for all {numb} of them, so no attack by "
            "gradients can tell whether it is robust. Does it round or threshold its input? Black-box attacks need no "
            "gradient: wave_search."
        )
    if numb:
        warnings.warn(
            f"The gradient of {numb} of {len(felt)} images is zero wherever the attack looked: it could not climb "
            f"there, which says nothing about the robustness of {name}.",
            stacklevel=4,
        )
