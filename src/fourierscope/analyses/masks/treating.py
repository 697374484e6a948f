"""The treatment that a question about masks names by a text, such as pgd-linf:8/255: done, and told."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import xarray as xr
from torch import Tensor

from fourierscope.subjects import Samples, Trial
from fourierscope.treatments.attacks.attacked import check_felt, gradients_heard
from fourierscope.treatments.words import Treatment, check_steps, treated, treatment_named, word_and_strength


@dataclass(frozen=True)
class Felt:
    """Treated samples, and on which of them (n,) an attack found a gradient; all, where it is none."""

    samples: Samples
    felt: Tensor


@dataclass(frozen=True)
class Treating:
    """A treatment at a strength, with the steps of an attack that goes step by step."""

    word: str
    strength: float
    steps: int | None

    @classmethod
    def of(cls, text: str, steps: int | None) -> Treating:
        """That of a text. Raises ValueError where it names none, or steps do not fit."""
        found = word_and_strength(text)
        if found is None:
            raise ValueError(
                f"treatment is written as pgd-linf:8/255 or corruption:fog:3 (`fourierscope list` has all words); "
                f"{text!r} came."
            )
        check_steps(found[0], steps)
        return cls(*found, steps or treatment_named(found[0]).steps)

    @property
    def told(self) -> str:
        """What it is, in words."""
        return f"{self._treatment.told(self.steps)}, {self._treatment.strength} {self.strength:g}"

    def done(self, trial: Trial, seed: int) -> Felt:
        """The samples of a trial, treated."""
        with gradients_heard() as heard:
            after = treated(trial, self.word, self.strength, seed, self.steps)
        return Felt(after, torch.stack(heard).any(0) if heard else torch.ones(len(after), dtype=torch.bool))

    def without_gradient(self, felt: Tensor, name: str) -> dict[str, xr.DataArray]:
        """How many of all images (n,) gave an attack on `name` no gradient. Raises ValueError where none did."""
        if self._treatment.of_trial is None:
            return {}
        check_felt(felt, name)
        says = "Images on which the attack found no gradient: being right there says nothing about robustness."
        return {"without_gradient": xr.DataArray(int((~felt).sum()), attrs={"units": "images", "says": says})}

    @property
    def _treatment(self) -> Treatment:
        return treatment_named(self.word)
