"""The published examples: points, values, the law that neurons are drawn by, and how a network descends on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from fourierscope.analyses import LinearPrinciple
from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.reading import at
from fourierscope.subjects import Fit
from fourierscope.theory.two_layer import Start

_FIVE = (((-0.8,), (-0.6,), (-0.3,), (-0.06,), (0.1,)), (0.25, -0.25, -0.07, 0.15, -0.05))
_CORNERS = (((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)), (1.0, -1.0, -1.0, 1.0))


@dataclass(frozen=True)
class Example:
    """Values at points, the sizes of the weights at the start, and plain gradient descent on the mean squared error."""

    name: str
    data: tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]
    weight: float
    amplitude: float
    bias: float
    law: Literal["uniform", "normal"]
    rate: float
    """Of descent, times the number of neurons: near three quarters of the largest stable one."""
    steps: int

    def fit(self, width: int, times: int = 1) -> Fit:
        """A network of a width that descends so many times the steps."""
        points, values = (torch.tensor(one, dtype=torch.float64) for one in self.data)
        network = nn.Sequential(nn.Linear(points.shape[1], width), nn.ReLU(), nn.Linear(width, 1, bias=False)).double()
        return Fit(points, values, network, times * self.steps, self.rate / width, "sgd", name=self.name)

    def question(self, **options: Any) -> LinearPrinciple:
        """How far networks drawn by this law end from the prediction."""
        law = {"weight": self.weight, "amplitude": self.amplitude, "bias": self.bias, "law": self.law}
        return LinearPrinciple(**(law | options))

    def moments(self) -> tuple[float, float]:
        """`cubic` and `linear` of the prediction."""
        return Start(self.weight, self.amplitude, self.bias, self.law).moments(len(self.data[0][0]))


CUBIC = Example("cubic", _FIVE, 3.0, 0.1, 3.0, "uniform", 0.44, 20_000)
LINEAR = Example("linear", _FIVE, 0.2, 1.0, 1.0, "uniform", 2.1, 4000)
EXCLUSIVE_OR = Example("exclusive or", _CORNERS, 0.8, 0.2, 4.0, "normal", 0.27, 1000)


def distance(made: Made, name: str, width: int) -> Reading:
    """The root mean square of network - prediction at a width, mean over draws."""
    result = made[name]
    return at(result, "l2", {"width": width})._replace(n=int(result.record["options"]["draws"]))
