"""Figure 6: eigenvectors of a Gaussian kernel on a line are waves: small eigenvalues have high frequencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from fourierscope.figures import draw
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.kernels.linear_law import spectra
from fourierscope.training.learning_order import ordering
from fourierscope.training.views import KernelModes


@dataclass(frozen=True)
class EvenPoints:
    """So many points of [0, 1), in even steps."""

    count: int = 50

    def trace(self) -> dict[str, Any]:
        """What to record."""
        return {"name": f"{self.count} even points of [0, 1)"}


@dataclass(frozen=True)
class KernelSpectra(Analysis[EvenPoints]):
    """|DFT| of each eigenvector of the kernel exp(-|x - x'|^2 / (2 width^2)) on a line, in falling eigenvalue.

    `magnitude` over ("mode", "frequency"), orthonormal, frequencies 0 to n / 2. The source does not state the width;
    ours is one step of 50 points, for wider kernels have eigenvalues below rounding, whose vectors mean nothing.
    Source: Rahaman et al. (2019), Fig. 6.
    """

    width: float = 0.02
    """Of the kernel, where the line is 1 long."""

    def measure(self, cell: Any, subject: EvenPoints, /) -> Measured:
        points = torch.arange(subject.count, dtype=torch.float64)[:, None] / subject.count
        modes = KernelModes(self.width, (0, subject.count)).rows(points, points).matrix
        return {"magnitude": spectra(modes).numpy()}

    def assemble(self, measured: Mapping[Any, Measured], subject: EvenPoints, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        frequencies = np.arange(piece["magnitude"].shape[1])
        axes = Axes({"mode": np.arange(subject.count), "frequency": frequencies}, {"frequency": "cycles/line"})
        says = "Magnitude of the discrete Fourier transform of each eigenvector of a Gaussian kernel on a line."
        return {"magnitude": axes.array(piece["magnitude"], "1", says)}


def _make(making: Making) -> None:
    making.ask("spectra", KernelSpectra(), EvenPoints())


def _draw(made: Made) -> list[Picture]:
    says = "Fourier magnitude of each eigenvector of a Gaussian kernel on a line, in falling eigenvalue."
    return [Picture("figure-6", says, draw(made["spectra"]["magnitude"]))]


def _order(made: Made) -> Reading:
    """Spearman's correlation of mode and the frequency of its largest magnitude."""
    magnitude = made["spectra"]["magnitude"].values
    return exact(ordering(magnitude.argmax(1)), len(magnitude))


EXHIBIT = Exhibit(
    number="6",
    title="Eigenvectors of a Gaussian kernel on a line",
    claim="Eigenvectors of a Gaussian kernel are waves: the smaller the eigenvalue, the higher the frequency.",
    source="Fig. 6",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "Spearman correlation of mode and its frequency of largest magnitude (expected: holds)", _order, low=0.95
        ),
    ),
)
