"""Kinds of what comes to a door, told apart once: a value of another kind is refused, and nothing stumbles over it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

_LARGEST = 2**63  # whole numbers beyond it fit no array


def is_number(value: object) -> bool:
    """Whether a value is a real number, and no truth value; a whole one fits in 64 bits."""
    if isinstance(value, int | np.integer):
        return not isinstance(value, bool) and abs(int(value)) < _LARGEST
    return isinstance(value, float | np.floating)


def came(value: object) -> str:
    """What came, in a few words for a message."""
    told = repr(value)
    return told if len(told) < 60 else f"a value of type {type(value).__name__}"


def number_of(count: int, one: str, many: str = "") -> str:
    """So many of something in words: 1 step, 2 steps; 1 query, 2 queries."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A question for the nearest of known words, with a space before; nothing where none is near."""
    near = [one for one in known if one.startswith(word)] if word else []
    near = near or get_close_matches(word, known, 1)
    return f" Did you mean {near[0]}?" if near else ""


def check_numbers(**given: object) -> None:
    """Raises TypeError for the first of the values, by their names, that is no number."""
    for name, value in given.items():
        if not is_number(value):
            raise TypeError(f"{name} is a number; {came(value)} came.")


def check_whole(least: int | None = None, **given: Any) -> None:
    """Raises TypeError or ValueError for the first of the values that is no whole number, or below the least one."""
    for name, value in given.items():
        if not is_number(value) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} is a whole number; {came(value)} came.")
        if least is not None and value < least:
            raise ValueError(f"{name} is a whole number from {least} on; {value} came.")


def check_texts(**given: object) -> None:
    """Raises TypeError for the first of the values that is no text."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is a text; {came(value)} came.")


def listed(value: object, what: str) -> list[Any]:
    """The members of a value of several. Raises TypeError, saying what they are, for a text and what has no members."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise TypeError(f"{what}; {came(value)} came.")
    try:
        return list(value)
    except TypeError:  # such as an array without axes
        raise TypeError(f"{what}; {came(value)} came.") from None


def real_numbers(given: object, name: str) -> Tensor:
    """Numbers as a tensor. Raises TypeError for what are none."""
    if isinstance(given, np.ndarray) and given.dtype.kind not in "buifc":
        raise TypeError(f"{name} are numbers; {came(given.tolist())} came.")
    try:
        found = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        told = str(error).rstrip(".")
        raise TypeError(f"{name} are numbers; {type(given).__name__} came, which cannot be read: {told}.") from None
    if found.is_complex():
        raise TypeError(f"{name} are real numbers; {found.dtype} came.")
    return found


def a_path(value: object) -> Path:
    """A path from a text or a path, with ~ for the home folder. Raises TypeError or ValueError for what names none."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"A file or folder is named by a text or a Path; {came(value)} came.")
    path = Path(value)
    try:
        if not str(value) or b"\0" in os.fsencode(path):
            raise ValueError(f"A file or folder has a name without zero characters; {came(value)} came.")
        return path.expanduser()
    except (UnicodeEncodeError, RuntimeError) as error:  # half a character; a user without a home folder
        raise ValueError(f"This system has no file or folder of the name {came(value)}: {error}.") from None
