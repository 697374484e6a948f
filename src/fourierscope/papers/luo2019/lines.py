"""Fits on a line whose loss is weighted by a density, and how numbers of several seeds are put together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import pi

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.reading import at
from fourierscope.results import Estimate, mean_interval
from fourierscope.subjects import Fit
from fourierscope.theory.frequency_loss import log_slope

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
THRESHOLDS = (8.0, 11.0, 16.0, 23.0, 32.0, 45.0, 64.0)  # cycles per 2 pi, evenly on a logarithmic scale
_WIDTHS = (1, 200, 200, 200, 100, 1)
_SINES = (1, 3, 5)


@dataclass(frozen=True)
class Line:
    """How much is made in a budget: points of the grid, steps and seeds of trainings, and draws for the window."""

    points: int
    steps: int
    seeds: int
    drawn: int


LINES = {"smoke": Line(256, 300, 3, 10), "small": Line(256, 3000, 10, 10), "full": Line(512, 20_000, 20, 100)}
_RATE = 0.03  # of gradient descent; at 0.1 tanh no longer descends


def line_fit(budget: str, activation: str) -> Fit:
    """sin x + sin 3x + sin 5x at an even grid on [-pi, pi), and the network that learns it by gradient descent."""
    line = LINES[budget]
    points = -pi + 2 * pi * torch.arange(line.points, dtype=torch.float64) / line.points
    values = torch.stack([torch.sin(k * points) for k in _SINES]).sum(0)
    layers: list[nn.Module] = []
    for before, after in pairwise(_WIDTHS):
        layers += [nn.Linear(before, after, dtype=torch.float64), ACTIVATIONS[activation]()]
    network = nn.Sequential(*layers[:-1])
    return Fit(points, values, network, line.steps, _RATE, "sgd", name=f"three sines, {activation}")


def slopes(shares: npt.NDArray[np.float64], thresholds: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """The slope (...) of log share on log threshold, of shares (..., thresholds)."""
    rows = torch.as_tensor(shares).flatten(0, -2)
    return np.array([log_slope(thresholds, one) for one in rows]).reshape(shares.shape[:-1])


def geometric(shares: npt.NDArray[np.float64]) -> Estimate:
    """The geometric mean over the last axis with Student's bounds of the logarithms."""
    return Estimate(*(np.exp(one) for one in mean_interval(np.log(shares))))


def in_decades(shares: xr.DataArray) -> xr.DataArray:
    """Shares (frequency,) and their bounds as logarithms to base 10, over that of the frequency: powers are lines."""
    bounds = {name: np.log10(shares.coords[name].variable) for name in ("share_low", "share_high")}
    found = xr.DataArray(np.log10(shares.variable), shares.coords, name="log10_of_share", attrs=shares.attrs)
    found = found.assign_coords(bounds).assign_coords(frequency=np.log10(shares["frequency"].values))
    found = found.rename(frequency="log10_of_frequency")
    found["log10_of_frequency"].attrs["units"] = shares["frequency"].attrs["units"]
    return found


def reading(made: Made, name: str, value: str, place: dict[str, str]) -> Reading:
    """A mean over seeds with its bounds."""
    result = made[name]
    return at(result, value, place)._replace(n=int(result["seeds"]))


def column(values: Tensor) -> Tensor:
    """Points or values (n, 1) of a fit as (n,), float64."""
    return values[:, 0].double()
