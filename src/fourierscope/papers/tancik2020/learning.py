"""How well signals are learned behind each mapping, by a network or its kernel, at known points and between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.papers.tancik2020.mappings import mapping_named
from fourierscope.papers.tancik2020.signals import Signals
from fourierscope.results import Axes, bounded
from fourierscope.results.intervals import size_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.kernels.linear_law import modes_of
from fourierscope.training import fit

Array = npt.NDArray[Any]


class Mapped(NamedTuple):
    """One mapping of the draws of signals from `first` on, up to `end`."""

    first: int
    end: int
    mapping: str


class Draw(NamedTuple):
    """One draw of signals and features, the same behind all mappings."""

    draw: int


@dataclass(frozen=True)
class MappedLearning(Analysis[Signals]):
    """How far a network, or its kernel, is from signals at known points and between them, behind each mapping.

    Over ("power", "mapping"): `training_error` and `test_error`, squared, over the variance of the signal, means over
    draws of signals, features and weights, and `test_error_by_draw`, the same signals behind all mappings. By "kernel"
    it is what gradient flow for a `time` makes of a wide network (rate times steps, features of length 1), exactly;
    by "network" what the signals' network makes. Source: Tancik et al. (2020), Figs. 3 and 4.
    """

    mappings: tuple[str, ...] = ("p=0", "p=0.5", "p=1", "p=inf", "none")
    powers: tuple[float, ...] = (1.0,)
    """Of the signals' spectra."""
    learner: Literal["kernel", "network"] = "kernel"
    time: float = inf
    """Of the kernel's gradient flow; infinity: kernel regression."""
    draws: int = 3
    seed: int = 0

    def cells(self, subject: Signals, /) -> Iterable[NamedTuple]:
        together = self.draws if self.learner == "kernel" else 1  # a kernel takes no time
        firsts = range(0, self.draws, together)
        return [Mapped(first, first + together, word) for word in self.mappings for first in firsts]

    def measure(self, cell: Mapped, subject: Signals, /) -> Measured:
        held = torch.stack([self._errors(Draw(one), cell.mapping, subject) for one in range(cell.first, cell.end)])
        known = torch.arange(subject.points) % subject.every == 0
        return {"training": held[:, known].mean(1).numpy(), "test": held[:, ~known].mean(1).numpy()}  # (draws, powers)

    def _errors(self, draw: Draw, word: str, subject: Signals) -> Tensor:
        """Squared errors (n, powers) at all points over the variance of each signal."""
        mapping = mapping_named(word, self.chance(draw, "features"))
        targets = torch.stack([subject.values(one, self.chance(draw, f"signal {one}")) for one in self.powers], 1)
        if self.learner == "kernel":
            rows = subject.kernel(mapping)
            answers = modes_of(rows[:: subject.every]).elsewhere(rows, targets[:: subject.every], self.time)
        else:
            answers = torch.stack([self._learned(subject, mapping, one, draw.draw) for one in targets.T], 1)
        return (answers - targets).square() / targets.var(0, correction=0)

    def _learned(self, subject: Signals, mapping: Any, values: Tensor, draw: int) -> Tensor:
        network = fit(subject.fit(mapping, values), self.seed + draw)
        place = next(network.parameters())
        with torch.no_grad():
            found: Tensor = network(subject.places[:, None].to(place))[:, 0].double().cpu()
        return found

    def assemble(self, measured: Mapping[Mapped, Measured], subject: Signals, /) -> Mapping[str, xr.DataArray]:
        axes = Axes({"power": np.array(self.powers), "mapping": np.array(self.mappings)})
        found: dict[str, xr.DataArray] = {}
        for name, where in (("training", "at the known points"), ("test", "between the known points")):
            parts = [
                [piece[name] for cell, piece in measured.items() if cell.mapping == word] for word in self.mappings
            ]
            held = np.stack([np.concatenate(one) for one in parts]).transpose(2, 0, 1)  # (powers, mappings, draws)
            says = f"Squared error {where} over the variance of the signal, mean over {self.draws} draws."
            found |= bounded(f"{name}_error", size_interval(held), axes, "1", says, self.draws)
            by_draw = Axes(dict(axes.coordinates) | {"draw": np.arange(self.draws)})
            says = f"Squared error {where} over the variance of the signal, of each draw."
            found[f"{name}_error_by_draw"] = by_draw.array(held, "1", says)
        return found
