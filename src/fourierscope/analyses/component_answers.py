"""What a classifier answers to components of images, under one setting of all that published curves leave unsaid."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from fourierscope.runs import batch_size, batches, is_whole
from fourierscope.subjects import Trial
from fourierscope.treatments.batch_statistics import BatchNormStatistics, batch_norms, batch_statistics, dealt
from fourierscope.treatments.components import Edge, Mask, Rescale, components

BATCH = 100  # images whose statistics batch norms take together: as many as Wang et al. have
DEALT = "images dealt into batches"  # the purpose of that chance
Shown = Literal["whole", "low", "high"]


class Setting(NamedTuple):
    """How components are made and shown: rescaling, batch-norm statistics, the mask and the side of its edge."""

    rescale: Rescale
    bn_stats: BatchNormStatistics
    mask: Mask
    edge: Edge

    @property
    def word(self) -> str:
        """Such as `none, running, hard below`; a soft mask has no edge."""
        return f"{self.rescale}, {self.bn_stats}, {self.mask}" + (f" {self.edge}" if self.mask == "hard" else "")


HOUSE = Setting("none", "running", "hard", "below")
"""How this package makes components where nothing else is said."""


class Asked(NamedTuple):
    """One component of all images under one setting; of whole images the radius counts for nothing."""

    shown: Shown
    radius: int
    rescale: Rescale
    bn_stats: BatchNormStatistics
    mask: Mask
    edge: Edge


def check_radii(radii: tuple[int, ...]) -> None:
    """Raises ValueError where radii are not one or more different whole numbers from 1 on."""
    if not radii or not all(is_whole(radius, 1) for radius in radii) or len(set(radii)) != len(radii):
        raise ValueError(f"radii are one or more different whole numbers from 1 on, in cycles per image; {radii} came.")


def answers(trial: Trial, asked: Asked, chance: torch.Generator) -> Tensor:
    """Logits (n, classes) of the components of all samples, in their order.

    Under "batch" the images go in batches of `BATCH`, dealt out by chance; so they do where statistics are estimated
    anew, on the components themselves and without labels, and are then asked with these.
    """
    count = len(trial.samples)
    deal = dealt(count, BATCH, chance)
    turns = deal
    if asked.bn_stats != "batch":  # then an answer depends on its image alone
        size = batch_size(trial.samples.plane, trial.classifier.device)
        turns = tuple(torch.arange(part.start, part.stop) for part in batches(count, size))
    with torch.no_grad(), _statistics(trial, asked, deal):
        logits = torch.cat([trial.classifier(images_shown(trial, places, asked)).cpu() for places in turns])
    return logits[torch.cat(turns).argsort()]


def images_shown(trial: Trial, places: Tensor, asked: Asked) -> Tensor:
    """The components (b, c, h, w) of the samples at `places`, before the classifier normalises them."""
    images = trial.samples.subset(places).batch().to(trial.classifier.device)
    if asked.shown == "whole":
        return images
    return components(images, asked.radius, asked.shown, asked.edge, asked.mask, asked.rescale)


def has_batch_norm(trial: Trial) -> bool:
    """Whether the classifier has batch-norm statistics to choose."""
    return bool(batch_norms(trial.classifier.network))


def _statistics(trial: Trial, asked: Asked, deal: tuple[Tensor, ...]) -> AbstractContextManager[None]:
    """The network under the statistics of a setting; a plain function has none to change."""
    classifier = trial.classifier
    if not isinstance(classifier.network, nn.Module):
        return nullcontext()
    if asked.bn_stats != "recalibrated":
        return batch_statistics(classifier.network, asked.bn_stats)
    given = (classifier.normalised(images_shown(trial, places, asked)) for places in deal)
    return batch_statistics(classifier.network, "recalibrated", (one.to(classifier.input_dtype(one)) for one in given))
