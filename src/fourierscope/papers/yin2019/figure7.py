"""Figure 7: the spectra of successful attacks, and plain images with one wave as an attack that needs no gradient."""

from __future__ import annotations

import numpy as np

from fourierscope.analyses import HeatMap, ShiftSpectrum
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, REAL, Beside, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import Place, apart, at, exact
from fourierscope.papers.yin2019.printed import printed, printed_map
from fourierscope.subjects import Samples, Trial
from fourierscope.treatments import pgd, successful
from fourierscope.treatments.success import NothingSucceeded

ROLES = ("natural", "adversarial")
_IMAGES = {"smoke": 60, "small": 1000, "full": 5000}
_STRIDE = {"smoke": 4, "small": 2, "full": 1}
_EPS, _STEPS = 8 / 255, 20


def _make(making: Making) -> None:
    samples = making.samples(_IMAGES)
    halves = _halves(samples)
    for role, trial in making.trials(ROLES, samples):
        attacked = pgd(trial, norm="linf", eps=_EPS, steps=_STEPS)
        try:
            pair = successful(trial, attacked)
        except NothingSucceeded as error:
            making.left_out[role] = str(error)
        else:
            making.ask(role, ShiftSpectrum(), pair)
        for half, part in zip(("search", "test"), halves, strict=True):
            question = HeatMap(norm=4.0, stride=_STRIDE[making.budget])
            making.ask(f"{role}-{half}", question, Trial(trial.classifier, part))


def _halves(samples: Samples) -> list[Samples]:
    """Every other image: the wave is chosen on the first half, and tried on the second.

    Raises NotTried where there is one image.
    """
    if len(samples) < 2:
        raise NotTried("it parts the images into two halves, and there is one image")
    return [samples.subset(range(start, len(samples), 2)) for start in (0, 1)]


def _draw(made: Made) -> list[Picture]:
    roles = made.having(ROLES)
    eps = f"PGD, L-infinity, {_EPS * 255:.0f}/255, {_STEPS} steps"
    found = []
    if roles:
        says = (
            f"Mean magnitude of the spectrum of successful attacks ({eps}), on one scale: against the natural network "
            "they spread over all frequencies, against the adversarially trained one they crowd at low ones. "
            "Orthonormal; the paper's values are 32 times as large."
        )
        found.append(Picture("figure-7", says, draw_together([made[role]["magnitude"] for role in roles], roles)))
    tried = made.having([f"{role}-search" for role in ROLES])
    pictures = [made[name]["pictures"] for name in tried]
    says = "Images as they are and under the one wave that misled the network most often; no gradient was asked for. "
    return [
        *found,
        Picture("figure-7-waves", says, draw_together(pictures, [one.removesuffix("-search") for one in tried])),
    ]


def _wave(made: Made, role: str) -> Place:
    """The wave that misled most images of the first half."""
    error = made[f"{role}-search"]["error"]
    row, column = np.unravel_index(int(error.values.argmax()), error.shape)
    return {"row": int(error["row"][row]), "column": int(error["column"][column])}


def _misled(made: Made, role: str) -> Reading:
    """Error on the second half under the wave chosen on the first."""
    return at(made[f"{role}-test"], "error", _wave(made, role))


def _unevenness(made: Made, role: str) -> Reading:
    """The largest ring mean over the smallest, frequency zero left out."""
    profile = made[role]["profile"].sel(radius=slice(1, 16)).values
    return exact(float(profile.max() / profile.min()), int(made[role].dataset["n"]))


def _ratio(made: Made, role: str) -> Reading:
    return at(made[role], "low_high_ratio", {})


def _steeper(made: Made) -> Reading:
    return apart(_ratio(made, "adversarial"), _ratio(made, "natural"))


def _beside(made: Made) -> list[Beside]:
    if "natural" not in made.results:
        return []
    magnitude = 32 * made["natural"]["magnitude"].values
    ours = exact(float(magnitude.mean()), int(made["natural"].dataset["n"]))
    return [Beside("natural: mean of the spectrum, times 32", printed("figure 7")["natural"]["mean"], ours)]


def _most(role: str) -> str:
    return f"{np.nanmax(printed_map(role).values):.2f} (Fig. 3)"


EXHIBIT = Exhibit(
    number="7",
    title="Spectra of successful attacks, and single waves as attacks",
    claim=(
        "Attacks on the natural network spread over all frequencies; those on the adversarially trained one lean to "
        "low frequencies. One wave added to a plain image misleads a network without any gradient."
    ),
    source="section 4.4",
    make=_make,
    draw=_draw,
    beside=_beside,
    checks=(
        Check("Ratio low to high: adversarial minus natural", _steeper, low=ABOVE_ZERO),
        Check("natural: ratio low to high, nearly flat", lambda made: _ratio(made, "natural"), 0.7, 2.0),
        Check("adversarial: ratio low to high, not flat", lambda made: _ratio(made, "adversarial"), low=1.5),
        Check(
            "natural: largest over smallest ring mean, radius 1 to 16", lambda made: _unevenness(made, "natural"),
            high=2.0, printed="1.6 (bins)", budgets=REAL,
        ),
        Check(
            "natural: share misled by one wave of norm 4, chosen on other images",
            lambda made: _misled(made, "natural"),
            low=0.5, printed=_most("natural"),
        ),
        Check(
            "Share misled by one such wave: natural minus adversarial",
            lambda made: apart(_misled(made, "natural"), _misled(made, "adversarial")), low=ABOVE_ZERO,
            printed=f"{_most('natural')} minus {_most('adversarial')}",
        ),
    ),
)  # fmt: skip
