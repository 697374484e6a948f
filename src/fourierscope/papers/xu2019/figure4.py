"""Figure 4: the low and the high part of labels, by a Gaussian filter over images; true labels and drawn ones."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.xu2019.filtered import FilteredLearning, telling_variance
from fourierscope.papers.xu2019.images import KINDS, LEARNED, drawn_labels, image_fit, mean_curves
from fourierscope.training.learning_order import time_to_learn

_THRESHOLD = 0.2
_DRAWN = "drawn"


def _make(making: Making) -> None:
    seeds = LEARNED[making.budget].seeds
    variance = telling_variance(image_fit(making))
    for kind in KINDS:
        making.ask(kind, FilteredLearning(variance, True, _THRESHOLD, seeds), image_fit(making, kind))
    aside = FilteredLearning(variance, False, _THRESHOLD, seeds)
    making.ask(_DRAWN, aside, drawn_labels(image_fit(making)))


def _draw(made: Made) -> list[Picture]:
    names: dict[str, str] = {**KINDS, _DRAWN: "fully connected, drawn labels"}
    held = made.having(list(names))
    says = (
        "Relative error of the low and the high part of the answers, by step; the same filter for all. Of drawn labels "
        "little is low, so that the same distance is a larger share of it. Means over seeds."
    )
    return [
        Picture("figure-4", says, draw_together([mean_curves(made[one]) for one in held], [names[one] for one in held]))
    ]


def middle_time(made: Made, name: str, kept: str, threshold: float) -> float:
    """The median over seeds of the first step with an error below the threshold; infinite where half never come."""
    curves = made[name]["error_by_seed"].sel(kept=kept)
    times = [time_to_learn(one, curves["step"].values, threshold) for one in curves.values]
    return float(np.median(np.where(np.isnan(times), inf, times)))


def _low_first(kind: str) -> Check:
    def read(made: Made) -> Reading:
        """The share of seeds in which the low part is learned, and strictly before the high part."""
        times = made[kind]["time_to_learn"]
        held = np.where(np.isnan(times.values), inf, times.values)
        return exact(float((held[:, 0] < held[:, 1]).mean()), len(held))

    return Check(f"{KINDS[kind]}: share of seeds that learn the low part before the high one", read, low=1.0)


def equal_distance(made: Made) -> float:
    """The threshold for drawn labels that is the same distance from the targets as the one for true labels.

    One-hot targets of both have one energy, and the low parts differ in their share of it.
    """
    return _THRESHOLD * sqrt(float(made["connected"]["low_share"]) / float(made[_DRAWN]["low_share"]))


def _later(made: Made, threshold: float) -> Reading:
    """How many times as long the low part takes with drawn labels; infinite where it is never learned."""
    own = middle_time(made, "connected", "low", _THRESHOLD)
    ratio = middle_time(made, _DRAWN, "low", threshold) / own if own < inf else float("nan")
    return exact(ratio, made[_DRAWN].dataset.sizes["seed"])


EXHIBIT = Exhibit(
    number="4",
    title="The low and the high part of labels, by a filter over images",
    claim="The low part of the labels is learned first; where labels are drawn by chance, so that little is low, late.",
    source=(
        "1901.06523, section 4.2. The variance leaves half of the true labels' energy low, or less where a guard asks "
        "for more neighbours; drawn labels, of which too little is low for the guard, are seen by the same filter"
    ),
    make=_make,
    draw=_draw,
    checks=(
        *(_low_first(kind) for kind in KINDS),
        Check(
            "Share of the energy that is low, true labels minus drawn ones: the filter sees something of the labels",
            lambda made: exact(float(made["connected"]["low_share"]) - float(made[_DRAWN]["low_share"]), 1),
            low=0.1,
        ),
        Check(
            "Drawn labels: times as long until the low part is within .2 of itself",
            lambda made: _later(made, _THRESHOLD),
            low=2 + ABOVE_ZERO,
        ),
        Check(
            "Drawn labels: times as long until the low part is as near in distance as that of true labels is then",
            lambda made: _later(made, equal_distance(made)),
            low=1 + ABOVE_ZERO,
        ),
    ),
)
