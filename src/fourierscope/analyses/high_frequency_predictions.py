"""Images that a network names rightly by what lies above a radius, and not by what lies below; and the reverse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.component_answers import (
    DEALT,
    Asked,
    Setting,
    Shown,
    answers,
    check_radii,
    has_batch_norm,
    images_shown,
)
from fourierscope.analyses.masks.pictures import pictures, stretched, strips
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, count, estimated, rate
from fourierscope.results.intervals import Estimate, mean_interval
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Trial
from fourierscope.treatments.batch_statistics import STATISTICS, BatchNormStatistics
from fourierscope.treatments.components import EDGES, KEPT, MASKS, RESCALES, Edge, Kept, Mask, Rescale, check_word

Array = npt.NDArray[Any]
SHOWN: tuple[Shown, ...] = ("whole", "low", "high")


@dataclass(frozen=True)
class HighFrequencyPredictions(Analysis[Trial]):
    """How often an image and its high component are named rightly, and its low component wrongly; and the reverse.

    That is f(x) = y, f(high) = y, f(low) != y. The result holds their rate `only_right`, of all images, over ("only",
    "radius"), where "only" is the one component that is right. A network that names all high components alike is right
    by chance: `expected` is what the rate would be if, among the images that are right as a whole and wrong by the
    other component, the component's answers were dealt out anew; only what lies above it speaks of the images.
    `confidence_high` and `confidence_low` are the mean probability that the network gives to the class that it names,
    over these images, for "whole", "low" and "high"; `pictures` are those of which it is surest, at the radius that has
    most of them. Components are never clipped; in pictures each is stretched to be seen. Under "batch" or
    "recalibrated" statistics, whole images are asked under these too.

    Source: Wang et al. (2020), Fig. 2, which shows eight such images and no rate.
    """

    radii: tuple[int, ...] = (4, 8, 12, 16)
    """In cycles per image."""
    rescale: Rescale = "none"
    """What is done to components before the network sees them: none, max, std or mean-restored."""
    bn_stats: BatchNormStatistics = "running"
    """What batch norms divide by: running statistics, those of the batch, or recalibrated ones."""
    mask: Mask = "hard"
    """hard or soft."""
    edge: Edge = "below"
    """below: low is radius < r; within: radius <= r, for hard masks."""
    examples: int = 6
    """Most pictures of each of the two kinds; 0: none."""
    seed: int = 0
    """Seed of the batches."""

    def __post_init__(self) -> None:
        check_kinds(self)
        check_radii(self.radii)
        fitting = {"rescale": RESCALES, "bn_stats": STATISTICS, "mask": MASKS, "edge": EDGES}
        for name, words in fitting.items():
            check_word(name, getattr(self, name), words)
        if self.mask == "soft" and self.edge != "below":
            raise ValueError(f"A soft mask has no edge that belongs to a side: leave edge out; {self.edge!r} came.")
        if self.examples < 0:
            raise ValueError(f"examples is a number from 0 on; {self.examples} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        if self.bn_stats != "running" and not has_batch_norm(trial):
            raise ValueError(
                f"{trial.classifier.name} has no batch norm that keeps statistics, so bn_stats={self.bn_stats!r} "
                'changes nothing: leave it at "running".'
            )
        yield self._whole
        for kept in KEPT:
            yield from (self._cell(kept, radius) for radius in self.radii)

    def measure(self, cell: Asked, trial: Trial, /) -> Measured:
        sure, named = answers(trial, cell, self.chance(purpose=DEALT)).softmax(1).max(1)
        return {"named": named.numpy(), "sure": sure.float().numpy()}

    def assemble(self, measured: Mapping[Asked, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        labels = trial.samples.needed_labels().numpy()
        told: dict[Shown, list[Measured]] = {"whole": [measured[self._whole]] * len(self.radii)}
        for kept in KEPT:
            told[kept] = [measured[self._cell(kept, radius)] for radius in self.radii]
        right = {one: np.array([piece["named"] for piece in pieces]) == labels for one, pieces in told.items()}
        sure = {one: np.array([piece["sure"] for piece in pieces]) for one, pieces in told.items()}
        only = np.array([right["whole"] & right[one] & ~right[_other(one)] for one in KEPT])  # (kept, radii, n)
        axes = Axes({"only": np.array(KEPT), "radius": np.array(self.radii)}, {"radius": "cycles/image"})
        word = self._setting.word
        says = f"Share of images that are right as a whole and by this component, and wrong by the other; {word}."
        found = rate("only_right", only, axes, says)
        expected = [self._expected(right, told, labels, one) for one in KEPT]
        says = "What that share would be were a component's answers dealt out anew among the images in question."
        found["expected"] = axes.array(np.array(expected), "1", says)
        for place, one in enumerate(KEPT):
            found |= self._confidence(one, only[place], sure)
        found |= self._pictures(only, told, trial)
        says = "Share of whole images classified rightly."
        found |= rate("clean_accuracy", right["whole"][0], Axes({}), says)
        return found | count(len(labels))

    @property
    def _whole(self) -> Asked:
        return Asked("whole", 0, *self._setting)

    @property
    def _setting(self) -> Setting:
        return Setting(self.rescale, self.bn_stats, self.mask, self.edge)

    def _cell(self, kept: Kept, radius: int) -> Asked:
        return Asked(kept, radius, *self._setting)

    def _expected(
        self, right: dict[Shown, Array], told: dict[Shown, list[Measured]], labels: Array, kept: Kept
    ) -> Array:
        """The share (radii,) that is right by chance: each label by how often the component is named so."""
        found = []
        for place in range(len(self.radii)):
            among = right["whole"][place] & ~right[_other(kept)][place]
            named, wanted = told[kept][place]["named"][among], labels[among]
            often = np.bincount(named, minlength=int(labels.max()) + 1) / max(1, len(named))
            found.append(often[wanted].sum() / len(labels))
        return np.array(found)

    def _confidence(self, kept: Kept, only: Array, sure: dict[Shown, Array]) -> dict[str, xr.DataArray]:
        """Over the images (radii, n) that one component alone names rightly; NaN at radii without any."""
        axes = Axes({"shown": np.array(SHOWN), "radius": np.array(self.radii)}, {"radius": "cycles/image"})
        nothing = Estimate(*(np.array(np.nan) for _ in range(3)))
        estimates = [
            [
                mean_interval(held[these]) if these.any() else nothing
                for held, these in zip(sure[one], only, strict=True)
            ]
            for one in SHOWN
        ]
        value, low, high = (np.array([[one[end] for one in row] for row in estimates]) for end in range(3))
        says = (
            f"Mean probability of the class that is named, over images that the {kept} component alone names rightly."
        )
        return estimated(f"confidence_{kept}", Estimate(value, low, high), axes, "1", says)

    def _pictures(self, only: Array, told: dict[Shown, list[Measured]], trial: Trial) -> dict[str, xr.DataArray]:
        """Those of which it is surest, by the less sure of two right answers, of `only` (kept, radii, n).

        For each component at the radius with most of them.
        """
        rows, lines = [], []
        for kept, these in reversed(list(zip(KEPT, only, strict=True))):
            place = int(these.sum(1).argmax())
            (found,) = np.nonzero(these[place])
            least = np.minimum(told["whole"][place]["sure"], told[kept][place]["sure"])
            for image in found[np.argsort(-least[found], kind="stable")][: self.examples]:
                rows.append(self._row(int(image), self.radii[place], trial))
                lines.append(
                    f"{len(rows)}, right by the {kept} one alone, radius {self.radii[place]}: "
                    + ", ".join(f"{one} {_answer(told[one][place], image, trial)}" for one in SHOWN)
                )
        if not rows:
            return {}
        says = (
            f"Images that one component alone names rightly ({self._setting.word}), with what the network answers and "
            f"how sure it is. {'; '.join(lines)}. Components are stretched for display only."
        )
        seen = [torch.cat(one) for one in zip(*rows, strict=True)]
        states = ["image", *(f"{one} component" for one in KEPT)]
        return {"pictures": pictures(strips([seen[0], *(stretched(one) for one in seen[1:])]), states, says)}

    def _row(self, image: int, radius: int, trial: Trial) -> list[Tensor]:
        """One image and its components, (1, c, h, w) each."""
        asked = [Asked(one, radius, *self._setting) for one in SHOWN]
        return [images_shown(trial, torch.tensor([image]), one).cpu() for one in asked]


def _answer(piece: Measured, image: int, trial: Trial) -> str:
    """Such as `cat .87`."""
    named, classes = int(piece["named"][image]), trial.samples.classes
    name = classes[named] if classes and named < len(classes) else f"class {named}"
    return f"{name} {float(piece['sure'][image]):.2f}"


def _other(kept: Kept) -> Kept:
    return "low" if kept == "high" else "high"
