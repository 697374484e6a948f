"""How much a classifier owes to each band of frequencies: occlusion, inclusion, and Shapley values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses import shapley
from fourierscope.analyses.band_sets import FEW, band_axes, band_word, bands_of
from fourierscope.analyses.coalitions import Block, Coalitions, blocks, joined, shares
from fourierscope.analyses.targets import Target, Value, check_target, check_words, unit_of
from fourierscope.results import Axes, count, mean, mean_of_sums, rate, share
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Trial
from fourierscope.treatments.infills import Infill, Infills, Origin
from fourierscope.treatments.infills import check_words as check_infill

Method = Literal["occlusion", "inclusion", "shapley"]
METHODS: tuple[str, ...] = get_args(Method)
_SAYS = {
    "occlusion": "Mean fall of the {} of the {} when this band alone is removed",
    "inclusion": "Mean rise of the {} of the {} when nothing but this band is there",
    "shapley": "Mean Shapley value of this band for the {} of the {}",
}


@dataclass(frozen=True)
class BandImportance(Analysis[Trial]):
    """What each band of frequencies is worth to a classifier, alone, beside all others, or on average over both.

    occlusion: how far the value falls when the band is removed. inclusion: how far it rises above that of an image
    without frequencies when the band alone is there. shapley: the mean over all orders in which bands come together of
    what the band adds; these add up to the value of the image less that without frequencies. They are exact for up to
    twelve bands (all coalitions); for more they are means over `permutations` orders an image, half of them the others
    backwards, and `sampling_error` tells their standard error.

    The result holds `importance` by band, with bounds; `accuracy_importance`, the same asked of being right (for
    occlusion the mean decrease of accuracy); `positive_share`, the positive parts of the importances of an image, which
    add up to 1; `whole_value` and `empty_value`, `whole_accuracy` and `empty_accuracy`. Beside every method stands the
    control `amplitude_share`: the band's share in the amplitude of the images.

    Source: Wang et al. (2020) for occlusion and its shares; Abello et al. (2021) for discs and the decrease of
    accuracy; I-ASIDE (2024) for Shapley values over bands, there square rings.
    """

    bands: str = "octaves"
    """rings, rings:WIDTH, octaves, wedges:COUNT, discs:COUNT (of equal amplitude), power-discs:COUNT or cells:SIDE."""
    method: Method = "occlusion"
    """occlusion, inclusion or shapley."""
    value: Value = "log-probability"
    """What is asked about: log-odds, log-probability, logit or margin of the class."""
    target: Target = "label"
    """The class: label, or prediction (on the whole image)."""
    permutations: int = 32
    """Orders of an image, an even number, where Shapley values are sampled: for more than twelve bands."""
    infill: Infill = "zero"
    """What stands in the place of removed frequencies: zero (the origin), random-phase, scrambled or other-image."""
    origin: Origin = "mean"
    """An image without frequencies: mean (the set's mean colour) or black."""
    seed: int = 0
    """Seed of the infill and of the orders."""

    def __post_init__(self) -> None:
        check_kinds(self)
        band_word(self.bands)
        if self.method not in METHODS:
            raise ValueError(f"method is one of {', '.join(METHODS)}; {self.method!r} came.")
        check_words(self.value, self.target)
        check_infill(self.infill, self.origin)
        if not isinstance(self.permutations, int | np.integer) or self.permutations < 4 or self.permutations % 2:
            raise ValueError(f"permutations is an even whole number from 4 on; {self.permutations} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_target(self.target, trial)
        return blocks(trial, self._forwards(len(bands_of(self.bands, trial.samples))))

    def measure(self, block: Block, trial: Trial, /) -> Measured:
        index = torch.arange(block.start, block.stop)
        infills = Infills.of(trial.samples, self.infill, self.origin, self.seed)
        coalitions = Coalitions.of(trial, index, infills, self.target, self.value)
        found = bands_of(self.bands, trial.samples)
        gains = coalitions.pairs.gathered(found.gains)  # (bands, pairs)
        if self.method == "shapley" and len(found) > FEW:
            measured = self._sampled(coalitions, gains, index)
        else:
            measured = self._asked(coalitions, gains)
        held = (shares(coalitions.amplitude(), coalitions.pairs) * coalitions.pairs.bins) @ gains.T
        amplitude = {"amplitude": held.sum(0)[:, None].numpy(), "squares": held.square().sum(0)[:, None].numpy()}
        return measured | amplitude

    def assemble(self, measured: Mapping[Block, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        found = bands_of(self.bands, trial.samples)
        axes = band_axes(band_word(self.bands).kind, found, trial.samples.plane)
        unit, says, n = unit_of(self.value), _SAYS[self.method], len(trial.samples)
        worth, right = (joined(measured, name) for name in ("importance", "accuracy"))
        result = mean("importance", worth, axes, unit, says.format(self.value, self.target) + ".")
        kept = "accuracy" if self.target == "label" else "share of kept predictions"
        result |= mean("accuracy_importance", right, axes, "1", says.format(kept, "images") + ".")
        positive = worth.clip(min=0)
        told = "Mean share of the band in the positive importances of an image; 0 where it has none."
        whole = positive.sum(0)
        result |= share("positive_share", positive / np.where(whole > 0, whole, 1), axes, told)
        amplitude, squares = (joined(measured, name).sum(-1) for name in ("amplitude", "squares"))
        told = "Mean share of the band in the summed amplitude of what images have beyond their infill: the control."
        result |= mean_of_sums("amplitude_share", amplitude, squares, n, axes, "1", told)
        result |= self._ends(measured, unit, kept) | count(n)
        return result | (
            self._sampling_error(measured, axes, unit) if "variance" in next(iter(measured.values())) else {}
        )

    def _ends(self, measured: Mapping[Block, Measured], unit: str, kept: str) -> dict[str, xr.DataArray]:
        """The value and accuracy of whole images and of images without frequencies."""
        values, right = joined(measured, "end_values"), joined(measured, "end_right")
        found: dict[str, xr.DataArray] = {}
        for place, (name, images) in enumerate([("whole", "whole images"), ("empty", "images without frequencies")]):
            says = f"Mean {self.value} of the {self.target} for {images}."
            found |= mean(f"{name}_value", values[place], Axes({}), unit, says)
            found |= rate(f"{name}_accuracy", right[place], Axes({}), f"{kept.capitalize()} for {images}.")
        return found

    def _forwards(self, bands: int) -> int:
        """How often an image goes through the classifier."""
        if self.method != "shapley":
            return bands + 2
        return 2**bands if bands <= FEW else self.permutations * bands

    def _asked(self, coalitions: Coalitions, gains: Tensor) -> dict[str, npt.NDArray[Any]]:
        """The importances from coalitions that are the same for all images."""
        count, single = len(gains), torch.eye(len(gains), dtype=torch.bool)
        none, every = torch.zeros(1, count, dtype=torch.bool), torch.ones(1, count, dtype=torch.bool)
        asked = {"occlusion": ~single, "inclusion": single, "shapley": shapley.all_coalitions(count)[1:-1]}
        members = torch.cat([none, asked[self.method], every])
        answers = coalitions.under(members.double() @ gains)
        right = answers.predictions == coalitions.targets.cpu()
        found = {"end_values": answers.values[[-1, 0]].numpy(), "end_right": right[[-1, 0]].numpy()}
        for name, worth in (("importance", answers.values.double()), ("accuracy", right.double())):
            if self.method == "shapley":
                found[name] = shapley.exact(worth).numpy()
            else:
                found[name] = (
                    worth[-1] - worth[1:-1] if self.method == "occlusion" else worth[1:-1] - worth[0]
                ).numpy()
        return found

    def _sampled(self, coalitions: Coalitions, gains: Tensor, index: Tensor) -> dict[str, npt.NDArray[Any]]:
        """Shapley values from orders of each image's own, where no coalition is asked about twice."""
        chances = [self.chance(purpose=f"orders of image {one}") for one in index.tolist()]
        some = torch.stack([shapley.orders(len(gains), int(self.permutations), one) for one in chances])
        members = shapley.along(some)  # (n, count, bands + 1, bands)
        image = torch.arange(len(index)).view(-1, 1, 1, 1).expand(*members.shape[:3], 1)
        rows, place = torch.cat([image, members], -1).flatten(0, 2).unique(dim=0, return_inverse=True)
        answers = coalitions.answers(rows[:, 0], lambda part: rows[part, 1:].double() @ gains)
        right = answers.predictions == coalitions.targets.cpu()[rows[:, 0]]
        found: dict[str, npt.NDArray[Any]] = {}
        worths = {"importance": answers.values.double(), "accuracy": right.double()}
        worths = {name: worth[place].unflatten(0, members.shape[:3]) for name, worth in worths.items()}
        for name, worth in worths.items():
            values, errors = shapley.sampled(some, worth)
            found[name] = values.T.numpy()
            found["variance" if name == "importance" else "accuracy_variance"] = errors.square().T.numpy()
        ends = {"end_values": worths["importance"], "end_right": worths["accuracy"] > 0.5}
        return found | {name: worth[:, 0, [-1, 0]].T.numpy() for name, worth in ends.items()}

    def _sampling_error(self, measured: Mapping[Block, Measured], axes: Axes, unit: str) -> dict[str, xr.DataArray]:
        found = {}
        for name, key, its in (("", "variance", unit), ("accuracy_", "accuracy_variance", "1")):
            variance = joined(measured, key)
            says = (
                f"Standard error of the mean {name}importance for want of orders ({self.permutations} an image); the "
                "bounds contain it."
            )
            found[f"{name}sampling_error"] = axes.array(np.sqrt(variance.sum(-1)) / variance.shape[-1], its, says)
        return found
