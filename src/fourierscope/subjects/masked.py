"""What questions about masks are asked of: a trial whose images have masks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from fourierscope.fourier.kinds import real_numbers
from fourierscope.fourier.pairs import Pairs
from fourierscope.subjects.trial import Trial, check_subject


@dataclass(frozen=True, eq=False)
class Masked:
    """A trial whose images have masks: a gain in [0, 1] for each frequency of an image, less its infill.

    `gains` (masks, 1 or c, h, w) stand on the centred plane, the same at a frequency and its partner; they are copied
    and never changed. `own` (n,) tells which mask is each image's; empty: there are as many as images, in their order.
    What gains remove is replaced as `infill`, `origin` and `seed` say, words of `treatments.infills`. `made` is for the
    record: what made the masks, with the classifier they were made for.

    `fourierscope.masked(trial, result)` makes one of a result of `Mask`. Raises ValueError where gains have another
    shape, lie outside [0, 1], or differ between partners, and where `own` names no mask.
    """

    trial: Trial
    gains: Tensor
    own: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    infill: str = "zero"
    origin: str = "mean"
    seed: int = 0
    name: str = ""
    """The classifier that the masks were made for; empty: that of the trial."""
    made: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_subject(self.trial, Trial, "Masked")
        object.__setattr__(self, "gains", _checked(real_numbers(self.gains, "gains"), self.trial))
        own = real_numbers(self.own, "own")
        object.__setattr__(self, "own", _places(own, len(self.gains), len(self.trial.samples)))
        object.__setattr__(self, "name", self.name or self.trial.classifier.name)

    @property
    def pairs(self) -> Pairs:
        """The conjugate pairs of the images' plane."""
        return Pairs(self.trial.samples.plane)

    @property
    def pair_gains(self) -> Tensor:
        """The gains (masks, 1 or c, pairs), one number for a frequency and its partner."""
        return self.pairs.gathered(self.gains)

    def trace(self) -> dict[str, Any]:
        """What to record: that of the trial, and whose masks, how many, how made, with a digest of their gains."""
        digest = hashlib.sha256(f"{tuple(self.gains.shape)} {self.infill} {self.origin} {self.seed}".encode())
        digest.update(self.gains.contiguous().numpy().tobytes() + self.own.numpy().tobytes())
        masks = {"name": self.name, "count": len(self.gains), "digest": digest.hexdigest()}
        infills = {"infill": self.infill, "origin": self.origin, "seed": self.seed}
        return self.trial.trace() | {"masks": masks | infills | dict(self.made)}


def _checked(gains: Tensor, trial: Trial) -> Tensor:
    """A copy of the gains, float32, after every check."""
    samples = trial.samples
    shapes = [(channels, *samples.plane.shape) for channels in (1, samples.channels)]
    if gains.ndim != 4 or not len(gains) or tuple(gains.shape[1:]) not in shapes:
        raise ValueError(
            f"Masks of {samples!r} have the shape (masks, 1 or {samples.channels}, {shapes[0][1]}, {shapes[0][2]}); "
            f"{tuple(gains.shape)} came."
        )
    gains = gains.detach().cpu().float().clone()
    if not bool(((gains >= 0) & (gains <= 1)).all()):
        raise ValueError(f"Gains lie in [0, 1]; values from {float(gains.min()):.4g} to {float(gains.max()):.4g} came.")
    Pairs(samples.plane).gathered(gains)  # raises where partners differ
    return gains


def _places(own: Tensor, masks: int, images: int) -> Tensor:
    if not own.numel() and masks == images:
        return torch.arange(images)
    if own.numel() and (own.is_floating_point() or own.dtype == torch.bool):
        raise TypeError(f"own holds whole numbers, which mask is each image's; {own.dtype} came.")
    own = own.detach().cpu().long().clone()
    if own.shape != (images,) or int(own.min()) < 0 or int(own.max()) >= masks:
        came = f"{tuple(own.shape)} from {int(own.min())} to {int(own.max())}" if own.numel() else "none"
        raise ValueError(
            f"Each of {images} images has one of {masks} masks: own holds {images} numbers from 0 to {masks - 1}; "
            f"{came} came."
        )
    return own
