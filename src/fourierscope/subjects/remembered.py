"""Work on a whole set of samples that is done once: cells of one question ask for the same means again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from fourierscope.subjects.samples import Samples

T = TypeVar("T")


def remembered(work: Callable[[Samples, str], T]) -> Callable[[Samples, str], T]:
    """The same work on samples, by a word; its outcome is kept for as long as the samples are."""
    kept: WeakKeyDictionary[Samples, dict[str, T]] = WeakKeyDictionary()

    @wraps(work)
    def once(samples: Samples, word: str) -> T:
        held = kept.setdefault(samples, {})
        if word not in held:
            held[word] = work(samples, word)
        return held[word]

    return once
