"""How fast the low and the high part of labels are learned, by a Gaussian filter over images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.frequency_principle import Seed
from fourierscope.papers.making import NotTried
from fourierscope.results import Axes, bounded, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.training import SpectralTracker, fit, views
from fourierscope.training.learning_order import time_to_learn

_WIDER, _TRIES = 1.1, 20
_TOLD = {
    "low_share": ("1", "Share of the energy of the one-hot targets that the filter keeps."),
    "neighbours": ("images", "Median of the effective number of neighbours that the filter averages over."),
    "variance": ("squared pixels", "Variance of the filter's Gaussian."),
}


@dataclass(frozen=True)
class FilteredLearning(Analysis[Fit]):
    """The relative error of the low and of the high part of the answers, step by step, in each of several trainings.

    Different from `FrequencyPrinciple(view="filter")`: the guard may be set aside, so that drawn labels can be looked
    at through the filter of the true ones; and the errors of every seed are kept, so that a check can take its own
    threshold. Source: Xu et al. (2019), section 4.2.
    """

    variance: float = 1.0
    """Variance of the Gaussian, in squared units of the points."""
    guarded: bool = True
    """Refuse a filter that tells nothing."""
    threshold: float = 0.2
    """A part is learned when its relative error first lies below."""
    seeds: int = 2
    """Number of trainings."""

    def cells(self, subject: Fit, /) -> Iterable[NamedTuple]:
        self._tracker(subject.fresh_network(0), subject)  # tells a filter that does not fit before any training
        return [Seed(turn) for turn in range(self.seeds)]

    def measure(self, cell: Seed, subject: Fit, /) -> Measured:
        held: list[SpectralTracker] = []

        def watch(network: nn.Module, step: int) -> None:
            if not held:
                held.append(self._tracker(network, subject))
            held[0].step(step)
            if step == subject.steps:
                held[0].measure(step)

        fit(subject, cell.seed, watch)
        error = held[0].result()["filter_error"]
        found = {"error": error.values, "steps": error["step"].values}
        told = ("low_share_of_targets", "effective_neighbours", "variance")
        return found | {name: np.array(error.attrs[key]) for name, key in zip(_TOLD, told, strict=True)}

    def assemble(self, measured: Mapping[Seed, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        pieces = list(measured.values())
        steps, curves = pieces[0]["steps"], np.stack([one["error"] for one in pieces])  # (seeds, 2, t)
        seeds, kept = np.array([str(cell.seed) for cell in measured]), np.array(["low", "high"])
        axes = Axes({"kept": kept, "step": steps}, {"step": "step"})
        says = f"Distance of the filtered answers from the filtered targets, relative to these; {subject.name}."
        found = bounded("error", mean_interval(np.moveaxis(curves, 0, -1)), axes, "1", says, len(pieces))
        each = Axes({"seed": seeds, **axes.coordinates}, axes.units)
        found["error_by_seed"] = each.array(curves, "1", "The same in each seed.")
        times = np.stack([time_to_learn(one.T, steps, self.threshold) for one in curves])
        says = f"First step at which the relative error lies below {self.threshold:g}; NaN: never."
        found["time_to_learn"] = Axes({"seed": seeds, "kept": kept}).array(times, "steps", says)
        for name, (unit, told) in _TOLD.items():
            found[name] = xr.DataArray(float(pieces[0][name]), attrs={"units": unit, "says": told})
        return found

    def _tracker(self, network: nn.Module, subject: Fit) -> SpectralTracker:
        view = views.GaussianFilter(self.variance, guarded=self.guarded)
        outputs: Any = "softmax" if subject.classifies else "raw"
        return SpectralTracker(network, subject.points, subject.values, [view], outputs=outputs)


def telling_variance(subject: Fit) -> float:
    """The variance at which half of the energy of the one-hot labels is low, or the next larger one that tells enough.

    Raises NotTried, with the filter's own words, where no variance tells anything of these images.
    """
    labels: Tensor = nn.functional.one_hot(subject.values).double()
    points = subject.points.double()
    found = float(views.GaussianFilter(guarded=False).rows(points, labels).attrs["variance"])
    for turn in range(_TRIES):
        try:
            views.GaussianFilter(found * _WIDER**turn).rows(points, labels)
        except ValueError as error:
            why = str(error)
        else:
            return found * _WIDER**turn
    raise NotTried(f"no filter tells anything of these images: {why.rstrip('.')}")
