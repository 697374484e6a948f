"""Low and high components while a network learns: how many of them it names, from epoch to epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.component_answers import check_radii
from fourierscope.analyses.frequency_principle import Seed
from fourierscope.results import Axes, Estimate, bounded, estimated, mean_interval, wilson
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Classifier, Samples, Training
from fourierscope.subjects.outputs import tensor_within
from fourierscope.training import Recipe, train, views
from fourierscope.training.unseen import unseen
from fourierscope.treatments.batch_statistics import STATISTICS, BatchNormStatistics, batch_norms
from fourierscope.treatments.components import EDGES, KEPT, MASKS, RESCALES, Edge, Mask, Rescale, check_word

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ComponentLearning(Analysis[Training]):
    """How many low and high components a network names rightly while it learns, on training and on test images.

    The network learns once for each seed, from the weights it came with, and is asked about whole images and about
    their components at each radius, in [0, 1] before the classifier normalises, every few epochs.

    The result holds `low_accuracy_train`, `high_accuracy_train`, and with test images `low_accuracy_test` and
    `high_accuracy_test` over ("part", "epoch"), where "part" is the whole image or a radius, with Wilson bounds for one
    seed and Student's over several.
    What is learned first is told by `low_lead` and `high_lead` over ("radius",): when the first half of the training
    images above chance is right, how many components are right above chance, relative to the whole images. 1: whatever
    the network has learned by then it names by that component alone; 0: nothing of it. `half_learned` is that epoch, in
    each seed; NaN, and no lead, where it does not come.

    Source: Wang et al. (2020), sections 4 and 5, Figs. 3 to 6. Different here: numbers for "first", intervals, and
    switches that are told; see `FrequencyAudit` for how much hangs on these.
    """

    radii: tuple[int, ...] = (4, 8, 12, 16)
    """In cycles per image."""
    every: int = 1
    """Epochs from one asking to the next."""
    rescale: Rescale = "none"
    """What is done to components before the network sees them: none, max, std or mean-restored."""
    bn_stats: BatchNormStatistics = "running"
    """What batch norms divide by: running statistics, those of the batch, or recalibrated ones."""
    mask: Mask = "hard"
    """hard or soft."""
    edge: Edge = "below"
    """below: low is radius < r; within: radius <= r, for hard masks."""
    seeds: int = 1
    """Number of trainings, which differ in order and augmentations."""
    probe: int = 1000
    """Most images, of those learned and of those tested, that the network is asked about."""
    seed: int = 0
    """Seed of the first training; the others follow."""

    def __post_init__(self) -> None:
        check_kinds(self)
        check_radii(self.radii)
        for name, words in {"rescale": RESCALES, "bn_stats": STATISTICS, "mask": MASKS, "edge": EDGES}.items():
            check_word(name, getattr(self, name), words)
        if self.every < 1 or self.seeds < 1 or self.probe < 1:
            raise ValueError(
                f"every, seeds and probe are at least 1; {self.every}, {self.seeds} and {self.probe} came."
            )

    def cells(self, training: Training, /) -> Iterable[NamedTuple]:
        network = training.classifier.network
        if not isinstance(network, nn.Module):
            raise TypeError(f"{training.classifier.name} is a plain function: it has no weights that could learn.")
        if self.bn_stats != "running" and not batch_norms(network):
            raise ValueError(
                f"{training.classifier.name} has no batch norm that keeps statistics, so bn_stats={self.bn_stats!r} "
                'changes nothing: leave it at "running".'
            )
        if len(_splits(training, self.probe)["train"].needed_labels().unique()) < 2:
            raise ValueError(
                "Images of two classes or more are learned and asked about: of one alone nothing can be told."
            )
        return [Seed(self.seed + turn) for turn in range(self.seeds)]

    def measure(self, cell: Seed, training: Training, /) -> Measured:
        seen = _Watching(self, training)
        assert isinstance(training.recipe, Recipe)
        train(training.classifier, training.samples, training.recipe, cell.seed, watch=seen)
        told = {name: np.stack([one[name] for one in seen.found]) for name in ("accuracy", "whole")}
        return told | {"epochs": np.array(seen.epochs)}

    def assemble(self, measured: Mapping[Seed, Measured], training: Training, /) -> Mapping[str, xr.DataArray]:
        pieces, splits = list(measured.values()), _splits(training, self.probe)
        accuracy, whole = (np.stack([one[name] for one in pieces]) for name in ("accuracy", "whole"))
        curves = np.concatenate(  # (seeds, t, splits, kept, 1 + radii)
            [np.broadcast_to(whole[..., None, None], (*whole.shape, len(KEPT), 1)), accuracy], -1
        )
        words = np.array(["whole image", *(f"radius {radius}" for radius in self.radii)])
        epochs = pieces[0]["epochs"]
        axes = Axes({"part": words, "epoch": epochs}, {"epoch": "epoch"})
        found: dict[str, xr.DataArray] = {}
        for (place, split), (turn, kept) in product(enumerate(splits), enumerate(KEPT)):
            says = f"Share of {split} images named rightly by {kept} components, by epoch; {self._told}."
            estimate = _over_seeds(curves[:, :, place, turn].swapaxes(1, 2), len(splits[split]))
            found |= estimated(f"{kept}_accuracy_{split}", estimate, axes, "1", says)
        labels = splits["train"].needed_labels()
        chance = float(labels.bincount().max()) / len(labels)
        return found | self._leads(curves[:, :, 0], epochs, chance, list(measured))

    @property
    def _told(self) -> str:
        """How components were made and shown, in words."""
        edge = f" {self.edge} the radius" if self.mask == "hard" else ""
        return f"rescaling: {self.rescale}; batch norm: {self.bn_stats} statistics; mask: {self.mask}{edge}"

    def _leads(self, curves: Array, epochs: Array, chance: float, seeds: list[Seed]) -> dict[str, xr.DataArray]:
        """What is right above chance relative to whole images when these are half learned; curves (seeds, t, 2, r)."""
        half = curves[:, :, 0, 0] >= np.array((1 + chance) / 2)  # (seeds, t)
        comes, at = np.any(half, 1), np.argmax(half, 1)
        then = np.take_along_axis(curves, at[:, None, None, None], 1)[:, 0] - chance  # (seeds, 2, 1 + radii)
        then[~comes] = np.nan
        lead = then[:, :, 1:] / then[:, :, :1]
        axes = Axes({"radius": np.array(self.radii)}, {"radius": "cycles/image"})
        found: dict[str, xr.DataArray] = {}
        for turn, kept in enumerate(KEPT):
            says = (
                f"Accuracy above chance ({chance:.3f}) on {kept} components of training images, over that on whole "
                f"ones, when the first half of these is right; {self._told}."
            )
            found |= bounded(f"{kept}_lead", mean_interval(lead[:, turn].T), axes, "1", says, len(seeds))
        each = Axes({"seed": np.array([str(one.seed) for one in seeds])})
        says = "First epoch asked about at which half of the training images above chance are right; NaN: never."
        found["half_learned"] = each.array(np.where(comes, epochs[at], np.nan), "epoch", says)
        return found


def _over_seeds(curves: Array, n: int) -> Estimate:
    """Mean curves of (seeds, ...) with Student's bounds over seeds; of one seed with Wilson bounds over n images."""
    if len(curves) == 1:
        return wilson(curves[0], n)
    value, low, high = mean_interval(np.moveaxis(curves, 0, -1))
    return Estimate(value, low.clip(0), high.clip(max=1))


def _splits(training: Training, most: int) -> dict[str, Samples]:
    """The images that are asked about."""
    given = {"train": training.samples, "test": training.tested}
    return {name: one.limited(most) for name, one in given.items() if one is not None}


class _Watching:
    """Asks the network that learns about components every few epochs, before the first step, and after the last."""

    def __init__(self, question: ComponentLearning, training: Training) -> None:
        recipe = training.recipe
        assert isinstance(recipe, Recipe)
        self.question, self.classifier = question, training.classifier
        self.steps, self.last = ceil(len(training.samples) / recipe.batch), recipe.epochs
        self.splits = _splits(training, question.probe)
        self.ready: views.components.ReadyComponents | None = None
        self.epochs: list[int] = []
        self.found: list[dict[str, Array]] = []

    def __call__(self, network: nn.Module, step: int) -> None:
        epoch, within = divmod(step, self.steps)
        due = epoch % self.question.every == 0 or epoch == self.last
        if within or not due or epoch in self.epochs:
            return
        behind = _Normalising(self.classifier, network)
        if self.ready is None:
            self.ready = self._view()
            self._check_labels(behind)
        self.epochs.append(epoch)
        with unseen(behind):
            self.found.append(self.ready.measure(behind))

    def _check_labels(self, network: nn.Module) -> None:
        """Raises ValueError where test images have labels that the network cannot name."""
        if (tested := self.splits.get("test")) is None:
            return
        with unseen(network):
            outputs = tensor_within(network(tested.batch(0, 2).to(self.classifier.device))).shape[1]
        if (largest := int(tested.needed_labels().max())) >= outputs:
            raise ValueError(f"Test labels lie from 0 to {outputs - 1} for this network; {largest} came.")

    def _view(self) -> views.components.ReadyComponents:
        asked, learned = self.question, self.splits["train"]
        view = views.Components(
            asked.radii, asked.rescale, asked.bn_stats, asked.edge, asked.mask, self.splits.get("test")
        )
        return view.ready(learned.batch().to(self.classifier.device), learned.needed_labels())


class _Normalising(nn.Module):
    """A network that is given images in [0, 1], normalised as the classifier does."""

    def __init__(self, classifier: Classifier, network: nn.Module) -> None:
        super().__init__()
        self.classifier, self.network = classifier, network

    def forward(self, images: Tensor) -> Any:
        return self.network(self.classifier.normalised(images))
