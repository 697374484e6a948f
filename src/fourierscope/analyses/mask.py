"""Fourier masks: the fewest frequencies that a network needs for its answer. Karantzas et al. (2022)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.masks.adam import adam_masks
from fourierscope.analyses.masks.answers import OF_IMAGES, OF_ITEMS, answered, of_images, of_masks, of_path, told
from fourierscope.analyses.masks.fidelity import Fidelity, loss_named
from fourierscope.analyses.masks.objective import Asked, GroupObjective, ImageObjective
from fourierscope.analyses.masks.path import path
from fourierscope.analyses.masks.pictures import examples
from fourierscope.analyses.masks.search import Shakes, searched
from fourierscope.analyses.masks.solver import STEPS, Penalty, Stop, means
from fourierscope.analyses.masks.starts import Start, started
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import count
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds, is_whole
from fourierscope.subjects import Trial
from fourierscope.treatments.infills import Infill, Infills, Origin, check_words

_PIXELS = 2**18  # of the images of a cell
_ALONG = tuple(float(10 ** (step / 2)) for step in range(-3, 5))  # sparsities of a path, times the one asked for
_MOST_ADAM = 20_000
_WORDS = {
    "over": ("image", "class", "set"),
    "target": ("auto", "label", "prediction"),
    "channels": ("shared", "separate"),
    "solver": ("descent", "adam"),
    "start": ("auto", "ones", "half", "random"),
}


class Block(NamedTuple):
    """Masks of the images start..stop, one each."""

    start: int
    stop: int


class Group(NamedTuple):
    """One mask for all images, or for those of one class."""

    name: str
    label: int


@dataclass(frozen=True)
class Mask(Analysis[Trial]):
    """The least mask of an image, a class or a set: a gain in [0, 1] for each frequency that keeps what a network says.

    A mask minimises  fidelity(masked images) + sparsity * mean gain^power.  Gains multiply the spectrum of the image
    less the origin; what they remove is replaced by the infill; masked images are never clipped. A frequency and its
    partner have one gain, and so have all channels, unless asked otherwise.

    The result holds `mask` ("item", "row", "column") ("channel" after "item" where separate), and for each item
    `size` (mean gain), `kept` (share of its images whose prediction is the unmasked one, for a class or a set
    with bounds, and `images`, how many these are), `fidelity`, `objective`,
    `steps` (evaluations with their slopes), `spent` (whether these were used up before anything else ended the search),
    and `certificate`: the largest residual of the conditions of optimality, in
    units of sparsity / number of gains. 0 is a minimum. Where a network has kinks (ReLU) it need not be reached, and
    there are many valleys. So, from 160 steps on, masks on their way down are cut (gains that the objective would have
    lower go to 0) and shaken (a fifth of the gains, by chance, go to 0, all others are lit a little), and the least
    found is kept. With bounds over images: `mean_size`,
    `kept_share`, `gain` by radius, `certified` (certificate at most `tolerance`), `spent_share`.
    `path` adds `path_size`, `path_loss` and `path_spent` over ("end", "sparsity"), and `size_at` over ("end", "loss"):
    the size of the least mask found that loses no more than so much, from either end.

    Source: Karantzas et al. (2022), section 2.1 and equation 2. Their code sums over both partners and has another
    fidelity, squared-difference, and another solver, adam.
    """

    over: Literal["image", "class", "set"] = "image"
    """One mask an image, a class, or for all images."""
    sparsity: float = 0.07
    """The price of the whole plane; the article takes 0.07 for images and 0.2 for the set."""
    fidelity: Fidelity = "cross-entropy"
    """cross-entropy, squared-difference, divergence (from the unmasked prediction), or margin."""
    target: Literal["auto", "label", "prediction"] = "auto"
    """What the fidelity is to: auto is the label for a class and a set, and the own prediction for an image."""
    channels: Literal["shared", "separate"] = "shared"
    """One gain for all channels, or one for each."""
    infill: Infill = "zero"
    """zero, random-phase (the set's mean amplitude), scrambled (the own amplitude: a mask of phases), other-image."""
    origin: Origin = "mean"
    """mean: zero stands for the set's mean colour; black: for 0."""
    draws: int = 1
    """Over how many draws of the infill the fidelity is averaged."""
    power: float = 1.0
    """The power of gains in the penalty, from 1 on."""
    solver: Literal["descent", "adam"] = "descent"
    """descent: projected gradient steps with a certificate; adam: the article's own way, for comparison."""
    start: Literal["auto"] | Start = "auto"
    """The gains to start from: ones, half, or random; auto is half for descent, and ones for adam as in the article."""
    steps: int | None = None
    """Most steps of a mask; empty: 400, or 20,000 for adam. From 160 on, half go down from cut and shaken masks."""
    tolerance: float = 0.05
    """The certificate at which a mask is done."""
    path: bool = False
    """Ask at eight sparsities, from both ends, so that networks can be compared at equal fidelity."""
    losses: tuple[float, ...] = (0.01, 0.1, 0.5)
    """Rises of the fidelity, such as 0.01,0.1, at each of which a path tells the size; without a path of no effect."""
    seed: int = 0
    """Seed of the infills, of shakes and of a random start."""

    def __post_init__(self) -> None:
        check_kinds(self)
        loss_named(self.fidelity)
        check_words(self.infill, self.origin)
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise ValueError(f"{name} is one of {', '.join(words)}; {getattr(self, name)!r} came.")
        if self.target == "auto":  # so that the record tells what was done
            object.__setattr__(self, "target", "prediction" if self.over == "image" else "label")
        if self.start == "auto":
            object.__setattr__(self, "start", "half" if self.solver == "descent" else "ones")
        if self.steps is None:
            object.__setattr__(self, "steps", STEPS if self.solver == "descent" else _MOST_ADAM)
        fits = {
            "sparsity": ("is finite and above 0", isfinite(self.sparsity) and self.sparsity > 0),
            "power": ("is finite and at least 1", isfinite(self.power) and self.power >= 1),
            "draws": ("is a whole number from 1 on", is_whole(self.draws, 1)),
            "steps": ("is a whole number from 1 on", is_whole(self.steps or 0, 1)),
            "tolerance": ("is finite and above 0", isfinite(self.tolerance) and self.tolerance > 0),
            "losses": (
                "are finite numbers above 0, one or more",
                len(self.losses) > 0 and all(isfinite(one) and one > 0 for one in self.losses),
            ),
        }
        if broken := [
            f"{name} {rule}; {getattr(self, name)!r} came" for name, (rule, holds) in fits.items() if not holds
        ]:
            raise ValueError(f"{'. '.join(broken)}.")
        if self.path and self.solver == "adam":
            raise ValueError("A path is made by the solver descent: leave solver out.")
        if self.draws > 1 and self.infill == "zero":
            raise ValueError(
                f"The infill zero is the same at every draw; draws={self.draws} came. Ask for another infill."
            )

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        if self.target == "label":
            check_labels(score_named("error"), trial)
        samples = trial.samples
        if self.over == "set":
            yield Group("all", -1)
        elif self.over == "class":
            for label in samples.needed_labels().unique().tolist():
                yield Group(samples.classes[label] if samples.classes else str(label), label)
        else:
            for part in batches(len(samples), max(8, _PIXELS // (samples.plane.height * samples.plane.width))):
                yield Block(part.start, part.stop)

    def measure(self, cell: Block | Group, trial: Trial, /) -> Measured:
        asked, places = self.asked(trial), _places(cell, trial)
        single = isinstance(cell, Block)
        objective = ImageObjective(asked, places) if single else GroupObjective(asked, [places])
        shape, device = (len(places) if single else 1, *asked.gains), trial.classifier.device
        start, width = (
            started(self._start, shape, self.chance(cell, "start")).to(device),
            batch_size(trial.samples.plane, device),
        )
        if self.solver == "adam":
            masks = adam_masks(objective, self.penalty, start, self._steps, width)
        else:
            shakes = Shakes.of(asked.gains, self._steps, self.chance(purpose="shakes"))
            masks = searched(objective, self.penalty, start, width, self.stop, shakes)
        found = {name: getattr(masks, name) for name in OF_ITEMS}
        found["size"] = means(masks.gains, objective.bins)
        found |= {} if single else {"images": torch.tensor([len(places)])}
        found |= answered(asked, places, masks.gains)
        if self.path:
            ones = torch.ones_like(start)
            found |= told(path(objective, self.penalty, self._along, ones, width, self.stop), self.losses)
        return {name: one.cpu().numpy() for name, one in found.items()}

    def assemble(self, measured: Mapping[Block | Group, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        plane, n = trial.samples.plane, len(trial.samples)
        joined = {
            name: np.concatenate([one[name] for one in measured.values()]) for name in next(iter(measured.values()))
        }
        order = np.concatenate([_places(cell, trial).numpy() for cell in measured]).argsort()
        joined |= {name: joined[name][order] for name in OF_IMAGES if name in joined}
        names = [cell.name for cell in measured if isinstance(cell, Group)]
        items = np.array(names) if names else np.arange(n)
        says = f"Gain of each frequency in the least mask ({self.fidelity}, sparsity {self.sparsity:g})."
        found = of_masks(joined, items, plane, says, self.tolerance) | of_images(joined, self._under)
        found |= {} if names else {"examples": examples(found["mask"], trial.samples)}
        return found | (of_path(joined, items, self._along, self.losses) if self.path else {}) | count(n)

    def asked(self, trial: Trial) -> Asked:
        """What the masks of a trial are held against."""
        infills = Infills.of(trial.samples, self.infill, self.origin, self.seed)
        targets = trial.samples.needed_labels() if self.target == "label" else None
        return Asked(trial, loss_named(self.fidelity), targets, infills, int(self.draws), self.channels == "shared")

    @property
    def _start(self) -> Start:
        assert self.start != "auto"
        return self.start

    @property
    def _steps(self) -> int:
        assert self.steps is not None
        return int(self.steps)

    @property
    def penalty(self) -> Penalty:
        """What gains cost."""
        return Penalty(self.sparsity, self.power)

    @property
    def stop(self) -> Stop:
        """When a mask is done."""
        return Stop(certificate=self.tolerance, steps=self._steps)

    @property
    def _along(self) -> tuple[float, ...]:
        return tuple(self.sparsity * one for one in _ALONG)

    @property
    def _under(self) -> str:
        return {"image": "its own mask", "class": "the mask of its class", "set": "the mask"}[self.over]


def _places(cell: Block | Group, trial: Trial) -> Tensor:
    """The images of a cell (n,)."""
    if isinstance(cell, Block):
        return torch.arange(cell.start, cell.stop)
    if cell.label < 0:
        return torch.arange(len(trial.samples))
    return (trial.samples.needed_labels() == cell.label).nonzero().flatten()
