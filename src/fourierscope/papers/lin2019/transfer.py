"""The transfer of the average: equation 6, corrected, and what the published points do in its place."""

from __future__ import annotations

from fourierscope.figures import Panel, draw_panels
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.lin2019.averages import AVERAGES, Ball, Transfers
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.theory.averaging import sampler_floor

_DIMENSIONS = {"three": 3, "cifar10": 3072, "imagenet": 150_528}


def _make(making: Making) -> None:
    for name, dimension in _DIMENSIONS.items():
        making.ask(name, Transfers(), Ball(dimension))


def _draw(made: Made) -> list[Picture]:
    panels = [
        Panel(
            f"{_DIMENSIONS[name]:,} dimensions{told}",
            [made[name]["transfer"].sel(average=one, drop=True) for one in AVERAGES],
            AVERAGES,
        )
        for name, told in (("three", ""), ("cifar10", ": the first three as one"))
    ]
    says = (
        "What averages leave of a wave, by the angle that it turns over one standard deviation of the ball's points "
        "along it. In image dimension ball, sphere and "
        "Gaussian cannot be told apart; the 91 published points leave far more, and at least 1/91 of every wave."
    )
    return [Picture("transfer", says, draw_panels(panels))]


def _left(made: Made, name: str, average: str, frequency: float) -> Reading:
    values = made[name]["transfer"].sel(average=average)
    return exact(float(values.sel(frequency=frequency, method="nearest")), 0)


def _drawn(made: Made) -> Reading:
    """The largest distance from points that were drawn, in standard errors."""
    return exact(max((float(one) for name in _DIMENSIONS for one in made[name]["drawn_error"].values), key=abs), 0)


def _formula(made: Made, name: str, value: str, formula: str) -> Reading:
    return exact(float(made[name][value].sel(formula=formula)), 0)


_FLOOR = sampler_floor()

EXHIBIT = Exhibit(
    number="transfer",
    title="What averages leave of waves",
    claim="The mean over a ball is a low pass, which falls with the power n / 2 + 1 of the frequency.",
    source="section 3, equation 6",
    make=_make,
    draw=_draw,
    checks=(
        Check("Constants pass whole, as derived", lambda made: _formula(made, "three", "at_zero", "derived"), 1, 1),
        Check(
            "Constants pass whole, as printed, 3 dimensions (expected: fails)",
            lambda made: _formula(made, "three", "at_zero", "printed"),
            1,
            1,
        ),
        Check("The ball less points drawn in it, the most in standard errors", _drawn, -4, 4),
        Check(
            "Exponent of the decay in 3 dimensions: -(n + 1) / 2, where the article has -(n / 2 + 1)",
            lambda made: _formula(made, "three", "decay", "derived"),
            -2.02,
            -1.98,
            printed="-2.5",
        ),
        Check(
            "3,072 dimensions, at one over the deviation",
            lambda made: _left(made, "cifar10", "ball", 1.0),
            0.606480,
            0.606482,
        ),
        Check(
            "150,528 dimensions, at one over the deviation",
            lambda made: _left(made, "imagenet", "ball", 1.0),
            0.606529,
            0.606531,
        ),
        Check(
            "3,072 dimensions, at three: ball",
            lambda made: _left(made, "cifar10", "ball", 3.0),
            0.0105,
            0.0115,
        ),
        Check(
            "3,072 dimensions, at three: published points",
            lambda made: _left(made, "cifar10", "published points", 3.0),
            0.2585,
            0.2595,
        ),
        Check(
            "At eight, published points over their floor of 1/91: it lies above",
            lambda made: exact(_left(made, "cifar10", "published points", 8.0).value / _FLOOR, 0),
            low=1,
        ),
    ),
)
