"""Response spectra of a trained classifier: how quickly its logits change along straight lines through its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite, pi
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.lines import check_lines
from fourierscope.results import Axes, count, mean_size
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Trial
from fourierscope.theory.piecewise_linear import detrended, segment, tail, transform

Array = npt.NDArray[Any]
_PUBLISHED_POINTS = 200  # of the discrete transforms that exact ones are held against


class Line(NamedTuple):
    """The line of one image."""

    image: int


@dataclass(frozen=True)
class LineSpectrum(Analysis[Trial]):
    """How quickly a classifier's logits change along straight lines through its inputs: response spectra.

    These are frequencies of the function from inputs to logits, in cycles over the line, not of pixels. Each image has
    a line: from it to another image of the set (`pairs`), or of a given length through it in a random direction. The
    straight line between the logits at both ends is taken away, for their difference would rule all frequencies
    (as k^-2). Exactly, the network is followed from bend to bend (`fourierscope.theory.piecewise_linear`), which takes
    a module of piecewise-linear layers; a deep network bends some thousand times on a line. Sampled, it is asked at
    even points, and what lies above half of their number folds down.

    The result holds, over ("frequency",), `energy`, the sum over logits of the squared transform; `centroid` of the
    energy; and exactly also `pieces`, the number of linear pieces, `bend`, the sum of all slope jumps, which bounds the
    transform by bend / (2 pi k)^2, and `sampling_error`, how far the usual discrete transform of 200 points lies from
    the exact one.

    Source: Fridovich-Keil et al. (2022), paths between images; Zhang et al. (2020), random directions. Different here:
    exact transforms, the line between the ends taken away, logits instead of probabilities.
    """

    exact_only: ClassVar[bool] = True

    direction: Literal["pairs", "random"] = "random"
    """To another image of the set, or random, with the image in the middle."""
    length: float = 1.0
    """L2 length of random lines, on [0, 1] pixels over all channels; pairs have their own."""
    frequencies: tuple[int, ...] = tuple(range(1, 51))
    """Cycles over the line."""
    method: Literal["exact", "sampled"] = "exact"
    """From bend to bend, or at even points."""
    points: int = 512
    """Number of points of a sampled line."""
    seed: int = 0
    """Seed of directions and of pairs."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if self.direction not in ("pairs", "random") or self.method not in ("exact", "sampled"):
            raise ValueError(
                f"direction is pairs or random, method exact or sampled; {self.direction!r}, {self.method!r} came."
            )
        if not (isfinite(self.length) and self.length > 0):
            raise ValueError(f"length is a finite number above 0; {self.length} came.")
        whole = all(isinstance(one, int | np.integer) and one >= 1 for one in self.frequencies)
        if not self.frequencies or not whole or len(set(self.frequencies)) != len(self.frequencies):
            raise ValueError(f"frequencies are different whole numbers from 1 on; {self.frequencies} came.")
        if self.method == "sampled" and self.points < 2 * max(self.frequencies):
            raise ValueError(
                f"{self.points} points tell frequencies up to {self.points // 2} cycles; {max(self.frequencies)} came."
            )

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        if self.direction == "pairs" and len(trial.samples) < 2:
            raise ValueError("Lines between images take two images or more; one came.")
        if self.method == "exact":
            check_lines(trial.classifier)
        return [Line(image) for image in range(len(trial.samples))]

    def measure(self, line: Line, trial: Trial, /) -> Measured:
        start, end = self._ends(line, trial)
        cycles = np.array(sorted(self.frequencies), dtype=np.float64)
        if self.method == "sampled":
            return {"energy": _energy(_of_samples(_sampled(trial, start, end, self.points), cycles))}
        network = trial.classifier.network
        assert isinstance(network, nn.Module)
        with trial.classifier.evaluating():
            knots, values = segment(network, *trial.classifier.normalised(torch.stack([start, end])))
        bent = detrended(knots, values)
        exact = transform(knots, bent, 2 * pi * cycles).numpy()
        few = _at(knots, bent, np.arange(_PUBLISHED_POINTS) / _PUBLISHED_POINTS)
        wrong = _of_samples(few, cycles) - exact
        size = np.sqrt(_energy(exact))
        return {
            "energy": size**2,
            "pieces": np.array(len(knots) - 1.0),
            "bend": tail(knots, bent).square().sum().sqrt().numpy(),
            "sampling_error": np.sqrt(_energy(wrong)) / np.maximum(size, 1e-300),
        }

    def assemble(self, measured: Mapping[Line, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        pieces, cycles = list(measured.values()), np.array(sorted(self.frequencies))
        axes = Axes({"frequency": cycles}, {"frequency": "cycles/line"})
        energy = np.stack([one["energy"] for one in pieces], axis=1)  # (frequencies, n)
        where = self._told()
        says = f"Sum over logits of the squared Fourier coefficient along the line, ends levelled; {where}"
        found = mean_size("energy", energy, axes, "1", says)
        total = np.maximum(energy.sum(0), 1e-300)
        says = f"Centroid of the energy, up to {cycles[-1]} cycles; {where}"
        found |= mean_size("centroid", cycles @ energy / total, Axes({}), "cycles/line", says)
        if self.method == "exact":
            told = {
                "pieces": ("pieces", f"Number of linear pieces of the logits on a line; {where}"),
                "bend": ("1", f"Sum of the sizes of all slope jumps, norm over logits; {where}"),
            }
            for name, (unit, says) in told.items():
                found |= mean_size(name, np.array([float(one[name]) for one in pieces]), Axes({}), unit, says)
            wrong = np.stack([one["sampling_error"] for one in pieces], axis=1)
            says = f"Distance of a discrete transform of {_PUBLISHED_POINTS} points from the exact one, relative to it."
            found |= mean_size("sampling_error", wrong, axes, "1", says)
        return found | count(len(pieces))

    def _told(self) -> str:
        if self.direction == "pairs":
            return "from an image to another of the set."
        return f"random lines of L2 length {self.length:g} with the image in the middle."

    def _ends(self, line: Line, trial: Trial) -> tuple[Tensor, Tensor]:
        """Both ends (c, h, w) of an image's line, not clipped."""
        image = trial.samples.batch(line.image, line.image + 1)[0]
        if self.direction == "random":
            drawn = torch.randn(image.shape, generator=self.chance(line, "direction"), dtype=torch.float64)
            step = (drawn / drawn.norm() * self.length / 2).to(image)
            return image - step, image + step
        turn = int(torch.randint(1, len(trial.samples), (), generator=self.chance(line, "pair")))
        other = (line.image + turn) % len(trial.samples)
        return image, trial.samples.batch(other, other + 1)[0]


def _sampled(trial: Trial, start: Tensor, end: Tensor, points: int) -> Array:
    """Logits (points, classes) at even points, the last one left out, less the line between the ends."""
    shares = torch.linspace(0, 1, points + 1).view(-1, 1, 1, 1)
    size = batch_size(trial.samples.plane, trial.classifier.device)
    with torch.no_grad():
        parts = [trial.classifier(torch.lerp(start, end, shares[one])).cpu() for one in batches(points + 1, size)]
    answers = detrended(torch.linspace(0, 1, points + 1, dtype=torch.float64), torch.cat(parts).double())
    held: Array = answers[:-1].numpy()
    return held


def _of_samples(values: Array, cycles: Array) -> Array:
    """The discrete transform (m, outputs) of values (points, outputs) at even points of [0, 1)."""
    places = np.arange(len(values)) / len(values)
    found: Array = np.exp(-2j * pi * np.outer(cycles, places)) @ values / len(values)
    return found


def _at(knots: Tensor, values: Tensor, places: Array) -> Array:
    """The function (k,), (k, outputs) at places (m,): (m, outputs)."""
    return np.stack([np.interp(places, knots.numpy(), one) for one in values.numpy().T], axis=1)


def _energy(coefficients: Array) -> Array:
    found: Array = (np.abs(coefficients) ** 2).sum(1)
    return found
