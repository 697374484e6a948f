"""Attacks by a single Fourier wave: black boxes, for they ask for predictions alone, one query a wave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fourierscope.fourier import Frequency, Plane, quadratures, wave
from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import batches, predictions, renamed
from fourierscope.treatments.attacks.balls import Ball, Norm
from fourierscope.treatments.attacks.gradients import leads_of

_ON_ZERO = -1e-9  # values of a wave from here on count as positive, so that rounding decides no sign


@dataclass(frozen=True)
class SingleWave:
    """One Fourier wave, the same for every image and channel: a change of samples that knows no classifier.

    "l2": the wave with L2 norm `eps` in each channel, as in the heat maps. "linf": `eps` times the sign of the wave.
    Called with samples it returns them with the wave added, clipped to [0, 1].

    Raises ValueError for another norm, an eps out of range, a sign that is not 1 or -1; when it is used, for a
    frequency that does not fit.

    Source: Yin et al. (2019), Figure 7 (c, d), for "l2"; Tsuzuku and Sato (2019), single Fourier attack, for "linf".
    """

    frequency: Frequency
    """Cycles per image."""
    phase: float
    """Phase in radians."""
    sign: int
    """1 or -1: the wave, or its negative."""
    norm: Norm
    """ "l2", of each channel, or "linf"."""
    eps: float
    """Size of the wave in that norm, on [0, 1] pixels."""

    def __post_init__(self) -> None:
        Ball(self.norm, self.eps)
        if self.sign not in (1, -1):
            raise ValueError(f"sign is 1 or -1; {self.sign!r} came.")

    def __call__(self, samples: Samples) -> Samples:
        check_subject(samples, Samples, "A SingleWave")
        images = samples.batch() + self.pattern(samples.plane)
        return renamed(samples, images.clamp_(0, 1), str(self))

    def __str__(self) -> str:
        row, column = self.frequency
        return f"wave ({row}, {column}) phase {self.phase:.4g} sign {self.sign:+d}, {self.norm} {self.eps:.4g}"

    def pattern(self, plane: Plane) -> Tensor:
        """What is added to each channel (h, w), float32."""
        shape = wave(plane, self.frequency, self.phase)
        if self.norm == "linf":
            shape = torch.where(shape >= _ON_ZERO, 1.0, -1.0)
        return (self.sign * self.eps * shape).float()


@dataclass(frozen=True)
class WaveAttack:
    """Samples with one wave in each image, and what became of them."""

    samples: Samples
    """The attacked images, float32 in [0, 1]."""
    waves: tuple[SingleWave, ...]
    """The wave of each image."""
    fooled: Tensor
    """Which images (n,) the classifier takes for another class than before."""
    queries: Tensor
    """How many waves each image (n,) was asked with, its own included; the first look at the clean image is not one."""


@dataclass(frozen=True)
class UniversalWave:
    """The one wave that fools most of some images, and how all that were tried did."""

    wave: SingleWave
    """The wave that fooled most; of several, the first that was tried."""
    fooled: float
    """The share of the images it was found on that it fools; an optimistic number: ask `wave_attack` about others."""
    tried: tuple[SingleWave, ...]
    """All waves that were tried, in their order."""
    shares: Tensor
    """The share of images that each of them (tried,) fooled."""


def wave_attack(trial: Trial, wave: SingleWave, batch: int | None = None) -> WaveAttack:
    """The samples of a trial with one wave, known beforehand: a single query an image, and no labels.

    Raises ValueError for a wave that does not fit the plane of the samples.
    """
    check_subject(trial, Trial, "wave_attack")
    after = wave(trial.samples)
    fooled = predictions(Trial(trial.classifier, after), batch) != predictions(trial, batch)
    count = len(after)
    return WaveAttack(after, (wave,) * count, fooled, torch.ones(count, dtype=torch.int64))


def wave_search(
    trial: Trial,
    norm: Norm = "linf",
    eps: float = 10 / 255,
    queries: int = 100,
    phases: int = 2,
    within: int | None = None,
    seed: int = 0,
    batch: int | None = None,
) -> WaveAttack:
    """For each image of a trial the first wave that changes its predicted class, of at most `queries` tried.

    The waves tried are drawn by `seed`, without repetition and the same for every image, from all frequencies of the
    centred square of odd side `within` (None: of the whole plane), each with `phases` phases over half a turn and both
    signs. An image that none of them fools gets the wave that left its predicted class the smallest lead in logits.

    Raises ValueError for options out of range. Source: as `SingleWave`; their search order is ours.
    """
    check_subject(trial, Trial, "wave_search")
    if queries < 1:
        raise ValueError(f"queries is a whole number from 1 on; {queries!r} came.")
    all_waves = candidates(trial.samples.plane, norm, eps, phases, within)
    order = np.random.default_rng(seed).permutation(len(all_waves))[:queries]
    tried = [all_waves[int(one)] for one in order]
    found = [_searched(trial, images, tried) for images, _ in batches(trial, batch)]
    after, chosen, fooled, asked = (torch.cat(pieces) for pieces in zip(*found, strict=True))
    done = f"the best of {len(tried)} waves, {norm} {eps:.4g}, seed {seed}"
    waves = tuple(tried[int(one)] for one in chosen)
    return WaveAttack(renamed(trial.samples, after, f"{done}, on {trial.classifier.name}"), waves, fooled, asked)


def universal_wave(
    trial: Trial,
    norm: Norm = "linf",
    eps: float = 10 / 255,
    phases: int = 2,
    within: int | None = None,
    stride: int = 1,
    batch: int | None = None,
) -> UniversalWave:
    """The one wave that changes the predicted class of most images of a trial, found by trying all of them.

    Frequencies are those of the centred square of odd side `within` (None: the whole plane) that are multiples of
    `stride`, each with `phases` phases over half a turn and both signs. What it does to other images is told by
    `wave_attack(held_out, found.wave)`.

    Raises ValueError for options out of range. Source: as `SingleWave`.
    """
    check_subject(trial, Trial, "universal_wave")
    tried = candidates(trial.samples.plane, norm, eps, phases, within, stride)
    counts = torch.zeros(len(tried), dtype=torch.int64)
    with torch.no_grad(), trial.classifier.evaluating():
        for images, _ in batches(trial, batch):
            clean = trial.classifier(images).argmax(1)
            for place, one in enumerate(tried):
                counts[place] += int((trial.classifier(_added(images, one)).argmax(1) != clean).sum())
    best = int(counts.numpy().argmax())  # the first, where several fool as many
    shares = counts.double() / len(trial.samples)
    return UniversalWave(tried[best], float(shares[best]), tuple(tried), shares)


def candidates(
    plane: Plane, norm: Norm, eps: float, phases: int, within: int | None = None, stride: int = 1
) -> list[SingleWave]:
    """All waves of a plane, one of each conjugate pair, with each phase and sign. Raises ValueError for no phase."""
    if phases < 1:
        raise ValueError(f"phases is a whole number from 1 on; {phases!r} came.")
    return [
        SingleWave(frequency, phase, sign, norm, eps)
        for frequency in plane.waves(within, stride)
        for phase in quadratures(plane, frequency, phases)
        for sign in (1, -1)
    ]


def _searched(trial: Trial, images: Tensor, tried: list[SingleWave]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Attacked images, which wave each got, whether it fooled, and the queries until then."""
    count, device = len(images), images.device
    chosen, asked = torch.zeros(2, count, dtype=torch.int64, device=device)
    lead, left = torch.full((count,), torch.inf, device=device), torch.arange(count, device=device)
    after = images.clone()
    with torch.no_grad(), trial.classifier.evaluating():
        clean = trial.classifier(images).argmax(1)
        for place, one in enumerate(tried):
            changed = _added(images[left], one)
            leads = leads_of(trial.classifier(changed), clean[left])
            better = leads < lead[left]
            after[left[better]], chosen[left[better]] = changed[better], place
            lead[left], asked[left] = torch.minimum(leads, lead[left]), place + 1
            left = left[leads >= 0]
            if not len(left):
                break
    return after.cpu(), chosen.cpu(), (lead < 0).cpu(), asked.cpu()


def _added(images: Tensor, one: SingleWave) -> Tensor:
    plane = Plane(*images.shape[-2:])
    return (images + one.pattern(plane).to(images.device)).clamp_(0, 1)
