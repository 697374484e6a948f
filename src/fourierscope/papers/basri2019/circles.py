"""Sums of waves round a circle, the wide two-layer network that learns them, and how a budget asks about them."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch

from fourierscope.analyses import TangentKernel
from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at
from fourierscope.subjects import Fit
from fourierscope.theory.kernels.rectifier import TwoLayers

STAYS = 1000.0  # scale of the network at which its kernel hardly moves
_RATE = 2.0  # times the scale squared; twice this diverges


@dataclass(frozen=True)
class Size:
    """How much is made in a budget: points, neurons, steps, trainings, and the highest frequency."""

    points: int
    neurons: int
    steps: int
    seeds: int
    highest: int


SIZES = {
    "smoke": Size(64, 1024, 400, 5, 8),
    "small": Size(128, 2048, 1800, 10, 16),
    "full": Size(256, 16384, 8000, 20, 32),
}


def circle_fit(
    making: Making, frequencies: tuple[int, ...], bias: bool = True, scale: float = STAYS, steps: int = 0
) -> Fit:
    """The sum of cos k t over frequencies at even points of a circle, and what learns it; steps of 0: the budget's."""
    size = SIZES[making.budget]
    angles = 2 * pi * torch.arange(size.points, dtype=torch.float64) / size.points
    points = torch.stack([angles.cos(), angles.sin()], 1).float()
    values = torch.stack([torch.cos(k * angles) for k in frequencies]).sum(0).float()
    network = TwoLayers(2, size.neurons, bias, scale).to(making.setting.device or "cpu")
    name = f"{len(frequencies)} waves, {'with' if bias else 'without'} bias, scale {scale:g}"
    return Fit(points, values, network, steps or size.steps, _RATE / scale**2, "sgd", name=name)


def question(making: Making, frequencies: tuple[int, ...]) -> TangentKernel:
    size = SIZES[making.budget]
    return TangentKernel("circle", frequencies, every=max(1, size.steps // 400), seeds=size.seeds)


def reading(made: Made, name: str, value: str) -> Reading:
    """A mean over seeds with its bounds."""
    return at(made[name], value, {})._replace(n=made[name].dataset.sizes["seed"])
