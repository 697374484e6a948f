"""The leader table: every method that goes by frequency beside plain baselines, at equal epochs."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.jia2019 import rows
from fourierscope.papers.jia2019.learned import LEARNED, each
from fourierscope.papers.jia2019.methods import FILTER_SIDE, HALF_NOISE, INPUT_SIDE, METHODS, STANDARD, Method
from fourierscope.papers.jia2019.rows import FAMILIES, gain, mean, seeds_of
from fourierscope.papers.making import Making
from fourierscope.results import Axes

_OPEN = ("amplitude swaps", "hybrid images")  # published as better than noise, so nothing is expected here
_CLAIMED = {FILTER_SIDE: "+.1097 (abstract)", INPUT_SIDE: "+.1097 (abstract)", HALF_NOISE: "+.104 (Kireev et al.)"}
_TRADED = {
    "gaussian_noise": (ABOVE_ZERO, inf, "+.437"),
    "fog": (-inf, -ABOVE_ZERO, "-.098"),
    "contrast": (-inf, -ABOVE_ZERO, "-.101"),
}
"""Bounds, and what PreActResNet-18 lost or gained: 90.8 after 47.1, 78.7 after 88.5, 66.3 after 76.4 %."""


def _make(making: Making) -> None:
    for _ in each(making, METHODS, LEARNED[making.budget].seeds):
        rows.write(making, METHODS)


def pictures(made: Made, methods: Sequence[Method], name: str) -> list[Picture]:
    """Gains of each method over the standard one, and accuracies by family."""
    there = [one for one in methods if seeds_of(made, one, STANDARD)]
    others = [one for one in there if one != STANDARD]
    found = [gain(made, one, STANDARD) for one in others]
    says = "Gain in accuracy under corruptions over the standard network, with 95 % intervals over images and seeds."
    drawn = [Picture(f"{name}-gain", says, draw_together([_dots(others, found, says)], ["gain"]))] if others else []
    says = "Accuracy under each family of corruptions, with 95 % intervals over images and seeds."
    values = [_dots(there, [mean(made, one, what) for one in there], says) for what in FAMILIES]
    return [*drawn, Picture(f"{name}-families", says, draw_together(values, list(FAMILIES)))]


def _dots(methods: Sequence[Method], readings: Sequence[Reading], says: str) -> xr.DataArray:
    """A value for each method with its bounds."""
    axes = Axes({"method": xr.DataArray([one.name for one in methods]).values})
    parts = [xr.DataArray([one[place] for one in readings]).values for place in range(3)]
    bounds = {f"accuracy_{end}": (("method",), part) for end, part in zip(("low", "high"), parts[1:], strict=True)}
    drawn = axes.array(parts[0], "1", says, low="accuracy_low", high="accuracy_high")
    return drawn.rename("accuracy").assign_coords(bounds)


def _beats(method: Method, over: Method, expected: str = "", printed: str = "") -> Check:
    told = f"{method.name}: corrupted accuracy less that of {over.name}"
    return Check(
        f"{told} (expected: {expected})" if expected else told,
        lambda made: gain(made, method, over),
        low=ABOVE_ZERO,
        printed=printed,
    )


def traded(corruption: str) -> Check:
    """What noise in training changes under a corruption: more where it is noise, less where it is of low frequency."""
    low, high, printed = _TRADED[corruption]
    return Check(
        f"50 % Gaussian less standard under {corruption}: {'above' if low > 0 else 'below'} 0 (expected: holds)",
        lambda made: gain(made, HALF_NOISE, STANDARD, corruption),
        low,
        high,
        f"{printed} (Kireev et al.)",
    )


EXHIBIT = Exhibit(
    number="leader table",
    title="Methods by frequency beside plain baselines, at equal epochs",
    claim="Ours: a method by frequency is worth something where it beats noise on half of the images, at equal epochs.",
    source="ours; the article is one row of it",
    make=_make,
    draw=lambda made: pictures(made, METHODS, "leader-table"),
    tables=lambda made: rows.tables(made, METHODS, "leader-table"),
    checks=(
        *(traded(name) for name in _TRADED),
        *(
            _beats(one, STANDARD, "holds" if one.kind == "baseline" else "", _CLAIMED.get(one, ""))
            for one in METHODS
            if one != STANDARD
        ),
        *(_beats(one, HALF_NOISE, "" if one.name in _OPEN else "fails") for one in METHODS if one.kind == "frequency"),
    ),
)
