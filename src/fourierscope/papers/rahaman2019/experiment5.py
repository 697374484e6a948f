"""Experiment 5: sines on closed curves in the plane, the easier to learn the more petals these have."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import nextafter

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.learned import LearnedSines, order
from fourierscope.papers.rahaman2019.sines import Sines
from fourierscope.papers.reading import exact, paired

LOBES = (0, 4, 10, 16)
_ORDERED = 0.95  # from here on an order holds
_LOW, _HIGH = tuple(range(5, 55, 5)), tuple(range(20, 220, 20))
LEARNED = {
    "smoke": (Sines(_LOW, (1.0,) * 10, 400, 64, 5, 2000, 1e-3), LearnedSines(3, every=10)),
    "small": (Sines(_HIGH, (1.0,) * 10, 1000, 256, 6, 10_000, 3e-4), LearnedSines(3, every=50)),
    "full": (Sines(_HIGH, (1.0,) * 10, 1000, 256, 6, 50_000, 3e-4), LearnedSines(10, every=100)),
}


def _make(making: Making) -> None:
    sines, question = LEARNED[making.budget]
    for lobes in LOBES:
        making.ask(_name(lobes), question, replace(sines, lobes=lobes, device=making.setting.device or "cpu"))


def _name(lobes: int) -> str:
    return f"lobes-{lobes}"


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error of the Fourier coefficients along a curve with L petals, by step: the more petals, the sooner "
        "high frequencies are learned. Mean over draws of phases and weights."
    )
    maps = [made[_name(one)]["error"] for one in LOBES]
    areas = [made[_name(one)]["area"] for one in LOBES]
    names = [f"L = {one}" for one in LOBES]
    told = "Area under the capped error over log steps, by frequency: 0, learned at once; 1, not at all."
    return [
        Picture("experiment-5", says, draw_together(maps, names)),
        Picture("experiment-5-area", told, draw_together(areas, names)),
    ]


def _falls(few: int, many: int) -> Check:
    def read(made: Made) -> Reading:
        return paired(made[_name(few)]["mean_area"].values, made[_name(many)]["mean_area"].values)

    says = f"Area under the error, mean over frequencies, of L = {few} less that of L = {many} (expected: holds)"
    return Check(says, read, low=ABOVE_ZERO)


def _before_its_neighbours(made: Made) -> Reading:
    """The area at k = 100 and 140, less that at k = 120, of ten petals."""
    area = made[_name(10)]["area"]
    return exact(
        float(area.sel(frequency=[100, 140]).mean() - area.sel(frequency=120)), made[_name(10)].dataset.sizes["seed"]
    )


EXHIBIT = Exhibit(
    number="experiment 5",
    title="Sines on curves with petals",
    claim="High frequencies are the easier to learn the more the curve of inputs winds: they are lower ones there.",
    source="section 4",
    make=_make,
    draw=_draw,
    checks=(
        *(_falls(few, many) for few, many in pairwise(LOBES)),
        _falls(LOBES[0], LOBES[-1]),
        Check(
            "L = 0: Spearman correlation of frequency and time to learn (expected: holds)",
            lambda made: order(made, _name(0)),
            low=_ORDERED,
        ),
        Check(
            "L = 10: Spearman correlation of frequency and time to learn (expected: not monotone, below .95)",
            lambda made: order(made, _name(10)),
            high=nextafter(_ORDERED, 0.0),
        ),
        Check(
            "L = 10: k = 120 before k = 100 and 140, the area of these less its own (expected: holds)",
            _before_its_neighbours,
            low=ABOVE_ZERO,
            budgets=REAL,
        ),
    ),
)
