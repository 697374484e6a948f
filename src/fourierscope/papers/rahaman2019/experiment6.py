"""Experiment 6: the sign of a wave along curves, told the better the more petals these have and the slower it is."""

from __future__ import annotations

from dataclasses import replace

from fourierscope.figures import draw
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.signed import SignedWaves, SignsLearned
from fourierscope.papers.reading import exact

LEARNED = {
    "smoke": (SignedWaves((10, 20, 40), (0, 4, 12), 400, 64, 5, 400, 1e-3), SignsLearned(1)),
    "small": (SignedWaves((50, 100, 150, 200), (0, 4, 12, 20), 1000, 128, 5, 2000, 5e-4), SignsLearned(2)),
    "full": (
        SignedWaves(tuple(range(50, 450, 50)), tuple(range(0, 22, 2)), 1000, 256, 6, 50_000, 3e-4),
        SignsLearned(5),
    ),
}


def _make(making: Making) -> None:
    subject, question = LEARNED[making.budget]
    making.ask("signs", question, replace(subject, device=making.setting.device or "cpu"))


def _draw(made: Made) -> list[Picture]:
    seeds = made["signs"].record["options"]["seeds"]
    says = (
        "Share of points of a curve where the sign of a wave is told rightly, by its frequency and by the petals "
        f"(lobes) of the curve; mean over {seeds} {'training' if seeds == 1 else 'trainings'}."
    )
    return [Picture("experiment-6", says, draw(made["signs"]["accuracy"]))]


def _petals_help(made: Made) -> Reading:
    """Accuracy with most petals less that without any, mean over frequencies."""
    mean = made["signs"]["accuracy"].mean("frequency")
    return exact(float(mean[-1] - mean[0]), made["signs"]["accuracy"].sizes["frequency"])


def _slow_is_easier(made: Made) -> Reading:
    """Accuracy on the circle at the lowest frequency less that at the highest."""
    circle = made["signs"]["accuracy"].sel(lobes=0)
    return exact(float(circle[0] - circle[-1]), int(made["signs"].record["options"]["seeds"]))


EXHIBIT = Exhibit(
    number="experiment 6",
    title="The sign of a wave along curves",
    claim="As classes too, waves of high frequency are harder to tell, and easier where the curve winds more.",
    source="section 4, the experiment on classification; its accuracies are shown in colours only",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Accuracy with most petals less that on the circle, mean over frequencies (expected: holds)",
            _petals_help,
            low=ABOVE_ZERO,
        ),
        Check(
            "On the circle: accuracy at the lowest frequency less that at the highest (expected: holds)",
            _slow_is_easier,
            low=ABOVE_ZERO,
        ),
    ),
)
