"""Table 1: networks that learned low or high components alone, tested on whole images."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import apart
from fourierscope.papers.wang2020.learned import RADII, Learner, curves, training_of
from fourierscope.papers.wang2020.readings import last
from fourierscope.treatments.components import KEPT

_LEARNED = {"smoke": RADII[:2], "small": RADII, "full": RADII}
_PRINTED = {"low": (0.617, 0.715, 0.752, 0.771), "high": (0.200, 0.092, 0.100, 0.128)}


def _name(kept: str, radius: int) -> str:
    return f"{kept}, radius {radius}"


def _make(making: Making) -> None:
    for kept, radius in product(KEPT, _LEARNED[making.budget]):
        learner = Learner(component=(kept, radius))
        curves(making, _name(kept, radius), training_of(making, learner), "none")


def _draw(made: Made) -> list[Picture]:
    names = list(made.results)
    says = "Accuracy on whole test images by epoch, where one component of each training image is learned."
    drawn = [made[name]["low_accuracy_test"].sel(part="whole image") for name in names]
    return [Picture("table-1", says, draw_together(drawn, names))]


def _beside(made: Made) -> list[Beside]:
    return [
        Beside(f"learned {_name(kept, radius)}: whole test images", value, last(made, _name(kept, radius), "low"))
        for kept in KEPT
        for radius, value in zip(RADII, _PRINTED[kept], strict=True)
        if _name(kept, radius) in made.results
    ]


def _low_beats_high(radius: int) -> Check:
    def read(made: Made) -> Reading:
        return apart(*(last(made, _name(kept, radius), "low") for kept in KEPT))

    place = RADII.index(radius)
    return Check(
        f"Whole test images after learning low components of radius {radius}, less after learning high ones",
        read,
        low=ABOVE_ZERO,
        printed=f"+{_PRINTED['low'][place] - _PRINTED['high'][place]:.3f}",
    )


def _least_step(of: Callable[[Made, int], Reading]) -> Callable[[Made], Reading]:
    """The least step from one radius to the next, with its bounds."""

    def read(made: Made) -> Reading:
        readings = [of(made, radius) for radius in RADII if _name("low", radius) in made.results]
        if len(readings) < 2:
            raise NotTried("one radius alone was learned")
        steps = [apart(after, before) for before, after in pairwise(readings)]
        return steps[int(np.argmin([step.value for step in steps]))]

    return read


EXHIBIT = Exhibit(
    number="table 1",
    title="Learned from one component, tested on whole images",
    claim="Networks that learned low components name whole images; those that learned high ones hardly do.",
    source="section 4, Table 1; printed numbers as quoted by others, not read in print",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(_low_beats_high(radius) for radius in RADII),
        Check(
            "Low components: least gain on whole images from one radius to the next",
            _least_step(lambda made, radius: last(made, _name("low", radius), "low")),
            low=ABOVE_ZERO,
            printed="+.019",
        ),
    ),
)
