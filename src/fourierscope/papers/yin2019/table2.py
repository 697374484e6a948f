"""Table 2: accuracy under each of the fifteen corruptions, and on the average."""

from __future__ import annotations

import numpy as np

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, between, exact
from fourierscope.papers.yin2019.corruptions import profiled
from fourierscope.papers.yin2019.printed import printed

ROLES = ("natural", "gaussian", "adversarial", "autoaugment")


def _make(making: Making) -> None:
    profiled(making, ROLES)


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    says = "Share of images classified rightly under each corruption, mean over severities, with 95 % intervals."
    return [Picture("table-2", says, draw_together([made[role]["corruption_accuracy"] for role in roles], roles))]


def _accuracy(made: Made, role: str) -> Reading:
    """The mean over corruptions and severities."""
    error = at(made[role], "mean_error", {})
    return Reading(1 - error.value, 1 - error.high, 1 - error.low, error.n)


def _mce(made: Made, role: str) -> Reading:
    """The mean over corruptions of the error relative to the natural network's, in per cent."""
    errors = [1 - made[one]["corruption_accuracy"].values for one in (role, "natural")]
    return exact(float(100 * np.mean(errors[0] / errors[1])), int(made[role].dataset["n"]))


def _beside(made: Made) -> list[Beside]:
    numbers, rows = printed("table 2"), []
    for role in made.having(ROLES):
        rows.append(Beside(f"{role}, mean accuracy", numbers["mean"][role] / 100, _accuracy(made, role)))
        if "natural" in made.results:
            rows.append(Beside(f"{role}, mCE (natural = 100)", numbers["mCE"][role], _mce(made, role)))
        for name, value in zip(numbers["corruption"], numbers["accuracy"][role], strict=True):
            ours = at(made[role], "corruption_accuracy", {"corruption": name})
            rows.append(Beside(f"{role}, {name}", value / 100, ours))
    return rows


def _better(first: str, second: str, corruption: str) -> Check:
    place, numbers = {"corruption": corruption}, printed("table 2")
    column = numbers["corruption"].index(corruption)
    difference = (numbers["accuracy"][first][column] - numbers["accuracy"][second][column]) / 100
    return Check(
        f"Under {corruption} {first} is right more often than {second}",
        lambda made: between(made[first], made[second], "corruption_accuracy", place),
        low=ABOVE_ZERO,
        printed=f"{difference:+.2f}",
    )


def _better_on_average(first: str, second: str) -> Check:
    difference = (printed("table 2")["mean"][first] - printed("table 2")["mean"][second]) / 100
    says = f"On the average of all corruptions {first} is right more often than {second}"
    return Check(
        says,
        lambda made: between(made[second], made[first], "mean_error", {}),
        low=ABOVE_ZERO,
        printed=f"{difference:+.2f}",
    )


def _far(role: str) -> Check:
    def read(made: Made) -> Reading:
        numbers = printed("table 2")
        gaps = [
            abs(at(made[role], "corruption_accuracy", {"corruption": name}).value - value / 100)
            for name, value in zip(numbers["corruption"], numbers["accuracy"][role], strict=True)
        ]
        return exact(float(np.mean(gaps)), int(made[role].dataset["n"]))

    says = f"{role}: mean distance of its 15 accuracies from the printed ones"
    return Check(says, read, high=0.10, printed="0", budgets=REAL)


EXHIBIT = Exhibit(
    number="table 2",
    title="Accuracy under fifteen corruptions",
    claim=(
        "Gaussian and adversarial training gain much under noise and lose under fog and contrast; AutoAugment gains on "
        "the average without such losses."
    ),
    source="section 4.5",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(_better_on_average(one, "natural") for one in ROLES[1:]),
        _better_on_average("autoaugment", "gaussian"),
        *(_better(role, "natural", name) for role in ROLES[1:3] for name in ("shot_noise", "impulse_noise")),
        *(_better("natural", role, name) for role in ROLES[1:3] for name in ("fog", "contrast")),
        *(_far(role) for role in ROLES),
    ),
)
