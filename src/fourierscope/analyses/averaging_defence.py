"""A report card of a test-time average: what it claims on smallest changes, and what attacks that know of it leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.analyses.defence_attacks import (
    CE,
    CLEAN,
    DLR,
    FULL,
    LEAST_VOTES,
    SQUARE,
    TRANSFERRED,
    WORST,
    Budget,
    Defence,
    adaptive,
    certified,
    reach,
    swept,
    transferred,
)
from fourierscope.analyses.robustness import block_of
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, count, estimated, mean_size, paired_rates, rate, share
from fourierscope.results.intervals import Estimate, size_interval
from fourierscope.runs import LATER, Analysis, Measured, batches, check_kinds, is_whole
from fourierscope.subjects import Trial
from fourierscope.theory.averaging import sample_count
from fourierscope.treatments.attacks.attacked import check_felt
from fourierscope.treatments.averaging import Drawing, SoftVote, Units

Array = npt.NDArray[Any]
_PIECE = 20  # images of a cell: minutes, for each attack asks the network 91 times a step
_NOISE = "noise"
_STRONG = 64 / 255  # leaves nothing of a classifier whose gradients tell the truth


class Tried(NamedTuple):
    """One test, at an eps where it is swept, on images start..stop."""

    test: str
    eps: float
    start: int
    stop: int


@dataclass(frozen=True)
class AveragingDefence(Analysis[Trial]):
    """What averaging over points around the input (`treatments.post_average`) is worth: claimed, and under attack.

    Over ("test",): `undefended`, the accuracy of the classifier itself; `averaged`, that of the averaged one, whose
    directions follow from each image; and `redrawn`, averaged over fresh draws of directions, of the same images. The
    tests are clean images; the smallest changes that fool the undefended classifier, on which such defences were
    claimed; full changes of `eps` made for it; and attacks through the average: APGD on two losses, with gradients
    through all points, and Square, without any. All climb what the vote answers: of networks whose logits are huge
    (1e5), attacks through the mean logits took up to a tenth more images from a softmax vote. The last row has the
    worst answer of each image over the attacks of full size; redrawn, its least share of right draws. Changes are in
    the L-infinity ball of `eps`, on [0, 1] pixels.

    `overclaimed` is averaged accuracy on smallest changes less that on the last row, with its paired interval;
    `swept`, over ("eps",), the averaged accuracy under APGD-CE: where it does not fall, or not to 0 at 64/255, the
    attack is at fault. `without_gradient` counts images on which an attack found none to climb. `certified_radius` is
    the L2 radius in pixels that Gaussian smoothing as wide as the ball proves (Cohen et al. 2019, alpha = .001), mean
    over images, with 0 for wrong ones; `reach` is the L2 length of the longest change of the budget. `told`, an
    attribute of `averaged`, has the budget and a verdict in words. `smallest_change` is the mean size of the smallest
    changes over the images that the undefended classifier has right and full changes fool, and left out where these
    are none.

    Source: Lin et al. (2019), section 4, for the claim; Tramer et al. (2020) and Croce and Hein (2020) for how to
    attack. The protocol is ours.
    """

    radius: float = 6.0
    """Of the average, L2, above 0, in `units`; 6 is what was published for CIFAR-10, 30 for ImageNet."""
    directions: int = 15
    """Directions a point; there are 6 times as many points, and the image itself."""
    drawing: Drawing = "random"
    """random, fixed or approx."""
    units: Units = "normalised"
    """normalised: of images as the network sees them; pixel: of images in [0, 1]."""
    vote: SoftVote = "softmax"
    """softmax or logit."""
    eps: float = 8 / 255
    """The budget of all attacks, L-infinity."""
    steps: int = 20
    """Steps of APGD."""
    queries: int = 100
    """Queries of Square."""
    redraws: int = 10
    """Fresh draws of directions, for the random drawing."""
    noise: int = 100
    """Noisy copies that vote on a certificate; fewer than 10 could certify nothing."""
    sweep: tuple[float, ...] = (2 / 255, _STRONG)
    """Other budgets at which the attack is tried."""
    seed: int = 0
    """Seed of directions, starts and squares."""
    layer: str = field(default="", metadata=LATER)
    """Whose hyperplanes approx goes to, by name; empty: the last linear layer."""

    def __post_init__(self) -> None:
        check_kinds(self)
        self._defence.check()
        if self.vote not in ("softmax", "logit"):
            raise ValueError(f"vote is softmax or logit, which have gradients; {self.vote!r} came.")
        for name, least in {"steps": 1, "queries": 1, "redraws": 1, "noise": LEAST_VOTES}.items():
            value = getattr(self, name)
            if not is_whole(value, least):
                raise ValueError(f"{name} is a whole number from {least} on; {value!r} came.")
        if self.layer and self.drawing != "approx":
            raise ValueError(f'A layer goes with drawing="approx"; {self.drawing!r} came with {self.layer!r}.')
        if any(not isfinite(one) or not 0 < one <= 1 for one in (self.eps, *self.sweep)):
            raise ValueError(f"eps and sweep lie above 0 and up to 1, on [0, 1] pixels; {self.eps}, {self.sweep} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        self._defence.of(trial.classifier)
        for part in batches(len(trial.samples), _PIECE):
            yield from (
                Tried(test, self.eps, part.start, part.stop) for test in (CLEAN, *self._adaptive(trial), _NOISE)
            )
            yield from (Tried(CE, eps, part.start, part.stop) for eps in self._swept())

    def measure(self, cell: Tried, trial: Trial, /) -> Measured:
        some = Trial(trial.classifier, block_of(trial.samples, cell.start, cell.stop))
        defence, budget = self._defence, Budget(self.eps, self.steps, self.queries, self.seed)
        if cell.test == CLEAN:
            return transferred(some, defence, budget)
        if cell.test == _NOISE:
            return certified(some, defence, self.noise)
        if cell.eps != self.eps:
            return swept(some, defence, budget, cell.eps)
        return adaptive(some, defence, budget, cell.test)

    def assemble(self, measured: Mapping[Tried, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        held = _Joined(measured, self.eps)
        tests = self._adaptive(trial)
        rows = {name: self._rows(held, name, tests) for name in ("bare", "averaged", "redrawn")}
        axes = Axes({"test": np.array([*TRANSFERRED, *tests, WORST])})
        budget = f"L-infinity changes of {self.eps:.4g}, APGD of {self.steps} steps, Square of {self.queries} queries"
        found = rate("averaged", rows["averaged"], axes, f"Share of images the average has right; {budget}.")
        found |= rate("undefended", rows["bare"], axes, f"Share of images right without the average; {budget}.")
        says = f"Share of fresh draws of directions that are right, {self._draws} an image; {budget}."
        found |= share("redrawn", rows["redrawn"], axes, says)
        claim, worst = rows["averaged"][1], rows["averaged"][-1]
        gap = paired_rates(claim, worst)
        says = (
            "Averaged accuracy on smallest changes less that under the worst attack of full size, on the same images."
        )
        found |= estimated("overclaimed", Estimate(*gap[:3]), Axes({}), "1", says)
        found |= self._sweep(held, rows["averaged"])
        found |= self._certificates(held, trial)
        felt = np.stack([held.joined(test, "felt") for test in tests if test != SQUARE])
        bare = [held.joined(CLEAN, "felt")] if held.has(CLEAN, "felt") else []  # stores made before kept none
        for one in (*bare, *felt):
            check_felt(torch.from_numpy(one), trial.classifier.name)
        says = "Images on which APGD through the average found no gradient: being right there says nothing."
        found["without_gradient"] = Axes({}).array(np.array(int((~felt.any(0)).sum())), "images", says)
        sizes = held.joined(CLEAN, "size")[_fooled(rows["bare"])]
        if len(sizes):
            says = "Mean L-infinity size of the smallest changes that fool the undefended classifier, where they do."
            found |= estimated("smallest_change", size_interval(sizes), Axes({}), "pixel", says)
            found["smallest_change"].attrs["counts"] = "smallest_change_counts"
            says = "Images that full changes fool the undefended classifier on."
            found["smallest_change_counts"] = Axes({}).array(np.array(len(sizes)), "images", says)
        found["averaged"].attrs["told"] = "\n".join(self._told(found, trial))
        return found | count(len(trial.samples))

    def _rows(self, held: _Joined, name: str, tests: list[str]) -> Array:
        """What a classifier gave (tests, n), the worst of attacks of full size last."""
        one = np.concatenate([held.joined(test, name) for test in (CLEAN, *tests)])
        return np.concatenate([one, one[len(TRANSFERRED) - 1 :].min(0, keepdims=True)])

    def _sweep(self, held: _Joined, averaged: Array) -> dict[str, xr.DataArray]:
        known = {0.0: averaged[0], self.eps: averaged[len(TRANSFERRED)]}
        known |= {eps: held.joined(CE, "averaged", eps) for eps in self._swept()}
        axes = Axes({"eps": np.array(sorted(known))}, {"eps": "pixel"})
        says = f"Share of images the average has right under APGD-CE through it, {self.steps} steps, by its eps."
        return rate("swept", np.stack([known[eps] for eps in sorted(known)]), axes, says)

    def _certificates(self, held: _Joined, trial: Trial) -> dict[str, xr.DataArray]:
        sigma = self._defence.sigma(trial.samples)
        says = f"Certified L2 radius of Gaussian smoothing of deviation {sigma:.4g} ({self.units}), {self.noise} votes."
        found = mean_size("certified_radius", held.joined(_NOISE, "radius"), Axes({}), "L2", says)
        longest = np.array(reach(trial.samples, self.eps))
        return found | {"reach": Axes({}).array(longest, "L2", "L2 length of the longest change of the budget.")}

    def _told(self, found: Mapping[str, xr.DataArray], trial: Trial) -> list[str]:
        averaged, undefended = found["averaged"].values, found["undefended"].values
        points = sample_count(self.directions)
        low, high = float(found["overclaimed_low"]), float(found["overclaimed_high"])
        if undefended[0] == 0:
            verdict = "none, for the undefended classifier has no image right: check labels and normalisation"
        elif "smallest_change" not in found:
            verdict = "none, for full changes fooled the undefended classifier on no image: take more steps or eps"
        elif low > 0:
            verdict = "the claim does not survive attacks that know of the average"
        elif high < 0.05:
            verdict = "these attacks take no more than the smallest changes do"
        else:
            verdict = "too few images to tell"
        return [
            f"Budget: L-infinity {self.eps:.4g}, APGD from one random start by each loss ({self.steps} steps), Square "
            f"(queries: {self.queries}), {points} points, {len(trial.samples)} images.",
            f"Claimed on smallest changes: {averaged[1]:.3f}. Under the worst attack of full size: {averaged[-1]:.3f}; "
            f"undefended {undefended[-1]:.3f}, so that the average gains {averaged[-1] - undefended[-1]:+.3f}.",
            f"Verdict: {verdict} (overclaimed by {float(found['overclaimed']):.3f}, {low:.3f} to {high:.3f}).",
            _sanity(found["swept"]),
        ]

    def _adaptive(self, trial: Trial) -> list[str]:
        """The attacks through the average: the ratio of logits takes three classes."""
        with torch.no_grad():
            classes = trial.classifier(trial.samples.batch(0, 1)).shape[1]
        return [CE, DLR, SQUARE] if classes > 2 else [CE, SQUARE]

    def _swept(self) -> list[float]:
        return sorted({float(one) for one in self.sweep} - {self.eps})

    @property
    def _draws(self) -> int:
        return self.redraws if self.drawing == "random" else 1

    @property
    def _defence(self) -> Defence:
        how = self.drawing, self.units, self.vote
        return Defence(self.radius, self.directions, *how, self.redraws, self.seed, self.layer or None)


def _fooled(bare: Array) -> Array:
    """Which images (n,) the undefended classifier has right as they are, and not after full changes."""
    fooled: Array = bare[TRANSFERRED.index(CLEAN)] & ~bare[TRANSFERRED.index(FULL)]
    return fooled


def _sanity(swept: xr.DataArray) -> str:
    """Whether the attack does what one must that tells the truth, in a sentence."""
    falls = bool((np.diff(swept.values) <= 0).all())
    told = "The accuracy never rises with eps" if falls else "The accuracy rises with eps somewhere: do not trust it"
    strongest, left = float(swept["eps"][-1]), float(swept.values[-1])
    if strongest < _STRONG:
        return f"{told}; no eps from {_STRONG:.3g} on was tried, where nothing may be left."
    trust = "as it must" if left == 0 else "more than an attack may leave that is to be trusted"
    return f"{told}; at eps {strongest:.3g} it is {left:.3g}, {trust}."


class _Joined:
    """Pieces of images put together, in their order."""

    def __init__(self, measured: Mapping[Tried, Measured], eps: float) -> None:
        self._measured, self._eps = measured, eps

    def joined(self, test: str, name: str, eps: float | None = None) -> Array:
        """What a test gave, (..., n)."""
        return np.concatenate([piece[name] for piece in self._pieces(test, eps)], axis=-1)

    def has(self, test: str, name: str) -> bool:
        """Whether all pieces of a test hold something."""
        return all(name in piece for piece in self._pieces(test, None))

    def _pieces(self, test: str, eps: float | None) -> list[Measured]:
        wanted = (test, self._eps if eps is None else eps)
        return [piece for cell, piece in self._measured.items() if (cell.test, cell.eps) == wanted]
