"""Figure 2: exclusive or in the plane: prediction and network, at the corners, between, and at 40 x 40 places."""

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
from fourierscope.papers.zhang2019.examples import EXCLUSIVE_OR, distance
from fourierscope.results import Axes, Result
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Fit
from fourierscope.theory import lfp

_DESCENDED = {"smoke": (2000, 1, 1), "small": (8000, 5, 1), "full": (50_000, 20, 10)}  # width, draws, times the steps
_SIDE = 40
_AXIS = np.array([-1.0, 0.0, 1.0])


@dataclass(frozen=True)
class AtCorners(Analysis[Fit]):
    """The prediction of the linear frequency principle at the corners of a square, their midpoints, and its middle.

    `prediction` over ("x", "y").
    """

    cubic: float
    """E[r^3] of the neurons."""
    linear: float
    """E[a^2 r] of the neurons."""

    def measure(self, cell: Any, subject: Fit, /) -> Measured:
        axis = torch.from_numpy(_AXIS)
        predicted = lfp.solve(subject.points, subject.values[:, 0], self.cubic, self.linear)
        return {"prediction": predicted(torch.cartesian_prod(axis, axis)).reshape(3, 3).numpy()}

    def assemble(self, measured: Mapping[Any, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        axes = Axes({"x": _AXIS, "y": _AXIS})
        return {"prediction": axes.array(piece["prediction"], "1", "The predicted function.")}


def _make(making: Making) -> None:
    width, draws, times = _DESCENDED[making.budget]
    fit = EXCLUSIVE_OR.fit(width, times)
    making.ask("corners", AtCorners(*EXCLUSIVE_OR.moments()), fit)
    question = EXCLUSIVE_OR.question(widths=(width,), answers="descent", draws=draws, places=_SIDE**2)
    making.ask("descent", question, fit)


def scatter(result: Result) -> xr.DataArray:
    """The network against the prediction at every place, beside the diagonal, as places in a plane."""
    held = result["answers"].values.reshape(3, -1)  # prediction, endless width, network
    places = np.concatenate([held[[0, 2]].T, held[[0, 0]].T])
    names = np.repeat(["network against prediction", "same on both"], held.shape[1])
    return Axes({"place": names, "coordinate": np.array(["prediction", "network"])}).array(
        places, "1", "Each place by its prediction (across) and the network's answer (up)."
    )


def _draw(made: Made) -> list[Picture]:
    says = "The predicted function, that of endlessly many neurons, and one network after gradient descent."
    maps = Picture("figure-2-functions", says, draw(made["descent"]["answers"]))
    says = f"The network's answer (up) against the prediction (across) at {_SIDE} x {_SIDE} places."
    return [maps, Picture("figure-2-scatter", says, draw(scatter(made["descent"])))]


def _at_corners(made: Made) -> Reading:
    wanted = np.outer(_AXIS, _AXIS)
    return exact(float(abs(made["corners"]["prediction"].values - wanted).max()), 9)


def _correlation(made: Made) -> Reading:
    held = made["descent"]["answers"].values.reshape(3, -1)
    return exact(float(np.corrcoef(held[0], held[2])[0, 1]), held.shape[1])


def _descended(made: Made) -> Reading:
    return distance(made, "descent", int(made["descent"]["l2"]["width"][-1]))


EXHIBIT = Exhibit(
    number="2",
    title="Exclusive or in the plane",
    claim="The prediction holds in two dimensions: at 40 x 40 places network and prediction lie on the diagonal.",
    source="Fig. 2, settings of the published code, biases up to 4",
    make=_make,
    draw=_draw,
    checks=(
        Check("Largest difference of the prediction and x y at corners, midpoints and middle", _at_corners, high=1e-10),
        Check("Correlation of network after descent and prediction over the places", _correlation, low=0.98),
        Check("Root mean square of network after descent - prediction", _descended, high=0.15),
    ),
)
