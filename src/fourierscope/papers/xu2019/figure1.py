"""Figure 1: sums of sines on a line, learned from low to high frequency."""

from __future__ import annotations

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making
from fourierscope.papers.xu2019.lines import ACTIVATIONS, LINES, SINES, asked, grid, seeds_in_order, sines

_AMPLITUDES = {"equal": (1, 1, 1), "growing": (1, 2, 3)}


def _make(making: Making) -> None:
    points = grid(LINES[making.budget].points)
    for word, amplitudes in _AMPLITUDES.items():
        for activation in ACTIVATIONS:
            asked(making, f"{activation}-{word}", sines(points, amplitudes), activation, SINES)


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error of the Fourier coefficients by step, amplitudes {}: a frequency is learned where the error is "
        "near 0. Mean over seeds."
    )
    return [
        Picture(
            f"figure-1-{word}",
            says.format(" : ".join(map(str, amplitudes))),
            draw_together([made[f"{one}-{word}"]["error"] for one in ACTIVATIONS], list(ACTIVATIONS)),
        )
        for word, amplitudes in _AMPLITUDES.items()
    ]


def _checked(activation: str, word: str) -> Check:
    told = " : ".join(map(str, _AMPLITUDES[word]))
    return Check(
        f"{activation}, amplitudes {told}: share of seeds that learn k = 1, then 3, then 5",
        lambda made: seeds_in_order(made, f"{activation}-{word}"),
        low=1.0,
    )


EXHIBIT = Exhibit(
    number="1",
    title="Sums of sines, learned from low to high frequency",
    claim="A network fits sin x + sin 3x + sin 5x from low to high frequency, even where the amplitude grows with it.",
    source="1901.06523, Fig. 1; 1807.01251, section 3",
    make=_make,
    draw=_draw,
    checks=tuple(_checked(activation, word) for word in _AMPLITUDES for activation in ACTIVATIONS),
)
