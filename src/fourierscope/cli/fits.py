"""Fits on the command line: points and values out of a file, and a two-layer network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from fourierscope.subjects import Fit


def two_layer_fit(
    data: str,
    neurons: int = 2000,
    steps: int = 10_000,
    learning_rate: float = 1e-5,
    optimiser: Literal["sgd", "adam"] = "sgd",
) -> Fit:
    """Points and values of a file, and a two-layer ReLU network that learns them.

    Args:
        data: An npz file with the arrays points, (n, d) or (n,), and values, (n,).
        neurons: Number of neurons of the network.
        steps: Steps of its descent, where it descends.
        learning_rate: Of the mean squared error, where it descends.
        optimiser: sgd, plain gradient descent, or adam.
    """
    points, values = (torch.from_numpy(one).double() for one in _arrays(Path(data)))
    width = points.shape[1] if points.ndim == 2 else 1
    network = nn.Sequential(nn.Linear(width, neurons), nn.ReLU(), nn.Linear(neurons, 1, bias=False)).double()
    return Fit(points, values, network, steps, learning_rate, optimiser, name=Path(data).stem)


def _arrays(path: Path) -> list[npt.NDArray[Any]]:
    """Points and values. Raises ValueError where the file does not hold both."""
    held = np.load(path, allow_pickle=False)
    names = getattr(held, "files", None)
    if names is None or not {"points", "values"} <= set(names):
        came = "one array" if names is None else ", ".join(names)
        raise ValueError(f"{path} is an npz file with the arrays points and values; {came} came.")
    return [held[name] for name in ("points", "values")]
