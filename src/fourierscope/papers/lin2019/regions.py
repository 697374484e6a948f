"""Linear regions: the bound for one layer, and how many really lie between an image and its attacked version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn

from fourierscope.analyses import RegionCrossings
from fourierscope.figures import draw
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at, exact, within
from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Trial
from fourierscope.theory.averaging import log10_regions
from fourierscope.theory.regions import layer_picture, on_plane
from fourierscope.treatments import pgd

_IMAGES = {"smoke": 2, "small": 10, "full": 50}
_BUDGET = {"smoke": "0.5/255", "small": "1/255", "full": "8/255"}
_POINTS = {"smoke": 40, "small": 100, "full": 200}
_REACH = 0.05 / 255  # half of a side of the plane, as an L-infinity change along the attack


@dataclass(frozen=True)
class PlaneLayers(Analysis[Trial]):
    """Which layer parts neighbours on a plane through the first image: `layer` over ("random", "attack"), 0 for none;
    and `regions`, how many regions there are on it, exactly.

    One side goes along an attack of `reach`, the other along a random direction of the same L2 length, both from minus
    it to it; the axes are shares of it. Source: Lin et al. (2019), section 2; the colour by layer is ours.
    """

    reach: float = _REACH
    """L-infinity eps of the attack."""
    points: int = 100
    """Points of a side."""
    seed: int = 0
    """Seed of the attack and of the random direction."""

    def measure(self, cell: Any, trial: Trial, /) -> Measured:
        network = trial.classifier.network
        assert isinstance(network, nn.Module)
        first = Trial(trial.classifier, trial.samples.subset([0]))
        image, attacked = first.samples.batch(), pgd(first, eps=self.reach, steps=5, seed=self.seed).batch()
        change = attacked - image
        drawn = torch.randn(change.shape, generator=self.chance(purpose="direction"))
        other = drawn / drawn.norm() * change.norm()
        corners = torch.cat([image - change - other, image + change - other, image - change + other])
        origin, along, down = trial.classifier.normalised(corners)
        plane = origin, along - origin, down - origin
        with trial.classifier.evaluating():
            picture = layer_picture(network, *plane, self.points)
            return {"layer": picture.numpy(), "regions": np.array(on_plane(network, *plane).number)}

    def assemble(self, measured: Mapping[Any, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        shares = np.linspace(-1, 1, self.points + 1)[:-1] + 1 / self.points
        axes = Axes({"random": shares, "attack": shares}, {"random": "of its length", "attack": "of its length"})
        says = "First layer whose units are not all on one side at neighbouring points; 0: none parts them."
        told = "Linear regions on the plane, counted exactly."
        return {
            "layer": axes.array(piece["layer"], "layer", says),
            "regions": Axes({}).array(piece["regions"], "regions", told),
        }


def _make(making: Making) -> None:
    for role, trial in making.trials(("natural",), making.samples(_IMAGES)):
        making.ask(role, RegionCrossings(f"pgd-linf:{_BUDGET[making.budget]}", steps=5), trial)
        making.ask(f"{role}-plane", PlaneLayers(points=_POINTS[making.budget]), trial)


def _draw(made: Made) -> list[Picture]:
    says = (
        "Linear regions on a plane through an image, along an attack of a twentieth of a grey level and a random "
        "direction as long: borders coloured by the layer that makes them."
    )
    layers = "Borders of linear regions between images and their attacked versions, by layer, and as far at random."
    return [
        Picture("plane", says, draw(made["natural-plane"]["layer"])),
        Picture("by-layer", layers, draw(made["natural"]["by_layer"])),
    ]


def _bound(made: Made) -> Reading:
    """The logarithm of the most regions of 1,000 units in 200 dimensions."""
    return exact(log10_regions(1000, 200), 0)


EXHIBIT = Exhibit(
    number="regions",
    title="Linear regions",
    claim="A network parts its input space into an enormous number of linear regions, so that many lie near an image.",
    source="section 2",
    make=_make,
    draw=_draw,
    checks=(
        Check("Log10 of the most regions, 1,000 units in 200 dimensions", _bound, 215.85, 215.95, printed="about 200"),
        Check(
            "Borders between an image and its attacked version",
            lambda made: at(made["natural"], "crossings", {"way": "changed"}),
            low=10,
        ),
        Check(
            "Regions on a plane through one image, a twentieth of a grey level to each side",
            lambda made: exact(float(made["natural-plane"]["regions"]), 1),
            low=10,
        ),
        Check(
            "Borders on that way less those on a random way as long (ours)",
            lambda made: within(made["natural"], "crossings", {"way": "changed"}, {"way": "random"}),
            low=ABOVE_ZERO,
        ),
    ),
)
