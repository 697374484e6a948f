"""How many images go through a classifier at a time: decided here, halved when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

import torch

from fourierscope.fourier import Plane
from fourierscope.subjects.heap import freed_memory_kept

T = TypeVar("T")
LEAST = 8
"""Images of any size that go through a classifier at a time, if memory lets them."""


class Part(NamedTuple):
    """Images start..stop: the cell of a question whose pieces of work are parts of the samples."""

    start: int
    stop: int


_size: ContextVar[int] = ContextVar("batch size", default=0)


def automatic_size(plane: Plane, device: torch.device) -> int:
    """A batch size that suits most networks: about 2^16 pixels on a processor, 2^21 on an accelerator; at least 8."""
    pixels = 2**16 if device.type == "cpu" else 2**21
    fitting = pixels // (plane.height * plane.width)
    return max(LEAST, 2 ** max(0, fitting.bit_length() - 1))


def batch_size(plane: Plane, device: torch.device) -> int:
    """The number of images to put through a classifier at a time, in the run at hand."""
    return _size.get() or automatic_size(plane, device)


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of 0..count, `size` at a time."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


@contextmanager
def batch_size_of(size: int) -> Iterator[None]:
    """Let `batch_size` answer `size` for a while (0: automatic)."""
    token = _size.set(size)
    try:
        yield
    finally:
        _size.reset(token)


def shrinking(work: Callable[[], T], size: int, largest: int) -> tuple[T, int]:
    """The work's outcome and the batch size it went through with, halved as often as memory runs out.

    `size` 0 is automatic, which stands for `largest` when it has to be halved. Raises MemoryError where one image at a
    time is too many.

    What is freed meanwhile is given back at the end: the heap, cut up by what is kept of each cell, else grows.
    """
    while True:
        try:
            with batch_size_of(size), freed_memory_kept():
                return work(), size
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            if (size or largest) <= 1:
                raise MemoryError(
                    "Memory runs out with one image at a time: take smaller images or a smaller network."
                ) from error
            size = (size or largest) // 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
