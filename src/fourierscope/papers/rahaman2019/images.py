"""Images of two classes, threes and eights, and networks that learn them by numbers -1 and 1."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.rahaman2019.sines import rectifier_network
from fourierscope.subjects import Fit

CLASSES = (3, 8)
_FEWEST = 50


@dataclass(frozen=True)
class Images:
    """How images are learned in a budget."""

    images: int
    """Most images of both classes."""
    width: int
    layers: int
    steps: int
    learning_rate: float


LEARNED = {
    "smoke": Images(400, 64, 4, 1000, 1e-3),
    "small": Images(2000, 256, 6, 2000, 1e-4),
    "full": Images(12_000, 256, 6, 5000, 1e-4),
}


def two_classes(making: Making) -> Fit:
    """A network that learns -1 and 1 from images of threes and eights, pixels in [0, 1].

    Raises NotTried where the images have no labels, more than one channel, or too few of these classes; and beyond
    smoke where they are not MNIST's size.
    """
    samples, how = making.setting.samples, LEARNED[making.budget]
    if making.budget != "smoke":
        making.needs_plane(28, 28)
    if samples.labels is None or samples.channels != 1:
        raise NotTried("it is of labelled digits of one channel")
    labels = samples.needed_labels()
    chosen = torch.nonzero((labels == CLASSES[0]) | (labels == CLASSES[1]))[: how.images, 0]
    if len(chosen) < _FEWEST or len(labels[chosen].unique()) < len(CLASSES):
        raise NotTried(f"these are {len(chosen)} images of threes and eights, and {_FEWEST} of both classes are needed")
    values = (labels[chosen] == CLASSES[1]).float() * 2 - 1
    pixels = samples.plane.height * samples.plane.width
    network = nn.Sequential(nn.Flatten(), rectifier_network(pixels, how.width, how.layers))
    points = samples.subset(chosen).batch()
    network = network.to(making.setting.device or "cpu")
    return Fit(points, values, network, how.steps, how.learning_rate, name="threes and eights")


def radial_wave(points: Tensor, frequency: float) -> Tensor:
    """sin(2 pi frequency |x|) of points (n, ...): (n, 1). Frequencies in cycles per unit of the L2 norm."""
    return torch.sin(2 * torch.pi * frequency * points.flatten(1).norm(dim=1, keepdim=True))


def without_bounds(values: xr.DataArray) -> xr.DataArray:
    """The same values without their intervals: those of two seeds hide the curves."""
    told = {key: value for key, value in values.attrs.items() if key not in ("low", "high")}
    bounds = [values.attrs[key] for key in ("low", "high") if values.attrs.get(key) in values.coords]
    plain = values.drop_vars(bounds)
    plain.attrs = told
    return plain
