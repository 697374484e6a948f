"""How many linear regions lie between an image and its changed version, and which layers part them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.lines import check_lines
from fourierscope.analyses.masks.treating import Treating
from fourierscope.analyses.robustness import block_of
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, count, mean_size
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Trial
from fourierscope.theory.regions import LineRegions, on_line
from fourierscope.treatments.words import treatment_named

WAYS = ("changed", "random")


class Line(NamedTuple):
    """The lines of one image."""

    image: int


@dataclass(frozen=True)
class RegionCrossings(Analysis[Trial]):
    """How many borders of linear regions lie on the straight way from an image to its changed version, exactly.

    Beside it, as many as on a way of the same length in a random direction from the same image: over ("way",),
    `crossings` is the mean number over images, `per_length` that number over the L2 length of the way, on [0, 1]
    pixels; over ("way", "layer"), `by_layer` tells which layer bends at them, numbered from 1 in the order in which the
    network goes through them. A border is where a unit changes sides (see `theory.regions`). It takes a module of
    piecewise-linear layers. Images that the treatment does not change are left out of n, and none left is an error.

    Source: Lin et al. (2019), section 2, whose picture has attacked images beyond many regions; the random way beside
    it is ours.
    """

    treatment: str = "pgd-linf:8/255"
    """With its strength, such as pgd-linf:8/255, apgd-ce:8/255, gaussian-noise:0.1."""
    steps: int | None = None
    """Steps of an attack that goes step by step; empty: its own."""
    seed: int = 0
    """Seed of the treatment and of the random directions."""

    def __post_init__(self) -> None:
        check_kinds(self)
        Treating.of(self.treatment, self.steps)

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_lines(trial.classifier)
        if treatment_named(self._treating.word).of_trial is not None:
            check_labels(score_named("error"), trial)
        return [Line(image) for image in range(len(trial.samples))]

    def measure(self, line: Line, trial: Trial, /) -> Measured:
        before = block_of(trial.samples, line.image, line.image + 1)
        done = self._treating.done(Trial(trial.classifier, before), self.seed)
        start, change = before.batch()[0], done.samples.batch()[0] - before.batch()[0]
        length = float(change.norm())
        told = {"length": np.array(length), "felt": done.felt.numpy()}
        if length == 0:
            return told | dict.fromkeys(WAYS, np.zeros(0, dtype=np.int64))
        drawn = torch.randn(change.shape, generator=self.chance(line, "direction"))
        ends = {"changed": start + change, "random": start + drawn / drawn.norm() * length}
        return told | {way: self._followed(trial, start, end).layers.numpy() for way, end in ends.items()}

    def assemble(self, measured: Mapping[Line, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        pieces = [one for one in measured.values() if float(one["length"]) > 0]
        if not pieces:
            raise ValueError(f"{self.treatment} changed none of {len(trial.samples)} images.")
        layers = np.unique(np.concatenate([one[way] for one in pieces for way in WAYS]))
        counts = np.array([[[(one[way] == layer).sum() for one in pieces] for layer in layers] for way in WAYS])
        counts = counts.reshape(len(WAYS), len(layers), len(pieces))
        total, length = counts.sum(1), np.array([float(one["length"]) for one in pieces])
        axes = Axes({"way": np.array(WAYS)})
        says = f"Borders of linear regions between an image and it under {self.treatment}, or as far at random."
        found = mean_size("crossings", total, axes, "borders", says)
        found |= mean_size("per_length", total / length, axes, "borders/L2", f"{says} Over the way's length.")
        if len(layers):
            both = Axes({"way": np.array(WAYS), "layer": layers})
            found |= mean_size("by_layer", counts, both, "borders", f"{says} By the layer that bends there.")
        felt = torch.cat([torch.from_numpy(one["felt"]) for one in measured.values()])
        return found | self._treating.without_gradient(felt, trial.classifier.name) | count(len(pieces))

    def _followed(self, trial: Trial, start: Tensor, end: Tensor) -> LineRegions:
        network = trial.classifier.network
        assert isinstance(network, nn.Module)
        with trial.classifier.evaluating():
            return on_line(network, *trial.classifier.normalised(torch.stack([start, end])))

    @property
    def _treating(self) -> Treating:
        return Treating.of(self.treatment, self.steps)
