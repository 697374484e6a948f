"""Spheres: eigenvalues of the two-layer kernel fall like k^-d on the sphere in d dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.kernels.rectifier import two_layer_kernel
from fourierscope.theory.kernels.spheres import decay, eigenvalues
from fourierscope.training.learning_order import slope_of_times

_FAR = 256  # degrees, where the power shows


@dataclass(frozen=True)
class Spheres:
    """Spheres of points of length 1 in so many dimensions."""

    dimensions: tuple[int, ...] = (2, 3, 4, 6)

    def trace(self) -> dict[str, Any]:
        """What to record."""
        return {"name": "spheres", "dimensions": list(self.dimensions)}


@dataclass(frozen=True)
class SphereLaw(Analysis[Spheres]):
    """Eigenvalues of the two-layer ReLU kernel on spheres, with a bias, by dimension and degree.

    `eigenvalue` over ("dimension", "degree"), by quadrature, and `asymptote`, what it goes to. Source: Basri et al.
    (2019), section 4; the constant of the asymptote is ours.
    """

    highest: int = 2 * _FAR

    def measure(self, cell: Any, subject: Spheres, /) -> Measured:
        degrees = torch.arange(1, self.highest + 1)
        held = [eigenvalues(two_layer_kernel, self.highest, one)[1:] for one in subject.dimensions]
        limits = [decay(degrees, one) for one in subject.dimensions]
        return {"eigenvalue": torch.stack(held).numpy(), "asymptote": torch.stack(limits).numpy()}

    def assemble(self, measured: Mapping[Any, Measured], subject: Spheres, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        words = np.array([f"{one} dimensions" for one in subject.dimensions])
        axes = Axes({"dimension": words, "degree": np.arange(1, self.highest + 1)})
        return {
            "eigenvalue": axes.array(piece["eigenvalue"], "1", "Eigenvalue of each degree, even probability measure."),
            "asymptote": axes.array(piece["asymptote"], "1", "What eigenvalues go to for high degrees."),
        }


def _make(making: Making) -> None:
    making.ask("spheres", SphereLaw(), Spheres())


def _draw(made: Made) -> list[Picture]:
    values = made["spheres"]["eigenvalue"].isel(degree=slice(0, 64))
    held = xr.DataArray(np.log10(values.variable), values.coords, name="log10_of_eigenvalue", attrs=values.attrs)
    held = held.assign_coords(degree=np.log10(held["degree"].values)).rename(degree="log10_of_degree")
    held["log10_of_degree"].attrs["units"] = "1"
    words = list(held["dimension"].values)
    says = "Logarithms (base 10) of the eigenvalues of the two-layer kernel with a bias, on spheres, by degree."
    return [Picture("spheres", says, draw_together([held.sel(dimension=one, drop=True) for one in words], words))]


def _slope(made: Made, dimension: int) -> Reading:
    held = made["spheres"]["eigenvalue"].sel(dimension=f"{dimension} dimensions", degree=slice(_FAR, None))
    return exact(slope_of_times(held["degree"].values, held.values), held.size)


def _limit(made: Made) -> Reading:
    """The largest distance of the last eigenvalue from its asymptote, as a ratio less 1."""
    last = made["spheres"].dataset.isel(degree=-1)
    return exact(float(np.abs(last["eigenvalue"] / last["asymptote"] - 1).max()), last.sizes["dimension"])


def _check(dimension: int) -> Check:
    says = f"{dimension} dimensions: slope of log eigenvalue on log degree, {_FAR} to {2 * _FAR} (expected: holds)"
    near = 0.05 * dimension
    return Check(
        says, lambda made: _slope(made, dimension), -dimension - near, -dimension + near, f"-{dimension}, in words"
    )


EXHIBIT = Exhibit(
    number="spheres",
    title="Eigenvalues on spheres",
    claim="On the sphere in d dimensions eigenvalues fall like k^-d, so times to learn grow like k^d.",
    source="section 4",
    make=_make,
    draw=_draw,
    checks=(
        *(_check(one) for one in (2, 3, 4, 6)),
        Check("last eigenvalue over its asymptote: most by which it differs from 1 (ours)", _limit, high=0.05),
    ),
)
