"""Whether other ways to attack an average find what the report card's do not: more looks a step, and AutoAttack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.defence_attacks import LOSSES, Budget, Defence
from fourierscope.analyses.robustness import block_of
from fourierscope.figures import draw
from fourierscope.papers.exhibit import REAL, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import at
from fourierscope.reports import Table
from fourierscope.results import Axes, count, mean, rate, share
from fourierscope.runs import Analysis, Measured, batches, check_kinds, is_whole
from fourierscope.subjects import Classifier, Samples, Trial
from fourierscope.theory.averaging import sample_count
from fourierscope.treatments import auto_attack, post_average
from fourierscope.treatments.attacks.attacked import gradients_heard
from fourierscope.treatments.averaging import Units

CLEAN, ONE, MORE = "clean", "APGD, one look a step", "APGD, more looks a step"
FIXED, RAND = "AutoAttack standard", "AutoAttack rand"
_PIECE = 10  # images of a cell
_LOOKED_AT = {"smoke": 3, "small": 10, "full": 100}
_AUTO = {"smoke": 2, "small": 20, "full": 100}
_OPTIONS: dict[str, dict[str, Any]] = {
    "smoke": {"steps": 5, "redraws": 3, "eps": 1 / 255},
    "small": {},
    "full": {"steps": 100, "looks": 20},
}


class Tried(NamedTuple):
    """A test on images start..stop."""

    test: str
    start: int
    stop: int


@dataclass(frozen=True)
class AveragingControl(Analysis[Trial]):
    """Stronger attacks on `treatments.post_average` with random directions, drawn anew at each look.

    Over ("test",): `redrawn`, the share of fresh draws of directions that are right after the attack, and `averaged`,
    the accuracy where directions follow from the image. Tests are clean images; APGD on both losses through an average
    drawn anew, by one look a step and by `looks` (the mean of their log-softmax, so that the gradient is that of the
    mean cross-entropy); and with `foreign` AutoAttack of the library pyautoattack: "standard" on the average whose
    directions follow from the image, "rand" on the one drawn anew, re-scored by fresh draws. Of two losses the worse
    counts, image by image. `gained` is what more looks leave less what one leaves, paired: more may never help the
    defender. Changes are in the L-infinity ball of `eps`, on [0, 1] pixels.

    Source: Athalye et al. (2018) for looks; Croce and Hein (2020) for AutoAttack. The control is ours.
    """

    radius: float = 1.356
    """Of the average, L2, in `units`."""
    directions: int = 15
    """Directions a point."""
    units: Units = "pixel"
    """pixel or normalised."""
    eps: float = 8 / 255
    """The budget of all attacks."""
    steps: int = 20
    """Steps of APGD."""
    looks: int = 4
    """Draws of directions a step, in the second of two attacks."""
    redraws: int = 10
    """Fresh draws by which an attacked image is scored."""
    foreign: bool = False
    """Ask AutoAttack too (extra `attacks`)."""
    seed: int = 0
    """Seed of directions and starts."""

    def __post_init__(self) -> None:
        check_kinds(self)
        for name in ("steps", "looks", "redraws"):
            if not is_whole(getattr(self, name), 1):
                raise ValueError(f"{name} is a whole number from 1 on; {getattr(self, name)!r} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        self._defence.of(trial.classifier)
        for part in batches(len(trial.samples), _PIECE):
            yield from (Tried(test, part.start, part.stop) for test in self._tests)

    def measure(self, cell: Tried, trial: Trial, /) -> Measured:
        some = Trial(trial.classifier, block_of(trial.samples, cell.start, cell.stop))
        with gradients_heard():
            attacked = self._attacked(cell.test, some)
        found = [self._defence.answers(some, one) for one in attacked]
        return {name: np.min([one[name] for one in found], axis=0) for name in ("averaged", "redrawn")}

    def assemble(self, measured: Mapping[Tried, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        axes, n = Axes({"test": np.array(self._tests)}), len(trial.samples)
        held = {
            name: np.stack([_joined(measured, test, name) for test in self._tests]) for name in ("averaged", "redrawn")
        }
        told = f"L-infinity changes of {self.eps:.4g}, APGD of {self.steps} steps by {self.looks} looks, {n} images."
        found = rate("averaged", held["averaged"], axes, f"Share right where directions follow from the image; {told}")
        says = f"Share of {self.redraws} fresh draws of directions that are right; {told}"
        found |= share("redrawn", held["redrawn"], axes, says)
        one, more = (held["redrawn"][self._tests.index(test)] for test in (ONE, MORE))
        says = f"Share of fresh draws right under {self.looks} looks a step, less that under one; {told}"
        return found | mean("gained", more - one, Axes({}), "1", says) | count(n)

    def _attacked(self, test: str, some: Trial) -> list[Samples]:
        """The samples after each of the attacks of a test."""
        if test == CLEAN:
            return [some.samples]
        if test == FIXED:
            return [auto_attack(Trial(self._defence.of(some.classifier), some.samples), eps=self.eps, seed=self.seed)]
        if test == RAND:
            drawn = Trial(self.looked(some.classifier, 1), some.samples)
            return [auto_attack(drawn, eps=self.eps, version="rand", seed=self.seed)]
        drawn = Trial(self.looked(some.classifier, self.looks if test == MORE else 1), some.samples)
        budget = Budget(self.eps, self.steps, 1, self.seed)
        with torch.no_grad():
            classes = some.classifier(some.samples.batch(0, 1)).shape[1]
        return [budget.climbed(drawn, loss) for loss in LOSSES.values() if loss == "ce" or classes > 2]

    def looked(self, classifier: Classifier, looks: int) -> Classifier:
        """The average with directions drawn anew at each look; it answers with the mean log-softmax of some looks."""
        average = post_average(classifier, self.radius, self.directions, units=self.units, seed=self.seed + 1)

        def network(images: Tensor) -> Tensor:
            return torch.stack([average(images).log_softmax(1) for _ in range(looks)]).mean(0)

        return Classifier(network, f"{average.name}, by {looks} looks", device=str(classifier.device))

    @property
    def _tests(self) -> list[str]:
        return [CLEAN, ONE, MORE] + ([FIXED, RAND] if self.foreign else [])

    @property
    def _defence(self) -> Defence:
        return Defence(self.radius, self.directions, "random", self.units, "softmax", self.redraws, self.seed)


def _joined(measured: Mapping[Tried, Measured], test: str, name: str) -> Any:
    """What a test gave (n,), of all images."""
    return np.concatenate([piece[name] for cell, piece in measured.items() if cell.test == test])


def _make(making: Making) -> None:
    for role, trial in making.trials(("natural",), making.samples(_LOOKED_AT)):
        making.ask(f"{role}-looks", AveragingControl(**_OPTIONS[making.budget]), trial)
    for role, trial in making.trials(("natural",), making.samples(_AUTO)):
        if _is_there():
            question = AveragingControl(directions=1, foreign=True, **_OPTIONS[making.budget])
            making.ask(f"{role}-autoattack", question, trial)
        else:
            making.left_out[f"{role}-autoattack"] = 'pyautoattack is not installed: pip install "fourierscope[attacks]"'


def _draw(made: Made) -> list[Picture]:
    pictures = []
    for name in made.having(["natural-looks", "natural-autoattack"]):
        says = str(made[name]["redrawn"].attrs["says"])
        pictures.append(Picture(name, says, draw(made[name]["redrawn"])))
    return pictures


def _tables(made: Made) -> list[Table]:
    rows = []
    for name in made.having(["natural-looks", "natural-autoattack"]):
        result = made[name]
        points = sample_count(result.record["options"]["directions"])
        for test in result["redrawn"]["test"].values:
            read = [at(result, one, {"test": test}) for one in ("averaged", "redrawn")]
            told = [f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in read]
            rows.append((str(test), str(points), str(read[0].n), *told))
    says = "Directions that follow from the image, and fresh draws of them, after the same attack."
    lacking = " ".join(f"Not run: {why}." for why in made.left_out.values())
    columns = ("attack", "points", "images", "right", "right by fresh draws")
    return [Table("Stronger attacks", f"{says} {lacking}".strip(), columns, tuple(rows))]


def _foreign(made: Made, name: str, test: str) -> Reading:
    return at(made["natural-autoattack"], name, {"test": test})


def _is_there() -> bool:
    """Whether AutoAttack can be asked."""
    return find_spec("pyautoattack") is not None


EXHIBIT = Exhibit(
    number="control",
    title="Stronger ways to attack it",
    claim="Ours: what the report card leaves, more looks a step and the attacks of others do not raise.",
    source="ours, after Athalye et al. (2018) and Croce and Hein (2020)",
    make=_make,
    draw=_draw,
    tables=_tables,
    checks=(
        Check(
            "Fresh draws right under more looks a step less under one: more never help the defender (expected: holds)",
            lambda made: at(made["natural-looks"], "gained", {}),
            high=0,
            budgets=REAL,
        ),
        Check(
            "Fresh draws right under more looks a step",
            lambda made: at(made["natural-looks"], "redrawn", {"test": MORE}),
            high=0.158,
            printed="0.158, by Square",
            budgets=REAL,
        ),
        Check(
            "AutoAttack standard, few directions that follow from the image: right",
            lambda made: _foreign(made, "averaged", FIXED),
            high=0.158,
            budgets=REAL,
        ),
        Check(
            "AutoAttack rand, few directions drawn anew: fresh draws right",
            lambda made: _foreign(made, "redrawn", RAND),
            high=0.158,
            budgets=REAL,
        ),
    ),
)
