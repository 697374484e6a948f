"""Table 1: a network that learned under noise with the spectrum of fog, asked about fog."""

from __future__ import annotations

from fourierscope.analyses import Robustness
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import at, between
from fourierscope.papers.yin2019.learned import learned_under_fog_noise
from fourierscope.papers.yin2019.printed import printed
from fourierscope.subjects import Trial

ROLES = ("natural", "fognoise")
_IMAGES = {"small": 2000, "full": 10000}
_SEVERITIES = tuple(float(one) for one in printed("table 1")["severity"])
_PRINTED = {"natural": printed("table 1")["natural"], "fognoise": printed("table 1")["fog noise"]}


def _make(making: Making) -> None:
    if making.budget not in _IMAGES:
        raise NotTried("it trains a network under noise, which takes minutes")
    samples, natural = making.samples(_IMAGES), making.classifier("natural")
    fog = making.setting.classifiers.get("fognoise") or learned_under_fog_noise(making)
    question = Robustness("corruption:fog", strengths=_SEVERITIES)
    for role, classifier in (("natural", natural), ("fognoise", fog)):
        making.ask(role, question, Trial(classifier, samples))


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    says = (
        "Accuracy under fog by severity: the network that learned under noise with fog's own spectrum does not gain on "
        "fog, for fog is no noise."
    )
    return [Picture("table-1", says, draw_together([made[role]["accuracy"] for role in roles], roles))]


def _beside(made: Made) -> list[Beside]:
    return [
        Beside(f"{role}, fog of severity {severity:g}", value, at(made[role], "accuracy", {"strength": severity}))
        for role in made.having(ROLES)
        for severity, value in zip(_SEVERITIES, _PRINTED[role], strict=True)
    ]


def _worse(severity: float) -> Check:
    place = int(severity) - 1
    return Check(
        f"Under fog of severity {severity:g} natural training is right more often than training under fog noise",
        lambda made: between(made["natural"], made["fognoise"], "accuracy", {"strength": severity}),
        low=ABOVE_ZERO,
        printed=f"{_PRINTED['natural'][place] - _PRINTED['fognoise'][place]:+.3f}",
    )


EXHIBIT = Exhibit(
    number="table 1",
    title="Training under noise with the spectrum of fog does not help against fog",
    claim="Noise with the same mean spectrum as fog, added in training, makes a network worse under fog.",
    source="section 4.3",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=tuple(_worse(one) for one in _SEVERITIES),
)
