"""The frequency principle: in which order a network learns the frequencies of its targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.learning_orders import of_seeds
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Fit, Training
from fourierscope.training import Recipe, SpectralTracker, fit, train, views
from fourierscope.training.views.linear import LinearView

_MOST_FREQUENCIES = 20  # that a view takes where none are named


class Seed(NamedTuple):
    """One training."""

    seed: int


@dataclass(frozen=True)
class FrequencyPrinciple(Analysis[Training | Fit]):
    """In which order a network learns the frequencies of its targets.

    A network learns, several times over with other seeds, while a `SpectralTracker` watches how far its answers are
    from the targets in each band. A `Fit` draws new weights for each seed; a `Training` starts from its present
    weights, and seeds change order and augmentations alone; it is watched on `probe` training or test images (`split`),
    normalised and unaugmented, with one-hot labels against softmaxed answers.

    The result holds `error`, the relative error of each band by step, and for each band `time_to_learn` by seed,
    `area`, the mean of the capped error over log steps, and `reached`, the share of seeds that learn it; over seeds
    `ordering`, Spearman's correlation of frequency with time, where what is never learned shares the last rank,
    `area_ordering`, the same of areas, which needs no threshold, and `slope`, of log time on log frequency. Bands whose
    targets do not stand out of the noise floor are left out.

    Source: Xu et al. (2018; 2019); Rahaman et al. (2019), section 4. Different here: complex differences, a noise
    floor, a guard on filters, times of first reaching, and intervals over seeds.
    """

    view: Literal["grid", "projection", "filter", "kernel"] = "projection"
    """Fourier transform on a grid, or along a direction; Gaussian low and high filter; kernel eigenvectors."""
    frequencies: tuple[int, ...] = ()
    """For grid and projection: cycles over the grid, or over the range of the direction; empty: the lowest twenty."""
    direction: Literal["principal", "random", "classes"] = "principal"
    """Of a projection: a principal component, a direction by chance, or from the mean of one class to another's."""
    component: int = 1
    """Of a projection: which principal component, or which class less class 0."""
    width: float = 0.0
    """Variance of a filter's Gaussian; bandwidth of a kernel; 0: chosen by the data."""
    edges: tuple[int, ...] = ()
    """First mode of each band of a kernel, and the end of the last; empty: chosen by their number."""
    threshold: float = 0.3
    """A band is learned when its relative error first lies below."""
    seeds: int = 3
    """Number of trainings."""
    probe: int = 1000
    """Most images that a Training is watched on."""
    split: Literal["train", "test"] = "train"
    """Which images a Training is watched on: those learned, or those given as tested."""
    seed: int = 0
    """Seed of the first training; the others follow."""

    def __post_init__(self) -> None:
        check_kinds(self)
        words = {
            "view": ("grid", "projection", "filter", "kernel"),
            "direction": ("principal", "random", "classes"),
            "split": ("train", "test"),
        }
        for name, known in words.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {', '.join(known)}; {getattr(self, name)!r} came.")
        if self.seeds < 1 or self.probe < 2 or self.width < 0 or not self.threshold > 0:
            raise ValueError(
                "seeds is at least 1, probe at least 2, width at least 0, threshold above 0; "
                f"{self.seeds}, {self.probe}, {self.width}, {self.threshold} came."
            )

    def cells(self, subject: Training | Fit, /) -> Iterable[NamedTuple]:
        self._tracker(_network_of(subject, self.seed), subject)  # tells a view that does not fit before any training
        return [Seed(self.seed + turn) for turn in range(self.seeds)]

    def measure(self, cell: Seed, subject: Training | Fit, /) -> Measured:
        seen = _Watching(self, subject)
        if isinstance(subject, Fit):
            fit(subject, cell.seed, seen)
        else:
            assert isinstance(subject.recipe, Recipe)
            train(subject.classifier, subject.samples, subject.recipe, cell.seed, watch=seen)
        assert seen.tracker is not None
        seen.tracker.measure(seen.last)
        found = seen.tracker.result().dataset
        error = found[f"{self.view}_error"]
        axis = next(str(one) for one in error.dims if one != "step")
        return {
            "error": error.transpose("step", axis).values,
            "steps": found["step"].values,
            "places": error[axis].values,
            "unit": np.array(error[axis].attrs["units"]),
            "axis": np.array(axis.removeprefix(f"{self.view}_")),
            "says": np.array(error.attrs["says"]),
            "usable": found[f"{self.view}_usable"].values,
        }

    def assemble(self, measured: Mapping[Seed, Measured], subject: Training | Fit, /) -> Mapping[str, xr.DataArray]:
        return of_seeds({cell.seed: piece for cell, piece in measured.items()}, self.threshold)

    def _view(self, points: Tensor) -> LinearView:
        lowest = self.frequencies or tuple(range(1, _MOST_FREQUENCIES + 1))
        if self.view == "grid":
            held = self.frequencies or tuple(range(min(_MOST_FREQUENCIES, len(points) // 2) + 1))
            return views.Grid(held)
        if self.view == "projection":
            return views.Projection(self.direction, self.component, lowest, self.seed)
        if self.view == "filter":
            return views.GaussianFilter(self.width or None)
        return views.KernelModes(self.width or None, self.edges)

    def _tracker(self, network: nn.Module, subject: Training | Fit) -> SpectralTracker:
        points, values, outputs = _probe(subject, self.probe, self.split)
        return SpectralTracker(network, points, values, [self._view(points)], threshold=self.threshold, outputs=outputs)


class _Watching:
    """Makes the tracker of the network that it is first shown, and remembers the last step."""

    def __init__(self, question: FrequencyPrinciple, subject: Training | Fit) -> None:
        self.question, self.subject, self.last = question, subject, 0
        self.tracker: SpectralTracker | None = None

    def __call__(self, network: nn.Module, step: int) -> None:
        if self.tracker is None:
            self.tracker = self.question._tracker(network, self.subject)
        self.last = step
        self.tracker.step(step)


def _network_of(subject: Training | Fit, seed: int) -> nn.Module:
    """The network as it starts. Raises TypeError for a classifier that is no module."""
    if isinstance(subject, Fit):
        return subject.fresh_network(seed)
    if not isinstance(subject.classifier.network, nn.Module):
        raise TypeError(f"{subject.classifier.name} is a plain function: it has no weights that could learn.")
    return subject.classifier.network


def _probe(subject: Training | Fit, most: int, split: str) -> tuple[Tensor, Tensor, Literal["raw", "softmax"]]:
    """What the network is watched on: points as it takes them, values, and how its answers are read.

    Raises ValueError where test images are asked about and there are none.
    """
    if split == "test" and (isinstance(subject, Fit) or subject.tested is None):
        raise ValueError(
            'split="test" asks about a Training with test images: fs.Training(classifier, samples, recipe, tested).'
        )
    if isinstance(subject, Fit):
        return subject.points, subject.values, "softmax" if subject.classifies else "raw"
    given = subject.samples if split == "train" else subject.tested
    assert given is not None
    few = given.limited(most)
    return subject.classifier.normalised(few.batch()), few.needed_labels(), "softmax"
