"""Do masks tell the class of their image? Karantzas et al. (2022), section 3.2, Table 3 and Fig. 8."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.analyses.masks.embedding import Embedding, embedded
from fourierscope.analyses.masks.linear import coordinates, cross_validated, folds
from fourierscope.fourier.pairs import Modulated
from fourierscope.results import Axes, Estimate, bounded, count, mean, paired_rates, wilson
from fourierscope.runs import Analysis, Measured, batches, check_kinds, is_whole
from fourierscope.subjects import Masked, Samples

Array = npt.NDArray[Any]

MASK, SHUFFLED, SPECTRUM, IMAGE = "mask", "mask, labels shuffled", "amplitude spectrum", "image"
_FEATURES = (MASK, SHUFFLED, SPECTRUM, IMAGE)
_FLOOR = 1 / 255  # added to amplitudes before their logarithm: less than this no pixel can tell


class Fit(NamedTuple):
    """Cross-validation by one kind of features, once."""

    features: str
    repeat: int


@dataclass(frozen=True)
class MaskClasses(Analysis[Masked]):
    """Whether the masks of single images tell their class, and more than the images' own spectra do.

    A linear classifier (logistic regression with a quadratic penalty) learns the labels from the gains of masks, and is
    asked about masks it has not seen, by cross-validation with every class in every fold, several times. Controls: the
    same masks under labels shuffled once and then fixed, so that they can be learned by heart, yet not known; the
    logarithmic amplitude spectra of the images; the images.

    Over ("features",): `accuracy` on unseen images and `train_accuracy`, with bounds over images. `advantage` over
    ("control",) is the accuracy by masks less that by each control, paired. All bounds are as wide as those of one
    division into folds, for several learn from the same images and are no more of them: on features that tell nothing
    or little such bounds hold the expected value 92 to 94 times in 100, bounds of means over five divisions 84 to 88
    times. (The difference of two results takes the means as they are.) `most_common` is the share of the largest
    class. `class_mask` ("class", "row", "column") is the mean mask of each class, and `embedding` the responses of the
    linear classifiers to masks they have not seen, as places in a plane ("item", "coordinate").

    Raises ValueError where images share masks, have no labels, or a class has fewer than two images.

    Source: Karantzas et al. (2022), Table 3 (15 % held out once) and Fig. 8. Their code draws new labels at each access
    for the shuffled control, which nothing could learn; here they are fixed.
    """

    folds: int = 5
    """Parts of the images, each held out once."""
    repeats: int = 5
    """Divisions into folds, and shuffles of labels."""
    penalty: float = 1e-3
    """Of the weights, on features scaled to a mean square distance of 1 from their mean."""
    embedding: Embedding = "pca"
    """none, pca, or umap (extra embed)."""
    seed: int = 0
    """Seed of folds, shuffles and UMAP."""

    def __post_init__(self) -> None:
        check_kinds(self)
        for name, least in (("folds", 2), ("repeats", 1)):
            if not is_whole(getattr(self, name), least):
                raise ValueError(f"{name} is a whole number from {least} on; {getattr(self, name)!r} came.")
        if not isfinite(self.penalty) or self.penalty <= 0:
            raise ValueError(f"penalty is finite and above 0; {self.penalty!r} came.")
        if self.embedding not in ("none", "pca", "umap"):
            raise ValueError(f"embedding is none, pca or umap; {self.embedding!r} came.")

    def cells(self, masked: Masked, /) -> Iterable[NamedTuple]:
        _check(masked)
        return [Fit(features, repeat) for features in _FEATURES for repeat in range(int(self.repeats))]

    def measure(self, cell: Fit, masked: Masked, /) -> Measured:
        labels = masked.trial.samples.needed_labels().numpy()
        if cell.features == SHUFFLED:
            labels = self._generator(f"labels {cell.repeat}").permutation(labels)
        fold = folds(labels, int(self.folds), self._generator(f"folds {cell.repeat}"))
        found = cross_validated(coordinates(_features(cell.features, masked)), labels, fold, self.penalty)
        measured = {"right": found.right, "learned": found.learned}
        return measured | ({"responses": found.responses} if cell == Fit(MASK, 0) else {})

    def assemble(self, measured: Mapping[Fit, Measured], masked: Masked, /) -> Mapping[str, xr.DataArray]:
        right, learned = (self._stacked(measured, name) for name in ("right", "learned"))  # (features, repeats, n)
        axes, labels = Axes({"features": np.array(_FEATURES)}), masked.trial.samples.needed_labels()
        told = f"{int(self.folds)} folds, {int(self.repeats)} times"
        says = f"Share of images whose class a linear classifier tells that has not seen them ({told})."
        found = _over_repeats("accuracy", right, wilson(right.mean(-1), len(labels)), axes, says)
        says = "Share of images whose class the linear classifiers tell that have learned from them."
        found |= _over_repeats("train_accuracy", learned, wilson(learned.mean(-1), len(labels)), axes, says)
        controls = Axes({"control": np.array(_FEATURES[1:])})
        says = "Accuracy by masks less that by the control, image by image."
        paired = Estimate(*paired_rates(np.broadcast_to(right[:1], right[1:].shape), right[1:])[:3])
        found |= _over_repeats("advantage", right[:1] - right[1:], paired, controls, says)
        attrs = {"units": "1", "says": "Share of the most common class: what one tells without looking."}
        found["most_common"] = xr.DataArray(float(labels.bincount().max() / len(labels)), attrs=attrs)
        found["class_mask"] = _class_masks(masked)
        if self.embedding != "none":
            found["embedding"] = self._embedding(measured[Fit(MASK, 0)]["responses"], masked.trial.samples)
        return found | count(len(labels))

    def _stacked(self, measured: Mapping[Fit, Measured], name: str) -> Array:
        """Of all features and repeats (features, repeats, n)."""
        every = [[measured[Fit(one, place)][name] for place in range(int(self.repeats))] for one in _FEATURES]
        return np.asarray(every, dtype=np.float64)

    def _generator(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng(self.chance(purpose=purpose).initial_seed())

    def _embedding(self, responses: Array, samples: Samples) -> xr.DataArray:
        places, how = embedded(responses, self.embedding, self.seed)
        axes = Axes({"item": np.array(_names(samples)), "coordinate": np.array(["first", "second"])})
        says = f"Responses of linear classifiers to masks they have not seen, by class. {how}"
        return axes.array(places, "1", says)


def _over_repeats(name: str, values: Array, estimate: Estimate, axes: Axes, says: str) -> dict[str, xr.DataArray]:
    """The mean over repeats of values (features, repeats, n), with the mean bounds of estimates (features, repeats)."""
    found, middle = mean(name, values.mean(1), axes, "1", says), Estimate(*(one.mean(-1) for one in estimate))
    sides = bounded(name, middle, axes, "1", says, values.shape[-1])
    return found | {side: sides[side] for side in (f"{name}_low", f"{name}_high")}


def _check(masked: Masked) -> None:
    labels = masked.trial.samples.needed_labels()
    if len(masked.own.unique()) < len(labels):
        raise ValueError(
            f"MaskClasses asks about masks of single images; here {len(labels)} images share {len(masked.gains)}. "
            'Take a result of Mask(over="image").'
        )
    sizes = labels.bincount()
    if int((sizes > 0).sum()) < 2 or int(sizes[sizes > 0].min()) < 2:
        raise ValueError(
            f"A classifier of masks needs two classes or more, of two images or more each; {len(labels)} images in "
            f"{int((sizes > 0).sum())} classes came, {int(sizes[sizes > 0].min())} in the smallest. Take more images."
        )


def _features(kind: str, masked: Masked) -> Array:
    """Features (n, d) of every image."""
    samples, roots = masked.trial.samples, masked.pairs.bins.sqrt()
    if kind in (MASK, SHUFFLED):
        return (masked.pair_gains[masked.own] * roots.float()).flatten(1).numpy()
    found = []
    for part in batches(len(samples), 256):
        images = samples.batch(part.start, part.stop)
        if kind == SPECTRUM:
            power = Modulated.of(images, torch.zeros(1, 1, 1, 1)).power(shared=True) / samples.channels
            images = (power.sqrt() + _FLOOR).log() * roots.float()
        found.append(images.flatten(1))
    return torch.cat(found).numpy()


def _class_masks(masked: Masked) -> xr.DataArray:
    """The mean mask of each class, over channels where each has its own."""
    plane, labels = masked.trial.samples.plane, masked.trial.samples.needed_labels()
    gains, present = masked.gains[masked.own].mean(1), labels.unique()
    means = torch.stack([gains[labels == one].mean(0) for one in present]).numpy()
    words = [_named(masked.trial.samples, int(one)) for one in present]
    cycles = {"row": "cycles/image", "column": "cycles/image"}
    axes = Axes({"class": np.array(words), "row": plane.rows().numpy(), "column": plane.columns().numpy()}, cycles)
    return axes.array(means, "1", "Mean mask of the images of each class.")


def _names(samples: Samples) -> list[str]:
    return [_named(samples, int(one)) for one in samples.needed_labels()]


def _named(samples: Samples, label: int) -> str:
    return samples.classes[label] if samples.classes else f"class {label}"
