"""Warnings of a run: what every cell would say is said once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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
