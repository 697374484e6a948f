"""How far a network has come at each frequency of a sum of sines, step by step, with the norms of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.learning_orders import of_seeds
from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.rahaman2019.sines import Sines
from fourierscope.results import Axes, bounded, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.training import SpectralTracker, fit, views
from fourierscope.training.learning_order import area_under_error


class Draw(NamedTuple):
    """One training, with phases and weights of its own."""

    seed: int


@dataclass(frozen=True)
class LearnedSines(Analysis[Sines]):
    """In which order a network learns a sum of sines, over several draws of phases and weights.

    All that `FrequencyPrinciple` gives on a grid, where a seed draws phases too: the same ones for all networks
    compared. Besides, `amplitude`, the network's Fourier amplitude over the target's, `layer_norm`, the largest
    singular value of each layer's weights, by step, and `mean_area`, by seed the area under the error, mean over
    frequencies.

    Source: Rahaman et al. (2019), section 3.1 and Fig. 1, who show the amplitudes alone.
    """

    draws: int = 3
    """Draws of phases and weights."""
    threshold: float = 0.5
    """A frequency is learned when its relative error first lies below."""
    every: int = 10
    """Steps from one measurement to the next."""
    seed: int = 0
    """Seed of the first draw."""

    def cells(self, subject: Sines, /) -> Iterable[NamedTuple]:
        return [Draw(self.seed + turn) for turn in range(self.draws)]

    def measure(self, cell: Draw, subject: Sines, /) -> Measured:
        subject_fit = subject.fit(self._phases(cell, subject))
        seen = _Watching(self, subject, subject_fit)
        fit(subject_fit, cell.seed, seen)
        assert seen.tracker is not None
        found = seen.tracker.result().dataset
        coefficients = found["grid_coefficients"].isel(output=0)  # (t, k, part)
        targets = coefficients["grid_target_coefficients"]
        size, target = (np.hypot(*np.moveaxis(one.values, -1, 0)) for one in (coefficients, targets))
        return {
            "error": found["grid_error"].values,
            "steps": found["step"].values,
            "places": found["grid_frequency"].values,
            "unit": np.array("cycles/period"),
            "axis": np.array("frequency"),
            "says": np.array(found["grid_error"].attrs["says"]),
            "usable": found["grid_usable"].values,
            "amplitude": size / target.reshape(1, -1),
            "norms": np.array(seen.norms),
        }

    def assemble(self, measured: Mapping[Draw, Measured], subject: Sines, /) -> Mapping[str, xr.DataArray]:
        pieces, n = list(measured.values()), len(measured)
        found = of_seeds({cell.seed: piece for cell, piece in measured.items()}, self.threshold)
        steps = pieces[0]["steps"]
        by_step = Axes(
            {"step": steps, "frequency": pieces[0]["places"]}, {"step": "step", "frequency": "cycles/period"}
        )
        says = (
            f"Fourier amplitude of the answers over the target's, mean over {n} seeds; 1: learned, but for its phase."
        )
        amplitude = np.stack([one["amplitude"] for one in pieces], -1)
        found |= bounded("amplitude", mean_interval(amplitude), by_step, "1", says, n)
        layers = np.array([f"layer {one + 1}" for one in range(subject.layers)])
        norms = np.stack([one["norms"].T for one in pieces], -1)  # (layers, t, draws)
        by_layer = Axes({"layer": layers, "step": steps}, {"step": "step"})
        says = f"Largest singular value of the weights of a layer, mean over {n} seeds."
        found |= bounded("layer_norm", mean_interval(norms), by_layer, "1", says, n)
        areas = [area_under_error(one["error"], one["steps"]).mean() for one in pieces]
        axes = Axes({"seed": np.array([str(cell.seed) for cell in measured])})
        says = "Area under the capped relative error over log steps, mean over frequencies, of each seed."
        return found | {"mean_area": axes.array(np.array(areas), "1", says)}

    def _phases(self, cell: Draw, subject: Sines) -> Tensor:
        """Phases (k,) in radians, the same for all networks."""
        drawn = torch.rand(len(subject.frequencies), generator=self.chance(cell, "phases"), dtype=torch.float64)
        return 2 * pi * drawn


class _Watching:
    """A tracker on the grid, and the norms of layers at the steps that it measures."""

    def __init__(self, question: LearnedSines, subject: Sines, subject_fit: Fit) -> None:
        self.question, self.subject, self.fit = question, subject, subject_fit
        self.tracker: SpectralTracker | None = None
        self.norms: list[list[float]] = []

    def __call__(self, network: nn.Module, step: int) -> None:
        if self.tracker is None:
            grid, threshold = [views.Grid(self.subject.frequencies, 1.0)], self.question.threshold
            points, values = self.fit.points, self.fit.values
            self.tracker = SpectralTracker(network, points, values, grid, self.question.every, threshold)
        if self.tracker.step(step):
            self.norms.append(layer_norms(network))


def layer_norms(network: nn.Module) -> list[float]:
    """The largest singular value of the weights of each linear layer, from the first to the last."""
    layers = [one for one in network.modules() if isinstance(one, nn.Linear)]
    return [float(torch.linalg.matrix_norm(one.weight.detach(), 2)) for one in layers]


def order(made: Made, name: str, value: str = "ordering") -> Reading:
    """Spearman's correlation of frequency with time to learn, or with area (`area_ordering`), mean over seeds."""
    held: Any = made[name][value]
    low, high = (float(made[name][f"{value}_{end}"]) for end in ("low", "high"))
    return Reading(float(held), low, high, made[name].dataset.sizes["seed"])
