"""An audit of accuracies on low and high components: do they survive what published curves leave unsaid?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from fourierscope.analyses.claims import Audit
from fourierscope.analyses.component_answers import (
    DEALT,
    HOUSE,
    Asked,
    Setting,
    answers,
    check_radii,
    has_batch_norm,
)
from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.results import Axes, count, rate
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Trial
from fourierscope.treatments.batch_statistics import STATISTICS
from fourierscope.treatments.components import EDGES, KEPT, MASKS, RESCALES, Kept, check_word

_WITHOUT = "The network has no batch norm that keeps statistics, so that switch has no effect and is left out."


@dataclass(frozen=True)
class FrequencyAudit(Analysis[Trial]):
    """Accuracy on low and high components of images, by radius, under each setting of switches that curves hang on.

    A setting has a word such as "none, running, hard below": how components are rescaled, which statistics batch norms
    divide by, a hard or a soft mask, and the side that a hard mask's edge belongs to; a soft mask has none. That one is
    the house's own. Statistics of the "batch" depend on its size: it is 100 images, dealt out by chance, the
    same for all settings and classifiers. A network without batch norm has no such switch, and `verdict` says so.
    Components are never clipped.

    The result holds `low_accuracy` and `high_accuracy` over ("setting", "radius") with Wilson bounds and outcomes, and
    what becomes of five claims at each radius. For the accuracy on each component, and that on high less that on low,
    `least`, `most`, and `spread` with the paired interval between these two settings, over ("quantity", "radius");
    `low_moved`, `high_moved`, `lead_moved` over ("switch", "radius") tell how far each switch alone moves it: the
    largest difference between two settings that differ in nothing else. `holds` is the share of settings in which a
    claim surely holds; `verdict` over ("claim", "radius") is 1 for robust, -1 for switch-dependent, 0 for undecided:

    - a number is robust where its whole spread surely stays within `tolerance`, switch-dependent where it surely does
      not;
    - a comparison (low or high beats chance, high beats low) is robust where it surely holds in all settings, or in
      none; switch-dependent where it holds in some, and the settings with the least and the most surely differ.

    Least and most are chosen among all settings, so that chance alone spreads them by a point or two of 2,000 images.
    Chance is 1 / classes, or the share of the most common class where that is more.

    Source: Wang et al. (2020), Figs. 3 to 5, whose code rescales by maxima, and takes batch statistics where it has
    batch norm; the audit is ours.
    """

    radii: tuple[int, ...] = (4, 8, 12, 16)
    """In cycles per image."""
    rescales: tuple[str, ...] = RESCALES
    """Of none, max, std and mean-restored."""
    bn_stats: tuple[str, ...] = STATISTICS
    """Of running, batch and recalibrated."""
    masks: tuple[str, ...] = MASKS
    """Of hard and soft."""
    edges: tuple[str, ...] = EDGES
    """Of below (low is radius < r) and within (radius <= r)."""
    tolerance: float = 0.05
    """How far an accuracy may be spread over the settings and still be called robust."""
    seed: int = 0
    """Seed of the batches."""

    def __post_init__(self) -> None:
        check_kinds(self)
        check_radii(self.radii)
        switches = {"rescales": RESCALES, "bn_stats": STATISTICS, "masks": MASKS, "edges": EDGES}
        for name, fitting in switches.items():
            given = getattr(self, name)
            for word in given:
                check_word(f"each of {name}", word, fitting)
            if not given or len(set(given)) != len(given):
                raise ValueError(f"{name} are one or more of {', '.join(fitting)}, each once; {given} came.")
        if not isfinite(self.tolerance) or not 0 < self.tolerance < 1:
            raise ValueError(f"tolerance lies between 0 and 1; {self.tolerance} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        yield Asked("whole", 0, *HOUSE)
        asked = product(KEPT, self.radii, self._settings(trial))
        yield from dict.fromkeys(_cell(kept, radius, setting) for kept, radius, setting in asked)

    def measure(self, cell: Asked, trial: Trial, /) -> Measured:
        logits = answers(trial, cell, self.chance(purpose=DEALT))
        right = logits.argmax(1) == trial.samples.needed_labels()
        return {"right": right.numpy(), "classes": np.array(logits.shape[1])}

    def assemble(self, measured: Mapping[Asked, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        settings = self._settings(trial)
        words = np.array([one.word for one in settings])
        axes = Axes({"setting": words, "radius": np.array(self.radii)}, {"radius": "cycles/image"})
        found: dict[str, xr.DataArray] = {}
        right = {}
        for kept in KEPT:
            cells = [[_cell(kept, radius, one) for radius in self.radii] for one in settings]
            right[kept] = np.array([[measured[cell]["right"] for cell in row] for row in cells])
            says = f"Share of images classified rightly by their {kept} component, by how it is made and shown."
            found |= rate(f"{kept}_accuracy", right[kept], axes, says)
        whole = measured[Asked("whole", 0, *HOUSE)]
        says = "Share of whole images classified rightly, under running statistics."
        found |= rate("clean_accuracy", whole["right"], Axes({}), says)
        labels = trial.samples.needed_labels()
        chance = max(1 / int(whole["classes"]), float(labels.bincount().max()) / len(labels))
        audit = Audit(right["low"], right["high"], settings, self.radii, chance, self.tolerance)
        left_out = "" if has_batch_norm(trial) or self.bn_stats == ("running",) else _WITHOUT
        return found | audit.values(left_out) | count(len(trial.samples))

    def _settings(self, trial: Trial) -> list[Setting]:
        """All settings of the switches that this classifier has."""
        statistics = self.bn_stats if has_batch_norm(trial) else ("running",)
        cuts = [(mask, edge) for mask in self.masks for edge in (self.edges if mask == "hard" else EDGES[:1])]
        made: Any = product(self.rescales, statistics, cuts)
        return [Setting(rescale, held, *cut) for rescale, held, cut in made]


def _cell(kept: Kept, radius: int, setting: Setting) -> Asked:
    """The cell of a component; a low one has its mean already, so that restoring it is doing nothing."""
    if kept == "low" and setting.rescale == "mean-restored":
        setting = setting._replace(rescale="none")
    return Asked(kept, radius, *setting)
