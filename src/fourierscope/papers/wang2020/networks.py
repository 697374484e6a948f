"""Networks without batch norm, and with the heuristics of the article."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from fourierscope.fourier import Plane
from fourierscope.subjects.networks import residual_network


class Shape(NamedTuple):
    """Channels and stride of each convolution, and the width of the hidden linear layer."""

    widths: tuple[int, ...]
    strides: tuple[int, ...]
    hidden: int


_SMOKE = Shape((16, 32, 32), (1, 2, 2), 64)
_SMALL = Shape((32, 64, 128, 128), (1, 2, 2, 1), 256)
_DEPTH = 32  # of the published code's ResNet
_DROPOUT = 0.5


def network_of(
    budget: str,
    plane: Plane,
    channels: int,
    classes: int,
    batch_norm: bool = False,
    dropout: bool = False,
) -> nn.Module:
    """An untrained network of a budget, its weights drawn by Xavier's rule; the global random state stays as it was.

    `full` takes the ResNet of depth 32 that the published code has, the other budgets convolutions and two linear
    layers, which learn in few epochs. Dropout stands before the last layer.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if budget == "full":
            network: nn.Module = residual_network(_DEPTH, channels, classes)
        else:
            network = _plain(_SMOKE if budget == "smoke" else _SMALL, plane, channels, classes)
        network = network if batch_norm else _without_batch_norm(network)
        layers = [one for one in network.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return _with_dropout(network) if dropout else network


def _plain(shape: Shape, plane: Plane, channels: int, classes: int) -> nn.Sequential:
    """3 x 3 convolutions with batch norm and ReLU, and two linear layers."""
    layers: list[nn.Module] = []
    height, width = plane.shape
    for into, stride in zip(shape.widths, shape.strides, strict=True):
        layers += [nn.Conv2d(channels, into, 3, stride, 1), nn.BatchNorm2d(into), nn.ReLU()]
        channels, height, width = into, -(-height // stride), -(-width // stride)
    left = channels * height * width
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(left, shape.hidden), nn.ReLU(), nn.Linear(shape.hidden, classes)
    )


def _without_batch_norm(network: nn.Module) -> nn.Module:
    """The same network with nothing in the place of batch norms; convolutions that relied on theirs get a bias."""
    for name, child in list(network.named_children()):
        if isinstance(child, nn.BatchNorm2d):
            setattr(network, name, nn.Identity())
        elif isinstance(child, nn.Conv2d) and child.bias is None:
            child.bias = nn.Parameter(torch.zeros(child.out_channels))
        else:
            _without_batch_norm(child)
    return network


def _with_dropout(network: nn.Module) -> nn.Module:
    """Dropout before the last layer."""
    assert isinstance(network, nn.Sequential)
    layers = list(network)
    return nn.Sequential(*layers[:-1], nn.Dropout(_DROPOUT), layers[-1])
