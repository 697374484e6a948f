"""Fits on a line: sums of sines and other targets over one period, the networks that learn them, and their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
import torch
from torch import Tensor, nn

from fourierscope.analyses import FrequencyPrinciple
from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.xu2019.networks import fully_connected
from fourierscope.results import Result
from fourierscope.subjects import Fit

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "ReLU": nn.ReLU}
SINES = (1, 3, 5)
_PEAK = 0.05  # of the largest coefficient


@dataclass(frozen=True)
class Line:
    """How fits on a line are made in a budget."""

    points: int
    hidden: tuple[int, ...]
    steps: int
    learning_rate: float
    seeds: int


_SPEC = Line(201, (200, 200, 200, 100), 3000, 2e-4, 3)
LINES = {
    "smoke": Line(101, (60, 60), 800, 3e-3, 3),
    "small": _SPEC,
    "full": Line(201, (200, 200, 200, 100), 10_000, 2e-4, 10),
}


def grid(count: int) -> Tensor:
    """An even grid on [-pi, pi) without its end point, (count,)."""
    return -pi + 2 * pi * torch.arange(count) / count


def sines(points: Tensor, amplitudes: Sequence[float] = (1, 1, 1), frequencies: Sequence[int] = SINES) -> Tensor:
    """The sum over k of amplitude sin(k x) at points (n,)."""
    waves = (size * torch.sin(k * points) for size, k in zip(amplitudes, frequencies, strict=True))
    return torch.stack(list(waves)).sum(0)


def quantised(values: Tensor, step: float) -> Tensor:
    """The nearest multiples of `step`; a step of 0 leaves values as they are."""
    return values if step == 0 else step * (values / step).round()


def peaks(values: Tensor, most: int = 8) -> tuple[int, ...]:
    """The lowest frequencies from 1 on at which the Fourier transform of values (n,) has a peak.

    A peak is larger than both neighbours, and a twentieth of the largest at least.
    """
    size = np.abs(np.fft.rfft(values.double().numpy()))
    size[0] = 0
    least = _PEAK * size.max()
    found = [k for k in range(1, len(size) - 1) if size[k] >= least and size[k] > max(size[k - 1], size[k + 1])]
    return tuple(found[:most])


def asked(making: Making, name: str, values: Tensor, activation: str, frequencies: tuple[int, ...]) -> Result:
    """In which order the network of the budget learns `values`, which lie on its grid, at these frequencies."""
    line = LINES[making.budget]
    network = fully_connected((1, *line.hidden, 1), ACTIVATIONS[activation])
    subject = Fit(grid(line.points), values, network, line.steps, line.learning_rate, name=name)
    question = FrequencyPrinciple(view="grid", frequencies=frequencies, seeds=line.seeds)
    return making.ask(name, question, subject)


def seeds_in_order(made: Made, name: str) -> Reading:
    """The share of seeds that learn frequencies from low to high, each strictly later than the one before.

    One that is never learned is the last; two of them have no order.
    """
    times = made[name]["time_to_learn"].values  # (seeds, k)
    held = np.where(np.isnan(times), np.inf, times)
    ascending = [bool((one[1:] > one[:-1]).all()) for one in held]
    return exact(float(np.mean(ascending)), len(held))


def ordered(made: Made, name: str) -> Reading:
    """Spearman's correlation of frequency with time to learn, mean over seeds."""
    found = made[name]["ordering"]
    low, high = (float(made[name][f"ordering_{end}"]) for end in ("low", "high"))
    return Reading(float(found), low, high, made[name].dataset.sizes["seed"])


def order_by_area(made: Made, name: str) -> Reading:
    """Spearman's correlation of frequency with the mean error over log steps, which needs no threshold."""
    held = made[name]["area_ordering"]
    low, high = (float(held.coords[f"area_ordering_{end}"]) for end in ("low", "high"))
    return Reading(float(held), low, high, made[name].dataset.sizes["seed"])
