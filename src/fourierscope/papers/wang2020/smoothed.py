"""Networks with their first kernels changed after training, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fourierscope.papers.making import Making
from fourierscope.subjects import Classifier, Samples, open_samples
from fourierscope.treatments import low_pass_kernels, smooth_kernels
from fourierscope.treatments.kernels import Normalise

STRENGTHS = (0.1, 0.25, 1.0)
AS_IT_IS = "as it is"
PROJECTED, PROJECTED_ANEW = "projected", "projected, batch norms anew"
FAMILIES: dict[Normalise, str] = {
    "none": "as published",
    "dc": "unit gain",
    "energy": "same energy",
    "batch-norm": "batch norms anew",
}
_ALL = tuple((normalise, strength) for normalise in FAMILIES for strength in STRENGTHS)
_TRIED: dict[str, tuple[tuple[Normalise, float], ...]] = {
    "smoke": (("none", 1.0), ("batch-norm", 1.0)),
    "small": _ALL,
    "full": _ALL,
}
_SEEN = 1000  # images that statistics of batch norms are estimated on


class Variant(NamedTuple):
    """A change of first kernels; the samples are those that statistics of batch norms come from."""

    name: str
    change: Callable[[Classifier, Samples], Classifier]


def named(normalise: Normalise, strength: float) -> str:
    """The name of a smoothing."""
    return f"{FAMILIES[normalise]}, {strength:g}"


def variants(budget: str) -> list[Variant]:
    """All changes of a budget: none, smoothing by family and strength, and projections onto low frequencies."""
    found = [Variant(AS_IT_IS, lambda classifier, _: classifier)]
    found += [_smoothing(normalise, strength) for normalise, strength in _TRIED[budget]]
    return [
        *found,
        Variant(PROJECTED, lambda classifier, _: low_pass_kernels(classifier)),
        Variant(
            PROJECTED_ANEW, lambda classifier, seen: low_pass_kernels(classifier, 1 / 3, 0.5, "batch-norm", (), seen)
        ),
    ]


def seen(making: Making) -> Samples:
    """Images that statistics of batch norms are estimated on, without labels: of training where there are any.

    In smoke these are embedded patches; elsewhere, without training images, test images, tested ones among them.
    """
    if making.setting.learned is not None:
        return making.setting.learned.limited(_SEEN)
    if making.budget == "smoke":
        return open_samples("patches:train", limit=100)
    return making.setting.samples.limited(_SEEN, seed=1)


def _smoothing(normalise: Normalise, strength: float) -> Variant:
    def change(classifier: Classifier, images: Samples) -> Classifier:
        given = images if normalise == "batch-norm" else None
        return smooth_kernels(classifier, strength, normalise, samples=given)

    return Variant(named(normalise, strength), change)
