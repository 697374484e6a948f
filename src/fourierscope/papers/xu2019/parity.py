"""Parity on the corners of a cube: learned from all corners, or from some of them and asked about the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.papers.xu2019.networks import fully_connected
from fourierscope.results import Axes, Estimate, bounded, mean_interval
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.training import fit

_DIAGONAL = np.linspace(0, 0.5, 51)  # the frequency of every axis; 1/4 is parity's own
_MEASURED = 25  # steps, evenly on a logarithmic scale


def corners(dimension: int) -> Tensor:
    """All points of {-1, 1}^dimension, (2^dimension, dimension)."""
    return torch.tensor(list(product((-1.0, 1.0), repeat=dimension)))


def parity(points: Tensor) -> Tensor:
    """The product of the coordinates of points (n, d): (n,)."""
    return points.prod(1)


def diagonal_spectrum(values: Tensor, points: Tensor) -> npt.NDArray[np.float64]:
    """The magnitude of the mean of values (n,) exp(-2 pi i t (x_1 + ... + x_d)) over points (n, d), for t in [0, 1/2].

    Of parity over all corners it is |sin 2 pi t|^d, with its peak at 1/4.
    """
    phase = -2j * np.pi * np.outer(_DIAGONAL, points.sum(1).double().numpy())
    found: npt.NDArray[np.float64] = np.abs(np.exp(phase) @ values.double().numpy() / len(values))
    return found


class Run(NamedTuple):
    """One training: the share of corners that is held out, and the seed."""

    held_out: float
    seed: int


@dataclass(frozen=True)
class ParityLearning(Analysis[Fit]):
    """How often a network has the sign of its values right, on corners it learns from and on those held out.

    The subject holds all corners and their values; each training leaves a share of them out, others by its seed. At the
    end the spectrum of its answers over all corners stands beside the target's, along the diagonal.
    Source: Xu et al. (2019), section 5.1.
    """

    held_out: tuple[float, ...] = (0.0, 0.5)
    """Shares of corners that are held out."""
    seeds: int = 3
    """Number of trainings for each share."""
    seed: int = 0
    """Seed of the choice of corners."""

    def cells(self, subject: Fit, /) -> Iterable[NamedTuple]:
        return [Run(share, seed) for share in self.held_out for seed in range(self.seeds)]

    def measure(self, cell: Run, subject: Fit, /) -> Measured:
        order = torch.randperm(len(subject.points), generator=self.chance(cell, "held out"))
        held = torch.zeros(len(order), dtype=torch.bool)
        held[order[: round(cell.held_out * len(order))]] = True
        steps, right = set(_steps(subject.steps)), []

        def watch(network: nn.Module, step: int) -> None:
            if step in steps:
                found = (_answers(network, subject) * subject.values.cpu()[:, 0]) > 0
                right.append([_share(found[~held]), _share(found[held])])

        learned = replace(subject, points=subject.points[~held], values=subject.values[~held])
        network = fit(learned, cell.seed, watch)
        spectrum = diagonal_spectrum(_answers(network, subject), subject.points)
        return {"right": np.array(right), "spectrum": spectrum}

    def assemble(self, measured: Mapping[Run, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        """All on axes: shares held out by word, since they choose the curve."""
        words = np.array([f"{one:.0%} held out" for one in self.held_out])
        grouped = [[measured[Run(one, seed)] for seed in range(self.seeds)] for one in self.held_out]
        right = np.stack([[piece["right"] for piece in group] for group in grouped])  # (shares, seeds, t, 2)
        axes = Axes({"training": words, "step": np.array(_steps(subject.steps))}, {"step": "step"})
        found: dict[str, xr.DataArray] = {}
        for place, (name, where) in enumerate((("accuracy_seen", "learned from"), ("accuracy_unseen", "held out"))):
            says = f"Share of the corners {where} on which the answer has the right sign."
            estimate = mean_interval(np.moveaxis(right[..., place], 1, -1))
            found |= bounded(name, estimate, axes, "1", says, self.seeds)
        rows = [np.stack([piece["spectrum"] for piece in group], -1) for group in grouped]
        own = diagonal_spectrum(subject.values[:, 0], subject.points)
        target = np.repeat(own[:, None], self.seeds, 1)
        curves: Estimate = mean_interval(np.stack([target, *rows]))
        places = {"answers_of": np.array(["target", *words]), "frequency": _DIAGONAL}
        says = "Magnitude of the Fourier transform of the answers over all corners, along the diagonal."
        each = Axes(places, {"frequency": "cycles per unit"})
        return found | bounded("spectrum", curves, each, "1", says, self.seeds)


def parity_fit(dimension: int, hidden: tuple[int, ...], steps: int) -> Fit:
    """A tanh network on all corners and their parity."""
    points = corners(dimension)
    network = fully_connected((dimension, *hidden, 1))
    return Fit(points, parity(points), network, steps, 2e-3, name=f"parity of {dimension}")


def _steps(last: int) -> list[int]:
    spaced = np.geomspace(1, last, _MEASURED).round().astype(int)
    return sorted({0, *map(int, spaced)})


@torch.no_grad()
def _answers(network: nn.Module, subject: Fit) -> Tensor:
    answers: Tensor = network(subject.points.to(next(network.parameters())))
    return answers.cpu()[:, 0]


def _share(right: Tensor) -> float:
    return float(right.float().mean()) if len(right) else float("nan")
