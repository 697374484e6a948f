"""Figure 6: parity, whose one frequency is the highest of the cube."""

from __future__ import annotations

import numpy as np

from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.xu2019.parity import ParityLearning, parity_fit
from fourierscope.results import Result

_SHARES = (0.0, 0.2, 0.5)
_CUBES = {"smoke": (6, (100, 100), 400, 3), "small": (10, (300, 300), 1000, 5), "full": (12, (500, 500), 3000, 10)}
SHARED = "parity"  # with the registry of cases


def learned_parity(making: Making) -> Result:
    """What networks make of parity in this budget."""
    dimension, hidden, steps, seeds = _CUBES[making.budget]
    return making.ask("parity", ParityLearning(_SHARES, seeds), parity_fit(dimension, hidden, steps), SHARED)


def _make(making: Making) -> None:
    learned_parity(making)


def _draw(made: Made) -> list[Picture]:
    held = made["parity"]
    says = "Share of corners with the right sign, by step: those learned from, and those held out. Half is chance."
    kept = held["accuracy_unseen"].sel(training=[one for one in held["training"].values if one != "0% held out"])
    curves = draw_together([held["accuracy_seen"], kept], ["learned from", "held out"])
    told = (
        "Spectrum of the answers over all corners, along the diagonal; parity has its peak at 1/4. Trained on a part "
        "of the corners, the network puts lower frequencies in its place."
    )
    return [Picture("figure-6", says, curves), Picture("figure-6-spectrum", told, draw(held["spectrum"]))]


def last_accuracy(made: Made, name: str, training: str) -> Reading:
    """The accuracy after all steps, mean over seeds."""
    values = made["parity"][name].sel(training=training).isel(step=-1)
    low, high = (float(values.coords[f"{name}_{end}"]) for end in ("low", "high"))
    return Reading(float(values), low, high, 2 ** _dimension(made))


def _dimension(made: Made) -> int:
    return int(str(made["parity"].record["subject"]["name"]).rsplit(" ", 1)[-1])


def _peak(made: Made, training: str) -> Reading:
    """The spectrum at parity's own frequency."""
    spectrum = made["parity"]["spectrum"].sel(answers_of=training)
    return exact(float(spectrum.sel(frequency=0.25, method="nearest")), 2 ** _dimension(made))


def _lower(made: Made) -> Reading:
    """Mean frequency of the spectrum's energy up to 1/4, the target's less that of half of the corners."""

    def centroid(name: str) -> float:
        energy = made["parity"]["spectrum"].sel(answers_of=name, frequency=slice(0, 0.25)) ** 2
        return float((energy * energy["frequency"]).sum() / energy.sum())

    return exact(centroid("target") - centroid("50% held out"), 2 ** _dimension(made))


EXHIBIT = Exhibit(
    number="6",
    title="Parity: the highest frequency of the cube",
    claim="Parity is learned from all corners; from a part of them the others are not told, for low frequencies fit too.",
    source="1901.06523, section 5.1",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "All corners learned from: share that is right at the end",
            lambda made: last_accuracy(made, "accuracy_seen", "0% held out"),
            low=0.99,
        ),
        *(
            Check(
                f"{share:.0%} of the corners held out: share of these that is right at the end, no better than chance",
                lambda made, share=share: last_accuracy(made, "accuracy_unseen", f"{share:.0%} held out"),
                high=0.6,
            )
            for share in _SHARES[1:]
        ),
        Check(
            "All corners learned from: spectrum at parity's frequency 1/4, of 1",
            lambda made: _peak(made, "0% held out"),
            low=0.9,
        ),
        Check("Half held out: how much lower in frequency the answers lie than parity", _lower, low=np.nextafter(0, 1)),
    ),
)
