"""Whether claims of accuracies on components survive the switches: spreads, what moves them, and verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.analyses.component_answers import Setting
from fourierscope.results import Axes, estimated
from fourierscope.results.intervals import Estimate, paired_means, paired_rates, wilson

Array = npt.NDArray[Any]
ROBUST, UNDECIDED, DEPENDENT = 1, 0, -1
VERDICTS = {ROBUST: "robust", UNDECIDED: "undecided", DEPENDENT: "switch-dependent"}
SWITCHES = {"rescale": "rescaling", "bn_stats": "batch-norm statistics", "mask": "mask", "edge": "edge"}
"""The switches by the fields of a setting."""
CLAIMS = {
    "accuracy on low": "low",
    "accuracy on high": "high",
    "low beats chance": "low",
    "high beats chance": "high",
    "high beats low": "lead",
}
"""Claims, and the quantity that each is about; `lead` is the accuracy on high less that on low."""


class Spread(NamedTuple):
    """Of a quantity (settings, radii): the settings (radii,) where it is least and most, and how far they are apart."""

    value: Array
    least: Array
    most: Array
    apart: Estimate


@dataclass(frozen=True)
class Audit:
    """Which images are right by their low and by their high component, (settings, radii, n), under all settings."""

    low: Array
    high: Array
    settings: list[Setting]
    radii: tuple[int, ...]
    chance: float
    tolerance: float

    def values(self, left_out: str) -> dict[str, xr.DataArray]:
        """Spreads, movements, holdings and verdicts on named axes; `verdict` tells them in sentences too (`told`)."""
        return self._spreads() | self._movements() | self._verdicts(left_out)

    @cached_property
    def spreads(self) -> dict[str, Spread]:
        return {name: _spread(one) for name, one in self._quantities.items()}

    @cached_property
    def holding(self) -> dict[str, Array]:
        """In which settings (settings, radii) each comparison surely holds."""
        count = self.low.shape[-1]
        found = {f"{kept} beats chance": wilson(getattr(self, kept).mean(-1), count).low for kept in ("low", "high")}
        sure = {claim: low > self.chance for claim, low in found.items()}
        return sure | {"high beats low": paired_rates(self.high, self.low).low > 0}

    def verdict(self, claim: str) -> Array:
        """Robust, undecided or switch-dependent, (radii,)."""
        apart = self.spreads[CLAIMS[claim]].apart
        if claim not in self.holding:
            return _decided(apart.high <= self.tolerance, apart.low > self.tolerance)
        holds = self.holding[claim]
        alike = np.isin(holds.sum(0), (0, len(holds)))
        return _decided(alike, ~alike & (apart.low > 0))

    def moved(self, quantity: str) -> dict[str, Array]:
        """How far each switch alone moves a quantity, (radii,): the largest difference of settings that differ in it.

        A hard and a soft mask differ in the mask, whichever edge the hard one has.
        """
        value = self.spreads[quantity].value
        found: dict[str, Array] = {}
        for first, second in combinations(range(len(self.settings)), 2):
            switch = _switch_between(self.settings[first], self.settings[second])
            if switch:
                far = np.abs(value[first] - value[second])
                found[switch] = np.maximum(found.get(switch, np.zeros(len(self.radii))), far)
        return {word: found[word] for word in SWITCHES.values() if word in found}

    @property
    def _quantities(self) -> dict[str, Array]:
        return {"low": self.low, "high": self.high, "lead": self.high.astype(np.int8) - self.low}

    def _spreads(self) -> dict[str, xr.DataArray]:
        axes = self._axes("quantity", ["accuracy on low", "accuracy on high", "high less low"])
        spreads = list(self.spreads.values())
        ends = [
            np.array([np.take_along_axis(one.value, getattr(one, end)[None], 0)[0] for one in spreads])
            for end in ("least", "most")
        ]
        apart = Estimate(*(np.array([one.apart[place] for one in spreads]) for place in range(3)))
        says = "Most less least of a quantity over all settings, with the paired interval of these two."
        return {
            "least": axes.array(ends[0], "1", "The least of a quantity over all settings."),
            "most": axes.array(ends[1], "1", "The most of a quantity over all settings."),
        } | estimated("spread", apart, axes, "1", says)

    def _movements(self) -> dict[str, xr.DataArray]:
        found = {}
        for name, told in (
            ("low", "accuracy on low"),
            ("high", "accuracy on high"),
            ("lead", "accuracy on high less low"),
        ):
            moved = self.moved(name)
            if moved:
                says = f"The furthest that a switch moves the {told} while all other switches stay."
                found[f"{name}_moved"] = self._axes("switch", list(moved)).array(
                    np.array(list(moved.values())), "1", says
                )
        return found

    def _verdicts(self, left_out: str) -> dict[str, xr.DataArray]:
        holds = np.array([one.mean(0) for one in self.holding.values()])
        says = f"Share of {len(self.settings)} settings in which a claim surely holds; chance is {self.chance:.3f}."
        found = {"holds": self._axes("comparison", list(self.holding)).array(holds, "1", says)}
        verdicts = np.array([self.verdict(claim) for claim in CLAIMS], dtype=np.int8)
        says = (
            f"1: robust over all {len(self.settings)} settings, -1: switch-dependent, 0: undecided. {left_out}".strip()
        )
        told = "\n".join([*self._told(), *([left_out] if left_out else [])])
        return found | {"verdict": self._axes("claim", list(CLAIMS)).array(verdicts, "1", says, told=told)}

    def _told(self) -> Iterator[str]:
        """A sentence for each claim."""
        for claim in CLAIMS:
            verdicts = self.verdict(claim)
            parts = []
            for value, word in VERDICTS.items():
                at = [place for place in range(len(self.radii)) if verdicts[place] == value]
                if at:
                    inside = "; ".join(self._numbers(claim, place) for place in at)
                    parts.append(f"{word} at {inside}")
            yield f"{claim[0].upper()}{claim[1:]}: {', '.join(parts)}."

    def _numbers(self, claim: str, place: int) -> str:
        """A radius, and in brackets what was found there."""
        quantity = CLAIMS[claim]
        spread = self.spreads[quantity]
        if claim in self.holding:
            holds = self.holding[claim][:, place]
            return f"radius {self.radii[place]} (surely in {int(holds.sum())} of {len(holds)} settings)"
        low, high = (self._end(spread, end, place) for end in (spread.least, spread.most))
        reach = f"{spread.apart.low[place]:.3f} to {spread.apart.high[place]:.3f}"
        moved = self.moved(quantity)
        furthest = max(moved, key=lambda word: moved[word][place], default="")
        by = f", moved most by {furthest}, {moved[furthest][place]:.3f}" if furthest else ""
        return f"radius {self.radii[place]} ({low} to {high}, apart by {reach}{by})"

    def _end(self, spread: Spread, end: Array, place: int) -> str:
        return f"{spread.value[end[place], place]:.3f} with {self.settings[end[place]].word}"

    def _axes(self, name: str, words: list[str]) -> Axes:
        return Axes({name: np.array(words), "radius": np.array(self.radii)}, {"radius": "cycles/image"})


def _spread(outcomes: Array) -> Spread:
    """Of outcomes (settings, radii, n)."""
    value = outcomes.mean(-1)
    least, most = value.argmin(0), value.argmax(0)
    radii = np.arange(outcomes.shape[1])
    pair = outcomes[most, radii], outcomes[least, radii]
    apart = paired_rates(*pair) if outcomes.dtype == bool else paired_means(*pair)
    return Spread(value, least, most, Estimate(apart.value, apart.low, apart.high))


def _decided(robust: Array, dependent: Array) -> Array:
    return np.where(robust, ROBUST, np.where(dependent, DEPENDENT, UNDECIDED))


def _switch_between(first: Setting, second: Setting) -> str:
    """The one switch in which two settings differ; nothing where they differ in more."""
    differing = [name for name in Setting._fields if getattr(first, name) != getattr(second, name)]
    if "mask" in differing and "edge" in differing:
        differing.remove("edge")  # of a soft mask there is none
    return SWITCHES[differing[0]] if len(differing) == 1 else ""
