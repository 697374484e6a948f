"""Masks upon images: what a trial's images look like to their masks, and which gains stand in which row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.masks.controls import Donors, donors, energy, permuted, permuted_to_energy
from fourierscope.analyses.masks.objective import predictions
from fourierscope.fourier.pairs import Modulated, Pairs
from fourierscope.results import Axes, Estimate, bounded, paired_rates
from fourierscope.subjects import Masked, Samples
from fourierscope.subjects.remembered import remembered
from fourierscope.treatments.infills import Infill, Infills, Origin

Array = npt.NDArray[Any]

WHOLE, OWN, COMPLEMENT = "whole image", "mask", "complement"
BINARY, BINARY_COMPLEMENT = "binary mask", "binary complement"
SIZE, ENERGY = "random mask, equal size", "random mask, equal energy"
SAME, OTHER = "mask of its class", "mask of another class"
_EQUAL = ("size", "energy")


def infills_of(masked: Masked) -> Infills:
    """The infills that the masks were made with. Raises ValueError for words that are none."""
    return Infills.of(masked.trial.samples, cast(Infill, masked.infill), cast(Origin, masked.origin), masked.seed)


def classes_of(masked: Masked) -> Tensor:
    """The class (n,) of each image: its label or, where there are none, what the classifier takes it for."""
    labels = masked.trial.samples.labels
    return _predicted(masked, "classes") if labels is None else labels


@remembered
def _predicted(masked: Masked, _: str) -> Tensor:
    return predictions(masked.trial)


@dataclass(frozen=True)
class Upon:
    """Images (n, c, h, w) upon which gains are put, with the power (n, k, pairs) that gains can let through."""

    images: Tensor
    modulated: Modulated
    power: Tensor

    @classmethod
    def of(cls, samples: Samples, infill: Tensor, shared: bool) -> Upon:
        images = samples.batch().to(infill.device)
        modulated = Modulated.of(images, infill)
        return cls(images, modulated, modulated.power(shared))

    @property
    def pairs(self) -> Pairs:
        return self.modulated.pairs

    def passing(self, gains: Tensor) -> Tensor:
        """The share (n,) of each image's energy, from its infill on, that gains (n, k, pairs) let through."""
        whole = energy(torch.ones_like(gains), self.power, self.pairs)
        return energy(gains, self.power, self.pairs) / whole.clamp_min(torch.finfo(whole.dtype).tiny)


@dataclass(frozen=True)
class Rows:
    """The gains of every image by a word: its own, what they leave out, random ones, those of other images."""

    masked: Masked
    threshold: float
    lent: Donors

    @classmethod
    def of(cls, masked: Masked, threshold: float, generator: torch.Generator) -> Rows:
        return cls(masked, threshold, donors(classes_of(masked), masked.own, generator))

    @property
    def words(self) -> list[str]:
        kinds = [word for kind in (OWN, BINARY) for word in _around(kind)]
        return kinds + [word for word, place in ((SAME, self.lent.same), (OTHER, self.lent.other)) if place is not None]

    def gains(self, places: Tensor, upon: Upon, generator: torch.Generator) -> dict[str, Tensor]:
        """Gains (n, k, pairs) of the images at `places` (n,), in the order of the words; new tensors all."""
        every, own = self.masked.pair_gains, self.masked.own
        kept = every[own[places]].to(upon.power.device)
        found: dict[str, Tensor] = {}
        for kind, mask in ((OWN, kept), (BINARY, (kept > self.threshold).to(kept))):
            size = permuted(mask, upon.pairs, generator)
            near = permuted_to_energy(mask, upon.power, upon.pairs, generator)
            found |= dict(zip(_around(kind), (mask, size, near, 1 - mask, 1 - size, 1 - near), strict=True))
        for word, lender in ((SAME, self.lent.same), (OTHER, self.lent.other)):
            if lender is not None:
                found[word] = every[own[lender[places]]].to(kept)
        return found


def over_controls(kept: Mapping[str, Array]) -> dict[str, xr.DataArray]:
    """From which predictions (n,) each row keeps: how much more masks keep than random ones, and complements less."""
    axes = Axes({"control": np.array([f"equal {one}" for one in _EQUAL])})
    found: dict[str, xr.DataArray] = {}
    for kind, name in ((OWN, ""), (BINARY, "binary_")):
        mask, *random, complement, size, near = (kept[word] for word in _around(kind))
        told = "the binary mask" if name else "the mask"
        for word, more, less, says in (
            ("sufficiency", [mask, mask], random, f"Share kept under {told}, less that under random masks."),
            (
                "necessity",
                [size, near],
                [complement] * 2,
                f"Share kept without random masks, less that without {told}.",
            ),
        ):
            difference = paired_rates(np.stack(more), np.stack(less))
            found |= bounded(f"{name}{word}", Estimate(*difference[:3]), axes, "1", says, len(mask))
    return found


def _around(kind: str) -> list[str]:
    """A mask, its random masks, and the complements of the three."""
    if kind == OWN:
        return [OWN, SIZE, ENERGY, COMPLEMENT, *(f"{COMPLEMENT} of random, equal {one}" for one in _EQUAL)]
    random = (f"random binary mask, equal {one}" for one in _EQUAL)
    return [BINARY, *random, BINARY_COMPLEMENT, *(f"{BINARY_COMPLEMENT} of random, equal {one}" for one in _EQUAL)]
