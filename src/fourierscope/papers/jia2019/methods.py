"""The methods that are compared: plain baselines, and those that go by frequency. A new one is one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import nn

from fourierscope.papers.jia2019 import networks
from fourierscope.subjects import Classifier, Samples
from fourierscope.training import (
    AdjacentWeights,
    AmplitudeSwaps,
    AugMix,
    BlurPool2d,
    HybridImages,
    NoiseOnSome,
    ProportionPenalty,
    RandomFilters,
    SpectralPool2d,
)
from fourierscope.training.augmentations import Augmentation
from fourierscope.training.kernel_penalties import Penalty
from fourierscope.treatments import smooth_kernels, tilt_kernels

Kind = Literal["baseline", "frequency"]
_SMOOTHING = 0.5
_RECALIBRATED = 1000  # training images by which batch norms are estimated anew
_TARGET = (0.4, 0.4, 0.2)  # energy in the first layer, low, mid and high; random kernels have .09, .26 and .65


@dataclass(frozen=True)
class Method:
    """How a network learns differently from the standard one, in one respect."""

    name: str
    kind: Kind
    augmentations: tuple[Augmentation, ...] = ()
    """After crops and flips."""
    penalty: Penalty | None = None
    change: Callable[[nn.Module], nn.Module] | None = None
    """Of the untrained network, which it may change."""
    after: Callable[[Classifier, Samples], Classifier] | None = None
    """Of the trained network, with training images; such a method learns as the standard one does."""


def _smoothed(classifier: Classifier, samples: Samples) -> Classifier:
    return smooth_kernels(classifier, _SMOOTHING, "batch-norm", samples=samples.limited(_RECALIBRATED))


def _tilted(classifier: Classifier, samples: Samples, tilt: float) -> Classifier:
    return tilt_kernels(classifier, tilt, "batch-norm", samples=samples.limited(_RECALIBRATED))


STANDARD = Method("standard", "baseline")
HALF_NOISE = Method("50 % Gaussian", "baseline", (NoiseOnSome(),))
FILTER_SIDE = Method("modulation, filter side", "frequency", change=networks.modulated)
INPUT_SIDE = Method("modulation, input side", "frequency", change=networks.shown_noise)

METHODS = (
    STANDARD,
    HALF_NOISE,
    Method("AugMix", "baseline", (AugMix(),)),
    Method("random filters", "baseline", (RandomFilters(),)),
    Method("proportion", "frequency", penalty=ProportionPenalty(_TARGET)),
    FILTER_SIDE,
    INPUT_SIDE,
    Method("kernels smoothed", "frequency", after=_smoothed),
    Method("low-pass front end", "frequency", change=networks.low_passed),
    Method("amplitude swaps", "frequency", (AmplitudeSwaps(),)),
    Method("hybrid images", "frequency", (HybridImages(),)),
    Method("blur pooling", "frequency", change=partial(networks.pooled, pooling=BlurPool2d)),
    Method("low-pass stem", "frequency", change=networks.blurred_stem),
    Method("spectral pooling", "frequency", change=partial(networks.pooled, pooling=SpectralPool2d)),
    Method("adjacent weights", "frequency", penalty=AdjacentWeights(0.1, relative=True)),
)
"""In the order in which they learn. "random filters" are PRIME's spectral part, in our own reading."""

_SIMPLEX = {
    "low": (1.0, 0.0, 0.0),
    "mid": (0.0, 1.0, 0.0),
    "high": (0.0, 0.0, 1.0),
    "low and mid": (0.5, 0.5, 0.0),
    "low and high": (0.5, 0.0, 0.5),
    "mid and high": (0.0, 0.5, 0.5),
    "all three": (1 / 3, 1 / 3, 1 / 3),
}
"""Shares of low, mid and high filters in the first layer: corners, middles of edges, and the centre."""

PROPORTIONS = {f"first layer: {name}": target for name, target in _SIMPLEX.items()}
"""The same by the name of the method that holds them."""

HELD = tuple(
    Method(name, "frequency", change=partial(networks.proportioned, target=target))
    for name, target in PROPORTIONS.items()
)

_TILTS = (-0.8, -0.4, 0.0, 0.4, 0.8)
TILTED = {
    tilt: Method(f"kernels tilted by {tilt:g}", "frequency", after=partial(_tilted, tilt=tilt)) for tilt in _TILTS
}
"""The standard network with its first kernels tilted, by how much: below 0 towards low frequencies.

The one tilted by 0 has its batch norms estimated anew as the others have, and nothing else.
"""
