"""The error budget: what the difference of network and prediction consists of, and which part stays for ever."""

from __future__ import annotations

import numpy as np

from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.zhang2019.examples import CUBIC
from fourierscope.results import Axes

_BIASES = (6.0, 24.0, 96.0)
_WIDTHS = {"smoke": (16_000, 64_000), "small": (16_000, 64_000), "full": (16_000, 64_000, 256_000)}
_DRAWS = {"smoke": 3, "small": 10, "full": 50}


def _named(bias: float) -> str:
    return f"bias-{bias:g}"


def _make(making: Making) -> None:
    for bias in _BIASES:
        question = CUBIC.question(bias=bias, widths=_WIDTHS[making.budget], draws=_DRAWS[making.budget], places=400)
        making.ask(_named(bias), question, CUBIC.fit(2000))


def _draw(made: Made) -> list[Picture]:
    widest = [made[_named(one)]["parts"].isel(width=-1) for one in _BIASES]
    width = int(widest[0]["width"])
    names = widest[0]["part"].values
    axes = Axes({"part": names, "log10_of_bias": np.log10(_BIASES)})
    says = f"Parts of network - prediction at {width:,} neurons, by the range of biases (base-10 logarithms)."
    values = axes.array(np.log10(np.stack(widest, 1)), "1", says).rename("log10_of_part")
    return [Picture("budget", says, draw(values))]


def _part(made: Made, part: str, bias: float) -> float:
    return float(made[_named(bias)]["parts"].sel(part=part).isel(width=0))


def _falls(first: float, second: float) -> Check:
    def read(made: Made) -> Reading:
        return exact(_part(made, "finite biases", first) / _part(made, "finite biases", second), 1)

    return Check(f"Finite biases: part at {first:g} over that at {second:g}, four times the range", read, 3.2, 4.8)


def _stays(made: Made) -> Reading:
    return exact(_part(made, "dropped product", _BIASES[-1]) / _part(made, "dropped product", _BIASES[0]), 1)


def _rules(made: Made) -> Reading:
    return exact(_part(made, "dropped product", _BIASES[-1]) / _part(made, "finite biases", _BIASES[-1]), 1)


EXHIBIT = Exhibit(
    number="budget",
    title="What the difference of network and prediction consists of",
    claim="Not in the article: finite width and finite biases go away, what the model drops stays.",
    source="ours, by the exact tangent kernel; the model of Luo et al. (2020) has the dropped part",
    make=_make,
    draw=_draw,
    checks=(
        _falls(6.0, 24.0),
        _falls(24.0, 96.0),
        Check("Dropped product: part at 96 over that at 6", _stays, 0.3, 3),
        Check("Dropped product over finite biases at 96", _rules, low=1),
    ),
)
