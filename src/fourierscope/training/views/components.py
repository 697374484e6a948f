"""A view on images: how well a network names their low and high components, from step to step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.results import Axes, estimated
from fourierscope.results.intervals import Estimate, wilson
from fourierscope.subjects import Classifier, Samples
from fourierscope.subjects.outputs import tensor_within
from fourierscope.treatments.batch_statistics import STATISTICS, BatchNormStatistics, batch_statistics, dealt
from fourierscope.treatments.components import KEPT, Edge, Mask, Rescale, check_word, components

Array = npt.NDArray[Any]
_BATCH = 100  # images whose statistics batch norms take together


@dataclass(frozen=True)
class Components:
    """Accuracy on whole images and on their low and high components, by radius, on the training and on test images.

    The tracker's points are images (n, c, h, w) as the loop feeds them to the network, with labels (n,). If the loop
    feeds normalised images, components are taken of exactly these, so that a high component lies about the mean that
    was subtracted; the questions to a `Trial` take components in [0, 1], where it lies about black. `tested` are in
    [0, 1] as all `Samples` are: give the `mean` and `std` that the loop normalises by, and they are normalised first.

    All components are made once and kept: 1 + 2 x radii copies of the images. Under `bn_stats` other than "running" the
    images go in batches of 100, dealt out by chance once for all steps. See `treatments.components.components` for the
    switches, and `FrequencyAudit` for how much hangs on them; the result's sentences print them.

    Of a view NAME the result holds `NAME_accuracy` over ("step", "NAME_split", "NAME_kept", "NAME_radius"), bounded,
    and `NAME_whole_accuracy` over ("step", "NAME_split"). The same as curves: `NAME_low_train`, `NAME_high_train`,
    `NAME_low_test`, `NAME_high_test`, each over ("NAME_part", "step"). Source: Wang et al. (2020), Figs. 3 and 5.
    """

    radii: tuple[int, ...] = (4, 8, 12, 16)
    """In cycles per image."""
    rescale: Rescale = "none"
    """What is done to components: none, max, std or mean-restored."""
    bn_stats: BatchNormStatistics = "running"
    """What batch norms divide by: running statistics, those of the batch, or recalibrated ones."""
    edge: Edge = "below"
    """below: low is radius < r; within: radius <= r."""
    mask: Mask = "hard"
    """hard or soft."""
    tested: Samples | None = None
    """Test images with labels, in [0, 1], beside the tracker's points; empty: none."""
    mean: tuple[float, ...] = ()
    """Of each channel, by which the loop normalises; only `tested` images need it."""
    std: tuple[float, ...] = ()
    """Of each channel."""
    seed: int = 0
    """Seed of the batches."""
    name: str = "components"

    def ready(self, points: Tensor, values: Tensor) -> ReadyComponents:
        """The view for images (n, c, h, w) and labels (n,). Raises ValueError for others, and for unfitting words."""
        if points.ndim != 4 or values.ndim != 1 or values.is_floating_point():
            raise ValueError(
                "Components are asked about with images (n, c, h, w) and whole labels (n,); points "
                f"{tuple(points.shape)} and values {tuple(values.shape)} of {values.dtype} came."
            )
        check_word("bn_stats", self.bn_stats, STATISTICS)
        if not self.radii or len(set(self.radii)) != len(self.radii):
            raise ValueError(f"radii are one or more different numbers above 0; {self.radii} came.")
        splits = {"train": self._split(points, values)}
        if self.tested is not None:
            images = self._normalised(self.tested.batch()).to(points.device, points.dtype)
            splits["test"] = self._split(images, self.tested.needed_labels())
        return ReadyComponents(self, splits)

    def _normalised(self, images: Tensor) -> Tensor:
        """Test images as the loop feeds them."""
        channels = int(images.shape[1])
        if len(self.mean) != len(self.std) or len(self.mean) not in (0, 1, channels):
            raise ValueError(
                f"mean and std have one number for each of {channels} channels, or one for all; {self.mean} and "
                f"{self.std} came."
            )
        return Classifier(nn.Identity(), mean=self.mean or None, std=self.std or None).normalised(images)

    def _split(self, images: Tensor, labels: Tensor) -> Split:
        """All components of images (n, c, h, w), made once."""
        whole = {("whole", 0.0): images}
        parts = {
            (kept, float(radius)): components(images, radius, kept, self.edge, self.mask, self.rescale)
            for kept in KEPT
            for radius in self.radii
        }
        chance = torch.Generator().manual_seed(self.seed)
        return Split(whole | parts, labels.to(images.device), dealt(len(images), _BATCH, chance))


@dataclass(frozen=True)
class Split:
    """Whole images and their components by (kept, radius), with labels, and the places of the batches."""

    parts: dict[tuple[str, float], Tensor]
    labels: Tensor
    deal: tuple[Tensor, ...]


@dataclass(frozen=True)
class ReadyComponents:
    """The view with all components made."""

    view: Components
    splits: dict[str, Split]

    def measure(self, network: Callable[[Tensor], Any]) -> dict[str, Array]:
        """Accuracies: `accuracy` (splits, 2, radii) on low and high, `whole` (splits,).

        Raises ValueError where batch-norm statistics are asked about and the network has none.
        """
        whole, found = [], []
        for split in self.splits.values():
            right = {one: self._accuracy(network, images, split) for one, images in split.parts.items()}
            whole.append(right["whole", 0.0])
            found.append([[right[kept, float(radius)] for radius in self.view.radii] for kept in KEPT])
        return {"accuracy": np.array(found), "whole": np.array(whole)}

    def assemble(self, steps: Array, measured: list[dict[str, Array]]) -> dict[str, xr.DataArray]:
        """All that was measured at `steps`, on named axes, and how components were made and shown."""
        name, units = self.view.name, {"step": "step", f"{self.view.name}_radius": "cycles/image"}
        accuracy = np.stack([one["accuracy"] for one in measured])  # (t, splits, kept, radii)
        whole = np.stack([one["whole"] for one in measured])  # (t, splits)
        splits, radii = np.array(list(self.splits)), np.array(self.view.radii)
        axes = Axes(
            {"step": steps, f"{name}_split": splits, f"{name}_kept": np.array(KEPT), f"{name}_radius": radii}, units
        )
        says = f"Share of images classified rightly by a component; {self._told}."
        found = estimated(f"{name}_accuracy", self._bounded(accuracy), axes, "1", says)
        axes = Axes({"step": steps, f"{name}_split": splits}, units)
        says = f"Share of whole images classified rightly; batch norm: {self.view.bn_stats} statistics."
        found |= estimated(f"{name}_whole_accuracy", self._bounded(whole), axes, "1", says)
        words = ["whole image", *(f"radius {radius:g}" for radius in self.view.radii)]
        axes = Axes({f"{name}_part": np.array(words), "step": steps}, units)
        for (place, split), (turn, kept) in product(enumerate(self.splits), enumerate(KEPT)):
            curves = np.concatenate([whole[:, place, None], accuracy[:, place, turn]], 1).T
            says = f"Accuracy on {kept} components of {split} images, by step; {self._told}."
            estimate = wilson(curves, len(self.splits[split].labels))
            found |= estimated(f"{name}_{kept}_{split}", estimate, axes, "1", says)
        return found

    @property
    def _told(self) -> str:
        """How components were made and shown."""
        view = self.view
        edge = f" {view.edge} the radius" if view.mask == "hard" else ""
        return f"rescaling: {view.rescale}; batch norm: {view.bn_stats} statistics; mask: {view.mask}{edge}"

    def _bounded(self, accuracy: Array) -> Estimate:
        """Accuracies (t, splits, ...) with Wilson bounds, each split with its own count."""
        counts = [len(one.labels) for one in self.splits.values()]
        several = [wilson(accuracy[:, place], count) for place, count in enumerate(counts)]
        return Estimate(*(np.stack(end, 1) for end in zip(*several, strict=True)))

    def _accuracy(self, network: Callable[[Tensor], Any], images: Tensor, split: Split) -> float:
        with torch.no_grad(), self._statistics(network, images, split):
            named = [tensor_within(network(images[places])).argmax(1) for places in split.deal]
        return float((torch.cat(named) == split.labels[torch.cat(split.deal)]).double().mean())

    def _statistics(
        self, network: Callable[[Tensor], Any], images: Tensor, split: Split
    ) -> AbstractContextManager[None]:
        statistics = self.view.bn_stats
        if statistics == "running":
            return nullcontext()
        if not isinstance(network, nn.Module):
            raise ValueError(f"A plain function has no batch norm, so bn_stats={statistics!r} changes nothing.")
        batches = (images[places] for places in split.deal)
        return batch_statistics(network, statistics, batches if statistics == "recalibrated" else None)
