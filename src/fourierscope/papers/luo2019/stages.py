"""The stages: what gradient descent takes off the loss above each frequency at first, on the way, and at last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.frequency_principle import Seed
from fourierscope.figures import Panel, draw_panels
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.luo2019.lines import (
    ACTIVATIONS,
    LINES,
    THRESHOLDS,
    column,
    geometric,
    in_decades,
    line_fit,
    reading,
    slopes,
)
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart
from fourierscope.results import Axes, bounded, estimated, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.theory.frequency_loss import descent, energies, hann_density, shares_above

STAGES = ("initial", "intermediate", "final")


@dataclass(frozen=True)
class Stages(Analysis[Fit]):
    """Of what gradient descent takes off a weighted loss, the share above each frequency, in three stages.

    Over ("stage", "frequency"): `share`, geometric mean over seeds: of the descent at the start (R0), of the loss lost
    between the steps at which it has halved once and twice (R1), and of the descent after all steps (R2). Over
    ("stage",): `slope` of its logarithm on that of the frequency. `last_loss` is the loss at the end over the first.
    Raises ValueError where a loss has not halved twice. Source: Luo et al. (2019), the three theorems on stages.
    """

    power: int = 1
    """The density cos(x / 2)^(4 power), in the loss and in its spectrum."""
    thresholds: tuple[float, ...] = THRESHOLDS
    """Frequencies above which shares are taken, in cycles per length of the grid."""
    seeds: int = 3
    """Number of trainings."""

    def cells(self, subject: Fit, /) -> Iterable[NamedTuple]:
        return [Seed(seed) for seed in range(self.seeds)]

    def measure(self, cell: Seed, subject: Fit, /) -> Measured:
        network = subject.fresh_network(cell.seed).double()
        points, values = column(subject.points), column(subject.values)
        density = hann_density(points, self.power)
        first = descent(network, points, values, density)
        start, halved, quartered, last = _descended(network, subject, density)
        changes = (first, halved - quartered, descent(network, points, values, density))
        shares = [shares_above(one, self.thresholds).numpy() for one in changes]
        return {"share": np.stack(shares), "last_loss": np.array(float(last.sum() / start.sum()))}

    def assemble(self, measured: Mapping[Seed, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        shares = np.stack([one["share"] for one in measured.values()])  # (seeds, stages, thresholds)
        axes = Axes({"stage": np.array(STAGES)})
        both = Axes(dict(axes.coordinates) | {"frequency": np.array(self.thresholds)}, {"frequency": "cycles per 2 pi"})
        says = "Share above it of what is taken off the loss."
        found = estimated("share", geometric(np.moveaxis(shares, 0, -1)), both, "1", says)
        slope = mean_interval(slopes(shares, self.thresholds).T)
        found |= bounded("slope", slope, axes, "1", "Slope of log share on log frequency.", self.seeds)
        last = mean_interval(np.array([float(one["last_loss"]) for one in measured.values()]))
        found |= bounded("last_loss", last, Axes({}), "1", "Loss after all steps over the first one.", self.seeds)
        return found | {"seeds": Axes({}).array(np.array(self.seeds), "1", "Number of trainings.")}


def _descended(network: nn.Module, subject: Fit, density: Tensor) -> list[Tensor]:
    """Train the network in place; the loss's energies at the start, halved once, halved again, and after all steps."""
    points, values = subject.points.double(), column(subject.values)
    optimiser = torch.optim.SGD(network.parameters(), subject.learning_rate)
    held: list[Tensor] = []
    for step in range(subject.steps + 1):
        errors = network(points)[:, 0] - values
        loss = (density * errors.square()).mean()
        if not held or (len(held) < 3 and float(loss.detach()) <= float(held[-1].sum()) / 2):
            held.append(energies(errors.detach(), density))
        if step < subject.steps:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    if len(held) < 3:
        raise ValueError(
            f"The loss of {subject.name} has halved {len(held) - 1} times in {subject.steps} steps, and stages need "
            "two: take more steps, or another rate."
        )
    return [*held, energies(errors.detach(), density)]


def _make(making: Making) -> None:
    for name in ACTIVATIONS:
        making.ask(name, Stages(seeds=LINES[making.budget].seeds), line_fit(making.budget, name))


def _draw(made: Made) -> list[Picture]:
    held = made.having(list(ACTIVATIONS))
    panels = [
        Panel(f"{stage} stage", [in_decades(made[one]["share"].sel(stage=stage, drop=True)) for one in held], held)
        for stage in STAGES
    ]
    says = (
        "Share above each frequency of what gradient descent takes off the loss: at the start, between two halvings, "
        "and at the end, behind a smooth density. Means over seeds."
    )
    return [Picture("stages", says, draw_panels(panels, across=3))]


def _gap(made: Made, stage: str) -> Reading:
    return apart(*(reading(made, name, "slope", {"stage": stage}) for name in ("ReLU", "tanh")))


def _slope(activation: str, stage: str, high: float) -> Check:
    return Check(
        f"{activation}, {stage} stage: slope of log share on log frequency",
        lambda made: reading(made, activation, "slope", {"stage": stage}),
        high=high,
    )


def _steeper(stage: str) -> Check:
    says = f"{stage} stage: how much steeper tanh falls than ReLU"
    return Check(says, lambda made: _gap(made, stage), low=ABOVE_ZERO)


EXHIBIT = Exhibit(
    number="stages",
    title="Three stages of one training",
    claim="In every stage the share of the descent above a frequency falls as a power, steeper for smooth activations.",
    source="initial, intermediate and final stage",
    make=_make,
    draw=_draw,
    checks=(
        *(_slope("tanh", stage, -4) for stage in STAGES),
        *(_slope("ReLU", stage, -1) for stage in STAGES),
        *map(_steeper, STAGES),
    ),
)
