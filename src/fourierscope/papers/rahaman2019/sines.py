"""Sums of sines on a circle, or on a closed curve in the plane, and the networks that learn them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import pi
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.subjects import Fit


class OnCurve(nn.Module):
    """The places (n, 2) of points z (n, 1) in [0, 1) on a closed curve with `lobes` petals; 0: the unit circle.

    R (cos 2 pi z, sin 2 pi z), R = 1 + sin(2 pi lobes z) / 2. Source: Rahaman et al. (2019), section 4.
    """

    def __init__(self, lobes: int) -> None:
        super().__init__()
        self.lobes = lobes

    def forward(self, points: Tensor) -> Tensor:
        radius = 1 + torch.sin(2 * pi * self.lobes * points) / 2
        return torch.cat([radius * torch.cos(2 * pi * points), radius * torch.sin(2 * pi * points)], 1)


def rectifier_network(inputs: int, width: int, layers: int, outputs: int = 1) -> nn.Sequential:
    """`layers` linear layers, the hidden ones `width` wide, with ReLU between them."""
    hidden = [nn.Linear(inputs if not depth else width, width) for depth in range(layers - 1)]
    return nn.Sequential(*(part for one in hidden for part in (one, nn.ReLU())), nn.Linear(width, outputs))


@dataclass(frozen=True)
class Sines:
    """The sum over k of amplitude sin(2 pi k z + phase) at even points z of [0, 1), and a network that learns it.

    Phases are drawn by whoever asks.
    """

    frequencies: tuple[int, ...]
    """k, in cycles over [0, 1)."""
    amplitudes: tuple[float, ...]
    """Of each frequency."""
    points: int
    """Number of points."""
    width: int
    """Of hidden layers."""
    layers: int
    """Linear layers, the last one included."""
    steps: int
    learning_rate: float
    lobes: int | None = None
    """The network is told the place on a curve with so many petals; None: the place z itself."""
    device: str = "cpu"

    def values(self, phases: Tensor) -> Tensor:
        """The sum (points,) for phases (k,) in radians."""
        place = torch.arange(self.points, dtype=torch.float64) / self.points
        angles = 2 * pi * torch.outer(place, torch.tensor(self.frequencies, dtype=torch.float64)) + phases
        return (angles.sin() @ torch.tensor(self.amplitudes, dtype=torch.float64)).float()

    def fit(self, phases: Tensor) -> Fit:
        """The network that learns the sum with these phases (k,)."""
        place = torch.arange(self.points) / self.points
        network = rectifier_network(1 if self.lobes is None else 2, self.width, self.layers)
        if self.lobes is not None:
            network = nn.Sequential(OnCurve(self.lobes), network)
        return Fit(place, self.values(phases), network.to(self.device), self.steps, self.learning_rate, name="sines")

    def trace(self) -> dict[str, Any]:
        """What to record: all options but the device."""
        told = {key: value for key, value in asdict(self).items() if key != "device"}
        return {"name": f"{len(self.frequencies)} sines"} | told
