"""Figure 4: sixteen features drawn by chance do as well, and how widely they are drawn matters more than how."""

from __future__ import annotations

from itertools import product

import numpy as np
import xarray as xr

from fourierscope.figures import Panel, draw_panels
from fourierscope.papers.exhibit import BUDGETS, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.tancik2020.learning import MappedLearning
from fourierscope.papers.tancik2020.mappings import DISTRIBUTIONS
from fourierscope.papers.tancik2020.signals import Signals
from fourierscope.results import Axes

POWERS = (0.5, 1.0, 1.5)
_SIGNALS = {
    "smoke": (Signals(128, 2, 0), (1, 2, 4, 8, 16, 32), 6),
    "small": (Signals(1024, 2, 0), (2, 8, 32, 128), 2),
    "full": (Signals(1024, 2, 0), (1, 2, 4, 8, 16, 32, 64, 128, 256), 10),
}
_TIME = 10.0  # rate times steps
_NETWORKS = ("small", "full")
_SAYS = {"kernel": f"kernel at time {_TIME:g}", "kernel at last": "kernel at last", "network": "network"}
_COSTS = 1.05  # times the least error, above which a spread is a worse one


def _make(making: Making) -> None:
    signals, spreads, draws = _SIGNALS[making.budget]
    words = tuple(f"{one}:{spread}" for one, spread in product(DISTRIBUTIONS, spreads))
    making.ask("kernel", MappedLearning(words, POWERS, draws=draws, time=_TIME), signals)
    making.ask("kernel at last", MappedLearning(words, POWERS, draws=draws), signals)
    if making.budget in _NETWORKS:
        making.ask(
            "network", MappedLearning(words, POWERS, "network", draws=1 if making.budget == "small" else 3), signals
        )


def _by_spread(made: Made, name: str, value: str = "test_error") -> dict[str, xr.DataArray]:
    """Errors of each distribution over ("power", "spread")."""
    held = made[name][value]
    words = [str(one).split(":") for one in held["mapping"].values]
    spreads = np.array(sorted({float(spread) for _, spread in words}))
    axes = Axes({"power": held["power"].values, "spread": spreads}, {"spread": "cycles/unit"})
    return {
        kind: axes.array(held.isel(mapping=[one[0] == kind for one in words]).values, "1", held.attrs["says"])
        for kind in DISTRIBUTIONS
    }


def _draw(made: Made) -> list[Picture]:
    pictures = []
    for name in made.having(list(_SAYS)):
        by_kind = _by_spread(made, name)
        panels = [
            Panel(
                f"signals 1/f^{power:g}",
                [one.sel(power=power, drop=True).rename("test_error") for one in by_kind.values()],
                list(by_kind),
            )
            for power in POWERS
        ]
        says = (
            "Squared error between known points over the signal's variance, by the standard deviation of the features."
        )
        pictures.append(
            Picture(
                f"figure-4-{name.replace(' ', '-')}", f"{says} By the {_SAYS[name]}.", draw_panels(panels, across=3)
            )
        )
    return pictures


def _alike(made: Made, name: str) -> Reading:
    """Over signals, the most by which a distribution's least error exceeds that of the best distribution."""
    least = np.stack([one.min("spread").values for one in _by_spread(made, name).values()])
    return exact(float((least / least.min(0)).max() - 1), least.size)


def _ends(made: Made, name: str, place: int) -> np.ndarray:
    """Errors (distributions, powers) at one end of the spreads over the least ones."""
    held = np.stack([one.values for one in _by_spread(made, name).values()])  # (distributions, powers, spreads)
    found: np.ndarray = held[..., place] / held.min(-1)
    return found


def _least(name: str, place: int) -> Check:
    """That an end of the spreads is worse than the best one, whatever signal and distribution."""
    says = f"{_SAYS[name]}: error at the {'largest' if place else 'smallest'} spread over the least one, least of all"

    def read(made: Made) -> Reading:
        found = _ends(made, name, place)
        return exact(float(found.min()), found.size)

    return Check(f"{says} (expected: holds)", read, low=_COSTS, budgets=_budgets(name))


def _free(name: str) -> Check:
    """That the smallest spread is as good as any."""

    def read(made: Made) -> Reading:
        found = _ends(made, name, 0)
        return exact(float(found.max()), found.size)

    says = f"{_SAYS[name]}: error at the smallest spread over the least one, most of all (expected: holds)"
    return Check(says, read, high=_COSTS, budgets=_budgets(name))


def _shape(name: str) -> Check:
    says = f"{_SAYS[name]}: most by which the shape of the distribution matters, each at its best spread"
    return Check(f"{says} (expected: holds)", lambda made: _alike(made, name), high=0.25, budgets=_budgets(name))


def _budgets(name: str) -> tuple[str, ...]:
    return _NETWORKS if name == "network" else BUDGETS


EXHIBIT = Exhibit(
    number="4",
    title="Features drawn by chance",
    claim="A few features drawn by chance do; their standard deviation matters, their distribution's shape hardly.",
    source="section 5, Fig. 4",
    make=_make,
    draw=_draw,
    checks=(
        _least("kernel", -1),
        _least("kernel", 0),
        _shape("kernel"),
        _least("kernel at last", -1),
        _free("kernel at last"),
        _least("network", -1),
        _least("network", 0),
        _shape("network"),
    ),
)
