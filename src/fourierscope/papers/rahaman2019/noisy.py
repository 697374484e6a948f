"""Labels with a wave of the norm of the image on top: how near a network comes to the clean ones on images held out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.papers.rahaman2019.images import radial_wave
from fourierscope.results import Axes, bounded, count, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.training import fit


class Noise(NamedTuple):
    """One training."""

    frequency: float
    seed: int


@dataclass(frozen=True)
class NoisyLearning(Analysis[Fit]):
    """Mean squared error to clean values on points held out, while noisy ones are learned.

    The noise is amplitude sin(2 pi frequency |x|), of the L2 norm of a point. `validation` over ("noise", "step"), mean
    over seeds. A fifth of the points is held out, the same ones throughout.

    Source: Rahaman et al. (2019), section 3.2 and Fig. 3; the published code's 2 pi, and its targets -1 and 1.
    """

    frequencies: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5, 1.0)
    """In cycles per unit of the norm; 0: no noise."""
    amplitude: float = 1.0
    """Of the noise."""
    every: int = 10
    """Steps from one measurement to the next."""
    seeds: int = 3
    """Trainings of each frequency."""
    seed: int = 0
    """Seed of the first training, and of what is held out."""

    def cells(self, subject: Fit, /) -> Iterable[Noise]:
        return [Noise(one, self.seed + turn) for one in self.frequencies for turn in range(self.seeds)]

    def measure(self, cell: Noise, subject: Fit, /) -> Measured:
        learned, held = self.parts(len(subject.points))
        points, clean = subject.points[learned], subject.values[learned]
        noisy = replace(subject, points=points, values=clean + self.amplitude * radial_wave(points, cell.frequency))
        place = subject.points[held].to(next(subject.network.parameters()).device)
        found: list[float] = []

        def watch(network: nn.Module, step: int) -> None:
            if step % self.every == 0:
                with torch.no_grad():
                    found.append(float((network(place).cpu() - subject.values[held]).square().mean()))

        fit(noisy, cell.seed, watch)
        return {"validation": np.array(found)}

    def assemble(self, measured: Mapping[Noise, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        curves = np.stack([one["validation"] for one in measured.values()])
        curves = curves.reshape(len(self.frequencies), self.seeds, -1)
        names = np.array([f"k = {one:g}" if one else "none" for one in self.frequencies])
        axes = Axes({"noise": names, "step": np.arange(curves.shape[2]) * self.every}, {"step": "step"})
        says = f"Mean squared error to clean values on images held out, mean over {self.seeds} seeds."
        estimate = mean_interval(curves.swapaxes(1, 2))
        return bounded("validation", estimate, axes, "1", says, self.seeds) | count(len(subject.points))

    def parts(self, points: int) -> tuple[Tensor, Tensor]:
        """The places of points that are learned, and of those that are held out."""
        order = torch.randperm(points, generator=self.chance(purpose="held out"))
        return order[points // 5 :], order[: points // 5]
