"""Accuracy under a treatment as it grows stronger: a corruption, noise, a filter, an attack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, count, mean, rate
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Samples, Trial
from fourierscope.treatments.attacks.attacked import check_felt, gradients_heard
from fourierscope.treatments.words import check_steps, treated, treatment_named

_PIXELS = 2**18  # of the images of a cell, so that it takes seconds, or minutes for an attack


class Attempt(NamedTuple):
    """The treatment at one strength, on images start..stop."""

    strength: float
    start: int
    stop: int


@dataclass(frozen=True)
class Robustness(Analysis[Trial]):
    """Accuracy under a treatment (a corruption, noise, a filter, an attack) at each of several strengths.

    Treatments are named by words (`fourierscope list` tells them): corruption:fog, gaussian-noise, pgd-linf, ... The
    chance of an image's treatment is its own, the same at all strengths and for all models.

    The result holds `accuracy` over ("strength",), with bounds and n, `clean_accuracy`, and `change`, the mean L2 norm
    per channel of what the treatment did to the images. For attacks `without_gradient` counts the images on which they
    found no gradient to climb: being right there says nothing about robustness. `a - b` compares two models image by
    image. Raises ValueError where no image had a gradient at some strength.
    """

    treatment: str = "gaussian-noise"
    """corruption:NAME, gaussian-noise, low-pass, high-pass, fgsm, pgd-linf, pgd-l2, low-frequency-pgd, ..."""
    strengths: tuple[float, ...] = ()
    """In the treatment's own measure (severity, deviation, bandwidth, eps); empty: some that suit it."""
    steps: int | None = None
    """Steps of an attack that goes step by step; empty: the attack's own number, which then stands here."""
    seed: int = 0
    """Seed of the treatment's chance."""

    def __post_init__(self) -> None:
        check_kinds(self)
        treatment_named(self.treatment)
        check_steps(self.treatment, self.steps)
        if self.steps is None:  # so that the record tells what was done
            object.__setattr__(self, "steps", treatment_named(self.treatment).steps)
        if any(not isfinite(one) or one < 0 for one in self.strengths) or len(set(self.strengths)) < len(
            self.strengths
        ):
            raise ValueError(f"strengths are different finite numbers, none below 0; {self.strengths} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        plane = trial.samples.plane
        for part in batches(len(trial.samples), max(8, _PIXELS // (plane.height * plane.width))):
            for strength in self._strengths():
                yield Attempt(strength, part.start, part.stop)

    def measure(self, cell: Attempt, trial: Trial, /) -> Measured:
        before = block_of(trial.samples, cell.start, cell.stop)
        with gradients_heard() as heard:
            after = treated(Trial(trial.classifier, before), self.treatment, cell.strength, self.seed, self.steps)
        felt = torch.stack(heard).any(0) if heard else torch.ones(len(before), dtype=torch.bool)
        found = {"right": right(trial, after), "change": changes(before, after), "felt": felt.numpy()}
        return found | ({"clean": right(trial, before)} if cell.strength == self._strengths()[0] else {})

    def assemble(self, measured: Mapping[Attempt, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        strengths, treatment = self._strengths(), treatment_named(self.treatment)
        right, change = (
            np.stack([_joined(measured, strength, name) for strength in strengths]) for name in ("right", "change")
        )
        axes = Axes({"strength": np.array(strengths)}, {"strength": treatment.measure})
        says = f"Share of images classified rightly under {treatment.told(self.steps)}, by its {treatment.strength}."
        found = rate("accuracy", right, axes, says)
        clean = _joined(measured, strengths[0], "clean")
        found |= rate("clean_accuracy", clean, Axes({}), "Share of untreated images classified rightly.")
        changed = f"Mean L2 norm of the change per channel, by {treatment.strength}."
        found |= mean("change", change, axes, "L2 per channel", changed) | count(len(trial.samples))
        return found | (self._without_gradient(measured, trial, axes) if treatment.of_trial is not None else {})

    def _without_gradient(
        self, measured: Mapping[Attempt, Measured], trial: Trial, axes: Axes
    ) -> dict[str, xr.DataArray]:
        felt = np.stack([_joined(measured, strength, "felt") for strength in self._strengths()])
        for one in felt:
            check_felt(torch.from_numpy(one), trial.classifier.name)
        says = "Images on which the attack found no gradient: being right there says nothing about robustness."
        return {"without_gradient": axes.array((~felt).sum(-1), "images", says)}

    def _strengths(self) -> list[float]:
        return sorted(float(one) for one in self.strengths or treatment_named(self.treatment).strengths)


def block_of(samples: Samples, start: int, stop: int) -> Samples:
    """Samples start..stop."""
    return samples.subset(torch.arange(start, stop))


def right(trial: Trial, samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of the samples (n,) the classifier of a trial takes for what their labels say."""
    labels, found = samples.needed_labels(), []
    with torch.no_grad():
        for part in batches(len(samples), batch_size(samples.plane, trial.classifier.device)):
            images = samples.batch(part.start, part.stop).to(trial.classifier.device)
            found.append(trial.classifier(images).argmax(1).cpu() == labels[part])
    return np.asarray(torch.cat(found).numpy())


def changes(before: Samples, after: Samples) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The L2 norm (n,) of each image's change, mean over channels."""
    found = [
        torch.linalg.vector_norm(after.batch(part.start, part.stop) - before.batch(part.start, part.stop), dim=(-2, -1))
        for part in batches(len(before), 256)
    ]
    return np.asarray(torch.cat(found).mean(1).numpy())


def _joined(
    measured: Mapping[Attempt, Measured], strength: float, name: str
) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    """What was measured at a strength, all images in their order."""
    return np.concatenate([piece[name] for cell, piece in measured.items() if cell.strength == strength])
