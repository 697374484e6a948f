"""Frequency shortcuts: the few frequencies by which a classifier knows a class, and draws other images into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.band_sets import grey_power
from fourierscope.analyses.coalitions import Coalitions
from fourierscope.analyses.frequency_slopes import gradient_slopes
from fourierscope.analyses.orderings import falls, ranks, sizes
from fourierscope.analyses.targets import check_target
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import Axes, Estimate, estimated, moment_interval, share, share_interval
from fourierscope.runs import Analysis, Measured, batches, check_kinds
from fourierscope.subjects import Trial
from fourierscope.treatments.infills import Infill, Infills, Origin, check_words

ORDERS = ("dominant", "amplitude", "random")
_ROUNDING = 1e-6  # of the root mean square amplitude: what transforms in float32 leave where there is nothing
_HELD = 2**20  # pixels of the images whose spectra lie in memory


class Label(NamedTuple):
    """A class, by its label."""

    label: int


@dataclass(frozen=True)
class FrequencyShortcuts(Analysis[Trial]):
    """Which frequencies dominate each class, and whether a few of them are enough for it: on its own and other images.

    A frequency, with its partner, dominates a class by how far the loss on the images of the class rises when it alone
    is removed. Then all images are filtered down to the most dominant frequencies of each class. Where few of them are
    enough for the images of the class (true positives), and images of other classes are taken for it too (false
    positives), they are a shortcut. Controls: the frequencies of largest amplitude, and random ones, as many.
    Frequencies that stand in for each other are missed: removing one alone does no harm. `BandImportance` with Shapley
    values finds them.

    The result holds over ("class", "row", "column") `loss_rise`, with bounds, and `amplitude_rank`, how many classes
    have a smaller mean grey amplitude there, less how many have a larger one; over ("order", "share") `true_positives`
    and `false_positives`, for all images together; over ("class", "share") `class_true_positives` and
    `class_false_positives` for the dominant frequencies, with `..._by_amplitude` and `..._by_chance` for the controls.
    Share 1 is the whole image.

    Source: Wang et al. (2023), frequency shortcuts: dominant frequency maps (DFM) and the comparison of amplitudes
    (ADCS), there of sums over images and with partners left out along two lines of the plane.
    """

    kept: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2)
    """Shares of the frequencies that filtered images keep, rising, below 1."""
    screened: float = 1.0
    """Share of the frequencies, at least the largest kept, that are removed one by one: those of largest slope."""
    draws: int = 5
    """Random sets of frequencies, whose mean is the control."""
    infill: Infill = "zero"
    """What stands in the place of removed frequencies: zero (the origin), random-phase, scrambled or other-image."""
    origin: Origin = "mean"
    """An image without frequencies: mean (the set's mean colour) or black."""
    seed: int = 0
    """Seed of the random frequencies, and of the infill."""

    def __post_init__(self) -> None:
        check_kinds(self)
        rising = all(first < second for first, second in zip(self.kept, self.kept[1:], strict=False))
        if not (self.kept and rising and self.kept[0] > 0 and self.kept[-1] < 1):
            raise ValueError(f"kept are rising numbers above 0 and below 1; {self.kept} came.")
        if not self.kept[-1] <= self.screened <= 1:
            raise ValueError(
                f"screened is a share from the largest kept ({self.kept[-1]:g}) to 1; {self.screened} came."
            )
        if not isinstance(self.draws, int | np.integer) or self.draws < 1:
            raise ValueError(f"draws is a whole number from 1 on; {self.draws} came.")
        check_words(self.infill, self.origin)

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_target("label", trial)
        there = sorted(set(trial.samples.needed_labels().tolist()))
        if len(there) < 2:
            raise ValueError(f"Shortcuts draw images of other classes: give images of two or more; of {there} came.")
        return map(Label, there)

    def measure(self, cell: Label, trial: Trial, /) -> Measured:
        infills = Infills.of(trial.samples, self.infill, self.origin, self.seed)
        own = (trial.samples.needed_labels() == cell.label).nonzero()[:, 0]
        pairs = Pairs(trial.samples.plane)
        which, first = self._screen(trial, own, infills, pairs)
        rises = torch.cat([falls(part, which) for part in _parts(trial, own, infills)], dim=1)  # of -log p: of the loss
        rise, exact = first.clone(), torch.zeros(len(pairs), dtype=torch.bool)
        rise[which], exact[which] = rises.mean(1), True
        amplitude = torch.cat([part.amplitude() for part in _parts(trial, own, infills)]).mean(0)
        gains = self._gains(torch.where(exact, rise, -torch.inf), amplitude)
        every = torch.arange(len(trial.samples))
        predictions = torch.cat([part.under(gains).predictions for part in _parts(trial, every, infills)], dim=1)
        spread = torch.full((2, len(pairs)), torch.nan, dtype=torch.float64)
        spread[:, which] = torch.stack([rises.sum(1), rises.square().sum(1)])
        grey = torch.cat([grey_power(trial.samples.batch(one, one + 1)).sqrt() for one in own.tolist()])
        return {
            "rise": rise.numpy(),
            "moments": spread.numpy(),
            "amplitude": grey.double().mean(0).numpy(),
            "hits": (predictions == cell.label).numpy(),
        }

    def assemble(self, measured: Mapping[Label, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        plane, labels = trial.samples.plane, trial.samples.needed_labels().numpy()
        asked = [cell.label for cell in measured]
        named = {"class": np.array([class_name(trial, one) for one in asked])}
        found = self._maps(list(measured.values()), [int((labels == one).sum()) for one in asked], named, Pairs(plane))
        of_class = labels == np.array(asked)[:, None]  # (classes, n)
        for name, members in (("true_positives", of_class), ("false_positives", ~of_class)):
            found |= self._rates(name, [piece["hits"] for piece in measured.values()], members, named)
        return found

    def _rates(
        self,
        name: str,
        hits: list[npt.NDArray[np.bool_]],
        members: npt.NDArray[np.bool_],
        named: dict[str, npt.NDArray[Any]],
    ) -> dict[str, xr.DataArray]:
        """How many of the members (classes, n) of each class are taken for it, of all together and class by class."""
        shares, units = {"share": np.array([*map(float, self.kept), 1.0])}, {"share": "of the frequencies"}
        of, whose = "images of the class", "all images, each filtered for its own class"
        if name == "false_positives":
            of, whose = "images of other classes", "all images, each filtered for every class that is not its own"
        says = f"Share of {of} taken for it when the first frequencies alone are kept, by {{}}; 1 is the whole image."
        total, each = np.zeros((len(ORDERS), len(self.kept) + 1, members.shape[1])), []
        for hit, member in zip(hits, members, strict=True):
            by_order = self._by_order(hit)
            total += by_order * member
            each.append(share_interval(by_order[..., member]))
        told = f"{says.format('order')} Mean over {whose}."
        found = share(name, total / members.sum(0), Axes({"order": np.array(ORDERS), **shares}, units), told)
        for order, suffix in enumerate(("", "_by_amplitude", "_by_chance")):
            whole = Estimate(*(np.stack([side[order] for side in one]) for one in zip(*each, strict=True)))
            told = says.format(("dominance", "amplitude", "chance")[order])
            found |= estimated(f"class_{name}{suffix}", whole, Axes(named | shares, units), "1", told)
        return found

    def _maps(
        self, pieces: list[Measured], counts: list[int], named: dict[str, npt.NDArray[Any]], pairs: Pairs
    ) -> dict[str, xr.DataArray]:
        """What is said of each frequency, and how many images of each class there are."""
        plane, cycles = pairs.plane, {"row": "cycles/image", "column": "cycles/image"}
        moments = [piece["moments"] for piece in pieces]
        axes = Axes({**named, "row": plane.rows().numpy(), "column": plane.columns().numpy()}, cycles)
        each = [moment_interval(total, squares, n) for (total, squares), n in zip(moments, counts, strict=True)]
        rise = np.stack([piece["rise"] for piece in pieces])
        bounds = [np.stack([getattr(one, side) for one in each]) for side in ("low", "high")]
        whole = Estimate(*(pairs.spread(torch.from_numpy(one)).numpy() for one in (rise, *bounds)))
        says = "Mean rise of the loss on the images of the class when the frequency alone is removed."
        if self.screened < 1:
            says += " Without bounds: estimated from the slope."
        found = estimated("loss_rise", whole, axes, "nat", says)
        amplitude = np.stack([piece["amplitude"] for piece in pieces])
        apart, rounded = amplitude[:, None] - amplitude[None], _ROUNDING * np.sqrt(np.square(amplitude).mean())
        rank = np.where(np.abs(apart) > rounded, np.sign(apart), 0).sum(1)
        says = "Classes of smaller mean grey amplitude at the frequency, less those of larger."
        found["amplitude_rank"] = axes.array(pairs.spread(torch.from_numpy(rank)).numpy(), "classes", says)
        found["loss_rise"].attrs["signed"] = found["amplitude_rank"].attrs["signed"] = "yes"
        found["images"] = Axes(named).array(np.array(counts), "images", "Number of images of each class.")
        return found

    def _screen(self, trial: Trial, own: Tensor, infills: Infills, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Which pairs are removed one by one, and the rise (pairs,) that slopes foretell, NaN if they are not asked."""
        if self.screened == 1:
            return torch.arange(len(pairs)), torch.full((len(pairs),), torch.nan, dtype=torch.float64)
        slopes = torch.cat([gradient_slopes(part) for part in _parts(trial, own, infills)]).mean(0) * pairs.bins
        number = int(sizes((self.screened,), len(pairs)))
        return (ranks(slopes) < number).nonzero()[:, 0], slopes

    def _gains(self, dominance: Tensor, amplitude: Tensor) -> Tensor:
        """Gains (k, pairs) that keep the first of each order: dominance, amplitude, each random draw; and all."""
        chances = [self.chance(purpose=f"random frequencies {draw}") for draw in range(self.draws)]
        by_chance = [torch.rand(len(amplitude), generator=one) for one in chances]
        places = torch.stack([ranks(one) for one in (dominance, amplitude, *by_chance)])
        number = sizes(self.kept, len(amplitude))
        kept = places[:, None] < number[:, None]  # (orders, shares, pairs)
        return torch.cat([kept.flatten(0, 1), torch.ones(1, len(amplitude), dtype=torch.bool)])

    def _by_order(self, hits: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Hits under all gains (k, n) as (orders, shares, n), with the mean over random draws and the whole image."""
        filtered = hits[:-1].reshape(-1, len(self.kept), hits.shape[-1]).astype(np.float64)
        orders = np.stack([filtered[0], filtered[1], filtered[2:].mean(0)])
        return np.concatenate([orders, np.broadcast_to(hits[-1], (len(ORDERS), 1, hits.shape[-1]))], axis=1)


def class_name(trial: Trial, label: int) -> str:
    """A class in words."""
    return trial.samples.classes[label] if trial.samples.classes is not None else f"class {label}"


def _parts(trial: Trial, index: Tensor, infills: Infills) -> Iterator[Coalitions]:
    """The samples at `index`, as many at a time as fit into memory, asked for the log-probability of their labels."""
    plane = trial.samples.plane
    for part in batches(len(index), max(1, _HELD // (plane.height * plane.width))):
        yield Coalitions.of(trial, index[part], infills, "label", "log-probability")
