"""Figure 8: kernels of the first layer before and after smoothing, and which frequencies they pass."""

from __future__ import annotations

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, BUDGETS, REAL, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart, between, exact
from fourierscope.papers.wang2020.kernels import SMOOTHNESS, ask_kernels, filters, roughness, with_kernels
from fourierscope.papers.wang2020.smoothed import AS_IT_IS, PROJECTED, named, seen, variants
from fourierscope.subjects import Trial

ROLES = ("natural", "adversarial")
_ASKED = {"smoke": ROLES[:1], "small": ROLES, "full": ROLES}
_IMAGES = {"smoke": 20, "small": 200, "full": 1000}
_FULL = named("none", 1.0)
_SHOWN = (AS_IT_IS, _FULL, PROJECTED)


def _make(making: Making) -> None:
    others = seen(making)
    for role, trial in making.trials(_ASKED[making.budget], making.samples(_IMAGES), with_kernels(making)):
        for one in variants(making.budget):
            if one.name in _SHOWN:
                changed = Trial(one.change(trial.classifier, others), trial.samples)
                ask_kernels(making, f"{role}, {one.name}", changed)


def _draw(made: Made) -> list[Picture]:
    pictures = []
    for role in ROLES:
        names = [one for one in _SHOWN if f"{role}, {one}" in made.results]
        if not names:
            continue
        results = [made[f"{role}, {one}"] for one in names]
        says = f"{role}: first kernels and their responses, by centroid, before and after smoothing and a projection."
        pictures.append(Picture(f"figure-8-{role}", says, draw_together([one["kernels"] for one in results], names)))
        says = f"{role}: mean power response of first filters, each of energy 1, before and after."
        pictures.append(
            Picture(f"figure-8-{role}-response", says, draw_together([one["response"] for one in results], names))
        )
    return pictures


def _high(made: Made, name: str) -> float:
    return float(made[name]["energy_share"].sel(band="high"))


def _gain(made: Made) -> Reading:
    """How many times the gain at frequency zero grows at full strength."""
    after, before = (float(made[f"natural, {one}{SMOOTHNESS}"]["gain"]) for one in (_FULL, AS_IT_IS))
    return exact(after / before, filters(made, f"natural, {_FULL}"))


def _less_high(role: str) -> Check:
    def read(made: Made) -> Reading:
        names = [f"{role}, {one}" for one in (AS_IT_IS, _FULL)]
        return exact(_high(made, names[0]) - _high(made, names[1]), filters(made, names[0]))

    says = f"{role}: share of kernels' energy at high frequencies, before less after strength 1 (n counts filters)"
    budgets = BUDGETS if role == "natural" else REAL
    return Check(says, read, low=ABOVE_ZERO, printed="pictures, no number", budgets=budgets)


def _smoother(made: Made) -> Reading:
    return apart(*(roughness(made, f"natural, {one}") for one in (AS_IT_IS, _FULL)))


def _lower_answers(made: Made) -> Reading:
    after, before = (made[f"natural, {one}"] for one in (_FULL, AS_IT_IS))
    return between(after, before, "input_share", {"band": "low"})


EXHIBIT = Exhibit(
    number="8",
    title="First kernels before and after smoothing",
    claim="Adding its neighbours to each weight makes kernels smooth, without training.",
    source="section 6.2, Eq. 3, Fig. 8, which shows pictures; the numbers and the projection are ours",
    make=_make,
    draw=_draw,
    checks=(
        *(_less_high(role) for role in ROLES),
        Check(
            "natural: mean roughness of first filters, before less after strength 1 (interval over filters)",
            _smoother,
            low=ABOVE_ZERO,
        ),
        Check(
            "natural: share of first answers' energy at low frequencies, after strength 1 less before, image by image",
            _lower_answers,
            low=ABOVE_ZERO,
        ),
        Check(
            "natural: gain at frequency zero, after strength 1 over before: 1 + 8 strength, unsaid in the article",
            _gain,
            8.99,
            9.01,
        ),
        Check(
            "natural: share of kernels' energy at high frequencies after the projection: less than half",
            lambda made: exact(_high(made, f"natural, {PROJECTED}"), filters(made, f"natural, {PROJECTED}")),
            high=0.5,
        ),
    ),
)
