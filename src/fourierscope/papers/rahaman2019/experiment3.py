"""Experiment 3 (Figure 3): labels of digits with a wave on top, which is learned late where its frequency is high."""

from __future__ import annotations

from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.images import two_classes, without_bounds
from fourierscope.papers.rahaman2019.noisy import NoisyLearning
from fourierscope.papers.reading import exact

_MNIST = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
ASKED = {
    "smoke": NoisyLearning((0.0, 0.1, 0.5, 1.0, 2.0, 4.0), seeds=2),
    "small": NoisyLearning(_MNIST, every=20, seeds=1),
    "full": NoisyLearning(_MNIST, seeds=5),
}


def _make(making: Making) -> None:
    making.ask("noisy", ASKED[making.budget], two_classes(making))


def _draw(made: Made) -> list[Picture]:
    says = (
        "Error to clean labels on images held out, by step, while labels with a wave of the image's norm are learned: "
        "for high frequencies it falls before the wave is learned too."
    )
    return [Picture("experiment-3", says, draw(without_bounds(made["noisy"]["validation"])))]


def _best_of_high(made: Made) -> Reading:
    """The best error under the highest frequency, over that under the lowest that is not 0."""
    held = made["noisy"]["validation"]
    return exact(float(held.isel(noise=-1).min() / held.isel(noise=1).min()), int(made["noisy"]["n"]))


def _rises_again(made: Made) -> Reading:
    """The last error under the highest frequency, over its best."""
    held = made["noisy"]["validation"].isel(noise=-1)
    return exact(float(held.isel(step=-1) / held.min()), int(made["noisy"]["n"]))


def _low_stays(made: Made) -> Reading:
    """The last error under the lowest frequency that is not 0, over its best."""
    held = made["noisy"]["validation"].isel(noise=1)
    return exact(float(held.isel(step=-1) / held.min()), int(made["noisy"]["n"]))


EXHIBIT = Exhibit(
    number="experiment 3",
    title="Threes and eights with a wave on their labels",
    claim="Noise of high frequency is learned after the labels, noise of low frequency with them.",
    source="section 3.2, Fig. 3, on MNIST; in smoke on embedded digits of 8 x 8, another data set with other norms",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Best error under the highest frequency, over that under the lowest (expected: holds)",
            _best_of_high,
            high=0.5,
            printed="0.07 / 0.20",
        ),
        Check(
            "Highest frequency: last error over the best (expected: holds)", _rises_again, low=3, printed="0.57 / 0.07"
        ),
        Check(
            "Lowest frequency: last error over the best, which does not rise again (expected: holds)",
            _low_stays,
            high=3,
        ),
    ),
)
