"""Where large arrays lie: in files that the system maps into memory page by page, one copy for all processes."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from mmap import ALLOCATIONGRANULARITY, mmap
from multiprocessing.context import get_spawning_popen
from multiprocessing.reduction import DupFd
from typing import Any, BinaryIO
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_LARGE = 1 << 28  # bytes from which an array lies in a file
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk, the user's share of it, the largest file that is allowed
_PIECE = 1 << 26  # bytes moved or looked at together, so that a mapped array never has to fit into memory
# the kinds that samples are kept in
_NUMPY: dict[torch.dtype, np.dtype[Any]] = {torch.uint8: np.dtype(np.uint8), torch.float32: np.dtype(np.float32)}


@dataclass(frozen=True)
class _Mapped:
    """A part of a file in memory: `size` bytes from `offset` on in `file` stand at `address`."""

    file: BinaryIO
    offset: int
    address: int
    size: int


_known: WeakKeyDictionary[mmap, _Mapped] = WeakKeyDictionary()  # goes, and closes the file, with the last array upon it


def room(shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """An empty array, in a temporary file where it is large; that file has no name and goes when the array goes.

    Raises OSError where the temporary folder (TMPDIR says which) has less room than that, or takes no file.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    if not is_large(size):
        return np.empty(shape, dtype)
    folder = tempfile.gettempdir()
    try:
        free = shutil.disk_usage(folder).free
        # it stays open as long as its map
        file = tempfile.TemporaryFile(prefix="fourierscope-") if size <= free else None  # noqa: SIM115
    except OSError as error:
        raise type(error)(f"Large images lie in a temporary file; no file can be made: {error}. Set TMPDIR.") from error
    if file is None:
        raise _no_room(size, folder)
    try:
        if hasattr(os, "posix_fallocate"):  # a disk that fills up under a map would kill the process
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno in _FULL:  # others say that this disk cannot set room aside
            raise _no_room(size, folder, f" ({error.strerror})") from error
    return mapped(file, np.dtype(dtype), "r+" if os.fstat(file.fileno()).st_size else "w+", 0, shape)


def mapped(
    file: Any, dtype: np.dtype[Any], mode: Any, offset: int, shape: tuple[int, ...], order: Any = "C"
) -> npt.NDArray[Any]:
    """An array that is a part of an open file, which stays open as long as the array."""
    array: npt.NDArray[Any] = np.memmap(file, dtype, mode, offset, shape, order)
    _remember(_map_below(array), file, offset)
    return array


def remember(array: object) -> None:
    """Know the file of a user's memory map, so that worker processes can map it too.

    A private map (mode "c") may hold values that its file does not, and a file may have been replaced: such maps stay
    unknown.
    """
    base = array
    while isinstance(base, np.ndarray) and getattr(base, "filename", None) is None:
        base = base.base
    if not isinstance(base, np.memmap) or base.mode == "c":
        return
    below = _map_below(base)
    if below is None or below in _known:
        return
    try:
        file = open(str(base.filename), "rb")  # noqa: SIM115 (it stays open as long as the map)
    except OSError:
        return
    if _same(file, below, base.offset):
        _remember(below, file, base.offset)
    else:
        file.close()


def is_large(size: int) -> bool:
    """Whether so many bytes lie in a file."""
    return size >= _LARGE


def pieces(images: Tensor) -> tuple[Tensor, ...]:
    """Images in parts of some MB, in their order."""
    return images.split(max(1, _PIECE // max(1, images[0].numel() * images.element_size())))


def gathered(parts: Iterable[Tensor], shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Parts one after another as one tensor (n, ...); in a file where that is large."""
    whole, start = torch.from_numpy(room(shape, _NUMPY[dtype])), 0
    for part in parts:
        whole[start : start + len(part)] = part
        start += len(part)
    assert start == len(whole)
    return whole


def converted(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """A copy of an array as another dtype, in a file where it is large."""
    if not is_large(array.nbytes):
        return array.astype(dtype)
    whole, size = room(array.shape, dtype), max(1, _PIECE // array[0].nbytes)
    for start in range(0, len(array), size):
        whole[start : start + size] = array[start : start + size]
    return whole


def is_known(images: Tensor) -> bool:
    """Whether a tensor lies in a file that a worker process can map."""
    return _file_of(images) is not None


def spawning() -> bool:
    """Whether what is pickled now goes to a process that this one is starting, which inherits open files."""
    return get_spawning_popen() is not None


class Travelling:
    """A known tensor on its way to a process that is being started: its place in an open file instead of its values."""

    def __init__(self, images: Tensor) -> None:
        self._images = images

    def __reduce__(self) -> tuple[Any, ...]:
        found = _file_of(self._images)
        assert found is not None
        file, offset = found
        images = self._images
        return _arrived, (DupFd(file.fileno()), offset, _NUMPY[images.dtype].str, tuple(images.shape), images.stride())


def _arrived(inherited: Any, offset: int, kind: str, shape: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    dtype = np.dtype(kind)
    strides = tuple(one * dtype.itemsize for one in stride)
    file = os.fdopen(os.dup(inherited.detach()), "rb")
    held = mapped(file, np.dtype(np.uint8), "c", offset, (_extent(shape, stride) * dtype.itemsize,))
    return torch.from_numpy(np.ndarray(shape, dtype, held, 0, strides))


def _file_of(images: Tensor) -> tuple[BinaryIO, int] | None:
    """The file that a tensor lies in, and where its first value stands there."""
    first = images.data_ptr()
    last = first + _extent(tuple(images.shape), images.stride()) * images.element_size()
    for one in list(_known.values()):
        if one.address <= first and last <= one.address + one.size:
            return one.file, one.offset + first - one.address
    return None


def _extent(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """How many values lie from the first to the last one of a tensor, its gaps counted in."""
    return 1 + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))


def _map_below(array: Any) -> mmap | None:
    while isinstance(array, np.ndarray):
        array = array.base
    return array if isinstance(array, mmap) else None


def _remember(below: mmap | None, file: BinaryIO, offset: int) -> None:
    assert below is not None
    start = offset - offset % ALLOCATIONGRANULARITY  # where NumPy lets a map begin
    _known[below] = _Mapped(file, start, np.frombuffer(below, np.uint8).ctypes.data, len(below))


def _same(file: BinaryIO, below: mmap, offset: int) -> bool:
    """Whether a file's two ends are what is mapped."""
    start = offset - offset % ALLOCATIONGRANULARITY
    few = min(len(below), _PIECE >> 10)
    ends = ((0, below[:few]), (len(below) - few, below[-few:]))
    return all(os.pread(file.fileno(), few, start + place) == held for place, held in ends)


def _no_room(size: int, folder: str, why: str = "") -> OSError:
    free = shutil.disk_usage(folder).free
    return OSError(
        f"These images take {size / 2**30:.1f} GiB on the disk, and {folder} has {free / 2**30:.1f} GiB left{why}. "
        "Take fewer (limit) or smaller ones (size), or let TMPDIR name a folder with more room."
    )
