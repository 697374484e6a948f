"""The sign of a wave along a curve, told by a network as two classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from math import pi
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import nn

from fourierscope.papers.rahaman2019.sines import OnCurve, rectifier_network
from fourierscope.results import Axes, bounded, share_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.training import fit


class Learned(NamedTuple):
    """One training."""

    frequency: int
    lobes: int
    seed: int


@dataclass(frozen=True)
class SignedWaves:
    """Even points of closed curves, and networks that tell the sign of a wave there."""

    frequencies: tuple[int, ...]
    """k of the waves, in cycles round the curve."""
    lobes: tuple[int, ...]
    """Petals of the curves."""
    points: int
    width: int
    layers: int
    steps: int
    learning_rate: float
    device: str = "cpu"

    def fit(self, frequency: int, lobes: int, phase: float) -> Fit:
        """The network that learns where sin(2 pi k z + phase) is above 0, by two classes."""
        place = torch.arange(self.points, dtype=torch.float64) / self.points
        labels = (torch.sin(2 * pi * frequency * place + phase) > 0).long()
        network = nn.Sequential(OnCurve(lobes), rectifier_network(2, self.width, self.layers, outputs=2))
        return Fit(
            place.float(), labels, network.to(self.device), self.steps, self.learning_rate, name="sign of a wave"
        )

    def trace(self) -> dict[str, Any]:
        """What to record: all options but the device."""
        return {"name": "signs of waves"} | {key: value for key, value in asdict(self).items() if key != "device"}


@dataclass(frozen=True)
class SignsLearned(Analysis[SignedWaves]):
    """Share of points whose sign is told rightly after all steps, by frequency and by petals of the curve.

    `accuracy` over ("lobes", "frequency"), mean over seeds, which draw phase and weights. Source: Rahaman et al.
    (2019), section 4 (classification); two classes with cross-entropy, which is the article's loss of one logit.
    """

    seeds: int = 2
    """Trainings of each frequency on each curve."""
    seed: int = 0
    """Seed of the first."""

    def cells(self, subject: SignedWaves, /) -> Iterable[Learned]:
        turns = range(self.seed, self.seed + self.seeds)
        return [Learned(*one) for one in product(subject.frequencies, subject.lobes, turns)]

    def measure(self, cell: Learned, subject: SignedWaves, /) -> Measured:
        phase = 2 * pi * float(torch.rand((), generator=self.chance(purpose=f"phase {cell.frequency} {cell.seed}")))
        learned = subject.fit(cell.frequency, cell.lobes, phase)
        network = fit(learned, cell.seed)
        place = next(network.parameters()).device
        with torch.no_grad():
            right = network(learned.points.to(place)).argmax(1).cpu() == learned.values
        return {"accuracy": np.array(float(right.double().mean()))}

    def assemble(self, measured: Mapping[Learned, Measured], subject: SignedWaves, /) -> Mapping[str, xr.DataArray]:
        values = np.array([float(one["accuracy"]) for one in measured.values()])
        shape = (len(subject.frequencies), len(subject.lobes), self.seeds)
        axes = Axes(
            {"lobes": np.array(subject.lobes), "frequency": np.array(subject.frequencies)},
            {"lobes": "petals", "frequency": "cycles/curve"},
        )
        says = f"Share of points whose sign is told rightly, mean over {self.seeds} seeds."
        estimate = share_interval(values.reshape(shape).swapaxes(0, 1))
        return bounded("accuracy", estimate, axes, "1", says, self.seeds)
