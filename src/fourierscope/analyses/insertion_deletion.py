"""Insertion and deletion by frequency: does an order of frequencies find what a classifier needs, and beat chance?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.analyses.coalitions import Block, Coalitions, blocks, joined
from fourierscope.analyses.orderings import CONTROLS, ORDERS, curves, ranks, worth
from fourierscope.analyses.targets import Target, Value, check_target, check_words
from fourierscope.results import Axes, count, mean, rate, share
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Trial
from fourierscope.treatments.infills import Infill, Infills, Origin
from fourierscope.treatments.infills import check_words as check_infill

MODES = ("insertion", "deletion")
_SAYS = {
    "insertion": "the first frequencies of the order alone are kept",
    "deletion": "the first frequencies of the order are removed",
}


@dataclass(frozen=True)
class InsertionDeletion(Analysis[Trial]):
    """How a classifier does as frequencies are added to nothing, or taken from the image, in the order of a method.

    Each image has its own order. A frequency goes with its conjugate partner; what is left is not scaled. Beside every
    method stand two controls: the order of amplitude, which is hard to beat where amplitudes fall with frequency as in
    photographs, and one by chance.

    The result holds, for insertion and for deletion, `insertion_accuracy`, `insertion_probability` (of the class) and
    `insertion_loss` (its cross-entropy) over ("order", "share"), with bounds; `insertion_area` and `deletion_area`, the
    areas under the curves of probability (a good order has a large one for insertion and a small one for deletion); and
    `insertion_advantage` and `deletion_advantage` over ("comparison",), by how much an order is better than a control,
    paired image by image: above 0, it is better.

    Source: Petsiuk et al. (2018) for insertion and deletion; FLEXtime (2025) for frequencies and both controls.
    """

    orders: tuple[str, ...] = ("integrated", "gradient")
    """Of integrated (24 steps), gradient (x input) and leave-one-out; amplitude and random stand beside them always."""
    shares: tuple[float, ...] = ()
    """Shares of the frequencies that are kept or removed, from 0 to 1; empty: 0, 0.05, ... 1."""
    value: Value = "log-odds"
    """What the orders go by: log-odds, log-probability, logit or margin of the class."""
    target: Target = "label"
    """The class: label, or prediction (on the whole image)."""
    infill: Infill = "zero"
    """What stands in the place of removed frequencies: zero (the origin), random-phase, scrambled or other-image."""
    origin: Origin = "mean"
    """An image without frequencies: mean (the set's mean colour) or black."""
    seed: int = 0
    """Seed of the order by chance, and of the infill."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if any(one not in ORDERS for one in self.orders) or len(set(self.orders)) != len(self.orders):
            raise ValueError(f"orders are different ones of {', '.join(ORDERS)}; {self.orders} came.")
        rising = all(first < second for first, second in zip(self.shares, self.shares[1:], strict=False))
        if self.shares and not (rising and len(self.shares) > 1 and self.shares[0] >= 0 and self.shares[-1] <= 1):
            raise ValueError(f"shares are two or more rising numbers from 0 to 1; {self.shares} came.")
        check_words(self.value, self.target)
        check_infill(self.infill, self.origin)

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_target(self.target, trial)
        orders, pairs = self._orders(), trial.samples.plane.height * trial.samples.plane.width // 2
        own = {"integrated": 72, "gradient": 3, "leave-one-out": pairs}
        return blocks(trial, 2 * len(self._shares()) * len(orders) + sum(own.get(one, 0) for one in orders))

    def measure(self, block: Block, trial: Trial, /) -> Measured:
        index = torch.arange(block.start, block.stop)
        infills = Infills.of(trial.samples, self.infill, self.origin, self.seed)
        coalitions = Coalitions.of(trial, index, infills, self.target, self.value)
        probabilities = replace(coalitions, value="log-probability")
        found: dict[str, list[npt.NDArray[Any]]] = {f"{mode}_{what}": [] for mode in MODES for what in ("log", "right")}
        for order in self._orders():
            by = self._by_chance(index, len(coalitions.pairs)) if order == "random" else worth(order, coalitions)
            for mode, answers in zip(MODES, curves(probabilities, ranks(by), self._shares()), strict=True):
                found[f"{mode}_log"].append(answers.values.numpy())
                found[f"{mode}_right"].append((answers.predictions == coalitions.targets.cpu()).numpy())
        return {name: np.stack(pieces) for name, pieces in found.items()}  # (orders, shares, n)

    def assemble(self, measured: Mapping[Block, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        orders, shares = self._orders(), np.array(self._shares())
        axes = Axes({"order": np.array(orders), "share": shares}, {"share": "of the frequencies"})
        kept = "classified rightly" if self.target == "label" else "that keep their prediction"
        found: dict[str, xr.DataArray] = {}
        for mode, sign in zip(MODES, (1, -1), strict=True):
            log, right = joined(measured, f"{mode}_log"), joined(measured, f"{mode}_right")
            probability, when = np.exp(log.astype(np.float64)), f"when {_SAYS[mode]}."
            found |= rate(f"{mode}_accuracy", right, axes, f"Share of images {kept} {when}")
            told = f"Mean probability of the {self.target} {when}"
            found |= share(f"{mode}_probability", probability.clip(0, 1), axes, told)
            found |= mean(f"{mode}_loss", -log, axes, "nat", f"Mean cross-entropy of the {self.target} {when}")
            area = np.trapezoid(probability, shares, axis=1) / (shares[-1] - shares[0])  # (orders, n)
            found |= self._areas(mode, area.clip(0, 1), sign, orders)
        return found | count(len(trial.samples))

    def _areas(self, mode: str, area: npt.NDArray[Any], sign: int, orders: list[str]) -> dict[str, xr.DataArray]:
        """The area (orders, n) under the curve of probability, and what each order has over the controls."""
        better = "larger" if sign > 0 else "smaller"
        says = f"Mean over the shares of the probability under {mode}: the {better}, the better the order."
        found = share(f"{mode}_area", area, Axes({"order": np.array(orders)}), says)
        pairs = [(one, control) for one in orders for control in CONTROLS if orders.index(one) < orders.index(control)]
        over = np.stack([sign * (area[orders.index(one)] - area[orders.index(control)]) for one, control in pairs])
        words = Axes({"comparison": np.array([f"{one} against {control}" for one, control in pairs])})
        says = f"By how much the first order's area under {mode} is {better} than the second's, image by image."
        return found | mean(f"{mode}_advantage", over, words, "1", says)

    def _orders(self) -> list[str]:
        """The orders asked for, then the controls."""
        return [*(one for one in self.orders if one not in CONTROLS), *CONTROLS]

    def _shares(self) -> tuple[float, ...]:
        return tuple(map(float, self.shares)) or tuple(step / 20 for step in range(21))

    def _by_chance(self, index: torch.Tensor, pairs: int) -> torch.Tensor:
        """A number by chance for each pair of each image (n, pairs), the same for all models."""
        chances = [self.chance(purpose=f"order of image {one}") for one in index.tolist()]
        return torch.stack([torch.rand(pairs, generator=one) for one in chances])
