"""Networks that learn images, by squared error or cross-entropy, with true labels or drawn ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import xarray as xr
from torch import nn

from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.xu2019.networks import convolutional, fully_connected
from fourierscope.results import Result
from fourierscope.subjects import Fit, Samples

KINDS: dict[str, str] = {"connected": "fully connected", "convolutional": "convolutional"}


@dataclass(frozen=True)
class Learned:
    """How networks learn images in a budget. `batch` and `steps` are those of the two kinds in their order."""

    images: int
    connected: tuple[int, ...]
    convolutional: tuple[int, int, int]
    steps: tuple[int, int]
    batch: tuple[int, int]
    learning_rate: tuple[float, float]
    seeds: int


LEARNED = {
    "smoke": Learned(1000, (128, 64), (8, 16, 64), (1000, 300), (0, 100), (3e-3, 3e-3), 2),
    "small": Learned(2000, (400, 200), (32, 64, 400), (2000, 800), (100, 50), (1e-3, 1e-3), 2),
    "full": Learned(5000, (400, 200), (32, 64, 400), (20_000, 20_000), (100, 50), (1e-3, 1e-3), 5),
}


def learned_images(making: Making) -> Samples:
    """The images of the budget that are learned. Raises NotTried where they have no labels, or are too few."""
    samples = making.samples({budget: one.images for budget, one in LEARNED.items()})
    if samples.labels is None:
        raise NotTried("the images have no labels")
    if len(samples) < 2 * LEARNED[making.budget].batch[1]:
        raise NotTried(f"{len(samples)} images are too few to be learned in batches")
    return samples


def image_fit(making: Making, kind: str = "connected") -> Fit:
    """A network of a kind of `KINDS` that learns the labels of the budget's images, pixels in [0, 1] as they are."""
    samples, how = learned_images(making), LEARNED[making.budget]
    labels, place = samples.needed_labels(), list(KINDS).index(kind)
    classes = int(labels.max()) + 1
    network: nn.Module
    if kind == "connected":
        pixels = samples.channels * samples.plane.height * samples.plane.width
        network = fully_connected((pixels, *how.connected, classes))
    else:
        network = convolutional(samples.plane, samples.channels, how.convolutional, classes)
    subject = Fit(
        samples.batch(), labels, network.to(making.setting.device or "cpu"), how.steps[place], how.learning_rate[place],
        loss="squared" if kind == "connected" else "cross-entropy", batch=how.batch[place], name=KINDS[kind],
    )  # fmt: skip
    return subject


def drawn_labels(subject: Fit) -> Fit:
    """The same fit with its labels dealt out anew to the points: as many of each class, and nothing to be found."""
    order = torch.randperm(len(subject.values), generator=torch.Generator().manual_seed(0))
    return replace(subject, values=subject.values[order], name=f"{subject.name}, labels drawn by chance")


def mean_curves(result: Result) -> xr.DataArray:
    """The mean errors of a result from step 1 on, without their intervals: those of two seeds hide the curves."""
    error = result["error"]
    plain = error.drop_vars(["error_low", "error_high"]).sel(step=error["step"] > 0)
    return plain.assign_attrs({key: value for key, value in error.attrs.items() if key not in ("low", "high")})
