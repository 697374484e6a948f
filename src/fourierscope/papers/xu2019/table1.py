"""Table 1: where the principle holds and where it does not, each case with the verdict expected of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf, pi
from typing import Literal

import torch
from torch import nn

from fourierscope.analyses import FrequencyPrinciple
from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture
from fourierscope.papers.making import Making
from fourierscope.papers.xu2019.figure5 import band_order
from fourierscope.papers.xu2019.figure6 import last_accuracy, learned_parity
from fourierscope.papers.xu2019.lines import grid, order_by_area, sines
from fourierscope.papers.xu2019.networks import Hat, Sine, fully_connected, spread_hats
from fourierscope.subjects import Fit
from fourierscope.theory.kernels.fourier_features import FourierFeatures

Verdict = Literal["holds", "fails", "not monotone"]
BOUNDS: dict[Verdict, tuple[float, float]] = {"holds": (0.8, inf), "not monotone": (-0.5, 0.8), "fails": (-inf, -0.5)}
"""Of Spearman's correlation of frequency with the mean error over log steps: low first, no order, high first."""

_FREQUENCIES, _POINTS, _HIDDEN = (1, 2, 3, 4, 5, 6), 128, (60, 60)
_SEEDS = {"smoke": 2, "small": 10, "full": 30}


@dataclass(frozen=True)
class Case:
    """A network that learns the sum of six sines, and what is expected of the order in which it does."""

    name: str
    says: str
    expected: Verdict
    fit: Callable[[], Fit]


def _sum_of_sines(network: nn.Module, steps: int = 1000) -> Fit:
    points = grid(_POINTS)
    return Fit(points, sines(points, (1,) * 6, _FREQUENCIES), network, steps, 2e-3, name="six sines")


def _of(activation: Callable[[], nn.Module]) -> Fit:
    return _sum_of_sines(fully_connected((1, *_HIDDEN, 1), activation))


def _hats() -> Fit:
    subject = _sum_of_sines(fully_connected((1, 80, 1), Hat), 600)
    return replace(subject, learning_rate=0.05, optimiser="sgd", draw=spread_hats)


def _features() -> Fit:
    features = FourierFeatures(torch.tensor((4, 5, 6)) / (2 * pi), torch.ones(3))  # the grid is in radians
    return _sum_of_sines(nn.Sequential(features, *fully_connected((6, *_HIDDEN, 1))))


CASES = (
    Case("tanh", "tanh, weights drawn by torch", "holds", partial(_of, nn.Tanh)),
    Case("relu", "ReLU, weights drawn by torch", "holds", partial(_of, nn.ReLU)),
    Case("hat", "hats max(0, 1 - |x|), weights drawn by torch: wide hats", "holds", partial(_of, Hat)),
    Case("narrow-hats", "one layer of narrow hats side by side, gradient descent", "not monotone", _hats),
    Case("sine", "sin(15 x) as activation", "not monotone", partial(_of, partial(Sine, 15.0))),
    Case("fourier-features", "Fourier features of k = 4, 5, 6 before tanh", "fails", _features),
)


def _make(making: Making) -> None:
    for case in CASES:
        question = FrequencyPrinciple(view="grid", frequencies=_FREQUENCIES, seeds=_SEEDS[making.budget])
        making.ask(case.name, question, case.fit())
    band_order(making, "drawn")
    learned_parity(making)


def _draw(made: Made) -> list[Picture]:
    says = (
        "Relative error at the six frequencies by step. Mean over seeds. From left to right: "
        + "; ".join(f"{case.says} (expected: {case.expected})" for case in CASES)
        + "."
    )
    return [
        Picture(
            "table-1", says, draw_together([made[case.name]["error"] for case in CASES], [case.name for case in CASES])
        )
    ]


def _checked(name: str, says: str, expected: Verdict) -> Check:
    return Check(
        f"{says}: Spearman correlation of frequency and area under the error (expected: {expected})",
        lambda made: order_by_area(made, name),
        *BOUNDS[expected],
    )


EXHIBIT = Exhibit(
    number="table 1",
    title="Where the principle holds, and where it does not",
    claim="Low frequencies come first by the network and its weights, not by a law of all networks.",
    source="not in the article: hats after Hong et al. (2022), features after Tancik et al. (2020)",
    make=_make,
    draw=_draw,
    checks=(
        *(_checked(case.name, case.says, case.expected) for case in CASES),
        _checked("drawn", "Labels drawn by chance, by bands of kernel eigenvectors", "holds"),
        Check(
            "Parity, half of the corners held out: fails on these (no better than chance)",
            lambda made: last_accuracy(made, "accuracy_unseen", "50% held out"),
            high=0.6,
        ),
    ),
)
