"""The kernel: its coefficients and eigenvalues by quadrature, by our formula, and by the printed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import pi
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr

from fourierscope.figures import Panel, draw_panels
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, exact
from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Circle
from fourierscope.theory.circle import cosine_coefficient, feature, flow_rate, kernel, mixed_derivative, turning_point
from fourierscope.theory.circle_flows import even_places

WIDTHS = (1.0, 0.5, 0.1)
_POINTS = {"smoke": 512, "small": 1024, "full": 2048}
_FREQUENCIES = tuple(range(1, 41))


@dataclass(frozen=True)
class Rates(Analysis[Circle]):
    """How fast bumps learn each frequency about the even density, by quadrature and by two formulas.

    Over ("known_by", "frequency"), by quadrature, formula and print: `eigenvalue` of the operator for cos kx, and
    `coefficient` of the mixed derivative in cosines. Over ("distance",): `kernel` and `mixed_derivative`, as printed.
    `kernel_error` and `derivative_error` are their largest distances from the integrals that define them, `fastest` the
    frequency of the largest eigenvalue, by quadrature.
    """

    frequencies: tuple[int, ...] = _FREQUENCIES
    """In cycles per circle."""
    points: int = 512
    """Points of the trapezoid rule, which is exact to rounding for what is smooth on the circle."""

    def measure(self, cell: NamedTuple, subject: Circle, /) -> Measured:
        places, width = even_places(self.points), subject.width
        moved = _slopes(places[:, None] - places, width)
        bumps = feature(places[:, None] - places, width)
        operator, held = moved @ moved.T / self.points, bumps @ bumps.T / self.points
        waves = torch.stack([torch.cos(k * places) for k in self.frequencies])  # (k, points)
        fallen = operator @ waves.T * 2 * pi / self.points
        derivative, own = mixed_derivative(places, width), kernel(places, width)
        return {
            "eigenvalue": fallen[0].numpy(),  # of cos kx at x = 0, where it is 1
            "coefficient": (waves @ operator[0] * 2 / self.points).numpy(),
            "left": (fallen - fallen[0] * waves.T).abs().max().numpy(),
            "kernel": own.numpy(),
            "mixed_derivative": derivative.numpy(),
            "kernel_error": (held[0] - own).abs().max().numpy(),
            "derivative_error": (operator[0] - derivative).abs().max().numpy(),
        }

    def assemble(self, measured: Mapping[NamedTuple, Measured], subject: Circle, /) -> Mapping[str, xr.DataArray]:
        (found,), width = measured.values(), subject.width
        ours = {
            "eigenvalue": np.array([flow_rate(k, width) for k in self.frequencies]),
            "coefficient": np.array([cosine_coefficient(k, width) for k in self.frequencies]),
        }
        scaled = (width * np.array(self.frequencies)) ** 2 / 2
        printed = {"eigenvalue": pi * scaled * np.exp(-scaled), "coefficient": scaled * np.exp(-scaled)}
        words = np.array(["quadrature", "our formula", "as printed"])
        axes = Axes({"known_by": words, "frequency": np.array(self.frequencies)}, {"frequency": "cycles/circle"})
        told = {
            "eigenvalue": "Eigenvalue for cos kx of the operator that errors fall by.",
            "coefficient": "Coefficient of cos kd in the mixed derivative of the kernel.",
        }
        made = {
            name: axes.array(np.stack([found[name], ours[name], printed[name]]), "1", says)
            for name, says in told.items()
        }
        distances = Axes({"distance": even_places(self.points).numpy()}, {"distance": "radian"})
        for name, says in (("kernel", "Kernel K as printed."), ("mixed_derivative", "d^2 K / dx dy as printed.")):
            made[name] = distances.array(found[name], "1", says)
        return made | self._numbers(found)

    def _numbers(self, found: Measured) -> dict[str, xr.DataArray]:
        fastest = np.array(self.frequencies)[int(found["eigenvalue"].argmax())]
        told = {
            "fastest": (fastest, "Frequency of the largest eigenvalue, by quadrature."),
            "left": (found["left"], "Largest distance of what the operator makes of a wave from a multiple of it."),
            "kernel_error": (found["kernel_error"], "Largest distance of the kernel from its integral."),
            "derivative_error": (found["derivative_error"], "Largest distance of d^2 K / dx dy from its integral."),
        }
        return {name: Axes({}).array(np.asarray(one), "1", says) for name, (one, says) in told.items()}


def _slopes(distances: torch.Tensor, width: float) -> torch.Tensor:
    """dg/du of wound bumps at distances (...), term by term: it shares no line with what it is held against."""
    away = (distances[..., None] - 2 * pi * torch.arange(-3, 4, dtype=torch.float64)) / width
    found: torch.Tensor = (-2 * away / width * (-away.square()).exp()).sum(-1)
    return found


def _name(width: float) -> str:
    return f"width-{width:g}"


def _make(making: Making) -> None:
    for width in WIDTHS:
        making.ask(_name(width), Rates(points=_POINTS[making.budget]), Circle(width))


def _draw(made: Made) -> list[Picture]:
    panels = []
    for width in WIDTHS:
        values = made[_name(width)]["eigenvalue"]
        curves = [values.sel(known_by=one, drop=True) for one in values["known_by"].values]
        panels.append(Panel(f"h = {width:g}", curves, values["known_by"].values.tolist()))
    says = (
        "Eigenvalues of the operator that errors fall by, for bumps of three widths: by quadrature, by our formula, "
        "and as printed. They rise up to sqrt(2) / h and fall beyond. Quadrature lies under our formula."
    )
    return [Picture("eigenvalues", says, draw_panels(panels, across=3))]


def _value(made: Made, name: str, width: float, frequency: int) -> Reading:
    return at(made[_name(width)], name, {"known_by": "quadrature", "frequency": frequency})


def _ratio(made: Made, name: str) -> Reading:
    """The printed values over those by quadrature, width 1, k = 1 to 4: the one that is furthest from pi."""
    values = made[_name(1.0)][name].sel(frequency=slice(1, 4))
    ratios = (values.sel(known_by="as printed") / values.sel(known_by="quadrature")).values
    return exact(ratios[np.abs(ratios - pi).argmax()], len(ratios))


def _off(width: float, made: Made) -> Reading:
    """The largest distance of our formulas from quadrature, and of kernels from their integrals."""
    result = made[_name(width)]
    distances = [float(result[name]) for name in ("left", "kernel_error", "derivative_error")]
    for name in ("eigenvalue", "coefficient"):
        values = result[name]
        distances.append(float(np.abs(values.sel(known_by="quadrature") - values.sel(known_by="our formula")).max()))
    return exact(max(distances), len(distances))


def _fastest(width: float, made: Made) -> Reading:
    """How far the frequency of the largest eigenvalue lies from the turning point."""
    return exact(abs(float(made[_name(width)]["fastest"]) - turning_point(width)), 1)


def _fall(made: Made) -> Reading:
    """Of narrow bumps, the eigenvalue at 15 minus that at 19: both above sqrt(2) / h and below 2 / h = 20."""
    return exact(_value(made, "eigenvalue", 0.1, 15).value - _value(made, "eigenvalue", 0.1, 19).value, 2)


def _beside(made: Made) -> list[Beside]:
    u = 0.5
    return [
        Beside("eigenvalue, h = 1, k = 1", pi * u * float(np.exp(-u)), _value(made, "eigenvalue", 1.0, 1)),
        Beside("coefficient, h = 1, k = 1", u * float(np.exp(-u)), _value(made, "coefficient", 1.0, 1)),
    ]


EXHIBIT = Exhibit(
    number="kernel",
    title="The kernel, its coefficients and its eigenvalues",
    claim="Eigenvalues rise with frequency at first and fall above 2 / h, so both orders of learning can be seen.",
    source="translation-invariant features; the printed constants are pi times those by quadrature",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "h = 1, k = 1: eigenvalue by quadrature is the derived one",
            lambda made: _value(made, "eigenvalue", 1.0, 1),
            0.303265,
            0.303266,
            ".95274",
        ),
        Check(
            "h = 1, k = 1: coefficient by quadrature is the derived one",
            lambda made: _value(made, "coefficient", 1.0, 1),
            0.096532,
            0.096533,
            ".30327",
        ),
        Check(
            "printed eigenvalue over that by quadrature is pi", lambda made: _ratio(made, "eigenvalue"), 3.14159, 3.1416
        ),
        Check(
            "printed coefficient over that by quadrature is pi",
            lambda made: _ratio(made, "coefficient"),
            3.14159,
            3.1416,
        ),
        *(
            Check(f"h = {width:g}: largest distance of our formulas from quadrature", partial(_off, width), high=1e-10)
            for width in WIDTHS
        ),
        *(
            Check(
                f"h = {width:g}: distance of the fastest frequency from sqrt(2) / h = {turning_point(width):.2f}",
                partial(_fastest, width),
                high=0.5,
            )
            for width in WIDTHS
        ),
        Check("h = 0.1: how much the eigenvalue falls from k = 15 to 19, both below 2 / h = 20", _fall, low=ABOVE_ZERO),
    ),
    beside=_beside,
)
