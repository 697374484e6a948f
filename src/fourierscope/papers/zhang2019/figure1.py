"""Figure 1: five points on a line: the prediction beside splines, and beside a network that descends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import xarray as xr
from scipy.interpolate import CubicSpline, make_interp_spline

from fourierscope.figures import draw
from fourierscope.papers.exhibit import BUDGETS, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.zhang2019.examples import CUBIC, LINEAR, Example, distance
from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.theory import lfp

_PLACES = 800  # as published
_EVERY = 16  # of the places, that are drawn
_DESCENDED = {"smoke": (2000, 1, 1), "small": (10_000, 5, 1), "full": (20_000, 20, 10)}  # width, draws, times the steps
_INTERPOLATIONS: dict[str, Callable[..., Any]] = {
    "natural cubic": partial(CubicSpline, bc_type="natural"),
    "not-a-knot cubic": CubicSpline,
    "linear": partial(make_interp_spline, k=1),
}


@dataclass(frozen=True)
class BesideSplines(Analysis[Fit]):
    """How far the prediction of the linear frequency principle lies from common interpolations on a line.

    `distance` over ("interpolation",): root mean square within the data; `functions` over ("function", "x").
    """

    cubic: float
    """E[r^3] of the neurons."""
    linear: float
    """E[a^2 r] of the neurons."""

    def measure(self, cell: Any, subject: Fit, /) -> Measured:
        points, values = subject.points[:, 0].double(), subject.values[:, 0].double()
        x = torch.linspace(float(points.min()), float(points.max()), _PLACES, dtype=torch.float64)
        predicted = lfp.solve(points, values, self.cubic, self.linear)(x)
        others = [make(points.numpy(), values.numpy())(x.numpy()) for make in _INTERPOLATIONS.values()]
        return {"x": x.numpy(), "functions": np.stack([predicted.numpy(), *others])}

    def assemble(self, measured: Mapping[Any, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        functions = piece["functions"]
        apart = np.sqrt(((functions[0] - functions[1:]) ** 2).mean(1))
        names = Axes({"interpolation": np.array(list(_INTERPOLATIONS))})
        drawn = Axes({"function": np.array(["prediction", *_INTERPOLATIONS]), "x": piece["x"][::_EVERY]})
        return {
            "distance": names.array(apart, "1", "Root mean square of prediction - interpolation, within the data."),
            "functions": drawn.array(functions[:, ::_EVERY], "1", "The prediction and interpolations of the points."),
        }


def _make(making: Making, example: Example) -> None:
    width, draws, times = _DESCENDED[making.budget]
    fit = example.fit(width, times)
    making.ask("splines", BesideSplines(*example.moments()), fit)
    question = example.question(widths=(width,), answers="descent", draws=draws, places=_PLACES)
    making.ask("descent", question, fit)


def _draw(made: Made, letter: str) -> list[Picture]:
    splines = Picture(
        f"figure-1{letter}-splines",
        "Through five points: the prediction, and interpolations by splines.",
        draw(made["splines"]["functions"].rename("value")),
    )
    says = (
        "Through five points: the prediction, what a network of endless width answers after endless training in its "
        "tangent kernel, and one network after gradient descent."
    )
    return [splines, Picture(f"figure-1{letter}-networks", says, draw(made["descent"]["answers"]))]


def _from(interpolation: str, low: float, high: float, says: str = "") -> Check:
    return Check(
        f"Root mean square of prediction - {interpolation} spline{says}",
        lambda made: exact(float(made["splines"]["distance"].sel(interpolation=interpolation)), _PLACES),
        low,
        high,
    )


def _descended(high: float, budgets: tuple[str, ...] = BUDGETS) -> Check:
    def read(made: Made) -> Reading:
        return distance(made, "descent", int(made["descent"]["l2"]["width"][-1]))

    widths = " or ".join(f"{_DESCENDED[one][0]:,}" for one in budgets)
    says = f"Root mean square of network after descent - prediction, {widths} neurons, by budget"
    return Check(says, read, high=high, budgets=budgets)


def _exhibit(letter: str, example: Example, claim: str, checks: tuple[Check, ...]) -> Exhibit:
    return Exhibit(
        number=f"1{letter}",
        title=f"Five points on a line, {example.name} case",
        claim=claim,
        source="Fig. 1, settings of the published code",
        make=partial(_make, example=example),
        draw=partial(_draw, letter=letter),
        checks=checks,
    )


EXHIBITS = (
    _exhibit(
        "a",
        CUBIC,
        "A network with large input weights learns a cubic spline.",
        (
            _from("natural cubic", 2.1e-3, 2.3e-3),
            _from("not-a-knot cubic", 0.020, 0.022, ", the one in the published figure"),
            _descended(0.02),
        ),
    ),
    _exhibit(
        "b",
        LINEAR,
        "A network with small input weights and large output weights learns a piecewise linear function.",
        (_from("linear", 8.0e-5, 9.5e-5), _descended(0.05, ("smoke",)), _descended(0.02, ("small", "full"))),
    ),
)
