"""Networks that learned with a penalty on adjacent weights that differ, beside a plain one."""

from __future__ import annotations

from fourierscope.analyses import Robustness
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart, between
from fourierscope.papers.wang2020.kernels import ask_kernels, roughness
from fourierscope.papers.wang2020.learned import Learner, taught, training_of
from fourierscope.subjects import Trial

_WEIGHTS = {"smoke": (0.0, 1.0), "small": (0.0, 0.1, 1.0), "full": (0.0, 0.1, 1.0)}
_IMAGES = {"smoke": 20, "small": 1000, "full": 10_000}
_STEPS = {"smoke": 2, "small": 10, "full": 40}
_EPS = (2 / 255, 0.03)
_STRONGEST = 1.0
_ATTACKS = ("FGSM", "PGD")


def _name(weight: float) -> str:
    return f"penalty {weight:g}" if weight else "plain"


def _make(making: Making) -> None:
    tested = making.samples(_IMAGES)
    for weight in _WEIGHTS[making.budget]:
        name = _name(weight)
        training = training_of(making, Learner(adjacent=weight))
        trial = Trial(taught(making, f"adjacent weights, {name}", training), tested)
        ask_kernels(making, name, trial)
        making.ask(f"{name}, FGSM", Robustness("fgsm", _EPS), trial)
        making.ask(f"{name}, PGD", Robustness("pgd-linf", _EPS, steps=_STEPS[making.budget]), trial)


def _names(made: Made) -> list[str]:
    return made.having([_name(weight) for weight in _WEIGHTS["full"]])


def _draw(made: Made) -> list[Picture]:
    names = _names(made)
    says = "First kernels and their responses, by centroid, without and with the penalty on adjacent weights."
    kernels = draw_together([made[one]["kernels"] for one in names], names)
    told = "Accuracy under PGD by eps, without and with the penalty."
    attacked = draw_together([made[f"{one}, PGD"]["accuracy"] for one in names], names)
    return [Picture("adjacent-weights", says, kernels), Picture("adjacent-weights-pgd", told, attacked)]


def _smoother(made: Made) -> Reading:
    return apart(roughness(made, _name(0)), roughness(made, _name(_STRONGEST)))


def _gained(attack: str, eps: float) -> Check:
    def read(made: Made) -> Reading:
        first, second = (made[f"{_name(weight)}, {attack}"] for weight in (_STRONGEST, 0))
        return between(first, second, "accuracy", {"strength": eps})

    return Check(f"{attack}, eps {eps:.3f}: with the penalty less plain, image by image", read, low=ABOVE_ZERO)


def _clean(made: Made) -> Reading:
    first, second = (made[f"{_name(weight)}, FGSM"] for weight in (_STRONGEST, 0))
    return between(first, second, "clean_accuracy", {})


EXHIBIT = Exhibit(
    number="adjacent weights",
    title="A penalty on adjacent weights in training",
    claim="Networks whose first kernels were kept smooth in training are more robust. The article only names it.",
    source="section 6.2, without a formula and without numbers; one network for each weight of the penalty",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Mean roughness of first filters, plain less with the penalty, 1 (interval over filters)",
            _smoother,
            low=ABOVE_ZERO,
        ),
        Check("Clean accuracy, with the penalty, 1, less plain, image by image", _clean, low=-0.02),
        *(_gained(attack, eps) for attack in _ATTACKS for eps in _EPS),
    ),
)
