"""The kinds of an analysis's options: a wrong one is told when the question is made, not where it is first used."""

from __future__ import annotations

import dataclasses
from math import isfinite
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from fourierscope.fourier.kinds import came, is_number


def check_kinds(question: Any) -> None:
    """Raises TypeError where a field of a frozen dataclass holds another kind than its type: words, numbers, tuples.

    A list may stand for a tuple. Whether a number is whole, finite or in range is for the question itself to check.
    """
    types = get_type_hints(type(question))
    for field in dataclasses.fields(question):
        value = getattr(question, field.name)
        wanted = _wanted(types[field.name], value)
        if wanted:
            mended = _mended(field.name, types[field.name], value)
            raise TypeError(f"{field.name} is {wanted}; {came(value)} came.{mended}")


def is_whole(value: float, least: int) -> bool:
    """Whether a number is finite, whole, and no less than the least that fits."""
    return isfinite(value) and value == int(value) and value >= least


def is_count(value: object, least: int) -> bool:
    """Whether a number is of a whole kind, not 64.0, and no less than the least that fits."""
    return isinstance(value, int | np.integer) and bool(value >= least)


def _wanted(kind: Any, value: object) -> str:
    """What a field is, in words, where the value is of another kind; nothing where it fits, or nobody can say."""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if value is None and type(None) in kinds:
        return ""
    (kind, *others) = [one for one in kinds if one is not type(None)]
    if others:
        return ""
    if get_origin(kind) is Literal:
        return "" if isinstance(value, str) else f"one of {', '.join(get_args(kind))}"
    if kind is str:
        return "" if isinstance(value, str) else "a text"
    if kind in (int, float):
        return "" if is_number(value) else "a number"
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        fits = isinstance(value, tuple | list) and all(not _wanted(inner, one) for one in value)
        return "" if fits else f"a tuple of {'texts' if inner is str else 'numbers'}"
    return ""


def _mended(name: str, kind: Any, value: object) -> str:
    """What to write instead, where that can be seen from the value."""
    if kind is str and isinstance(value, tuple | list) and all(isinstance(one, str) for one in value):
        return f' Write {name}="{",".join(value)}".'
    if kind is str and callable(value):
        return " Functions have no place here: give a word."
    if get_origin(kind) is tuple and not _wanted(get_args(kind)[0], value):
        return f" Write {name}=({value!r},)."
    return ""
