"""The C library's heap: memory that a network frees and wants again at once stays with the process meanwhile."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt
_INSIDE = {_MMAP_THRESHOLD: 2**30, _TRIM_THRESHOLD: 2**31 - 1}
_OUTSIDE = {_MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26}  # the most that the library itself comes to
_SETTINGS = ("mmap_threshold", "trim_threshold", "mmap_max", "top_pad")

_library = ctypes.CDLL(None)
_set_by_user = any(  # as the library itself reads it: once
    f"MALLOC_{name.upper()}_" in os.environ or f"glibc.malloc.{name}" in os.environ.get("GLIBC_TUNABLES", "")
    for name in _SETTINGS
)
_lock, _inside = Lock(), 0


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """While inside, freed blocks of up to 1 GiB stay with the process; each exit gives back what is free.

    The C library of GNU returns large blocks to the system when they are freed, so that each layer of each forward pass
    writes to fresh pages, which the system first has to clear: of MobileNetV2 at 224 x 224, half of the time. No number
    changes. From the last exit on the thresholds are 32 and 64 MiB, the most that the library's own adjustment, which
    ends with this, comes to. Releases that accept no more keep blocks of up to 32 MiB. Where the environment sets
    thresholds of its own (`GLIBC_TUNABLES`, `MALLOC_MMAP_THRESHOLD_` and the like) they stay, and other C libraries are
    left alone.
    """
    _enter(+1)
    try:
        yield
    finally:
        _enter(-1)
        trim = getattr(_library, "malloc_trim", None)
        if trim is not None:
            trim(0)


def _enter(change: int) -> None:
    """Count who is inside; the first that comes and the last that goes set the thresholds."""
    global _inside
    with _lock:
        was, _inside = _inside, _inside + change
        if not (was and _inside):
            _set(_INSIDE if _inside else _OUTSIDE)


def _set(thresholds: dict[int, int]) -> None:
    if not _set_by_user and hasattr(_library, "mallopt"):
        for name, value in thresholds.items():
            if not _library.mallopt(name, value):
                _library.mallopt(name, _OUTSIDE[name])


def _outside_again() -> None:
    """A forked child is outside, whatever the threads of its parent were at."""
    global _lock, _inside
    was, _lock, _inside = _inside, Lock(), 0
    if was:
        _set(_OUTSIDE)


os.register_at_fork(after_in_child=_outside_again)
