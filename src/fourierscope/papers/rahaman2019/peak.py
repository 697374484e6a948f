"""A single peak, learned by networks of several depths, widths, and bounds on their weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import nn

from fourierscope.papers.rahaman2019.sines import rectifier_network
from fourierscope.results import Axes, bounded, mean, size_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.training import fit


class Shape(NamedTuple):
    """A network: linear layers, their width, and the largest weight; 0: any."""

    layers: int
    width: int
    largest: float = 0.0


class Learned(NamedTuple):
    """One training."""

    layers: int
    width: int
    largest: float
    seed: int


@dataclass(frozen=True)
class Peak:
    """1 at the middle of even points of [0, 1) and 0 elsewhere: all frequencies alike, learned by several networks."""

    shapes: tuple[Shape, ...]
    points: int = 64
    steps: int = 2000
    learning_rate: float = 1e-3
    device: str = "cpu"

    def fit(self, shape: Shape) -> Fit:
        """The network of that shape and what it learns."""
        place = torch.arange(self.points) / self.points
        values = torch.zeros(self.points)
        values[self.points // 2] = 1
        network = rectifier_network(1, shape.width, shape.layers).to(self.device)
        return Fit(place, values, network, self.steps, self.learning_rate, name="peak")

    def trace(self) -> dict[str, Any]:
        """What to record: all options but the device."""
        told = {"points": self.points, "steps": self.steps, "learning_rate": self.learning_rate}
        return {"name": "peak", "shapes": [list(one) for one in self.shapes], **told}


@dataclass(frozen=True)
class PeakLearned(Analysis[Peak]):
    """How high in frequency networks reach that learned a peak.

    `magnitude` over ("shape", "frequency"): Fourier magnitude of the answers over the peak's, which is even; 1 is
    learned. `reach` over ("shape",): its mean over all frequencies above 0, capped at 1. Means over seeds. Weights and
    biases are put back within their bound after every step.

    Source: Rahaman et al. (2019), the appendix on a delta-like target.
    """

    seeds: int = 3
    """Trainings of each network."""
    seed: int = 0
    """Seed of the first."""

    def cells(self, subject: Peak, /) -> Iterable[Learned]:
        return [Learned(*one, self.seed + turn) for one in subject.shapes for turn in range(self.seeds)]

    def measure(self, cell: Learned, subject: Peak, /) -> Measured:
        learned = subject.fit(Shape(cell.layers, cell.width, cell.largest))
        network = fit(learned, cell.seed, _bounding(cell.largest))
        place = next(network.parameters()).device
        with torch.no_grad():
            answers = network(learned.points.to(place))[:, 0].double().cpu().numpy()
        return {"magnitude": np.abs(np.fft.rfft(answers))}  # the peak's own magnitude is 1 everywhere

    def assemble(self, measured: Mapping[Learned, Measured], subject: Peak, /) -> Mapping[str, xr.DataArray]:
        values = np.stack([one["magnitude"] for one in measured.values()])
        values = values.reshape(len(subject.shapes), self.seeds, -1)
        names = np.array([word(one) for one in subject.shapes])
        axes = Axes({"shape": names, "frequency": np.arange(values.shape[2])}, {"frequency": "cycles/line"})
        says = f"Fourier magnitude of the answers over the peak's, mean over {self.seeds} seeds; 1: learned."
        found = bounded("magnitude", size_interval(values.swapaxes(1, 2)), axes, "1", says, self.seeds)
        reach = np.minimum(values[:, :, 1:], 1).mean(2)
        says = f"Mean over frequencies of that, capped at 1; mean over {self.seeds} seeds."
        return found | mean("reach", reach, Axes({"shape": names}), "1", says)


def word(shape: Shape) -> str:
    """Such as `6 layers, 64 wide, weights up to 0.5`."""
    told = f"{shape.layers} layers, {shape.width} wide"
    return f"{told}, weights up to {shape.largest:g}" if shape.largest else told


def _bounding(largest: float) -> Any:
    """Puts all weights back within -largest and largest, wherever a network is shown; None without a bound."""
    if not largest:
        return None

    def bound(network: nn.Module, step: int) -> None:
        with torch.no_grad():
            for weights in network.parameters():
                weights.clamp_(-largest, largest)

    return bound
