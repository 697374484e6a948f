"""Heat maps that measure each frequency until its interval is narrow: fewer forward passes, bounds that still hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.partial_map import Array, Gathered, PartialMap, waves_of
from fourierscope.analyses.scores import score_named
from fourierscope.analyses.wave_set import Tile, balanced_signs
from fourierscope.results import sequential_rates
from fourierscope.runs import Measured, batches
from fourierscope.subjects import Trial

if TYPE_CHECKING:
    from fourierscope.analyses.heat_map import HeatMap

_LEAST = 64  # images of the first round


class Round(NamedTuple):
    """Waves first..last on the images of a round, of those that are drawn in order."""

    first: int
    last: int
    turn: int


class Clean(NamedTuple):
    """Images start..stop without a wave."""

    start: int
    stop: int


@dataclass(frozen=True)
class SequentialMap:
    """A heat map whose frequencies are measured in rounds, each on half as many images again, until they are settled.

    A round of all waves comes before the next, so that the map sharpens as it runs. The order of images is drawn once,
    and in each round each pattern of signs falls on equally many images; both are the same for all models compared.
    """

    question: HeatMap

    def check(self) -> None:
        """Raises ValueError where an option has no meaning."""
        question, precision = self.question, self.question.precision_of_rate
        if precision is None or not 0 < precision < 0.5:
            raise ValueError(
                f"precision_of_rate is half the width of an interval, above 0 and below 0.5; {precision} came."
            )
        if not score_named(question.score).binary or question.phases != 1:
            raise ValueError(
                "precision_of_rate needs answers that are right or wrong (error, topK or flips), in one phase: for "
                f"others no exact bounds are known here. score={question.score!r}, phases={question.phases} came."
            )

    def looks(self, trial: Trial) -> tuple[int, ...]:
        """The number of images after each round: half as many again, whole sets of the patterns of signs."""
        n, patterns = len(trial.samples), 2 ** min(trial.samples.channels, 8)
        most = waves_of(self.question).most_images(trial.samples.plane, n)
        found = [min(n, -(-_LEAST // patterns) * patterns)]
        while found[-1] < n:
            more = min(max(_LEAST // 2, found[-1] // 2), most)
            found.append(min(n, -(-(found[-1] + more) // patterns) * patterns))
        return tuple(found)

    def cells(self, trial: Trial) -> Iterator[NamedTuple]:
        n, plane, waves = len(trial.samples), trial.samples.plane, waves_of(self.question)
        if not score_named(self.question.score).compares:
            yield from (Clean(part.start, part.stop) for part in batches(n, 8 * waves.most_images(plane, n)))
        for turn in range(len(self.looks(trial))):
            yield from (Round(part.start, part.stop, turn) for part in waves.parts(plane))

    def follows(self, cell: NamedTuple) -> NamedTuple | None:
        return cell._replace(turn=cell.turn - 1) if isinstance(cell, Round) and cell.turn else None

    def measure(self, cell: NamedTuple, trial: Trial, before: tuple[Measured, ...]) -> Measured:
        """The answers (waves, n) of the waves that are still open, their places in the round's tile, the hits (tile,
        turns) so far, -1 where there are none, and which waves are open after it.
        """
        if isinstance(cell, Clean):
            return self.question.without_waves(trial, cell.start, cell.stop)
        assert isinstance(cell, Round)
        looks, size = self.looks(trial), cell.last - cell.first
        images = slice(looks[cell.turn - 1] if cell.turn else 0, looks[cell.turn])
        chosen = self._order(trial)[images]
        part, signs = Trial(trial.classifier, trial.samples.subset(chosen)), self._signs(trial)[images]
        places = np.flatnonzero(before[-1]["open"]) if before else np.arange(size)
        pieces = [
            self.question.answers(Tile(cell.first + run[0], cell.first + run[-1] + 1, 0, len(chosen)), part, signs)
            for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        ]
        scores, norms = (np.concatenate([piece[name] for piece in pieces])[:, 0] for name in ("scores", "norms"))
        so_far = before[-1]["hits"] if before else np.empty((size, 0), dtype=np.int64)
        now = np.full(size, -1)
        now[places] = scores.sum(-1) + (so_far[places, -1] if before else 0)
        hits = np.concatenate([so_far, now[:, None]], axis=1)
        return {"scores": scores, "norms": norms, "places": places, "hits": hits, "open": self._open(hits, looks)}

    def assemble(self, measured: Mapping[NamedTuple, Measured], trial: Trial) -> Mapping[str, xr.DataArray]:
        looks, order = self.looks(trial), self._order(trial).numpy()
        waves = len(waves_of(self.question).frequencies(trial.samples.plane))
        found = Gathered.empty(waves, 1, len(trial.samples), bool)
        hits = np.full((waves, len(looks)), -1)
        for cell, piece in measured.items():
            if isinstance(cell, Clean):
                found = found.with_clean(piece, cell.start, cell.stop)
                continue
            assert isinstance(cell, Round)
            rows, images = (
                cell.first + piece["places"],
                order[looks[cell.turn - 1] if cell.turn else 0 : looks[cell.turn]],
            )
            found.scores[rows[:, None], 0, images] = piece["scores"]
            found.seen[rows[:, None], images] = True
            found.norms[rows] += piece["norms"]
            hits[rows, cell.turn] = piece["hits"][piece["places"], cell.turn]
        return PartialMap(self.question, trial).assembled(found, sequential_rates(hits, looks), looks)

    def _open(self, hits: Array, looks: tuple[int, ...]) -> Array:
        """Which waves have an interval that is still too wide, after hits (waves, turns) at the first looks."""
        assert self.question.precision_of_rate is not None
        later = np.full((len(hits), len(looks) - hits.shape[1]), -1)
        bounds = sequential_rates(np.concatenate([hits, later], axis=1), looks)
        wide: Array = (bounds.high - bounds.low) / 2 > self.question.precision_of_rate
        return wide & (hits[:, -1] >= 0)

    def _order(self, trial: Trial) -> Tensor:
        return torch.randperm(len(trial.samples), generator=self.question.chance(purpose="order"))

    def _signs(self, trial: Trial) -> Tensor:
        """A sign per image, in the order drawn, and channel (n, c): balanced within each round."""
        chance, sizes = self.question.chance(purpose="signs"), np.diff(self.looks(trial), prepend=0)
        return torch.cat([balanced_signs(int(size), trial.samples.channels, chance) for size in sizes])
