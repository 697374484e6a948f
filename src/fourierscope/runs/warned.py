"""Warnings of a run: what every cell would say is said once, whichever process it comes from."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Warned(NamedTuple):
    """A warning as it passes from one process to another: its kind, its text, and where it was given."""

    category: type[Warning]
    text: str
    file: str
    line: int


@contextmanager
def each_warning_once() -> Iterator[None]:
    """Show each warning, by its kind and text, once within; filters that make errors of warnings are left alone."""
    show, told = warnings.showwarning, set()

    def once(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if (category, str(message)) not in told:
            told.add((category, str(message)))
            show(message, category, *place, **more)

    warnings.showwarning = once
    try:
        yield
    finally:
        warnings.showwarning = show


@contextmanager
def warnings_kept() -> Iterator[list[Warned]]:
    """Keep what is warned of within, each once, instead of showing it: the list is filled when the block ends."""
    kept: list[Warned] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield kept
    kept += dict.fromkeys(Warned(one.category, str(one.message), one.filename, one.lineno) for one in heard)


def warn_again(kept: Iterable[Warned]) -> None:
    """Warn, in this process and under its filters, of what another one kept."""
    for one in kept:
        warnings.warn_explicit(one.text, one.category, one.file, one.line)
