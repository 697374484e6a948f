"""The bias: without it, odd frequencies from 3 on are not learned; and where the kernel moves, times are others."""

from __future__ import annotations

from math import inf

from fourierscope.figures import draw_together
from fourierscope.papers.basri2019.circles import STAYS, circle_fit, question, reading
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at

_FREQUENCIES = (2, 3, 4, 5)
_STEPS = 400  # in every budget: k = 5 takes 150
_MAKES = {"with": (True, STAYS), "without": (False, STAYS), "moving": (True, 1.0)}


def _make(making: Making) -> None:
    asked = question(making, _FREQUENCIES)
    for name, (bias, scale) in _MAKES.items():
        making.ask(name, asked, circle_fit(making, _FREQUENCIES, bias, scale, _STEPS))


def _draw(made: Made) -> list[Picture]:
    names = [f"{one} bias" for one in ("with", "without")]
    trainings = made["with"].dataset.sizes["seed"]
    says = (
        "Relative error of each frequency on a circle by step, with and without biases; means over "
        f"{trainings} trainings. Dots: the median step at which the error first lies below .3."
    )
    return [Picture("bias", says, draw_together([made[one]["error"] for one in ("with", "without")], names))]


def _last(made: Made, name: str, frequency: int) -> Reading:
    """The relative error after all steps."""
    error = made[name]["error"]
    place = {"step": int(error["step"].values[-1]), "frequency": frequency}
    return at(made[name], "error", place)._replace(n=made[name].dataset.sizes["seed"])


def _ratio(made: Made, frequency: int) -> Reading:
    return at(made["moving"], "time_ratio", {"frequency": frequency})._replace(n=made["moving"].dataset.sizes["seed"])


def _check(name: str, frequency: int, high: float, low: float = -inf) -> Check:
    says = f"{name} bias: relative error at k = {frequency} after all steps (expected: holds)"
    return Check(says, lambda made: _last(made, name, frequency), low=low, high=high)


EXHIBIT = Exhibit(
    number="bias",
    title="Odd frequencies need a bias",
    claim="A two-layer network without biases cannot learn odd frequencies from 3 on; biases mend that.",
    source="sections 4 and 5",
    make=_make,
    draw=_draw,
    checks=(
        _check("without", 2, 0.3),
        _check("without", 4, 0.3),
        _check("without", 3, 1.1, 0.9),
        _check("without", 5, 1.1, 0.9),
        *(_check("with", k, 0.3) for k in _FREQUENCIES),
        Check(
            "scale 1, where the kernel may move: how far it moves, over its size (ours)",
            lambda made: reading(made, "moving", "kernel_change"),
            low=0.05,
        ),
        Check(
            "scale 1: measured over predicted time at k = 3 (ours: the prediction fails)",
            lambda made: _ratio(made, 3),
            low=1.25,
        ),
    ),
)
