"""A row for each method: accuracy, and gains over the baselines, paired over the same images and seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.jia2019.learned import cell
from fourierscope.papers.jia2019.methods import HALF_NOISE, STANDARD, Kind, Method
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import outcomes
from fourierscope.reports import Table
from fourierscope.results import Result, crossed_interval, written_whole
from fourierscope.results.intervals import CONFIDENCE, wilson_at

FAMILIES = ("noise", "blur", "weather", "digital")
_MOST_SEEDS = 20
_GAINS = ("over_standard", "over_noise", "clean_over_standard")
_SAYS = (
    "Accuracies are means over seeds; corrupted: over all corruptions and severities. Gains are differences in "
    "corrupted accuracy, or in clean accuracy where the column says so, paired over images and seeds, with 95 % "
    "intervals for both drawn anew (of one seed: for images)."
)


class Row(NamedTuple):
    """What a method gave: accuracies, gains in corrupted accuracy and in clean accuracy, with their bounds."""

    method: str
    kind: Kind
    seeds: int
    images: int
    clean: float
    corrupted: float
    families: dict[str, float]
    over_standard: tuple[float, float, float] | None
    over_noise: tuple[float, float, float] | None
    clean_over_standard: tuple[float, float, float] | None


def right(result: Result, what: str) -> npt.NDArray[Any]:
    """The share (n,) in which each image is named rightly: "clean", "corrupted", a family, or a corruption."""
    if what == "clean":
        return outcomes(result, "clean_accuracy", {}).astype(float)
    if what == "corrupted":
        return 1 - outcomes(result, "mean_error", {}).astype(float)
    if what in FAMILIES:
        return 1 - outcomes(result, "family_error", {"family": what}).astype(float)
    return outcomes(result, "corruption_accuracy", {"corruption": what}).astype(float)


def seeds_of(made: Made, *methods: Method) -> list[int]:
    """The seeds under which all of these were asked."""
    return [seed for seed in range(_MOST_SEEDS) if all(cell(one, seed) in made.results for one in methods)]


def by_seed(made: Made, method: Method, what: str, seeds: Sequence[int]) -> npt.NDArray[Any]:
    """The same (seeds, n) of a method. Raises NotTried where it was asked under none."""
    if not seeds:
        raise NotTried(f"{method.name} was not asked under the same seed")
    return np.stack([right(made[cell(method, seed)], what) for seed in seeds])


def gain(made: Made, method: Method, over: Method, what: str = "corrupted", spent: float = 1.0) -> Reading:
    """How much more often a method is right than another, paired over images and seeds.

    Where no image differs at all, its bounds are those of a rate of none of the images, to both sides. `spent` is that
    of `crossed_interval`.
    """
    seeds = seeds_of(made, method, over)
    differences = by_seed(made, method, what, seeds) - by_seed(made, over, what, seeds)
    found, n = crossed_interval(differences, spent), differences.shape[1]
    if not differences.any():
        z = stats.norm.ppf(1 - (1 - CONFIDENCE) / 2 * spent)
        reach = float(wilson_at(*map(np.asarray, (0.0, n, z))).high)
        return Reading(0.0, -reach, reach, n)
    return Reading(float(found.value), float(found.low), float(found.high), n)


def best_gain(made: Made, methods: Sequence[Method], over: Method, what: str = "corrupted") -> Reading:
    """The largest gain of several methods, with bounds for the largest of them: those of all hold at once."""
    there = [one for one in methods if seeds_of(made, one, over)]
    if not there:
        raise NotTried(f"none of them was asked under the same seed as {over.name}")
    found = [gain(made, one, over, what, 1 / len(there)) for one in there]
    value, low, high = np.array([one[:3] for one in found]).max(0).clip(-1, 1)  # NaN where one has no bounds
    return Reading(float(value), float(low), float(high), found[0].n)


def mean(made: Made, method: Method, what: str) -> Reading:
    """How often a method is right, were images and seeds drawn anew."""
    values = by_seed(made, method, what, seeds_of(made, method))
    found = crossed_interval(values)
    return Reading(float(found.value), max(0.0, float(found.low)), min(1.0, float(found.high)), values.shape[1])


def rows_of(made: Made, methods: Sequence[Method]) -> list[Row]:
    """A row for each method that was asked under one seed at least."""
    return [_row(made, method) for method in methods if seeds_of(made, method)]


def _row(made: Made, method: Method) -> Row:
    seeds = seeds_of(made, method)
    value = {what: float(by_seed(made, method, what, seeds).mean()) for what in ("clean", "corrupted", *FAMILIES)}
    images = len(right(made[cell(method, seeds[0])], "clean"))
    gains = [_gain_or_none(made, method, over) for over in (STANDARD, HALF_NOISE)]
    gains += [_gain_or_none(made, method, STANDARD, "clean")]
    families = {name: value[name] for name in FAMILIES}
    return Row(method.name, method.kind, len(seeds), images, value["clean"], value["corrupted"], families, *gains)


def _gain_or_none(
    made: Made, method: Method, over: Method, what: str = "corrupted"
) -> tuple[float, float, float] | None:
    """None for a method beside itself, and where both were not asked under the same seed."""
    if method == over or not seeds_of(made, method, over):
        return None
    found = gain(made, method, over, what)
    return found.value, found.low, found.high


def table_of(heading: str, rows: Sequence[Row], says: str = _SAYS) -> Table:
    """Rows as a table."""
    columns = (
        "method", "kind", "seeds", "images", "clean", "corrupted", *FAMILIES, "over standard", "over 50 % Gaussian",
        "clean, over standard",
    )  # fmt: skip
    return Table(heading, says, columns, tuple(_texts(row) for row in rows))


def _texts(row: Row) -> tuple[str, ...]:
    numbers = (row.clean, row.corrupted, *(row.families[name] for name in FAMILIES))
    counts = (str(row.seeds), str(row.images))
    gains = map(gain_text, (row.over_standard, row.over_noise, row.clean_over_standard))
    return (row.method, row.kind, *counts, *(f"{one:.3f}" for one in numbers), *gains)


def gain_text(found: tuple[float, float, float] | None) -> str:
    """A gain with its bounds, where it has any."""
    if found is None:
        return ""
    value, low, high = found
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})" if isfinite(low) else f"{value:+.3f}"


def write(making: Making, methods: Sequence[Method]) -> None:
    """The rows so far as `rows.json` in the exhibit's folder, so that a run in the background can be looked at."""
    rows = rows_of(Made(making.results), methods)
    learned = making.setting.learned
    told = {
        "budget": making.budget,
        "version": version("fourierscope"),
        "torch": version("torch").split("+")[0],
        "tested": making.setting.samples.name,
        "learned": None if learned is None else learned.name,
        "rows": [row._asdict() for row in rows],
    }
    text = json.dumps(told, indent=1) + "\n"

    def put(draft: Path) -> None:
        draft.write_text(text, encoding="utf-8")

    written_whole(making.folder / "rows.json", put, overwrite=True)


def measured(exhibit: str) -> Table | None:
    """The rows of a run of ours that are shipped with the package, as a table; None where none are.

    They are the `rows.json` of that run, copied beside this file as `measured-leader-table.json` and the like.
    """
    path = files("fourierscope.papers.jia2019") / f"measured-{exhibit}.json"
    if not path.is_file():
        return None
    held = json.loads(path.read_text(encoding="utf-8"))
    rows = [_from_json(one) for one in held["rows"]]
    says = f"Shipped with the package, not made now: budget {held['budget']}, by version {held['version']}. {_SAYS}"
    return table_of("Measured before", rows, says)


def _from_json(held: dict[str, Any]) -> Row:
    gains = {name: None if held[name] is None else tuple(held[name]) for name in _GAINS}
    return Row(**(held | gains))


def tables(made: Made, methods: Sequence[Method], exhibit: str) -> list[Table]:
    """The table of what was made, and the shipped one where there is one."""
    before = measured(exhibit)
    return [table_of("By method", rows_of(made, methods)), *([before] if before is not None else [])]
