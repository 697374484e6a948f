"""A control of the report card of an average: do other attacks, that cost more, leave less than those of the card?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.analyses.defence_attacks import (
    AUTO,
    AUTO_RAND,
    CE,
    CE_LOOKS,
    DLR,
    DLR_LOOKS,
    Budget,
    Defence,
    controlled,
)
from fourierscope.analyses.robustness import block_of
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.fourier.kinds import number_of
from fourierscope.results import Axes, count, estimated, paired_rates, rate, share
from fourierscope.results.intervals import Estimate
from fourierscope.runs import Analysis, Measured, batches, check_kinds, is_whole
from fourierscope.subjects import Trial
from fourierscope.theory.averaging import sample_count
from fourierscope.treatments.attacks.attacked import check_felt
from fourierscope.treatments.averaging import SoftVote, Units

Array = npt.NDArray[Any]
Control = Literal["expectation", "auto-attack"]
OURS, THEIRS = "worst of APGD", "worst of the control"
FIXED, FRESH = "averaged", "mostly"
_PIECE = 5  # images of a cell: some minutes of 91 points, of several looks, a step
_LOOKS = 4
_TARGETS = 10  # classes; AutoAttack aims at nine others


class Against(NamedTuple):
    """One attack on images start..stop."""

    test: str
    start: int
    stop: int


@dataclass(frozen=True)
class AveragingControl(Analysis[Trial]):
    """Whether attacks that cost more leave less of an average than APGD does, by which `AveragingDefence` judges it.

    The average has random directions. Ours are APGD-CE and APGD-DLR through the average whose directions follow from
    each image. `control` "expectation" sets beside them the same by the mean of several `looks` at each point, each by
    directions of its own: the first by those of ours, so that one look is ours again. "auto-attack" sets beside them
    AutoAttack of its authors, "standard" through the same average, and "rand" through one that draws anew each time;
    it asks many times as often, so take few directions, and needs the extra `attacks`.

    Over ("test",): the two of ours, the worst of these, the two of the control, their worst. `averaged` is the share of
    images right by the directions that follow from the image; `redrawn` by fresh draws, of the same images, that no
    attack saw; `mostly` the share right by more than half of these. A worst row has the worst answer for each image: of
    fresh draws, the least mean. `weaker` over ("answer",) is what ours leave less what the control leaves, paired, of
    `averaged` and of `mostly`: above 0, ours are too weak. Points that were chosen where the directions of ours err
    may be right by others, so that several looks and "rand" are judged by `mostly`. Changes are in the L-infinity ball
    of `eps`, on [0, 1] pixels. `told`, an attribute of `averaged`, has it in words.

    Raises ImportError where AutoAttack is to be asked and pyautoattack is not installed; ValueError for less than ten
    classes, at nine of which it aims, and where no image had a gradient.

    Source: Athalye et al. (2018) for the mean of looks; Croce and Hein (2020) for AutoAttack. The protocol is ours:
    answers of one draw, which choose the points, do not judge them.
    """

    radius: float = 6.0
    """Of the average, L2, above 0, in `units`."""
    directions: int = 15
    """Directions a point; there are 6 times as many points, and the image itself."""
    control: Control = "expectation"
    """expectation or auto-attack."""
    looks: int | None = None
    """Of the expectation; empty: 4. AutoAttack has its own."""
    units: Units = "normalised"
    """normalised: of images as the network sees them; pixel: of images in [0, 1]."""
    vote: SoftVote = "softmax"
    """softmax or logit."""
    eps: float = 8 / 255
    """The budget of all attacks, L-infinity."""
    steps: int = 20
    """Steps of APGD; AutoAttack has its own 100."""
    redraws: int = 10
    """Fresh draws of directions."""
    seed: int = 0
    """Seed of directions and starts."""

    def __post_init__(self) -> None:
        check_kinds(self)
        self._defence.check()
        if self.control not in get_args(Control) or self.vote not in ("softmax", "logit"):
            known = "control is expectation or auto-attack, vote softmax or logit"
            raise ValueError(f"{known}; control={self.control!r}, vote={self.vote!r} came.")
        if self.control == "auto-attack" and self.looks is not None:
            raise ValueError(f"AutoAttack has its own 20 looks: leave looks empty; {self.looks!r} came.")
        if self.control == "expectation" and self.looks is None:  # so that the record tells what was done
            object.__setattr__(self, "looks", _LOOKS)
        for name in ("looks", "steps", "redraws"):
            value = getattr(self, name)
            if value is not None and not is_whole(value, 1):
                raise ValueError(f"{name} is a whole number from 1 on; {value!r} came.")
        if not isfinite(self.eps) or not 0 < self.eps <= 1:
            raise ValueError(f"eps lies above 0 and up to 1, on [0, 1] pixels; {self.eps} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        self._defence.of(trial.classifier)
        classes = _classes(trial)
        if self.control == "auto-attack" and classes < _TARGETS:
            raise ValueError(
                f"AutoAttack aims at nine other classes; {trial.classifier.name} has {classes} in all: "
                'take control="expectation".'
            )
        ours, theirs = self._tests(trial)
        for test in (*theirs, *ours):  # theirs first: where their library is lacking, nothing is done in vain
            for part in batches(len(trial.samples), _PIECE):
                yield Against(test, part.start, part.stop)

    def measure(self, cell: Against, trial: Trial, /) -> Measured:
        some = Trial(trial.classifier, block_of(trial.samples, cell.start, cell.stop))
        budget = Budget(self.eps, self.steps, 0, self.seed)  # Square is not asked
        return controlled(some, self._defence, budget, cell.test, self.looks or 1)

    def assemble(self, measured: Mapping[Against, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        ours, theirs = self._tests(trial)
        for test in (*ours, *theirs):
            check_felt(torch.from_numpy(_joined(measured, test, "felt")), trial.classifier.name)
        axes = Axes({"test": np.array([*ours, OURS, *theirs, THEIRS])})
        rows = {
            name: np.concatenate([_with_worst(measured, some, name) for some in (ours, theirs)])
            for name in ("averaged", "redrawn")
        }
        rows[FRESH] = rows["redrawn"] > 0.5
        found = rate("averaged", rows["averaged"], axes, f"Share of images the average has right; {self._budget}.")
        says = f"Share of fresh draws of directions that are right, {self.redraws} an image; {self._budget}."
        found |= share("redrawn", rows["redrawn"], axes, says)
        says = f"Share of images right by more than half of {self.redraws} fresh draws; {self._budget}."
        found |= rate(FRESH, rows[FRESH], axes, says)
        apart = [paired_rates(rows[name][len(ours)], rows[name][-1]) for name in (FIXED, FRESH)]
        estimate = Estimate(*(np.array([one[place] for one in apart]) for place in range(3)))
        says = "What the worst of APGD leaves less what the worst of the control leaves, on the same images."
        found |= estimated("weaker", estimate, Axes({"answer": np.array([FIXED, FRESH])}), "1", says)
        found["averaged"].attrs["told"] = "\n".join(self._told(found, len(trial.samples)))
        return found | count(len(trial.samples))

    def _told(self, found: Mapping[str, xr.DataArray], n: int) -> Iterable[str]:
        yield f"Control by {self._budget}, on {n} images."
        for answer, by in ((FIXED, "the directions of each image"), (FRESH, "most fresh draws")):
            ours, theirs = (float(found[answer].sel(test=test)) for test in (OURS, THEIRS))
            more, low, high = (
                float(found[name].sel(answer=answer)) for name in ("weaker", "weaker_low", "weaker_high")
            )
            yield (
                f"Right by {by}: {ours:.3f} after APGD by one look, {theirs:.3f} after the control; "
                f"{more:+.3f} ({low:.3f} to {high:.3f}): {_verdict(more, low)}."
            )

    def _tests(self, trial: Trial) -> tuple[list[str], list[str]]:
        """Our attacks and those of the control: the ratio of logits takes three classes."""
        some = slice(0, 2 if _classes(trial) > 2 else 1)
        theirs = [CE_LOOKS, DLR_LOOKS][some] if self.control == "expectation" else [AUTO, AUTO_RAND]
        return [CE, DLR][some], theirs

    @property
    def _budget(self) -> str:
        by = f"APGD by {self.looks} looks" if self.looks else "AutoAttack beside APGD"
        points = sample_count(self.directions)
        return f"{by}, L-infinity changes of {self.eps:.4g}, {number_of(self.steps, 'step')} of APGD, {points} points"

    @property
    def _defence(self) -> Defence:
        return Defence(self.radius, self.directions, "random", self.units, self.vote, self.redraws, self.seed)


def _verdict(more: float, low: float) -> str:
    if low > 0:
        return "APGD by one look is too weak, and what it leaves is no defence"
    return "the control takes no more, as far as so many images tell" if more <= 0 else "too few images to tell"


def _classes(trial: Trial) -> int:
    with torch.no_grad():
        return trial.classifier(trial.samples.batch(0, 1)).shape[1]


def _joined(measured: Mapping[Against, Measured], test: str, name: str) -> Array:
    """What a test gave (n,), pieces of images in their order."""
    return np.concatenate([piece[name] for cell, piece in measured.items() if cell.test == test])


def _with_worst(measured: Mapping[Against, Measured], tests: list[str], name: str) -> Array:
    """What some tests gave, and the worst of it for each image (tests + 1, n)."""
    rows = np.stack([_joined(measured, test, name) for test in tests])
    return np.concatenate([rows, rows.min(0, keepdims=True)])
