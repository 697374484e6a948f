"""What is left of each frequency of a trained network whose parameters are moved at random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from fourierscope.papers.rahaman2019.learned import Draw
from fourierscope.papers.rahaman2019.sines import Sines
from fourierscope.results import Axes, bounded, correlation_interval, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.training import fit
from fourierscope.training.learning_order import ordering


@dataclass(frozen=True)
class PerturbedSines(Analysis[Sines]):
    """Fourier amplitudes after a step of length `distance` in parameter space, over those of the trained network.

    Directions are Gaussian vectors of norm 1, over all weights and biases. `amplitude` over ("distance", "frequency")
    is the mean over directions of |F(k)|, over |F(k)| at distance 0, mean over draws of phases and weights; `ordering`
    over ("distance",) is Spearman's correlation of frequency with it, in each draw, mean over draws.

    Source: Rahaman et al. (2019), section 3.1 and Fig. 2.
    """

    draws: int = 3
    """Draws of phases and weights."""
    directions: int = 100
    """Directions from each trained network."""
    distances: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
    """Lengths of the step; the first is 0."""
    seed: int = 0
    """Seed of the first draw."""

    def __post_init__(self) -> None:
        if not self.distances or self.distances[0] != 0 or list(self.distances) != sorted(set(self.distances)):
            raise ValueError(f"distances ascend from 0 on; {self.distances} came.")

    def cells(self, subject: Sines, /) -> Iterable[Draw]:
        return [Draw(self.seed + turn) for turn in range(self.draws)]

    def measure(self, cell: Draw, subject: Sines, /) -> Measured:
        count, generator = len(subject.frequencies), self.chance(cell, "phases")
        subject_fit = subject.fit(2 * pi * torch.rand(count, generator=generator, dtype=torch.float64))
        network = fit(subject_fit, cell.seed)
        points = subject_fit.points.to(next(network.parameters()).device)
        trained = parameters_to_vector(network.parameters()).detach()
        total = np.zeros((len(self.distances), count))
        generator = self.chance(cell, "directions")
        for _ in range(self.directions):
            step = unit_direction(len(trained), generator).to(trained)
            for place, distance in enumerate(self.distances):
                vector_to_parameters(trained + distance * step, network.parameters())
                total[place] += amplitudes(network, points, subject.frequencies)
        return {"amplitude": total / self.directions}

    def assemble(self, measured: Mapping[Draw, Measured], subject: Sines, /) -> Mapping[str, xr.DataArray]:
        sizes = np.stack([one["amplitude"] for one in measured.values()], -1)  # (distances, k, draws)
        left, n = sizes / sizes[:1], len(measured)
        place = {"distance": np.array(self.distances)}
        units = {"distance": "1", "frequency": "cycles/period"}
        axes = Axes(place | {"frequency": np.array(subject.frequencies)}, units)
        says = f"Fourier amplitude over the trained network's, mean over {self.directions} directions and {n} seeds."
        found = bounded("amplitude", mean_interval(left), axes, "1", says, n)
        orders = np.array([[ordering(one) for one in draws.T] for draws in left])  # (distances, draws)
        axes = Axes(place, units)
        says = (
            f"Spearman correlation of frequency with the amplitude that is left, mean over {n} seeds; NaN: all is left."
        )
        return found | bounded("ordering", correlation_interval(orders), axes, "1", says, n)


def unit_direction(count: int, generator: torch.Generator) -> Tensor:
    """A direction (count,) drawn evenly from the unit sphere."""
    drawn = torch.randn(count, generator=generator, dtype=torch.float64)
    return drawn / drawn.norm()


def amplitudes(network: nn.Module, points: Tensor, frequencies: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """|F(k)| (k,) of the answers at an even grid of points (n, 1): a sine of amplitude A has A / 2."""
    with torch.no_grad():
        answers = network(points)[:, 0].double().cpu().numpy()
    found: npt.NDArray[np.float64] = np.abs(np.fft.rfft(answers) / len(answers))[list(frequencies)]
    return found
