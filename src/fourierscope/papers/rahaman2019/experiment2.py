"""Experiment 2 (Figure 2): low frequencies of a trained network withstand random steps in parameter space."""

from __future__ import annotations

from dataclasses import replace

from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.rahaman2019.experiment1 import LEARNED
from fourierscope.papers.rahaman2019.perturbed import PerturbedSines
from fourierscope.papers.reading import at

ASKED = {
    "smoke": PerturbedSines(),
    "small": PerturbedSines(),
    "full": PerturbedSines(5, 100, tuple(one / 20 for one in range(101))),
}
_DISTANCE = 2.0


def _make(making: Making) -> None:
    sines = LEARNED[making.budget][0]
    making.ask("perturbed", ASKED[making.budget], replace(sines, device=making.setting.device or "cpu"))


def _draw(made: Made) -> list[Picture]:
    says = (
        "Fourier amplitude that is left after a random step in parameter space, by its length, over the trained "
        "network's; mean over directions, and over draws of phases and weights."
    )
    return [Picture("experiment-2", says, draw(made["perturbed"]["amplitude"]))]


def _order(made: Made) -> Reading:
    found = at(made["perturbed"], "ordering", {"distance": _DISTANCE})
    return found._replace(n=int(made["perturbed"].record["options"]["draws"]))


EXHIBIT = Exhibit(
    number="experiment 2",
    title="Random steps in parameter space",
    claim="Low frequencies of a trained network are the more robust to perturbations of its parameters.",
    source="section 3.1, Fig. 2",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Distance 2: Spearman correlation of frequency with the amplitude that is left (expected: holds)",
            _order,
            high=-0.95,
        ),
    ),
)
