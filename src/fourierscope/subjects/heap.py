"""The C library's heap: memory that a network frees and wants again at once stays with the process meanwhile."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt
_WHILE_IT_LASTS = {_MMAP_THRESHOLD: 2**30, _TRIM_THRESHOLD: 2**31 - 1}
_AFTERWARDS = {_MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26}  # the most that the library itself comes to
_OWN_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_TOP_PAD_")

_library = ctypes.CDLL(None)
_lock, _inside = Lock(), 0


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """While inside, blocks up to 1 GiB that are freed are kept for the next that wants one; then all are given back.

    The C library of GNU returns large blocks to the system when they are freed, so that each layer of each forward pass
    writes to fresh pages, which the system first has to clear: of MobileNetV2 at 224 x 224, half of the time. No number
    changes. Where the environment sets thresholds of its own (GLIBC_TUNABLES, MALLOC_...), and with other libraries,
    nothing is done but giving back.
    """
    _entered(+1)
    try:
        yield
    finally:
        _entered(-1)
        trim = getattr(_library, "malloc_trim", None)
        if trim is not None:
            trim(0)


def _entered(change: int) -> None:
    """Count who is inside; the first and the last set the thresholds."""
    global _inside
    with _lock:
        was, _inside = _inside, _inside + change
        if not (was and _inside) and not _set_by_user() and hasattr(_library, "mallopt"):
            for name, value in (_WHILE_IT_LASTS if _inside else _AFTERWARDS).items():
                _library.mallopt(name, value)


def _set_by_user() -> bool:
    return "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "") or any(name in os.environ for name in _OWN_SETTINGS)
