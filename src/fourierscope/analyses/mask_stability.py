"""Does the least mask of an image depend on where the way to it starts?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.analyses.mask import Block, Mask
from fourierscope.analyses.masks.controls import cosines, overlaps
from fourierscope.analyses.masks.fidelity import Fidelity
from fourierscope.analyses.masks.objective import ImageObjective
from fourierscope.analyses.masks.search import Shakes, searched
from fourierscope.analyses.masks.solver import STEPS, means
from fourierscope.analyses.masks.starts import Start, started
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import Axes, bounded, count, mean, median_interval, rate
from fourierscope.runs import Analysis, Measured, batch_size, check_kinds, is_whole
from fourierscope.subjects import Trial
from fourierscope.treatments.infills import Infill, Origin

Array = npt.NDArray[Any]

_SUPPORT = 1e-8  # gains above this belong to a mask
_LEAST = 0.01  # of the price of the whole plane: gaps over less than this would be told as endless


class Begun(NamedTuple):
    """Masks of the images first..last from one start."""

    start: str
    first: int
    last: int


@dataclass(frozen=True)
class MaskStability(Analysis[Trial]):
    """How far the least masks of the same images differ that start at all gains 1, at 1/2, and by chance.

    Over ("start",), for each start: `objective_gap` (how far the objective ends above that of the image's best start,
    over it, or over a hundredth of the sparsity where that is more; mean, and `median_gap`), `mean_size`, `kept_share`,
    `certified`, `spent_share` (stopped at the step limit), `mean_steps`. Over ("pair",), for each two starts: `cosine`
    of an image's two masks, and `overlap`, the frequencies in both over those in either; the last word is for two
    images from one start: what masks have in common anyway. `size_spread` is an image's largest size less the smallest.

    Where the loss is convex in the gains, all starts end at one mask. Source: Karantzas et al. (2022), section 2.1, who
    tell that their masks are stable over runs.
    """

    sparsity: float = 0.07
    """The price of the whole plane."""
    fidelity: Fidelity = "cross-entropy"
    """cross-entropy, squared-difference, divergence, or margin, to the own prediction, as `Mask` has it."""
    infill: Infill = "zero"
    """zero, random-phase, scrambled, other-image: what stands in the place of removed frequencies."""
    origin: Origin = "mean"
    """mean or black: what zero stands for."""
    randoms: int = 1
    """Starts by chance, beside those at 1 and at 1/2."""
    steps: int = STEPS
    """Most steps of a mask."""
    tolerance: float = 0.05
    """The certificate at which a mask is done."""
    seed: int = 0
    """Seed of the infills and of random starts."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if not is_whole(self.randoms, 0):
            raise ValueError(f"randoms is a whole number from 0 on; {self.randoms!r} came.")
        _ = self._mask  # whose doors are these options' too

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        for block in self._mask.cells(trial):
            assert isinstance(block, Block)
            for start in self._starts:
                yield Begun(start, block.start, block.stop)

    def measure(self, cell: Begun, trial: Trial, /) -> Measured:
        asked, places = self._mask.asked(trial), torch.arange(cell.first, cell.last)
        objective, device = ImageObjective(asked, places), trial.classifier.device
        start = started(self._starts[cell.start], (len(places), *asked.gains), self.chance(cell, "start")).to(device)
        width = batch_size(trial.samples.plane, device)
        shakes = Shakes.of(asked.gains, int(self.steps), self.chance(purpose=f"shakes {cell.start}"))
        masks = searched(objective, self._mask.penalty, start, width, self._mask.stop, shakes)
        names = ("gains", "objective", "kept", "certificate", "steps", "spent")
        found = {name: getattr(masks, name) for name in names} | {"size": means(masks.gains, objective.bins)}
        return {name: one.cpu().numpy() for name, one in found.items()}

    def assemble(self, measured: Mapping[Begun, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        whole = {name: self._stacked(measured, name) for name in next(iter(measured.values()))}
        axes, n = Axes({"start": np.array(list(self._starts))}), len(trial.samples)
        sizes, gap = whole["size"], gaps(whole["objective"], self.sparsity)
        least = f"{_LEAST * self.sparsity:g}"
        says = f"how far the objective ends above that of the image's best start, over it or, if more, {least}."
        found = mean("objective_gap", gap, axes, "1", f"Mean gap: {says}")
        found |= bounded("median_gap", median_interval(gap), axes, "1", f"Median gap: {says}", n)
        found |= mean("mean_size", sizes, axes, "1", "Mean size of the masks: the gain over the plane.")
        says = "Mean over images of the largest size of their masks less the smallest."
        found |= mean("size_spread", np.ptp(sizes, axis=0), Axes({}), "1", says)
        found |= _likeness(whole["gains"], list(self._starts), Pairs(trial.samples.plane))
        found |= rate("kept_share", whole["kept"] == 1, axes, "Share of images whose prediction is kept.")
        says = f"Share of masks whose certificate is at most {self.tolerance:g}."
        found |= rate("certified", whole["certificate"] <= self.tolerance, axes, says)
        says = "Share of masks that stopped at the step limit, neither certified nor at rest."
        found |= rate("spent_share", whole["spent"], axes, says)
        return found | mean("mean_steps", whole["steps"], axes, "evaluations", "Mean number of evaluations.") | count(n)

    @property
    def _mask(self) -> Mask:
        """The question whose masks these are."""
        return Mask(
            sparsity=self.sparsity, fidelity=self.fidelity, infill=self.infill, origin=self.origin, steps=self.steps,
            tolerance=self.tolerance, seed=self.seed,
        )  # fmt: skip

    @property
    def _starts(self) -> dict[str, Start]:
        """Every start by its word."""
        found: dict[str, Start] = {"ones": "ones", "half": "half"}
        for one in range(int(self.randoms)):
            found["random" if self.randoms == 1 else f"random {one + 1}"] = "random"
        return found

    def _stacked(self, measured: Mapping[Begun, Measured], name: str) -> Array:
        """What was measured (starts, n, ...), images in their order."""
        return np.stack(
            [
                np.concatenate([piece[name] for cell, piece in measured.items() if cell.start == start])
                for start in self._starts
            ]
        )


def gaps(objectives: Array, sparsity: float) -> Array:
    """How far objectives (starts, n) lie above the least of each image, over it.

    An image that needs next to nothing has a least objective near 0: the least divisor is the price of a hundredth of
    the plane.
    """
    least = objectives.min(0)
    return np.asarray((objectives - least) / np.maximum(least, _LEAST * sparsity))


def _likeness(gains: Array, starts: list[str], pairs: Pairs) -> dict[str, xr.DataArray]:
    """Cosine and overlap of masks (starts, n, k, pairs) of an image, and of two images from the first start."""
    couples = list(combinations(range(len(starts)), 2))
    words = [f"{starts[one]} and {starts[other]}" for one, other in couples]
    several = [(gains[one], gains[other]) for one, other in couples]
    if gains.shape[1] > 1:
        words, several = [*words, "two images"], [*several, (gains[0], np.roll(gains[0], 1, axis=0))]
    axes, drawn = Axes({"pair": np.array(words)}), [tuple(map(torch.from_numpy, one)) for one in several]
    cosine = np.stack([cosines(one, other, pairs).numpy() for one, other in drawn])
    overlap = np.stack([overlaps(one, other, _SUPPORT, pairs).numpy() for one, other in drawn])
    found = mean("cosine", cosine, axes, "1", "Cosine of the angle between two masks over the plane.")
    return found | mean("overlap", overlap, axes, "1", "Frequencies in both of two masks over those in either.")
