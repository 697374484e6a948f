"""The window: which densities of the inputs let the smoothness of a network be seen, and which set the slope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

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
from fourierscope.papers.reading import apart, exact
from fourierscope.results import Axes, bounded, estimated, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.theory.frequency_loss import density_slope, descent, hann_density, shares_above, verdict

_POWERS = (0, 1, 2, 3)


class Drawn(NamedTuple):
    """One draw of the weights."""

    seed: int


def density_named(power: int) -> str:
    """A density in words."""
    return f"cos(x/2)^{4 * power}" if power else "even"


@dataclass(frozen=True)
class FirstDescent(Analysis[Fit]):
    """Of the loss that gradient flow takes off at the very start, the share above each frequency, behind densities.

    Over ("density", "frequency"): `share`, geometric mean over seeds. Over ("density",): `slope` of its logarithm on
    that of the frequency, `density_slope`, that of the density by itself, and `valid`, 1 where the density lets a
    network be seen; its attribute `told` says so in words. Source: Luo et al. (2019), initial stage.
    """

    powers: tuple[int, ...] = _POWERS
    """Densities cos(x / 2)^(4 power); 0 is the even one."""
    thresholds: tuple[float, ...] = THRESHOLDS
    """Frequencies above which shares are taken, in cycles per length of the grid."""
    seeds: int = 10
    """Number of draws of the weights."""

    def cells(self, subject: Fit, /) -> Iterable[NamedTuple]:
        return [Drawn(seed) for seed in range(self.seeds)]

    def measure(self, cell: Drawn, subject: Fit, /) -> Measured:
        network = subject.fresh_network(cell.seed).double()
        points, values = column(subject.points), column(subject.values)
        changes = [descent(network, points, values, hann_density(points, power)) for power in self.powers]
        return {"share": np.stack([shares_above(one, self.thresholds).numpy() for one in changes])}

    def assemble(self, measured: Mapping[Drawn, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        shares = np.stack([one["share"] for one in measured.values()])  # (seeds, densities, thresholds)
        densities = [hann_density(column(subject.points), power) for power in self.powers]
        names = np.array([density_named(one) for one in self.powers])
        axes = Axes({"density": names})
        both = Axes(dict(axes.coordinates) | {"frequency": np.array(self.thresholds)}, {"frequency": "cycles per 2 pi"})
        found = estimated("share", geometric(np.moveaxis(shares, 0, -1)), both, "1", "Share of the descent above it.")
        slope = mean_interval(slopes(shares, self.thresholds).T)
        found |= bounded("slope", slope, axes, "1", "Slope of log share on log frequency.", self.seeds)
        alone = np.array([density_slope(one, self.thresholds) for one in densities])
        found["density_slope"] = axes.array(alone, "1", "Slope of the density by itself.")
        verdicts = [verdict(one, self.thresholds) for one in densities]
        told = "\n".join(f"{name}: {one}" for name, one in zip(names, verdicts, strict=True))
        valid = np.array([one == "valid" for one in verdicts], dtype=np.int8)
        found["valid"] = axes.array(valid, "1", "Whether the density lets a network be seen.", told=told)
        return found | {"seeds": Axes({}).array(np.array(self.seeds), "1", "Number of draws.")}


def _make(making: Making) -> None:
    for name in ACTIVATIONS:
        making.ask(name, FirstDescent(seeds=LINES[making.budget].drawn), line_fit(making.budget, name))


def _draw(made: Made) -> list[Picture]:
    held = made.having(list(ACTIVATIONS))
    panels = []
    for power in _POWERS:
        name = density_named(power)
        curves = [in_decades(made[one]["share"].sel(density=name, drop=True)) for one in held]
        panels.append(Panel(f"{name}{'' if power else ': invalid, it jumps'}", curves, held))
    says = (
        "Share of the first descent above each frequency. Behind the even density all networks fall alike, for the "
        "ends of the interval are all that is seen; behind smooth ones ReLU keeps its slope, and tanh falls with them."
    )
    return [Picture("window", says, draw_panels(panels))]


def _slope(activation: str, power: int, low: float, high: float) -> Check:
    name = density_named(power)
    return Check(
        f"{activation} behind {name}: slope of log share on log frequency",
        lambda made: reading(made, activation, "slope", {"density": name}),
        low,
        high,
    )


def _valid(power: int, wanted: int, says: str) -> Check:
    def read(made: Made) -> Reading:
        return exact(float(made["tanh"]["valid"].sel(density=density_named(power))), 0)

    return Check(f"{density_named(power)}: {says}", read, wanted, wanted)


def _gap(made: Made, power: int) -> Reading:
    place = {"density": density_named(power)}
    return apart(*(reading(made, name, "slope", place) for name in ("ReLU", "tanh")))


def _steeper(power: int) -> Check:
    says = f"{density_named(power)}: how much steeper tanh falls than ReLU"
    return Check(says, lambda made: _gap(made, power), low=ABOVE_ZERO)


EXHIBIT = Exhibit(
    number="window",
    title="The window: how the first descent falls with frequency, behind densities",
    claim="The share of the descent above a frequency falls as its power, the steeper the smoother the activation.",
    source="initial stage; the rule on densities is ours",
    make=_make,
    draw=_draw,
    checks=(
        _valid(0, 0, "valid (1) or not (0): invalid, a non-smooth density"),
        *(_valid(power, 1, "valid (1) or not (0)") for power in _POWERS[1:]),
        *(_slope(name, 0, -2, -0.5) for name in ACTIVATIONS),
        _slope("tanh", 1, -12, -5),
        *(_slope("ReLU", power, -3.6, -2.2) for power in _POWERS[1:]),
        *map(_steeper, _POWERS[1:]),
    ),
)
