"""Figure 3: the smaller the power of the amplitudes, the quicker the learning; between points a middle one is best."""

from __future__ import annotations

from math import inf

import numpy as np

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact, paired
from fourierscope.papers.tancik2020.learning import MappedLearning
from fourierscope.papers.tancik2020.signals import Signals
from fourierscope.training.learning_order import ordering

MAPPINGS = ("p=0", "p=0.5", "p=1", "p=1.5", "p=2", "p=inf", "none")
_FEW = ("p=0", "p=1", "p=inf", "none")
_TIME = 100.0  # rate times steps, at which p = inf has some of the signal left to learn
_KERNEL = {"smoke": 40, "small": 200, "full": 1000}  # draws
_NETWORK = {  # signals with their network, mappings, draws
    "smoke": (Signals(width=64, steps=200), _FEW, 3),
    "small": (Signals(), MAPPINGS, 5),
    "full": (Signals(width=1024, steps=5000), MAPPINGS, 20),
}
_SAYS = {"kernel": f"kernel at time {_TIME:g}", "kernel at last": "kernel at last", "network": "network"}


def _make(making: Making) -> None:
    draws = _KERNEL[making.budget]
    making.ask("kernel", MappedLearning(MAPPINGS, draws=draws, time=_TIME), Signals())
    making.ask("kernel at last", MappedLearning(MAPPINGS, draws=draws, time=inf), Signals())
    signals, mappings, draws = _NETWORK[making.budget]
    making.ask("network", MappedLearning(mappings, learner="network", draws=draws), signals)


def _draw(made: Made) -> list[Picture]:
    pictures = []
    for value, where in (("training_error", "at the points that were learned"), ("test_error", "between these points")):
        held = [made[name][value].isel(power=0, drop=True) for name in _SAYS if name != "network"]
        says = f"Squared error {where} of a wide network's kernel behind Fourier features, over the signal's variance."
        pictures.append(
            Picture(f"figure-3-{value.replace('_', '-')}", says, draw_together(held, [*_SAYS.values()][:2]))
        )
    held = [
        made["network"][value].isel(power=0, drop=True).rename("error") for value in ("training_error", "test_error")
    ]
    says = "Squared error of networks behind Fourier features, over the signal's variance, at and between points."
    return [*pictures, Picture("figure-3-network", says, draw_together(held, ["at the points", "between them"]))]


def _order(made: Made) -> Reading:
    """Spearman's correlation of p with the training error of the kernel."""
    held = made["kernel"]["training_error"].isel(power=0)
    words = [one for one in held["mapping"].values if one != "none"]
    errors = np.array([float(held.sel(mapping=one)) for one in words])
    return exact(ordering(errors), len(words))


def _apart(made: Made, name: str, first: str, second: str, value: str = "test_error") -> Reading:
    held = made[name][f"{value}_by_draw"].isel(power=0)
    return paired(*(held.sel(mapping=one).values for one in (first, second)))


def _slower(slow: str, quick: str) -> Check:
    says = f"network: training error of {slow} minus that of {quick} (expected: holds)"
    return Check(says, lambda made: _apart(made, "network", slow, quick, "training_error"), low=ABOVE_ZERO)


def _best(name: str, other: str, expected: str) -> Check:
    says = f"{_SAYS[name]}: test error of p = 1 minus that of {other} (expected: {expected})"
    return Check(says, lambda made: _apart(made, name, "p=1", other), high=-ABOVE_ZERO)


EXHIBIT = Exhibit(
    number="3",
    title="Amplitudes, training and test error",
    claim="Training errors fall the sooner the smaller p is; the test error is lowest at p = 1, whose features fall as "
    "the signal does.",
    source="section 5, Fig. 3",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            f"{_SAYS['kernel']}: Spearman correlation of p with the training error (expected: holds)", _order, low=0.95
        ),
        _slower("p=inf", "p=0"),
        _slower("none", "p=1"),
        _best("kernel", "p=0", "holds"),
        _best("kernel", "p=inf", "holds"),
        _best("kernel at last", "p=0", "holds"),
        _best("kernel at last", "p=inf", "holds"),
        _best("network", "p=0", "holds"),
        _best("network", "p=inf", "not known"),
    ),
)
