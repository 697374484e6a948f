"""The continuous viewpoint: how a density of features on the circle learns each frequency, by three ways to know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf, isfinite, pi
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.results import Axes, Estimate, bounded, correlation_interval, size_interval
from fourierscope.runs import Analysis, Measured, check_kinds, is_count
from fourierscope.subjects import Circle
from fourierscope.theory.circle import (
    flow_rate,
    flow_rates,
    gaussian_transform,
    last_frequency,
    linear_law,
    turning_point,
)
from fourierscope.theory.circle_flows import cosine_moments, even_places, particle_flow, place_moments, spectral_flow
from fourierscope.training.learning_order import area_under_error, ordering

Array = npt.NDArray[Any]
FLOWS = ("particles", "grid", "linear law")
_ROUNDING = 1e-12  # errors below are 0
_UNITS = {"frequency": "cycles/circle"}


class Grid(NamedTuple):
    """The density on a grid."""

    points: int


class Particles(NamedTuple):
    """The particles of one draw; -1 are those that lie evenly."""

    draw: int


@dataclass(frozen=True)
class CircleFlow(Analysis[Circle]):
    """In which order a density of bumps on the circle learns the frequencies of its target.

    The density flows down the gradient of its loss, from the even one on. Three ways to know how far it is: particles
    (the midpoint rule), a pseudo-spectral solver for the density, which raises ValueError where it loses its mass or
    falls below 0, and the linear law exp(-rate t), exact while the density is near the even one.

    The result holds, over ("flow", "time", "frequency"), `error`, the relative error |a - a*| / |a*| of the density's
    Fourier coefficient, 1 at the start (but for the chance of drawn particles), 0 where it is below 1e-12; over
    ("flow", "frequency") `area`, its mean over log times; over ("flow",) `ordering`, Spearman's correlation of
    frequency and area; over ("time", "frequency") `apart`, how far the coefficients of particles and grid lie from each
    other, relative to the target's; over ("frequency",) `rate`; over ("time",) `least_density`, `mass_error` and
    `unresolved`, the worst that the grid saw so far; and `turning_point`, the frequency of the largest rate. Bounds are
    those over draws.

    Source: E, Ma, Wu (2019), Machine learning from a continuous viewpoint, arXiv:1912.12777. Different here: rates
    without the factor pi (`fourierscope.theory.circle`), targets of our own, and the nonlinear flow beside the linear.
    """

    times: tuple[float, ...] = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
    """Times of the flow, rising from 0 on."""
    particles: int = 1024
    """Number of particles."""
    draws: int = 0
    """Draws of the particles' first places by chance; 0: once, evenly, without chance."""
    points: int = 256
    """Points of the grid; it keeps frequencies up to a third of them."""
    step: float = 0.5
    """The longest time step of both solvers; shorter where the flow is fast."""
    seed: int = 0
    """Seed of the draws."""

    def __post_init__(self) -> None:
        check_kinds(self)
        rising = all(one < two for one, two in zip((-1.0, *self.times), (*self.times, inf), strict=True))
        if not self.times or self.times[0] < 0 or not rising:
            raise ValueError(f"times are finite and rise from 0 on, each after the last; {self.times} came.")
        whole = is_count(self.particles, 2) and is_count(self.draws, 0) and is_count(self.points, 4)
        if not whole or not (isfinite(self.step) and self.step > 0):
            raise ValueError(
                "particles are at least 2, draws at least 0, points at least 4, all whole, and a step is above 0; "
                f"{self.particles}, {self.draws}, {self.points}, {self.step} came."
            )

    def cells(self, subject: Circle, /) -> Iterable[NamedTuple]:
        highest, kept = max(subject.frequencies), (self.points - 1) // 3
        if highest > kept:
            raise ValueError(
                f"A grid of {self.points} points keeps frequencies up to {kept}, and the target has {highest}: take "
                f"points={3 * highest + 1} or more."
            )
        drawn = range(self.draws) if self.draws else [-1]
        return [Grid(self.points), *map(Particles, drawn)]

    def measure(self, cell: Grid | Particles, subject: Circle, /) -> Measured:
        asked = np.array(subject.frequencies)
        if isinstance(cell, Grid):
            rates, target = _problem(subject, (self.points - 1) // 3)
            flow = spectral_flow(rates, target, self.times, self.points, self.step)
            worst = {name: getattr(flow, name).numpy() for name in ("least", "mass_error", "unresolved")}
            return {"moments": flow.moments.numpy()[:, asked], **worst}
        count = max(last_frequency(subject.width), *subject.frequencies)
        places = even_places(self.particles)
        if cell.draw >= 0:
            chance = self.chance(cell, "places")
            places = 2 * pi * torch.rand(self.particles, generator=chance, dtype=torch.float64)
        reached = particle_flow(*_problem(subject, count), places, self.times, self.step)
        return {"moments": place_moments(reached, int(asked.max())).numpy()[:, asked]}

    def assemble(self, measured: Mapping[Any, Measured], subject: Circle, /) -> Mapping[str, xr.DataArray]:
        order = np.argsort(subject.frequencies)
        grid, *drawn = [piece["moments"][:, order, None] for piece in measured.values()]  # (times, frequencies, 1)
        target = np.array(subject.amplitudes)[order, None] / 2
        particles, size = np.concatenate(drawn, -1), np.abs(target)
        axes = Axes({"time": np.array(self.times), "frequency": np.array(subject.frequencies)[order]}, _UNITS)
        rates = np.array([flow_rate(int(one), subject.width) for one in axes.coordinates["frequency"]])
        law = linear_law(torch.from_numpy(rates), self.times).numpy()[..., None]
        errors = [np.abs(particles - target) / size, np.abs(grid - target) / size, law]
        found = self._errors([np.where(one < _ROUNDING, 0.0, one) for one in errors], axes)
        says = f"Distance of the coefficients of particles and grid, over the target's; {self._told()}"
        apart = size_interval(np.abs(particles - grid) / size)
        found |= bounded("apart", apart, axes, "1", says, len(drawn))
        return found | self._kept(measured[Grid(self.points)]) | _rates(rates, axes, subject)

    def _errors(self, errors: list[Array], axes: Axes) -> dict[str, xr.DataArray]:
        """Errors (times, frequencies, n) by each of the flows, their areas, and the orders of these."""
        areas = [area_under_error(one, np.array(self.times)) for one in errors]
        orders = [np.array([ordering(one) for one in area.T]) for area in areas]
        flow = {"flow": np.array(FLOWS)}
        each = flow | {"frequency": axes.coordinates["frequency"]}
        says = f"Relative error of the density's Fourier coefficient; {self._told()}"
        area = "Mean over the logarithm of 1 + time of the relative error, capped at 1."
        order = "Spearman's correlation of frequency and area; 1: low frequencies first, -1: high frequencies first."
        told = (
            ("error", errors, size_interval, Axes(flow | dict(axes.coordinates), _UNITS), says),
            ("area", areas, size_interval, Axes(each, _UNITS), area),
            ("ordering", orders, correlation_interval, Axes(flow), order),
        )
        found: dict[str, xr.DataArray] = {}
        for name, values, interval, where, one in told:
            found |= bounded(name, _stacked(values, interval), where, "1", one, max(1, self.draws))
        return found

    def _told(self) -> str:
        if not self.draws:
            return f"{self.particles} particles, evenly placed at first."
        return f"mean over {self.draws} draws of {self.particles} particles."

    def _kept(self, grid: Measured) -> dict[str, xr.DataArray]:
        """What the grid kept up to each time, and the number of draws."""
        told = {
            "least_density": ("least", "1/radian", "Least density, on the grid and between its points"),
            "mass_error": ("mass_error", "1", "Largest distance of the mass from 1"),
            "unresolved": ("unresolved", "1", "Largest coefficient in the highest eighth of those that the grid keeps"),
        }
        axes = Axes({"time": np.array(self.times)})
        found = {
            name: axes.array(grid[key], unit, f"{says}; up to each time.") for name, (key, unit, says) in told.items()
        }
        says = "Draws of the particles; 0: evenly placed."
        return found | {"draws": Axes({}).array(np.array(self.draws), "1", says)}


def _problem(subject: Circle, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The rates and the target's moments, both (count + 1,)."""
    rates = flow_rates(gaussian_transform(subject.width, count))
    return rates, cosine_moments(subject.frequencies, subject.amplitudes, count)


def _stacked(several: list[Array], interval: Callable[[Array], Estimate]) -> Estimate:
    """Means over the last axis, which may differ between flows, with their bounds: none where there is one value."""
    return Estimate(*(np.stack(one) for one in zip(*map(interval, several), strict=True)))


def _rates(rates: Array, axes: Axes, subject: Circle) -> dict[str, xr.DataArray]:
    each = Axes({"frequency": axes.coordinates["frequency"]}, _UNITS)
    says = "Rate per time of the linear law, u exp(-u) with u = (h k)^2 / 2 and h the width of the bumps."
    turn = f"Frequency of the largest rate, sqrt(2) / h, of bumps of width {subject.width:g}."
    return {
        "rate": each.array(rates, "1", says),
        "turning_point": Axes({}).array(np.array(turning_point(subject.width)), _UNITS["frequency"], turn),
    }
