"""The flows: bumps with which the frequency principle holds, bumps with which it fails, and bumps in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from math import inf
from typing import Literal

import numpy as np

from fourierscope.analyses import CircleFlow
from fourierscope.figures import Panel, draw, draw_panels
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, exact
from fourierscope.subjects import Circle

Verdict = Literal["holds", "fails", "not monotone"]
BOUNDS: dict[Verdict, tuple[float, float]] = {"holds": (0.8, inf), "not monotone": (-0.5, 0.8), "fails": (-inf, -0.5)}
"""Of Spearman's correlation of frequency with the mean error over log times: low first, no order, high first."""
_FIRST: dict[Verdict, str] = {"holds": "low first", "not monotone": "in no order", "fails": "high first"}

_TIMES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_PRINTED_TIMES = (10.0, 100.0, 1000.0)  # after the start
_EARLY = 10.0  # the first of them, when no frequency of a target is done with but the fastest
_AMPLITUDE = 0.3
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Work:
    """How much is made in a budget: particles that lie evenly, drawn ones, draws, points of the grid, the step."""

    even: int
    drawn: int
    draws: int
    points: int
    step: float


WORK = {
    "smoke": Work(512, 256, 3, 128, 1.0),
    "small": Work(1024, 1024, 10, 256, 0.5),
    "full": Work(4096, 4096, 30, 512, 0.25),
}


@dataclass(frozen=True)
class Case:
    """Bumps of a width, the frequencies of a target in the order in which they are learned, and what is expected."""

    number: str
    title: str
    claim: str
    source: str
    width: float
    order: tuple[int, ...]
    expected: Verdict
    rates: tuple[tuple[int, float], ...] = ()
    """Rates of the linear law by frequency, to three figures, worked out by hand."""

    @property
    def circle(self) -> Circle:
        return Circle(self.width, tuple(sorted(self.order)), (_AMPLITUDE,) * len(self.order))


CASES = (
    Case(
        "works",
        "Wide bumps, h = 1: the frequency principle",
        "Low frequencies are learned first, at times 0, 10, 100, 1000.",
        "the figure with h = 1; its target is not known to us",
        1.0,
        (1, 3, 4),
        "holds",
    ),
    Case(
        "fails",
        "Narrow bumps, h = 0.1: the reverse",
        "High frequencies are learned first, at times 0, 10, 100, 1000: the principle is no law.",
        "the figure with h = 0.1; its target is not known to us",
        0.1,
        (10, 3, 1),
        "fails",
    ),
    Case(
        "not monotone",
        "Bumps in between, h = 0.5: neither",
        "Frequencies on both sides of the turning point are learned in neither order.",
        "not in the article; it follows from its eigenvalues",
        0.5,
        (3, 2, 5, 1),
        "not monotone",
        ((1, 0.110), (2, 0.303), (3, 0.365), (5, 0.137)),
    ),
)


def _make(case: Case, making: Making) -> None:
    work = WORK[making.budget]
    even = CircleFlow(_TIMES, work.even, points=work.points, step=work.step)
    making.ask("even", even, case.circle)
    making.ask("drawn", replace(even, particles=work.drawn, draws=work.draws), case.circle)


def _draw(case: Case, made: Made) -> list[Picture]:
    error = made["even"]["error"].drop_vars(["error_low", "error_high"])
    names, draws = error["flow"].values.tolist(), int(made["drawn"]["draws"])
    panels = [
        Panel(f"k = {k}", [error.sel(flow=one, frequency=k, drop=True) for one in names], names)
        for k in error["frequency"].values
    ]
    says = (
        f"Error of each frequency k of the density over the target's, by time, h = {case.width:g}: by particles "
        "that lie evenly at first, by the density on a grid, and by the linear law. Where only one curve is seen, the "
        "others lie under it."
    )
    maps = f"The same as maps of time and frequency, but of particles drawn by chance: mean over {draws} draws."
    return [
        Picture("errors", says, draw_panels(panels, across=len(panels))),
        Picture("drawn", maps, draw(made["drawn"]["error"])),
    ]


def _ordering(name: str, made: Made) -> Reading:
    result = made[name]
    return at(result, "ordering", {"flow": "particles"})._replace(n=int(result["draws"]))


def _behind(flow: str, ahead: int, behind: int, made: Made) -> Reading:
    """The error at one frequency minus that at another."""
    first, second = (at(made["even"], "error", {"flow": flow, "time": _EARLY, "frequency": k}) for k in (ahead, behind))
    return exact(second.value - first.value, 0)


def _off(made: Made) -> Reading:
    error = made["even"]["error"].sel(time=list(_PRINTED_TIMES))
    distance = np.abs(error.sel(flow="particles") - error.sel(flow="linear law"))
    return exact(float(distance.max()), distance.size)


def _rate(frequency: int, made: Made) -> Reading:
    return at(made["even"], "rate", {"frequency": frequency})


def _last(name: str, made: Made) -> Reading:
    return exact(float(made["even"][name].isel(time=-1)), 0)


def _apart(made: Made) -> Reading:
    apart = made["even"]["apart"]
    return exact(float(apart.max()), apart.size)


def _checks(case: Case) -> tuple[Check, ...]:
    low, high = BOUNDS[case.expected]
    return (
        *(
            Check(
                f"{name} particles: Spearman correlation of frequency and area under error, {_FIRST[case.expected]}",
                partial(_ordering, name),
                low,
                high,
            )
            for name in ("even", "drawn")
        ),
        *(
            Check(
                f"{words}, time {_EARLY:g}: error at k = {behind} minus that at {ahead}",
                partial(_behind, flow, ahead, behind),
                low=ABOVE_ZERO,
            )
            for flow, words in (("particles", "particles"), ("grid", "the density on the grid"))
            for ahead, behind in pairwise(case.order)
        ),
        *(
            Check(f"rate of the linear law at k = {k}", partial(_rate, k), rate - 5e-4, rate + 5e-4)
            for k, rate in case.rates
        ),
        Check("times 10, 100, 1000: largest distance of particles from the linear law", _off, high=0.25),
        Check("largest distance of particles from the density on the grid, over the target", _apart, high=0.02),
        Check("least density on the grid at any time", partial(_last, "least_density"), low=-_ROUNDING),
        Check("largest distance of the mass from 1 at any time", partial(_last, "mass_error"), high=_ROUNDING),
    )


EXHIBITS = tuple(
    Exhibit(
        number=case.number,
        title=case.title,
        claim=case.claim,
        source=case.source,
        make=partial(_make, case),
        draw=partial(_draw, case),
        checks=_checks(case),
    )
    for case in CASES
)
