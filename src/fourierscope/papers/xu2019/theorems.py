"""Theorems 1 and 2: how often the lower of two frequencies rules the gradient, of networks drawn from smaller balls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, exact
from fourierscope.results import Axes, count, estimated, wilson
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.gradients import wins

_DRAWN = {"smoke": 40_000, "small": 400_000, "full": 4_000_000}
_NEURONS = (1, 3)
_RADII = (0.5, 0.75, 1.0, 1.5, 2.0)
_LEAST_COUNT = 20  # networks in which low does not win, below which a rate is too uncertain for a slope


class Radius(NamedTuple):
    """One ball of parameters."""

    radius: float


@dataclass(frozen=True)
class TanhNetworks:
    """Networks of one hidden layer of tanh neurons, with a target whose transform is 1 everywhere."""

    neurons: int

    def trace(self) -> dict[str, Any]:
        """What to record."""
        return {"name": f"tanh networks of {self.neurons} neurons"}


@dataclass(frozen=True)
class GradientWins(Analysis[TanhNetworks]):
    """How often the gradient of the lower of two frequencies is the larger one, by the radius of a ball of parameters.

    Over ("radius",): `every_loss`, the share of networks in which it is smaller in some parameter (Theorem 1), and
    `norm_loss`, in which its norm is smaller (Theorem 2), with Wilson bounds.
    """

    radii: tuple[float, ...] = _RADII
    """Radii of the ball that all parameters are drawn from."""
    drawn: int = 40_000
    """Networks drawn from each."""
    seed: int = 0
    """Seed of the draws."""

    def cells(self, subject: TanhNetworks, /) -> Iterable[NamedTuple]:
        return [Radius(one) for one in self.radii]

    def measure(self, cell: Radius, subject: TanhNetworks, /) -> Measured:
        found = wins(cell.radius, subject.neurons, self.drawn, self.chance(cell, "networks"))
        return {"lost": np.array([found.drawn - found.every, found.drawn - found.norm])}

    def assemble(self, measured: Mapping[Radius, Measured], subject: TanhNetworks, /) -> Mapping[str, xr.DataArray]:
        lost = np.stack([one["lost"] for one in measured.values()], axis=1)  # (theorems, radii)
        axes = Axes({"radius": np.array(self.radii)})
        told = {
            "every_loss": "Share of networks in which the low frequency's gradient is smaller in some parameter.",
            "norm_loss": "Share of networks in which the norm of the low frequency's gradient is smaller.",
        }
        found: dict[str, xr.DataArray] = {}
        for (name, says), row in zip(told.items(), lost, strict=True):
            found |= estimated(name, wilson(row / self.drawn, self.drawn), axes, "1", says)
        return found | count(self.drawn)


def _make(making: Making) -> None:
    for neurons in _NEURONS:
        making.ask(f"neurons-{neurons}", GradientWins(drawn=_DRAWN[making.budget]), TanhNetworks(neurons))


def _draw(made: Made) -> list[Picture]:
    says = (
        "Share of networks in which the gradient of the lower frequency is not the larger one in every parameter, by "
        "the radius of the ball that the parameters are drawn from: it goes to 0 with the radius."
    )
    held = made.having([f"neurons-{one}" for one in _NEURONS])
    figure = draw_together([made[one]["every_loss"] for one in held], [one.replace("-", " ") for one in held])
    return [Picture("theorem-1", says, figure)]


def _falls(neurons: int, value: str) -> Check:
    def read(made: Made) -> Reading:
        result = made[f"neurons-{neurons}"]
        rates = result[value].values
        return exact(float(np.diff(rates).min()), int(result["n"]))

    return Check(
        f"{neurons} neurons, {value.replace('_', ' ')}: least rise from one radius to the next larger", read, low=0
    )


def _slope(made: Made) -> Reading:
    """The slope of the logarithm of the share on 1 / radius, over radii at which enough networks were counted."""
    result = made["neurons-1"]
    rates, n = result["every_loss"], int(result["n"])
    kept = rates.values * n >= _LEAST_COUNT
    found = np.polyfit(1 / rates["radius"].values[kept], np.log(rates.values[kept]), 1)[0]
    return exact(float(found), n)


EXHIBIT = Exhibit(
    number="theorems",
    title="Theorems 1 and 2: which frequency rules the gradient",
    claim="The smaller the weights, the surer the gradient serves the lower frequency, exponentially in 1 / radius.",
    source="section 6; here by drawing networks, with gradients in closed form",
    make=_make,
    draw=_draw,
    checks=(
        *(_falls(neurons, value) for neurons in _NEURONS for value in ("every_loss", "norm_loss")),
        Check("1 neuron: slope of the logarithm of the share on 1 / radius", _slope, low=-4, high=-2.3),
        Check(
            "1 neuron, radius 0.5: share in which low does not win in every parameter",
            lambda made: at(made["neurons-1"], "every_loss", {"radius": 0.5}),
            high=0.005,
        ),
        Check(
            "1 neuron, radius 2: share in which low does not win, the larger ball's",
            lambda made: at(made["neurons-1"], "every_loss", {"radius": 2.0}),
            low=ABOVE_ZERO,
        ),
    ),
)
