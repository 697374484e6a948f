"""Files written whole or not at all."""

from __future__ import annotations

import filecmp
import glob
import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_OLD = 24 * 3600.0  # seconds after which nobody writes a draft any more, on this machine or another
_SEAL = b"\nfourierscope sha256 "


def written_whole(path: Path, write: Callable[[Path], None], overwrite: bool = False) -> Path:
    """Let `write` fill a draft beside `path`, then put it there in one step; the draft never stays behind.

    A file that stands there already is kept: the same bytes are fine, others raise FileExistsError unless `overwrite`.
    Raises OSError, naming the folder, where it cannot be written (a full disk, no permission).
    """
    if not path.name or path.is_dir():
        raise IsADirectoryError(f"{path} is a folder. Choose a file's name.")
    if path.parent.exists() and not path.parent.is_dir():
        raise NotADirectoryError(f"Cannot write {path.name} in {path.parent}: that is a file, no folder.")
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        write(draft)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists() and not overwrite and not filecmp.cmp(draft, path, shallow=False):
            raise FileExistsError(
                f"{path} exists already and holds something else. Choose another name, or say overwrite."
            )
        draft.replace(path)
        _settle(path.parent)
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        raise OSError(error.errno, f"Cannot write {path.name} in {path.parent}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return path


def _sweep(path: Path) -> None:
    """Remove old drafts of this file, which processes left that were killed while they wrote."""
    for draft in path.parent.glob(f".{glob.escape(path.name)}.*.draft"):
        with suppress(FileNotFoundError):  # another process has put it in its place meanwhile
            if time.time() - draft.stat().st_mtime > _OLD:
                draft.unlink()


def sealed(content: bytes) -> bytes:
    """Content with its SHA-256 at the end: HDF5 passes over it, and damage is told before HDF5 could crash on it."""
    return content + _SEAL + hashlib.sha256(content).hexdigest().encode()


def unsealed(path: Path) -> bytes:
    """The content of a file that `sealed` closed. Raises ValueError where it was changed or never sealed."""
    held = path.read_bytes()
    content = held[: -len(_SEAL) - 64]
    if sealed(content) != held:
        raise ValueError(
            f"{path} is not from fourierscope, or is damaged: its end does not seal its content. Make it again."
        )
    return content


def _settle(folder: Path) -> None:
    """Ask the disk to keep the folder's new entry."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
