"""A folder that keeps the finished cells of one question, so that a run killed at any moment goes on where it was."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fourierscope.fourier.kinds import a_path
from fourierscope.results import sealed, unsealed, written_whole

if TYPE_CHECKING:
    from fourierscope.runs.plan import Share

_SEAL = "seal"  # what question.json says of itself: a digest of the record it holds
_NAME = "cell"  # the entry of a cell's file that says which cell it is
_MOST_BYTES = 4 << 30  # a cell that declares more than this is refused before anything is allocated


class StoreError(ValueError):
    """A store that cannot serve this run: of another question, damaged, or in use."""


class Store:
    """The finished cells of one question in `folder`, one file each, written whole or not at all.

    `question.json` says what was asked. A store of another question is refused and left as it is.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = a_path(folder)

    @contextmanager
    def opened(self, record: Mapping[str, Any], share: Share | None = None) -> Iterator[None]:
        """Hold the store for one run of the question `record`, or for a share of it, beside which others may be held.

        Raises StoreError where the folder holds another question, is no store, or another run is at it.
        """
        self._begin(record)
        with ExitStack() as held:
            held.enter_context(self._locked("lock", fcntl.LOCK_EX if share is None else fcntl.LOCK_SH))
            if share is not None:
                held.enter_context(self._locked(f"lock-{share.number}-of-{share.of}", fcntl.LOCK_EX, f"Share {share}"))
            yield

    @contextmanager
    def _locked(self, name: str, how: int, who: str = "Another run") -> Iterator[None]:
        with (self.folder / name).open("w") as lock:
            try:
                fcntl.flock(lock, how | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(
                    f"{who} is at the store {self.folder}. Wait for it, or choose another folder."
                ) from None
            yield

    def finished(self, cells: list[NamedTuple]) -> dict[NamedTuple, dict[str, npt.NDArray[Any]]]:
        """What is kept of these cells. Raises StoreError where a file is damaged or of another cell."""
        found = {}
        for index, cell in enumerate(cells):
            path = self._path(index)
            if path.exists():
                found[cell] = _read(path, cell)
        return found

    def keep(self, index: int, cell: NamedTuple, measured: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep one finished cell."""
        if _NAME in measured:
            raise ValueError(f"A measurement may not be named {_NAME!r}.")
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **{_NAME: np.array(repr(cell))}, **measured)
        written_whole(self._path(index), lambda draft: _write(draft, sealed(buffer.getvalue())), overwrite=True)
        self._failed(index).unlink(missing_ok=True)

    def fail(self, index: int, cell: NamedTuple, why: str) -> None:
        """Keep why a cell failed, for whoever looks into the folder, until it is measured."""
        text = json.dumps({"cell": repr(cell), "why": why}, indent=1)
        written_whole(self._failed(index), lambda draft: _write(draft, text.encode()), overwrite=True)

    def count(self, cells: int) -> int:
        """How many of the first `cells` cells are kept."""
        return sum(self._path(index).exists() for index in range(cells))

    @property
    def record(self) -> dict[str, Any]:
        """The record of the question that the store is of; empty where it is of none yet, or cannot be read."""
        try:
            return _asked_in((self.folder / "question.json").read_bytes())
        except (OSError, ValueError):
            return {}

    @property
    def batch(self) -> int:
        """The batch size that memory once forced; 0 where none did."""
        path = self.folder / "batch.json"
        try:
            return int(json.loads(unsealed(path))["batch"]) if path.exists() else 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is damaged. Delete this file and run again.") from error

    @batch.setter
    def batch(self, size: int) -> None:
        content = sealed(json.dumps({"batch": size}).encode())
        written_whole(self.folder / "batch.json", lambda draft: _write(draft, content), overwrite=True)

    def _begin(self, record: Mapping[str, Any]) -> None:
        path = self.folder / "question.json"
        if not path.exists() and self._is_strange() and not path.exists():  # another run may have begun meanwhile
            raise StoreError(
                f"{self.folder} exists and is no store of a run. Nothing was changed; choose another folder."
            )
        if path.exists():
            _check_same(self.folder, path.read_bytes(), record)
            return
        text = json.dumps({**record, _SEAL: _seal_of(record)}, sort_keys=True, indent=1)
        try:
            written_whole(path, lambda draft: _write(draft, text.encode()))
        except FileExistsError:  # another run was quicker, by a moment
            _check_same(self.folder, path.read_bytes(), record)

    def _is_strange(self) -> bool:
        """Whether the folder is there, and holds what no run would leave that was killed as it began."""
        if not self.folder.is_dir():
            return self.folder.exists()
        return any(not _own(one) for one in self.folder.iterdir())

    def _path(self, index: int) -> Path:
        return self.folder / f"{_NAME}-{index:06d}.npz"

    def _failed(self, index: int) -> Path:
        return self.folder / f"failed-{index:06d}.json"


def _own(path: Path) -> bool:
    """Whether a file is what a run leaves that was killed before it had written its question."""
    return path.name.startswith("lock") or path.name.endswith(".draft")


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _read(path: Path, cell: NamedTuple) -> dict[str, npt.NDArray[Any]]:
    try:
        content = unsealed(path)
        _check_sizes(content)
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            measured = {name: held[name] for name in held.files}
    except (OSError, EOFError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(
            f"{path} is damaged ({error}). Delete this file and run again: its cell will be measured anew."
        ) from error
    named = str(measured.pop(_NAME, ""))
    if named != repr(cell):
        raise StoreError(
            f"{path} holds {named or 'no cell'}, where {cell} belongs. Choose another folder for this run."
        )
    return measured


def _check_sizes(content: bytes) -> None:
    """Read what the arrays of a cell declare, before anything is allocated. Raises ValueError where it is too much."""
    with zipfile.ZipFile(io.BytesIO(content)) as held:
        total = sum(_declared(held, name) for name in held.namelist())
    if total > _MOST_BYTES:
        raise ValueError(f"it declares {total / 2**30:.1f} GiB of values; at most {_MOST_BYTES >> 30} GiB are read")


def _declared(held: zipfile.ZipFile, name: str) -> int:
    """The bytes that an array's header declares; an array of objects has no size that one could trust."""
    with held.open(name) as entry:
        if np.lib.format.read_magic(entry) != (1, 0):
            raise ValueError(f"{name} is no plain array")
        shape, _, dtype = np.lib.format.read_array_header_1_0(entry)
    if dtype.hasobject or any(one < 0 for one in shape):
        raise ValueError(f"{name} is no plain array")
    return math.prod(shape) * int(dtype.itemsize)


def _check_same(folder: Path, held: bytes, asked: Mapping[str, Any]) -> None:
    try:
        old = _asked_in(held)
    except ValueError as error:
        raise StoreError(
            f"{folder / 'question.json'} is damaged ({error}). Choose another folder for this run."
        ) from error
    if _text(old) == _text(asked):
        return
    raise StoreError(
        f"The store {folder} belongs to another question: {'; '.join(differences(old, asked))}. "
        "Nothing was changed; choose another folder, or ask the old question."
    )


def _asked_in(content: bytes) -> dict[str, Any]:
    """The record in a question.json. Raises ValueError where it is none, or another than the one that was sealed."""
    held = json.loads(content)
    if not isinstance(held, dict):
        raise ValueError("it holds no record")
    seal = held.pop(_SEAL, None)
    if seal not in (None, _seal_of(held)):  # a store that was begun before there were seals has none
        raise ValueError("its seal does not fit")
    return held


def _seal_of(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(record).encode()).hexdigest()


def _text(record: Mapping[str, Any]) -> str:
    return json.dumps(record, sort_keys=True)


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """Where two records differ, each place with what it was and is."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = [differences(old.get(key), new.get(key), f"{place}.{key}".strip(".")) for key in sorted({*old, *new})]
        return [one for part in found for one in part]
    return [] if old == new else [f"{place} was {_short(old)} and is now {_short(new)}"]


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 48 else text[:45] + "..."
