"""Experiment 4 (Figure 4): labels of digits are learned from slow to quick eigenvectors of a Gaussian kernel."""

from __future__ import annotations

from fourierscope.analyses import FrequencyPrinciple
from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.images import two_classes, without_bounds
from fourierscope.papers.rahaman2019.learned import order

_WIDTH = 1.25  # the article's, of its kernel
_SEEDS = {"smoke": 2, "small": 1, "full": 5}


def _make(making: Making) -> None:
    question = FrequencyPrinciple(view="kernel", width=_WIDTH, threshold=0.5, seeds=_SEEDS[making.budget])
    making.ask("bands", question, two_classes(making))


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error within bands of eigenvectors of a Gaussian kernel over the images, by step; low modes vary "
        "slowly over the images."
    )
    return [Picture("experiment-4", says, draw(without_bounds(made["bands"]["error"])))]


EXHIBIT = Exhibit(
    number="experiment 4",
    title="Threes and eights by eigenvectors of a kernel",
    claim="What lies in eigenvectors of large eigenvalue, which vary slowly over the images, is learned first.",
    source="section 3.2, Fig. 4; in smoke on embedded digits of 8 x 8. Their noise in eigenvectors is not made here",
    make=_make,
    draw=_draw,
    checks=tuple(
        Check(
            f"Spearman correlation of the band with its {word} (expected: holds)",
            lambda made, value=value: order(made, "bands", value),  # type: ignore[misc]
            low=0.95,
        )
        for value, word in (("ordering", "time to an error below .5"), ("area_ordering", "area under the error"))
    ),
)
