"""Work on a whole subject that is done once: cells of one question ask for the same means again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

S = TypeVar("S")
T = TypeVar("T")


def remembered(work: Callable[[S, str], T]) -> Callable[[S, str], T]:
    """The same work on a subject, by a word; its outcome is kept for as long as the subject is."""
    kept: WeakKeyDictionary[S, dict[str, T]] = WeakKeyDictionary()

    @wraps(work)
    def once(subject: S, word: str) -> T:
        held = kept.setdefault(subject, {})
        if word not in held:
            held[word] = work(subject, word)
        return held[word]

    return once
