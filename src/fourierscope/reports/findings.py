"""What was found, in plain sentences made from the numbers, with their intervals and counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import (
    bounds,
    form_of,
    interval,
    is_difference,
    number,
    ordered,
    significant,
    words,
)
from fourierscope.reports.answers import OWN_SENTENCES
from fourierscope.reports.changes import Finding, between_changes
from fourierscope.reports.map_sentences import map_sentences
from fourierscope.reports.phrases import (
    clean_sentence,
    coordinate,
    interval_of,
    location,
    measure,
    percent,
    stretches,
    valued,
)
from fourierscope.reports.questions import Compared, Question, compared, shown
from fourierscope.results import Result

SHARE = 0.9  # of the clean accuracy, which pass curves are asked to reach
_IN = {  # how a word on an axis is said of the values that stand there
    "kept": " with only {} frequencies kept",
    "noise": " under {} noise",
    "order": " in the order {}",
}
_AT = {  # what a word on an axis is, and how it is said where values stand along it
    "masked": ("mask", "under"),
    "features": ("kind of features", "by"),
    "control": ("control", "against"),
    "start": ("start", "from"),
    "pair": ("pair of starts", "from"),
}
_LESS_IS_STRONGER = ("margin",)  # scores that a stronger wave makes smaller


def findings(question: Question) -> list[Finding]:
    """The sentences on one question: each result by itself, then the differences."""
    named = zip(question.names, question.results, strict=True)
    found = [_finding(name, one, says) for name, one in named for says in _of(one)]
    found += [_finding(pair.name, pair.result, says) for pair in question.differences for says in _of_difference(pair)]
    return found + list(between_changes(question))


def _finding(about: str, result: Result, says: str) -> Finding:
    return Finding(about, _images(result), says.replace(" %", "\u00a0%"))


def _images(result: Result) -> int | None:
    return int(result.dataset["n"]) if "n" in result and result.dataset["n"].ndim == 0 else None


def _of(result: Result) -> Iterator[str]:
    if result.record.get("analysis") in OWN_SENTENCES and not any(map(is_difference, result.dataset.values())):
        yield from OWN_SENTENCES[result.record["analysis"]](result)
        return
    names = list(shown(result))
    if any(result[name].attrs.get("difference") == "yes" for name in names):
        first, second = (str(one["name"]) for one in result.record["subject"]["classifiers"])
        yield from _of_difference(Compared(first, second, result))
        return
    for name in names:
        if name.startswith("clean_"):
            yield clean_sentence(name, result[name])
    maps = [name for name in names if f"{name}_ring" in result]
    kept = [name for name in names if result[name].dims[:1] == ("kept",)]
    slopes = [name for name in names if name == "slope" and result[name].ndim == 0]
    for name in maps:
        yield from _heat_map(result, name)
        yield from map_sentences(result, name)
    for name in kept:
        yield from _pass_curve(result, name)
    for name in slopes:
        yield _slope(result[name])
    if not maps and not kept and not slopes:
        yield from _any(result, [name for name in names if not name.startswith("clean_")])


def _heat_map(result: Result, name: str) -> Iterator[str]:
    ring, plane = ordered(result[f"{name}_ring"]), result[name]
    what = measure(name)
    if not _finite(ring) or not _finite(plane):
        yield _without_numbers(name)
        return
    least, most = int(np.nanargmin(ring.values)), int(np.nanargmax(ring.values))
    if np.ptp(ring.values) == 0:
        yield f"The {what} is {valued(ring[0])} under waves of every radius: no frequency stands out."
        return
    yield (
        f"Over rings of equal radius, the {what} is highest under waves at radius {coordinate(ring, most)}, "
        f"{valued(ring[most])}, "
        f"and lowest at radius {coordinate(ring, least)}, {valued(ring[least])}."
    )
    cell = _strongest(result, name)
    ties = int((plane.values == cell.values).sum()) // 2
    told = f"{ties} waves tie for this value, and " if ties > 1 else ""
    yield (
        f"The strongest single wave is {location(cell, plane)}, with {valued(cell)}; {told}it was "
        f"picked as the extreme of {int(np.isfinite(plane.values).sum())} cells, so its value is likely overstated."
    )


def _strongest(result: Result, name: str) -> xr.DataArray:
    """The cell of largest effect; of several, the one whose pictures are shown, else the last in reading order."""
    plane = result[name]
    effect = (-1 if name in _LESS_IS_STRONGER else 1) * plane.values
    cells = [plane[row, column] for row, column in np.argwhere(effect == np.nanmax(effect))]
    shown_wave = result.dataset["pictures"].attrs if "pictures" in result else {}
    pictured = [
        one
        for one in cells
        if (int(one["row"]), int(one["column"])) == (shown_wave.get("row"), shown_wave.get("column"))
    ]
    return (pictured or cells)[-1]


def _pass_curve(result: Result, name: str) -> Iterator[str]:
    values, clean = ordered(result[name]), f"clean_{name}"
    if clean not in result or values.ndim != 2:
        yield from _any(result, [name])
        return
    axis = str(values.dims[1])
    needed = SHARE * float(result[clean])
    for word in values["kept"].values:
        curve = values.sel(kept=word)
        reached = np.flatnonzero(curve.values >= needed)
        start = f"With only {word} frequencies kept, "
        if not _finite(curve):
            yield f"{start}the {measure(name)} is unknown: it holds no finite numbers."
            continue
        best = int(np.nanargmax(curve.values))
        goal = f"{SHARE:.0%} of the clean {measure(name)} ({number(needed)})".replace("%", " %")
        if not len(reached):
            told = f"no {axis} reaches {goal}; the best is {valued(curve[best])} at {axis} {coordinate(curve, best)}"
        else:
            from_above = word == "high" and axis == "radius"
            at = int(reached[-1] if from_above else reached[0])
            extreme = "largest" if from_above else "smallest"
            told = f"the {extreme} {axis} to reach {goal} is {coordinate(curve, at)}, with {valued(curve[at])}"
        yield f"{start}{told}."


def _slope(values: xr.DataArray) -> str:
    if not np.isfinite(float(values)):
        return str(values.attrs["says"])
    return f"The power law of best fit has the exponent {valued(values)}. {values.attrs['says']}"


def _any(result: Result, names: list[str]) -> Iterator[str]:
    """Highest and lowest of each value that has bounds; of all, where none has."""
    several = [name for name in names if _drawn(result[name])]
    drawn = [name for name in several if _finite(result[name])]
    yield from (_without_numbers(name) for name in several if name not in drawn)
    for name in [one for one in drawn if bounds(result[one]) is not None] or drawn:
        values = result[name]
        if values.ndim == 0:
            yield f"The {measure(name)} is {valued(values)}."
        else:
            flat = values.stack(place=values.dims)
            most, least = flat[int(np.nanargmax(flat.values))], flat[int(np.nanargmin(flat.values))]
            yield (
                f"The {measure(name)} is highest at {location(most, values)}, {valued(most)}, "
                f"and lowest at {location(least, values)}, {valued(least)}."
            )


def _finite(values: xr.DataArray) -> bool:
    return bool(np.isfinite(values.values).any())


def _without_numbers(name: str) -> str:
    return f"The {measure(name)} holds no finite numbers, so nothing is said of it."


def _drawn(values: xr.DataArray) -> bool:
    try:
        return form_of(values) != "pictures"
    except ValueError:
        return False


def _of_difference(pair: Compared) -> Iterator[str]:
    result = pair.result
    for name in compared(result):
        values = result[name]
        sure = significant(values)
        if sure is None:
            continue
        if name in ("clean_error", "clean_accuracy"):
            yield _difference_of_accuracy(-values if name == "clean_error" else values, values, bool(sure), pair)
        elif values.ndim == 0:
            yield _difference_of_value(name, values, bool(sure), pair)
        elif values.dims == ("row", "column"):
            yield (
                f"Of {sure.size} cells of the {measure(name)} plane {int(sure.sum())} "
                f"({percent(float(sure.mean()))} %) differ significantly, at a false discovery rate of 5 %."
            )
        elif values.ndim == 1:
            yield from _difference_along(name, values, pair, "")
        elif values.ndim == 2 and values.dims[0] in _IN:
            axis = str(values.dims[0])
            for word in values[axis].values:
                yield from _difference_along(name, values.sel({axis: word}), pair, _IN[axis].format(words(word)))


def _difference_of_accuracy(more: xr.DataArray, values: xr.DataArray, sure: bool, pair: Compared) -> str:
    """`more` is what the first classifies rightly above the second; `values` carry the bounds."""
    same = float(more) == float(values)
    ends = sorted(one if same else -one for one in interval_of(values) or ())
    told = number(float(more) + 0.0) + (f" ({interval(*ends)})" if ends else "")
    if not sure:
        return f"Their accuracies on clean images do not differ significantly: {told}."
    return (
        f"On clean images the accuracy of {pair.first} minus that of {pair.second} is {told}, a significant difference."
    )


def _difference_of_value(name: str, values: xr.DataArray, sure: bool, pair: Compared) -> str:
    what = measure(name)
    if not sure:
        return f"The {what} does not differ significantly: {valued(values)}."
    higher, lower = (pair.first, pair.second) if float(values) > 0 else (pair.second, pair.first)
    return f"The {what} of {higher} is higher than that of {lower}: {valued(values)}."


def _difference_along(name: str, values: xr.DataArray, pair: Compared, where: str) -> Iterator[str]:
    values = ordered(values)
    sure, axis = significant(values), str(values.dims[0])
    assert sure is not None
    noun, at = ("ring", f"at {axis}") if name.endswith("_ring") else _AT.get(axis, (axis, f"at {axis}"))
    if not sure.any():
        largest = int(np.abs(values.values).argmax())
        yield (
            f"No {noun} differs significantly in {measure(name)}{where}; the largest difference is "
            f"{valued(values[largest])} "
            f"{at} {coordinate(values, largest)}."
        )
    for sign, word in ((1, "higher"), (-1, "lower")):
        chosen = sure & (sign * values.values > 0)
        if chosen.any():
            most = int(np.where(chosen, sign * values.values, -np.inf).argmax())
            yield (
                f"The {measure(name)} of {pair.first} is significantly {word} than that of {pair.second}{where} "
                f"{at} {stretches(values[axis].values, chosen)}, "
                f"most {at} {coordinate(values, most)}: {valued(values[most])}."
            )
