"""PGD confined to some frequencies: a band of Fourier waves, or the lowest cosines."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.balls import Ball, Norm
from fourierscope.treatments.attacks.projected import Climb, climbed
from fourierscope.treatments.attacks.subspaces import Confined, Projection, fourier_band, low_cosines, share_off

_CHUNK = 256  # images whose leak is measured at a time


@dataclass(frozen=True)
class ConfinedAttack:
    """Samples attacked at some frequencies alone, and how far each image kept to them."""

    samples: Samples
    """The attacked images, float32 in [0, 1]."""
    leak: Tensor
    """The share (n,) of the energy of each change that lies outside its frequencies; 0 where nothing was changed."""
    moved: Tensor
    """Which images (n,) were changed at all: some offer no change in these frequencies that keeps them in [0, 1]."""


def band_pgd(
    trial: Trial,
    low: float,
    high: float,
    norm: Norm = "linf",
    eps: float = 8 / 255,
    steps: int = 20,
    step: float | None = None,
    restarts: int = 1,
    seed: int = 0,
    batch: int | None = None,
) -> ConfinedAttack:
    """PGD whose change of an image has only waves with low <= radius < high cycles per image.

    Other options are those of `pgd`. The gradient is taken within the band; after each step the change is brought
    toward the nearest one that lies in the band, in the ball and leaves the image in [0, 1], by Dykstra's projections.
    What is given back lies in ball and box exactly and leaks at most 2e-5 of its energy out of the band; images for
    which no such change is found stay as they are (`moved`).

    Raises ValueError for a band without a frequency, and as `pgd` does. Where others take the sign of a filtered
    gradient or clip afterwards, the change leaves the band; this one does not.
    """
    check_subject(trial, Trial, "band_pgd")
    band = fourier_band(trial.samples.plane, low, high)
    climb = Climb(Ball(norm, eps), steps, step, restarts, seed)
    return _confined(trial, climb, band, f"PGD in the band {low:g} to {high:g}", batch)


def low_frequency_pgd(
    trial: Trial,
    ratio: float = 0.25,
    norm: Norm = "linf",
    eps: float = 8 / 255,
    steps: int = 20,
    step: float | None = None,
    restarts: int = 1,
    seed: int = 0,
    batch: int | None = None,
) -> ConfinedAttack:
    """PGD whose change of an image has only the lowest cosines, `ratio` of them along each side.

    Everything else is as in `band_pgd`: the change stays in its cosines, in the ball and in [0, 1].

    Raises ValueError for a ratio outside (0, 1], and as `pgd` does.

    Source: Guo et al. (2018), low-frequency adversarial perturbation, the masked discrete cosine transform; there the
    sign and the clipping come last and the change leaks.
    """
    check_subject(trial, Trial, "low_frequency_pgd")
    cosines = low_cosines(trial.samples.plane, ratio)
    climb = Climb(Ball(norm, eps), steps, step, restarts, seed)
    return _confined(trial, climb, cosines, f"PGD in the lowest {ratio:g} of the cosines", batch)


def _confined(trial: Trial, climb: Climb, subspace: Projection, done: str, batch: int | None) -> ConfinedAttack:
    after = climbed(trial, climb, Confined(climb.ball, subspace), f"{done}, {climb.told}", batch)
    return ConfinedAttack(after, *_kept_to(trial.samples, after, subspace))


def _kept_to(before: Samples, after: Samples, subspace: Projection) -> tuple[Tensor, Tensor]:
    """How much of each change leaks, and whether there is one."""
    leak, moved = [], []
    for start in range(0, len(before), _CHUNK):
        change = after.batch(start, start + _CHUNK).double() - before.batch(start, start + _CHUNK).double()
        leak.append(share_off(change, subspace(change)))
        moved.append(change.flatten(1).any(1))
    return torch.cat(leak), torch.cat(moved)
