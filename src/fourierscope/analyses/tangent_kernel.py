"""The tangent kernel: how long each part of the targets will take by a network's kernel, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import nn

from fourierscope.analyses.frequency_principle import Seed
from fourierscope.analyses.learning_orders import of_seeds
from fourierscope.analyses.linear_fits import LinearFit, check_linear
from fourierscope.results import Axes, Estimate, bootstrap_interval, bounded, size_interval
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Fit
from fourierscope.theory.kernels.linear_law import Modes
from fourierscope.theory.kernels.tangent import tangent_kernel
from fourierscope.training import SpectralTracker, fit, views
from fourierscope.training.learning_order import slope_of_times
from fourierscope.training.views.linear import LinearView

Array = npt.NDArray[Any]
_VIEWS = ("modes", "grid", "circle", "projection")
_RESAMPLES = 2000


@dataclass(frozen=True)
class TangentKernel(Analysis[Fit]):
    """How long each part of the targets will take by a network's tangent kernel, and how long it takes.

    A network whose kernel stays as it is learns each eigenvector of it by itself, at a rate that is the eigenvalue.
    Here the kernel of the network as it starts is taken, exactly, what follows for every step of the `Fit` is written
    down, then the network learns: plain gradient descent (optimiser sgd) on a squared loss, all points in each step.
    By the view, parts are bands of the kernel's own eigenvectors, in falling eigenvalue, or frequencies.

    Beside what `FrequencyPrinciple` tells (with `slope` between bounds of the bootstrap over seeds) the result holds
    `predicted_error`, `predicted_time` and `predicted_slope`, `time_ratio`, measured over predicted times,
    `eigenvalue` over modes, a mean over points, and `kernel_change`, how far the kernel moved until the last step:
    where it is not small, the prediction has no ground. Bands of modes have no slope. With several outputs, modes are
    those of the mean over outputs.

    Raises ValueError for other fits, for more than 4,000 answers (points times outputs), for networks that learn as
    others than are asked (dropout, batch norm), and for a rate at which the kernel says that descent diverges.
    Source: Jacot et al. (2018); Basri et al. (2019), section 5.
    """

    view: Literal["modes", "grid", "circle", "projection"] = "modes"
    """Eigenvectors; or Fourier transform on a grid, round a circle in the plane, or along the principal component."""
    frequencies: tuple[int, ...] = ()
    """For all views but modes: cycles over the grid, the turn or the range; empty: the lowest ten."""
    edges: tuple[int, ...] = ()
    """First mode of each band of modes, and the end of the last; empty: 0, 1, 2, 4, 8, ..."""
    threshold: float = 0.3
    """A part is learned when its relative error first lies below."""
    every: int = 0
    """Steps from one measurement to the next; 0: some twenty times a decade."""
    seeds: int = 3
    """Number of trainings."""
    seed: int = 0
    """Seed of the first training; the others follow."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if self.view not in _VIEWS:
            raise ValueError(f"view is {', '.join(_VIEWS)}; {self.view!r} came.")
        if self.seeds < 1 or self.every < 0 or not self.threshold > 0:
            raise ValueError(
                "seeds is at least 1, every at least 0, threshold above 0; "
                f"{self.seeds}, {self.every}, {self.threshold} came."
            )
        if (self.frequencies and self.view == "modes") or (self.edges and self.view != "modes"):
            raise ValueError(
                'frequencies are of all views but "modes", edges of "modes" alone; view '
                f"{self.view!r}, frequencies {self.frequencies} and edges {self.edges} came."
            )

    def cells(self, subject: Fit, /) -> Iterable[NamedTuple]:
        check_linear(subject)
        return [Seed(self.seed + turn) for turn in range(self.seeds)]

    def measure(self, cell: Seed, subject: Fit, /) -> Measured:
        start = subject.fresh_network(cell.seed)
        law = LinearFit.of(subject, start)
        view = self._view(law.mean)
        seen = _Watching(self, subject, view)
        learned = fit(subject, cell.seed, seen)
        assert seen.tracker is not None
        seen.tracker.measure(subject.steps)
        found = seen.tracker.result().dataset
        steps, error = found["step"].values, found[f"{view.name}_error"]
        axis = next(str(one) for one in error.dims if one != "step")
        moved = tangent_kernel(learned, subject.points).cpu() - law.kernel
        return {
            "error": error.transpose("step", axis).values,
            "predicted": law.errors(view, steps, self.threshold),
            "steps": steps,
            "places": error[axis].values,
            "unit": np.array(error[axis].attrs["units"]),
            "axis": np.array(axis.removeprefix(f"{view.name}_")),
            "says": np.array(error.attrs["says"]),
            "usable": found[f"{view.name}_usable"].values,
            "eigenvalues": (law.mean.values / len(law.mean.values)).numpy(),
            "change": np.array(float(moved.norm() / law.kernel.norm())),
        }

    def assemble(self, measured: Mapping[Seed, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        pieces, n = list(measured.values()), len(measured)
        found = of_seeds({cell.seed: piece for cell, piece in measured.items()}, self.threshold)
        predicted = of_seeds(
            {cell.seed: dict(piece) | {"error": piece["predicted"]} for cell, piece in measured.items()}, self.threshold
        )
        error, times = predicted["error"], predicted["time_to_learn"]
        says = f"Relative error that the kernel at the start predicts, mean over {n} seeds."
        found["predicted_error"] = xr.DataArray(
            error.values, error.coords, error.dims, attrs={"units": "1", "says": says}
        )
        says = f"First measured step at which the predicted error lies below {self.threshold:g}; NaN: never."
        found["predicted_time"] = times.assign_attrs(says=says)
        found |= _ratios(found)
        if times[times.dims[1]].dtype.kind in "uif":
            found |= self._slopes(found)
        else:
            del found["slope"], found["slope_low"], found["slope_high"]
        axes = Axes({"mode": np.arange(len(pieces[0]["eigenvalues"]))})
        values = np.stack([one["eigenvalues"] for one in pieces], -1)
        says = f"Eigenvalue of the tangent kernel at the start over the number of points, mean over {n} seeds."
        found |= bounded("eigenvalue", size_interval(values), axes, "1", says, n)
        says = f"Distance of the kernel after all steps from that at the start, over its size, mean over {n} seeds."
        change = size_interval(np.array([float(one["change"]) for one in pieces]))
        return found | bounded("kernel_change", change, Axes({}), "1", says, n)

    def _slopes(self, found: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
        """Slopes of log time on log frequency, measured and predicted, between bounds of the bootstrap over seeds."""
        held: dict[str, xr.DataArray] = {}
        for name, times in (("slope", found["time_to_learn"]), ("predicted_slope", found["predicted_time"])):
            places, n = times[times.dims[1]].values, len(times)
            slopes = np.array([slope_of_times(places, one) for one in times.values])
            picks = torch.randint(n, (_RESAMPLES, n), generator=self.chance(purpose="bootstrap")).numpy()
            says = f"Slope of log time on log frequency, mean over {n} seeds, bounds by the bootstrap over seeds."
            held |= bounded(name, bootstrap_interval(slopes, picks), Axes({}), "1", says, n)
        return held

    def _view(self, mean: Modes) -> LinearView:
        count = len(mean.values)
        lowest = self.frequencies or tuple(range(1, min(10, count // 2) + 1))
        several: dict[str, LinearView] = {
            "grid": views.Grid(lowest),
            "circle": views.AroundCircle(lowest),
            "projection": views.Projection(frequencies=lowest),
        }
        return several.get(self.view) or views.FixedModes(mean.vectors, self.edges)


class _Watching:
    """Makes the tracker of the network that it is first shown."""

    def __init__(self, question: TangentKernel, subject: Fit, view: LinearView) -> None:
        self.question, self.subject, self.view = question, subject, view
        self.tracker: SpectralTracker | None = None

    def __call__(self, network: nn.Module, step: int) -> None:
        if self.tracker is None:
            question, subject = self.question, self.subject
            self.tracker = SpectralTracker(
                network,
                subject.points,
                subject.values,
                [self.view],
                question.every or "log",
                question.threshold,
                outputs="raw",
            )
        self.tracker.step(step)


def _ratios(found: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    measured, predicted = found["time_to_learn"], found["predicted_time"]
    axis, n = str(measured.dims[1]), len(measured)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(predicted.values > 0, measured.values / predicted.values, np.nan)
    axes = Axes({axis: measured[axis].values}, {axis: str(measured[axis].attrs["units"])})
    says = f"Measured over predicted time to learn, mean over {n} seeds; NaN: one of them never, or at once."
    estimate: Estimate = size_interval(ratio.T)
    return bounded("time_ratio", estimate, axes, "1", says, n)
