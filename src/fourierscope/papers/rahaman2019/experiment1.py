"""Experiment 1 (Figure 1): sums of sines with equal and with growing amplitudes, learned from low to high frequency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fourierscope.figures import draw, draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.learned import LearnedSines, order
from fourierscope.papers.rahaman2019.sines import Sines
from fourierscope.papers.reading import exact

AMPLITUDES = ("equal", "growing")
_FIVE, _TEN = tuple(range(1, 6)), tuple(range(5, 55, 5))
_WORDS = {"ordering": "time to learn", "area_ordering": "area under the error"}
LEARNED = {  # the sines, and how they are asked
    "smoke": (Sines(_FIVE, (1.0,) * 5, 100, 64, 5, 2000, 3e-4), LearnedSines(3, every=10)),
    "small": (Sines(_TEN, (1.0,) * 10, 200, 256, 6, 20_000, 3e-4), LearnedSines(3, every=100)),
    "full": (Sines(_TEN, (1.0,) * 10, 200, 256, 6, 80_000, 3e-4), LearnedSines(10, every=100)),
}


def sines_of(making: Making, amplitudes: str) -> Sines:
    """The sines of the budget; growing amplitudes rise evenly to 1."""
    held = LEARNED[making.budget][0]
    count = len(held.frequencies)
    sizes = held.amplitudes if amplitudes == "equal" else tuple((one + 1) / count for one in range(count))
    return replace(held, amplitudes=sizes, device=making.setting.device or "cpu")


def _make(making: Making) -> None:
    for word in AMPLITUDES:
        making.ask(word, LEARNED[making.budget][1], sines_of(making, word))


def _draw(made: Made) -> list[Picture]:
    told = {
        "error": "Relative error of the Fourier coefficients by step: a frequency is learned where it is near 0.",
        "amplitude": "Fourier amplitude of the network over the target's, as the article shows it.",
    }
    names = [f"{word} amplitudes" for word in AMPLITUDES]
    pictures = [
        Picture(
            f"experiment-1-{value}",
            f"{says} Mean over draws of phases and weights.",
            draw_together([made[word][value] for word in AMPLITUDES], names),
        )
        for value, says in told.items()
    ]
    says = "Spectral norm of each layer's weights by step, {} amplitudes; mean over draws."
    return pictures + [
        Picture(f"experiment-1-norms-{word}", says.format(word), draw(made[word]["layer_norm"])) for word in AMPLITUDES
    ]


def _growth(made: Made, word: str) -> Reading:
    """The least growth of a layer's norm, the last over the first, as a logarithm."""
    norms = made[word]["layer_norm"]
    return exact(float(np.log(norms.isel(step=-1) / norms.isel(step=0)).min()), made[word].dataset.sizes["seed"])


def _ordered(word: str, value: str) -> Check:
    says = f"{word} amplitudes: Spearman correlation of frequency and {_WORDS[value]} (expected: holds)"
    return Check(says, lambda made: order(made, word, value), low=0.95)


def _grows(word: str) -> Check:
    says = f"{word} amplitudes: logarithm of the growth of the layer's norm that grows least (expected: holds)"
    return Check(says, lambda made: _growth(made, word), low=ABOVE_ZERO)


EXHIBIT = Exhibit(
    number="experiment 1",
    title="Sums of sines, learned from low to high frequency",
    claim="Low frequencies are learned first, even where amplitudes grow with frequency; spectral norms grow as well.",
    source="section 3.1, Fig. 1",
    make=_make,
    draw=_draw,
    checks=(
        *(_ordered(word, value) for word in AMPLITUDES for value in _WORDS),
        *(_grows(word) for word in AMPLITUDES),
    ),
)
