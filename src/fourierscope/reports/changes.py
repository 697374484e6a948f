"""Changes of images compared with each other: there is no image that both were measured on, so as independent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from fourierscope.figures.form import bounds, interval, number
from fourierscope.reports.questions import MOST_PAIRED, Question
from fourierscope.results import Estimate, Result, apart

_COMPARED = {"low_high_ratio": "ratio of low to high frequencies", "share": "share at high frequencies"}


class Finding(NamedTuple):
    """A sentence, whom it is about, and how many images stand behind it."""

    about: str
    images: int | None
    says: str


def between_changes(question: Question) -> Iterator[Finding]:
    """A sentence for each pair of changes (of many, each with the first) and each value that compares."""
    if "before" not in question.results[0].record.get("subject", {}):
        return
    named = list(zip(question.names, question.results, strict=True))
    pairs = list(combinations(named, 2)) if len(named) <= MOST_PAIRED else [(named[0], one) for one in named[1:]]
    for (first, one), (second, other) in pairs:
        for name, words in _COMPARED.items():
            ours, theirs = _estimate(one, name), _estimate(other, name)
            if ours is not None and theirs is not None:
                says = _sentence(words, first, second, apart(ours, theirs))
                yield Finding(f"{first} minus {second}", None, says)


def _estimate(result: Result, name: str) -> Estimate | None:
    """A value with its bounds; None where it is not there, has another shape, or no finite bounds."""
    found = bounds(result[name]) if name in result and result[name].ndim == 0 else None
    return None if found is None else Estimate(np.asarray(result[name].values), *found)


def _sentence(words: str, first: str, second: str, found: Estimate) -> str:
    told = f"{number(float(found.value))} ({interval(float(found.low), float(found.high))})"
    if float(found.low) <= 0 <= float(found.high):
        return f"The {words} does not differ surely: {told}, the two taken as independent."
    higher = "higher" if float(found.value) > 0 else "lower"
    return f"The {words} of {first} is {higher} than that of {second}: {told}, the two taken as independent."
