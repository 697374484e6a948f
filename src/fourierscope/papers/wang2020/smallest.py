"""The smallest changes that fool a network, asked of the same network with smoothed kernels: no attack on these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from fourierscope.analyses.robustness import right
from fourierscope.results import Axes, count, rate
from fourierscope.runs import Analysis, Measured, Part, batches
from fourierscope.subjects import Trial
from fourierscope.treatments import fgsm, just_across, smooth_kernels
from fourierscope.treatments.attacks.attacked import gradients_heard

_TOGETHER = 100


@dataclass(frozen=True)
class SmallestChanges(Analysis[Trial]):
    """Accuracy of smoothed networks on images changed just enough to fool the network as it is.

    Over ("strength",) of the smoothing, as published, 0 among them: `accuracy` on the first image beyond the border on
    the way to one step of FGSM through the network as it is, where that step fools it, and on the step's end where not.
    Whoever answers a little differently is right on many of these: this says nothing of an attack on the smoothed.
    `most_common` is the share of the most common class, which naming it always gives under any attack.

    Source: the published code asks foolbox 2 for the smallest change that fools; on which network its changes were then
    asked, and how they became three budgets, is not on record. The straight way is ours.
    """

    strengths: tuple[float, ...] = (0.1, 0.25, 1.0)
    """Strengths of smoothing, beside none."""
    eps: float = 0.09
    """The longest step, L-infinity on [0, 1] pixels."""

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        for part in batches(len(trial.samples), _TOGETHER):
            yield Part(part.start, part.stop)

    def measure(self, cell: Part, trial: Trial, /) -> Measured:
        before = Trial(trial.classifier, trial.samples.subset(range(cell.start, cell.stop)))
        with gradients_heard():
            near = just_across(before, fgsm(before, self.eps))
        found = [right(Trial(smooth_kernels(trial.classifier, one), near), near) for one in self._strengths]
        return {"right": np.stack(found)}

    def assemble(self, measured: Mapping[Part, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        outcomes = np.concatenate([one["right"] for one in measured.values()], axis=-1)
        axes = Axes({"strength": np.array(self._strengths)}, {"strength": "strength of smoothing"})
        says = "Share of images named rightly after the smallest change that fools the network as it is, by smoothing."
        labels = trial.samples.needed_labels()
        most = Axes({}).array((labels.bincount().max() / len(labels)).numpy(), "1", "Share of the most common class.")
        return rate("accuracy", outcomes, axes, says) | {"most_common": most} | count(len(trial.samples))

    @property
    def _strengths(self) -> list[float]:
        return sorted({0.0, *map(float, self.strengths)})
