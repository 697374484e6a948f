"""The networks of the article, and those that take the principle away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from fourierscope.fourier import Plane
from fourierscope.subjects.learning import drawn_by_layers


class Hat(nn.Module):
    """max(0, 1 - |x|). Source: Hong et al. (2022)."""

    def forward(self, inputs: Tensor) -> Tensor:
        return (1 - inputs.abs()).clamp_min(0)


class Sine(nn.Module):
    """sin(rate x)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, inputs: Tensor) -> Tensor:
        return (self.rate * inputs).sin()


def fully_connected(widths: Sequence[int], activation: Callable[[], nn.Module] = nn.Tanh) -> nn.Sequential:
    """Linear layers from `widths[0]` inputs to `widths[-1]` outputs, with an activation between any two."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(nn.Flatten(), *layers[:-1])


def convolutional(plane: Plane, channels: int, widths: tuple[int, int, int], classes: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, pooling by 2, and two linear layers, as the authors' code has; ReLU between them."""
    first, second, hidden = widths
    left = ((plane.height - 4) // 2) * ((plane.width - 4) // 2) * second
    return nn.Sequential(
        nn.Conv2d(channels, first, 3), nn.ReLU(), nn.Conv2d(first, second, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(left, hidden), nn.ReLU(), nn.Linear(hidden, classes),
    )  # fmt: skip


def spread_hats(network: nn.Module) -> None:
    """Draw the weights of one hidden layer of hats such that these are narrow and lie evenly on [-pi, pi].

    A hat is pi / 10 wide and stands at the place of each unit, as in finite elements; neighbours overlap.
    The second layer is drawn by torch.
    """
    drawn_by_layers(network)
    first = next(layer for layer in network.modules() if isinstance(layer, nn.Linear))
    slope = 20 / torch.pi
    with torch.no_grad():
        first.weight.fill_(slope)
        first.bias.copy_(-slope * torch.linspace(-1.05 * torch.pi, 1.05 * torch.pi, first.out_features))
