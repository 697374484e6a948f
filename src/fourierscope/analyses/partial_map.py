"""Heat maps of which not every frequency was measured on every image: after a failure, a kill, or a stop in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.analyses.scores import Score, score_named
from fourierscope.analyses.wave_set import Tile, WaveSet
from fourierscope.results import Axes, Estimate, look_shares, partial, partial_means, partial_shares
from fourierscope.runs import Measured
from fourierscope.subjects import Trial

if TYPE_CHECKING:
    from fourierscope.analyses.heat_map import HeatMap

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Gathered:
    """What was measured, put together: scores (waves, phases, n) where they were seen (waves, n), the summed norms
    after clipping (waves,), and the scores without a wave (n,) where those were seen (n,).
    """

    scores: Array
    seen: Array
    norms: Array
    clean: Array
    clean_seen: Array

    @property
    def effective_norm(self) -> Array:
        """Mean over images and phases of the norm left after clipping (waves,); NaN without an image."""
        count = self.seen.sum(-1)
        found: Array = (self.norms / np.where(count > 0, count, np.nan)).astype(np.float32)
        return found

    @classmethod
    def empty(cls, waves: int, phases: int, n: int, kind: Any) -> Gathered:
        return cls(
            np.zeros((waves, phases, n), kind),
            np.zeros((waves, n), bool),
            np.zeros(waves),
            np.zeros(n, kind),
            np.zeros(n, bool),
        )

    def with_clean(self, piece: Measured, start: int, stop: int) -> Gathered:
        """With the scores without a wave of images start..stop."""
        clean = self.clean.astype(piece["clean"].dtype)
        clean[start:stop], self.clean_seen[start:stop] = piece["clean"], True
        return replace(self, clean=clean)


def gathered(measured: Mapping[Tile, Measured], waves: int, phases: int, n: int, kind: type | None = None) -> Gathered:
    """All tiles put together, scores as they came or in another kind.

    Raises ValueError where one has not the shape of its tile.
    """
    found = Gathered.empty(waves, phases, n, kind or next(iter(measured.values()))["scores"].dtype)
    for tile, piece in measured.items():
        if piece["scores"].shape != (tile.last - tile.first, phases, tile.stop - tile.start):
            raise ValueError(
                f"{tile} holds scores of shape {piece['scores'].shape}: the store is damaged. Begin a new one."
            )
        found.scores[tile.first : tile.last, :, tile.start : tile.stop] = piece["scores"]
        found.seen[tile.first : tile.last, tile.start : tile.stop] = True
        found.norms[tile.first : tile.last] += piece["norms"].mean(1)
        if "clean" in piece:
            found = found.with_clean(piece, tile.start, tile.stop)
    return found


def waves_of(question: HeatMap) -> WaveSet:
    """The waves that a heat map puts on images."""
    return WaveSet(question.norm, question.crop, question.stride, question.phases, question.clip)


@dataclass(frozen=True)
class PartialMap:
    """What a heat map says of a trial, where its frequencies have counts of their own."""

    question: HeatMap
    trial: Trial

    def assembled(
        self, found: Gathered, sequential: Estimate | None = None, looks: tuple[int, ...] = ()
    ) -> dict[str, xr.DataArray]:
        """The result's values. `sequential` are the rates (waves,) with bounds that hold at all `looks` at once."""
        question, score, plane = self.question, score_named(self.question.score), self.trial.samples.plane
        axes, seen = waves_of(question).axes(plane), found.seen
        outcomes = found.scores[:, 0] if question.phases == 1 else found.scores.mean(1, dtype=np.float32)
        says = f"{score.says} under a wave of L2 norm {question.norm:g} in each channel."
        estimate = sequential or (partial_shares if score.binary else partial_means)(outcomes, seen)
        told = f"{says} {_told(axes, seen)}"
        values = partial(score.name, outcomes, seen, estimate, axes, score.unit, told)
        values |= self._rings(score, outcomes, seen, says, looks) | self._clean(score, found)
        if question.phases > 1:
            values |= self._phases(score, found, axes)
        if looks:
            says = "Numbers of images after which the bounds of a frequency were looked at."
            values["looks"] = xr.DataArray(np.array(looks), dims="look", attrs={"units": "images", "says": says})
            for name in (score.name, f"{score.name}_ring"):
                values[name].attrs["looks"] = "looks"
        values["effective_norm"] = axes.array(
            found.effective_norm,
            "L2 per channel",
            f"Mean L2 norm per channel left of {question.norm:g} after clipping.",
        )
        effect = estimate.value * score.worse
        return values | (question.pictures(effect, self.trial) if np.isfinite(effect).any() else {})

    def _rings(
        self, score: Score, outcomes: Array, seen: Array, says: str, looks: tuple[int, ...]
    ) -> dict[str, xr.DataArray]:
        """The mean over the frequencies of a ring that were measured, on the images that all of these have."""
        radii, weight = waves_of(self.question).rings(self.trial.samples.plane)
        weight = weight * seen.any(-1)
        with np.errstate(invalid="ignore"):
            weight = np.nan_to_num(weight / weight.sum(-1, keepdims=True))
        both = np.stack([seen[one > 0].all(0) if (one > 0).any() else np.zeros_like(seen[0]) for one in weight])
        means = (weight @ outcomes).astype(np.float32)
        if score.binary:
            spent = _spent(both.sum(-1), looks) if looks else 1.0
            estimate = partial_shares(means, both, spent)
        else:
            estimate = partial_means(means, both)
        axes = Axes({"radius": radii}, {"radius": "cycles/image"})
        told = f"Mean over the frequencies of this radius that were measured, on the images that all have: {says}"
        return partial(f"{score.name}_ring", means, both, estimate, axes, score.unit, told)

    def _clean(self, score: Score, found: Gathered) -> dict[str, xr.DataArray]:
        if score.compares and score.layer is None:
            return {}
        estimate = (partial_shares if score.binary else partial_means)(found.clean, found.clean_seen)
        says = f"{score.says}, without a wave."
        if score.layer is not None:
            says = f"Mean L2 norm of the clean activations of {score.layer}."
        return partial(f"clean_{score.name}", found.clean, found.clean_seen, estimate, Axes({}), score.unit, says)

    def _phases(self, score: Score, found: Gathered, axes: Axes) -> dict[str, xr.DataArray]:
        scores = np.where(found.seen[:, None], found.scores, 0).sum(-1, dtype=np.float64)
        count = found.seen.sum(-1)
        means = scores / np.where(count > 0, count, np.nan)[:, None]
        worst, spread = (means * score.worse).max(1) * score.worse, np.ptp(means, axis=1)
        phases, name = self.question.phases, score.name
        return {
            f"{name}_worst": axes.array(worst, score.unit, f"{score.says} in the worst of {phases} phases."),
            f"{name}_spread": axes.array(spread, score.unit, f"Range over the phases of: {score.says}."),
        }


def _told(axes: Axes, seen: Array) -> str:
    """How many images the cells of a map have, in a sentence or two."""
    count = axes.array(seen.sum(-1), "images", "").values
    lacking, measured = int((count == 0).sum()), count[count > 0]
    parts = [f"{lacking} of {count.size} cells were not measured and are hatched."] if lacking else []
    if measured.size and measured.min() < seen.shape[-1]:
        parts.append(
            f"The {'others' if lacking else 'cells'} were measured on {measured.min()} to {measured.max()} of "
            f"{seen.shape[-1]} images, {seen.mean():.1%} of all answers.".replace("%", " %")
        )
    return " ".join(parts)


def _spent(count: Array, looks: tuple[int, ...]) -> Array:
    """The share of the 5 % that is spent at the look of so many images."""
    shares: Array = look_shares(looks)[np.searchsorted(looks, count).clip(0, len(looks) - 1)]
    return shares
