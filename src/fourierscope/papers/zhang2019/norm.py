"""FP-norm and test error: sines of higher frequency have larger norms, and networks meet them worse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.results import Axes, bounded, size_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.theory import lfp
from fourierscope.theory.two_layer import Start, predict, tangent_kernel
from fourierscope.theory.two_layer import draw as drawn_neurons
from fourierscope.training.learning_order import ordering

_START = Start()
_DRAWS = {"smoke": 10, "small": 50, "full": 200}
_GRID = 500
_STEPS = 1e6  # of descent at half the largest stable rate: points may lie too near for endless training


class Sample(NamedTuple):
    """One draw of points and neurons."""

    draw: int


@dataclass(frozen=True)
class Frequencies:
    """sin(2 pi v x) on [0, 1) for several v, seen at points drawn from it."""

    highest: int = 8
    points: int = 30

    def trace(self) -> dict[str, Any]:
        """What to record."""
        return {"name": f"sines up to {self.highest} cycles at {self.points} points"}


@dataclass(frozen=True)
class NormsAndErrors(Analysis[Frequencies]):
    """The FP-norm of sines and the test error of a network that has learned them, by their frequency.

    Over ("frequency",): `norm`; `error`, the mean size of network - sine on an even grid of [0, 1), mean over draws of
    points and neurons, the network after a million steps of descent in its tangent kernel; `bound`, the a-priori bound
    on it with probability .95, whose constants are not verified from the source. Source: Zhang et al. (2019), FP-norm
    and bound.
    """

    neurons: int = 2000
    """Of the network."""
    draws: int = 10
    """Of points and neurons."""
    seed: int = 0
    """Seed of the draws."""

    def cells(self, subject: Frequencies, /) -> Iterable[NamedTuple]:
        return [Sample(one) for one in range(self.draws)]

    def measure(self, cell: Sample, subject: Frequencies, /) -> Measured:
        points = torch.rand(subject.points, generator=self.chance(cell, "points"), dtype=torch.float64)
        neurons = drawn_neurons(_START, self.neurons, 1, self.chance(cell, "neurons"))
        grid = torch.arange(_GRID, dtype=torch.float64) / _GRID
        across, within = (tangent_kernel(neurons, one, points) for one in (grid, points))
        time = _STEPS / float(torch.linalg.eigvalsh(within)[-1])
        apart = predict(across, within, _sines(points, subject), time) - _sines(grid, subject)
        return {"error": apart.abs().mean(0).numpy()}

    def assemble(self, measured: Mapping[Sample, Measured], subject: Frequencies, /) -> Mapping[str, xr.DataArray]:
        moments = _START.moments(1)
        grid = torch.arange(_GRID, dtype=torch.float64) / _GRID
        norms = [lfp.fp_norm(one, *moments) for one in _sines(grid, subject).T]
        rates = lfp.gamma_norm(*moments)
        bounds = [lfp.generalisation_bound(1.0, one, rates, subject.points) for one in norms]
        axes = Axes({"frequency": np.arange(1, subject.highest + 1)}, {"frequency": "cycles/unit"})
        errors = np.stack([one["error"] for one in measured.values()], -1)  # (frequencies, draws)
        says = f"Mean size of network - sine on [0, 1), mean over {self.draws} draws of points and neurons."
        found = bounded("error", size_interval(errors), axes, "1", says, self.draws)
        found["norm"] = axes.array(np.array(norms), "1", "FP-norm of the sine.")
        says = "A-priori bound on the error, probability .95; constants not verified from the source."
        return found | {"bound": axes.array(np.array(bounds), "1", says)}


def _sines(points: Tensor, subject: Frequencies) -> Tensor:
    """(points, frequencies)"""
    return torch.sin(2 * pi * points[:, None] * torch.arange(1, subject.highest + 1))


def _make(making: Making) -> None:
    making.ask("norms", NormsAndErrors(draws=_DRAWS[making.budget]), Frequencies())


def _draw(made: Made) -> list[Picture]:
    result = made["norms"]
    error = result["error"]
    by_norm = error.rename(frequency="FP-norm").assign_coords({"FP-norm": result["norm"].values})
    says = "Test error of a network against the FP-norm of its target, sines of 1 to 8 cycles."
    return [Picture("norm", says, draw(by_norm))]


def _order(made: Made) -> Reading:
    result = made["norms"]
    by_norm = result["error"].values[np.argsort(result["norm"].values)]
    return exact(ordering(by_norm), int(result.record["options"]["draws"]))


def _below(made: Made) -> Reading:
    result = made["norms"]
    return exact(float((result["error"] / result["bound"]).max()), int(result.record["options"]["draws"]))


EXHIBIT = Exhibit(
    number="norm",
    title="FP-norm and test error",
    claim="The larger the FP-norm of a target, the larger the test error.",
    source="the figure on sin(2 pi v x); frequencies, points and widths are ours",
    make=_make,
    draw=_draw,
    checks=(
        Check("Spearman correlation of FP-norm and test error", _order, low=0.95),
        Check("Largest test error over the a-priori bound (constants not verified)", _below, high=1),
    ),
)
