"""Figure 2: the spectrum of natural images, and those of what the common corruptions add to them."""

from __future__ import annotations

import numpy as np

from fourierscope.analyses import PowerSpectrum, ShiftSpectrum
from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import apart, at, exact
from fourierscope.papers.yin2019.printed import printed
from fourierscope.subjects import Pair
from fourierscope.treatments import corrupt

SEVERITY = 3
CORRUPTIONS = tuple(sorted(printed("figure 6")["share"], key=printed("figure 6")["share"].get))  # low to high
_IMAGES = {"smoke": 40, "small": 2000, "full": 10000}
_SMOOTH = ("brightness", "fog", "contrast", "snow")
_WHITE = ("shot_noise", "impulse_noise", "speckle_noise")


def _make(making: Making) -> None:
    samples = making.samples(_IMAGES)
    making.ask("images", PowerSpectrum(), samples)
    for name in CORRUPTIONS:
        making.ask(name, ShiftSpectrum(), Pair(samples, corrupt(samples, name, SEVERITY)))


def _draw(made: Made) -> list[Picture]:
    ours = [made[name]["magnitude"] for name in CORRUPTIONS]
    return [
        Picture(
            "figure-2-images",
            "Mean magnitude of the spectrum of the images as they are: nearly all of it is at low frequencies. "
            "Orthonormal; the paper's values are 32 times as large.",
            draw(made["images"]["magnitude"]),
        ),
        Picture(
            "figure-2-corruptions",
            f"Mean magnitude of the spectrum of what each corruption adds at severity {SEVERITY}, on one scale, in the "
            "order of the printed share of high frequencies: fog sits in the middle, noise fills the plane.",
            draw_together(ours, CORRUPTIONS),
        ),
    ]


def _ratio(made: Made, name: str) -> Reading:
    return at(made[name], "low_high_ratio", {})


def _order(made: Made) -> Reading:
    """Spearman's correlation between the printed shares of high frequencies and our ratios of low to high."""
    from scipy.stats import spearmanr

    ratios = [_ratio(made, name).value for name in CORRUPTIONS]
    found = spearmanr(np.arange(len(CORRUPTIONS)), ratios)
    return exact(float(found.statistic), int(made[CORRUPTIONS[0]].dataset["n"]))


def _leans_lower(name: str) -> Check:
    return Check(
        f"{name} leans more to low frequencies than shot_noise: difference of their ratios low to high",
        lambda made: apart(_ratio(made, name), _ratio(made, "shot_noise")),
        low=ABOVE_ZERO,
    )


def _white(name: str) -> Check:
    return Check(f"{name} is nearly white: ratio low to high", lambda made: _ratio(made, name), 0.8, 1.5)


EXHIBIT = Exhibit(
    number="2",
    title="Spectra of natural images and of common corruptions at severity 3",
    claim=(
        "Natural images hold their energy at low frequencies; some corruptions (brightness, fog, contrast) do so too, "
        "others (noise) spread over all frequencies."
    ),
    source="section 3",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "The images' power falls steeply with frequency: exponent",
            lambda made: at(made["images"], "slope", {}),
            high=-1.5,
        ),
        *(_leans_lower(name) for name in _SMOOTH),
        *(_white(name) for name in _WHITE),
        Check(
            "Rank correlation of the ratios low to high with the printed shares of high frequencies", _order, high=-0.7
        ),
    ),
)
