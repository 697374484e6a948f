"""What averages over balls, spheres and the published points leave of waves, as an answer of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.averaging import ball_transfer, sampler_transfer, sphere_transfer

AVERAGES = ("ball", "Gaussian", "sphere", "published points")
PLACES = (1.0, 4.0, 8.0)  # radii times frequencies at which the ball is drawn
_FAR = (200.0, 20_000.0)  # where the decay is read
_DRAWN = 200_000
_ALONG = 5


@dataclass(frozen=True)
class Ball:
    """A ball of so many dimensions; there are no images and no network in it."""

    dimension: int

    def trace(self) -> dict[str, Any]:
        """What to record: the dimension."""
        return {"name": f"ball of {self.dimension} dimensions"}


@dataclass(frozen=True)
class Transfers(Analysis[Ball]):
    """What averages leave of a wave, by its frequency in units of one over the deviation of the ball's coordinates.

    Over ("average", "frequency"): `transfer`. `at_zero` over ("formula",): as derived, and as printed. `drawn_error`
    over ("turn",): the closed form of the ball less the mean over drawn points, in standard errors; of `decay` over
    ("formula",) the measured exponent of the envelope, and the printed one. Source: Lin et al. (2019), equation 6.
    """

    seed: int = 0
    """Seed of the points drawn."""

    def measure(self, cell: Any, ball: Ball, /) -> Measured:
        n = ball.dimension
        z = self._frequencies * sqrt(n + 2)
        gauss = (-self._frequencies.square() / 2).exp()
        curves = [ball_transfer(z, n), gauss, sphere_transfer(z, n), sampler_transfer(z, n)]
        return {
            "transfer": torch.stack(curves).numpy(),
            "at_zero": np.array([float(ball_transfer(0.0, n)), (2 * pi) ** (-n / 2)]),
            "drawn_error": self._drawn_error(n),
            "decay": np.array([_decay(n), -(n / 2 + 1)]),
        }

    def assemble(self, measured: Mapping[Any, Measured], ball: Ball, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        frequencies = self._frequencies.numpy()
        curves = Axes(
            {"average": np.array(AVERAGES), "frequency": frequencies},
            {"frequency": "radians over one deviation of the points"},
        )
        formula = Axes({"formula": np.array(["derived", "printed"])})
        turns = Axes({"turn": np.array(PLACES)}, {"turn": "radius times frequency"})
        told = {
            "transfer": (
                curves,
                "1",
                f"What is left of a wave in {ball.dimension} dimensions, by how far it turns over one deviation.",
            ),
            "at_zero": (formula, "1", "What is left of a constant."),
            "drawn_error": (turns, "standard errors", f"Closed form less the mean over {_DRAWN} drawn points."),
            "decay": (
                formula,
                "1",
                "Exponent of the envelope of the ball's transfer; derived: as measured.",
            ),
        }
        return {name: axes.array(piece[name], unit, says) for name, (axes, unit, says) in told.items()}

    @property
    def _frequencies(self) -> Tensor:
        return torch.linspace(0, 8, 81, dtype=torch.float64)

    def _drawn_error(self, n: int) -> np.ndarray[Any, Any]:
        """By the first coordinate of points even in the ball, drawn from as many normal numbers as it has dimensions:
        of many dimensions by a normal number and the rest's length.
        """
        chance = self.chance(purpose="points")
        first = torch.randn(_DRAWN, generator=chance, dtype=torch.float64)
        rest = np.random.default_rng(self.seed).chisquare(n - 1, _DRAWN) if n > 1 else np.zeros(_DRAWN)
        radius = torch.rand(_DRAWN, generator=chance, dtype=torch.float64) ** (1 / n)
        along = first / (first.square() + torch.from_numpy(rest)).sqrt() * radius
        waves = (along * torch.tensor(PLACES, dtype=torch.float64)[:, None]).cos()
        exact = ball_transfer(PLACES, n)
        return np.asarray(((exact - waves.mean(1)) / (waves.std(1) / sqrt(_DRAWN))).numpy())


def _decay(n: int) -> float:
    """The slope of log envelope on log z, far out."""
    heights, places = [], np.geomspace(*_FAR, _ALONG) * max(1, n / 10)
    for place in places:
        heights.append(float(ball_transfer(place + np.linspace(0, 4 * pi, 400), n).abs().max()))
    if min(heights) == 0:
        return float("nan")
    return float(np.polyfit(np.log(places), np.log(heights), 1)[0])
