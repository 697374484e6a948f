"""Figure 2: targets with corners and with jumps, whose high frequencies are strong."""

from __future__ import annotations

from torch import Tensor

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making
from fourierscope.papers.xu2019.lines import LINES, asked, grid, ordered, peaks, quantised, sines

_STEPS = {"quantised by 0.5": 0.5, "quantised by 1": 1.0, "quantised by 2": 2.0}
_TARGETS = ("|x|", *_STEPS)


def target(name: str, points: Tensor) -> Tensor:
    """The target of that name at points (n,): |x|, or the three sines rounded to multiples of a step."""
    return points.abs() if name == "|x|" else quantised(sines(points), _STEPS[name])


def _word(name: str) -> str:
    """The target as part of a file's name."""
    return "tanh-" + name.replace("|x|", "corner").replace(" ", "-")


def _make(making: Making) -> None:
    points = grid(LINES[making.budget].points)
    for name in _TARGETS:
        values = target(name, points)
        asked(making, _word(name), values, "tanh", peaks(values))


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error at the peaks of the target's Fourier transform, by step. The larger the step of the rounding, "
        "the more of the target lies at high frequencies. Mean over seeds."
    )
    return [Picture("figure-2", says, draw_together([made[_word(name)]["error"] for name in _TARGETS], list(_TARGETS)))]


EXHIBIT = Exhibit(
    number="2",
    title="Corners and jumps: |x|, and a quantised target",
    claim="Targets with strong high frequencies are learned from low to high frequency too.",
    source="1807.01251, section 3: y = a Round(y0 / a), where y0 is not stated to us: the three sines here",
    make=_make,
    draw=_draw,
    checks=tuple(
        Check(
            f"{name}: Spearman correlation of the peaks' frequency with time to learn",
            lambda made, name=name: ordered(made, _word(name)),
            low=0.8,
        )
        for name in _TARGETS
    ),
)
