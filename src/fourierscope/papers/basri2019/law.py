"""The circle law: times to learn grow like k^2, as the eigenvalues of the two-layer kernel say, number by number."""

from __future__ import annotations

import numpy as np

from fourierscope.figures import draw_together
from fourierscope.papers.basri2019.circles import SIZES, circle_fit, question, reading
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.theory.kernels.circle_law import coefficients
from fourierscope.training.learning_order import slope_of_times

_LOWEST = 3  # below it the weights themselves learn: k = 1 has a part of its own


def _make(making: Making) -> None:
    frequencies = tuple(range(_LOWEST, SIZES[making.budget].highest + 1))
    making.ask("learned", question(making, frequencies), circle_fit(making, frequencies))


def _draw(made: Made) -> list[Picture]:
    result = made["learned"]
    measured, predicted = result["time_to_learn"].mean("seed"), result["predicted_time"].mean("seed")
    predicted = predicted.rename(measured.name)
    for one in (measured, predicted):
        one.attrs = {"units": "steps", "says": "Steps until the relative error lies below .3, mean over trainings."}
    says = (
        "Steps until the relative error of each frequency on a circle lies below .3: measured, and predicted by the "
        f"network's tangent kernel; means over {result.dataset.sizes['seed']} trainings. Where one curve is seen, the "
        "other lies under it."
    )
    return [Picture("circle-law", says, draw_together([measured, predicted], ["measured", "predicted"]))]


def _by_law(made: Made) -> Reading:
    """The largest distance, as a ratio less 1, of the mean measured time from that of the closed form."""
    times = made["learned"]["time_to_learn"]
    per_step = 4 * coefficients(int(times["frequency"].max())).numpy()[times["frequency"].values]
    ratio = times.mean("seed").values / (np.log(0.3) / np.log(1 - per_step))
    return exact(float(np.abs(ratio - 1).max()), times.sizes["seed"])


def _law_slope(made: Made) -> Reading:
    places = made["learned"]["time_to_learn"]["frequency"].values
    return exact(slope_of_times(places, 1 / coefficients(int(places.max())).numpy()[places]), len(places))


def _ratio(made: Made) -> Reading:
    ratio = made["learned"]["time_ratio"].values
    return exact(float(np.abs(ratio - 1).max()), made["learned"].dataset.sizes["seed"])


EXHIBIT = Exhibit(
    number="circle law",
    title="Times to learn on a circle",
    claim="A wide two-layer ReLU network with biases learns frequency k on a circle in a time that grows like k^2.",
    source="sections 4 and 5",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "measured: slope of log time on log k, bootstrap over seeds (expected: holds)",
            lambda made: reading(made, "learned", "slope"),
            low=1.7,
            high=2.3,
            printed="2, in words",
        ),
        Check("closed form: the same slope of 1 / coefficient (expected: holds)", _law_slope, low=1.7, high=2.3),
        Check("measured over predicted time: most by which it differs from 1 (expected: holds)", _ratio, high=0.25),
        Check(
            "measured over the closed form's time: most by which it differs from 1 (expected: holds)",
            _by_law,
            high=0.25,
        ),
        Check(
            "how far the kernel moved, over its size (expected: holds)",
            lambda made: reading(made, "learned", "kernel_change"),
            high=0.05,
        ),
    ),
)
