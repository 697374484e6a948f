"""Figure 6: what each model gains or loses under a corruption, against the corruption's share of high frequencies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import inf

import numpy as np
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import at, exact
from fourierscope.papers.yin2019.corruptions import profiled
from fourierscope.papers.yin2019.printed import printed
from fourierscope.results import fitted_line, trade_off

MODELS = ("gaussian", "adversarial", "lowpass15", "highpass31", "autoaugment")
CORRUPTIONS = tuple(printed("figure 6")["share"])
_FAR = ("zoom_blur", "motion_blur", "snow")  # whose programs or pictures leave most to choose


def _make(making: Making) -> None:
    making.classifier("natural")  # without it there is nothing to compare with
    profiled(making, ("natural", *MODELS))
    natural = making.results["natural"]
    for model in MODELS:
        if model in making.results:
            making.hold(f"{model}-line", trade_off(making.results[model], natural))


def _line(made: Made, model: str) -> Mapping[str, Reading]:
    if model not in made.results:
        raise NotTried(made.left_out.get(model, f"there is no {model} network"))
    return {name: at(made[f"{model}-line"], name, {}) for name in ("slope", "residual")}


def _share(made: Made, corruption: str) -> Reading:
    return at(made["natural"], "corruption_share", {"corruption": corruption})


def _beside(made: Made) -> list[Beside]:
    numbers = printed("figure 6")
    shares = [
        Beside(f"share of high frequencies, {name}", value, _share(made, name))
        for name, value in numbers["share"].items()
    ]
    lines = [
        Beside(f"{model}, {name}", numbers["fit printed"][model][place], _line(made, model)[name])
        for model in MODELS
        if model in made.results
        for place, name in enumerate(("slope", "residual"))
    ]
    changes = [
        Beside(
            f"{model}, change under {name}", value, at(made[f"{model}-line"], "accuracy_change", {"corruption": name})
        )
        for model in MODELS
        if model in made.results
        for name, value in numbers["change"][model].items()
    ]
    return shares + lines + changes


def _farthest(made: Made, names: tuple[str, ...]) -> Reading:
    """The largest distance of our shares from the printed ones."""
    readings = [_share(made, name) for name in names]
    gaps = [abs(one.value - printed("figure 6")["share"][name]) for one, name in zip(readings, names, strict=True)]
    return exact(max(gaps), int(made["natural"].dataset["n"]))


def _refitted(model: str, place: int) -> Check:
    """The line through the paper's own points gives the numbers that were worked out from its drawing."""
    numbers = printed("figure 6")
    expected, legend = numbers["fit of the points"][model][place], numbers["fit printed"][model][place]

    def read(made: Made) -> Reading:
        shares, changes = (np.array([one[key] for key in CORRUPTIONS]) for one in _points(model))
        line = fitted_line(shares, changes)
        return exact(float((line.slope, line.residual)[place]), len(CORRUPTIONS))

    says = f"The printed points of {model}, fitted again by us: {('slope', 'residual sum of squares')[place]}"
    return Check(says, read, expected - 0.003, expected + 0.003, f"{expected} (legend {legend})")


def _points(model: str) -> tuple[dict[str, float], dict[str, float]]:
    """The printed shares and changes by corruption."""
    return printed("figure 6")["share"], printed("figure 6")["change"][model]


def _slope(model: str) -> Check:
    slope = printed("figure 6")["fit printed"][model][0]
    low, high, sign = (ABOVE_ZERO, inf, "positive") if slope > 0 else (-inf, -ABOVE_ZERO, "negative")
    says = f"{model}: the slope of accuracy gained against share of high frequencies is {sign}"
    return Check(says, lambda made: _line(made, model)["slope"], low, high, f"{slope:+.2f}")


def _steepest(made: Made) -> Reading:
    """The slope of the Gaussian network minus the largest of the others; its interval is that of the first alone."""
    others = [_line(made, model)["slope"].value for model in MODELS[1:] if model in made.results]
    if not others:
        raise NotTried("there is no other network to compare with")
    own = _line(made, "gaussian")["slope"]
    return Reading(own.value - max(others), own.low - max(others), own.high - max(others), own.n)


def _draw(made: Made) -> list[Picture]:
    models = made.having(MODELS)
    if not models:
        return []
    says = (
        "What a network gains or loses in accuracy against the natural one under each corruption (mean over "
        "severities), by the share of the corruption at high frequencies, with the line of best fit. A rising line "
        "gains on noise and loses on fog."
    )
    ours = draw_together([made[f"{one}-line"]["accuracy_change"] for one in models], models)
    theirs = draw_together([_printed_change(one) for one in models], models, "printed")
    told = "The printed points of the same networks, read from the paper's drawing, with the line of best fit."
    return [Picture("figure-6", says, ours), Picture("figure-6-printed", told, theirs)]


def _printed_change(model: str) -> xr.DataArray:
    """The printed changes over ("corruption",), with the printed shares and the line beside them."""
    shares, changes = _points(model)
    beside = xr.Variable(("corruption",), [shares[name] for name in CORRUPTIONS], {"units": "1"})
    coords = {"corruption": np.array(CORRUPTIONS), "high_frequency_share": beside}
    attrs = {"units": "1", "against": "high_frequency_share"}
    values = [changes[name] for name in CORRUPTIONS]
    return xr.DataArray(values, coords, ("corruption",), name="accuracy_change", attrs=attrs)


EXHIBIT = Exhibit(
    number="6",
    title="Accuracy gained and lost under corruptions, against their share of high frequencies",
    claim=(
        "Gaussian training, adversarial training and a low-pass front end gain where corruptions are of high frequency "
        "and lose where they are of low frequency; a high-pass front end does the reverse; AutoAugment gains nearly "
        "everywhere."
    ),
    source="section 4.3",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        *(_refitted(model, place) for model in MODELS for place in (0, 1)),
        *(_slope(model) for model in MODELS),
        Check("The Gaussian network has the steepest slope", _steepest, low=ABOVE_ZERO, printed="+0.17"),
        Check(
            "Largest distance of our shares from the printed ones, 12 corruptions",
            lambda made: _farthest(made, tuple(one for one in CORRUPTIONS if one not in _FAR)),
            high=0.03,
            printed="0",
            budgets=REAL,
        ),
        Check(
            "Largest distance of our shares from the printed ones: zoom, motion, snow, whose programs leave most open",
            lambda made: _farthest(made, _FAR),
            high=0.06,
            printed="0",
            budgets=REAL,
        ),
        *(
            Check(
                f"{name}, nearly white: share of high frequencies", partial(_share, corruption=name), 0.69, 0.72, value
            )
            for name, value in (("shot_noise", ".704"), ("impulse_noise", ".708"), ("speckle_noise", ".699"))
        ),
    ),
)
