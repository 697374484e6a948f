"""Values of options as people write them: one where several may stand, commas, brackets, fractions, bare flags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from fourierscope.fourier.kinds import did_you_mean
from fourierscope.treatments.words import number_in

NOTE = (
    "Several values are written with commas, as in 0.1,0.5; fractions as 8/255. An option that is true or false may "
    "stand alone: --NAME is --NAME true."
)
"""How values are written: the foot of every help."""
_YES_OR_NO = {"true": "true", "yes": "true", "false": "false", "no": "false"}


def readable(words: Sequence[str], types: Mapping[str, Any]) -> list[str]:
    """Words of a command line, with the values of the options in `types` as the parser takes them.

    Where a type is tuple[X, ...], 3 and 3,7 and (3,7) become lists of X; where it is a number, 8/255 becomes one; where
    it is bool, an option that stands alone is true. Raises ValueError, saying what fits, for a value that does not.
    """
    return list(_read(words, types))


def _read(words: Sequence[str], types: Mapping[str, Any]) -> Iterator[str]:
    name = ""  # of the option whose value comes next
    for word in words:
        flag, equals, value = word.partition("=")
        if name and not word.startswith("--"):
            yield _value(name, word, types[name])
            name = ""
            continue
        yield from _alone(name, types)
        read = flag.startswith("--") and flag[2:] in types
        yield f"{flag}={_value(flag[2:], value, types[flag[2:]])}" if read and equals else word
        name = flag[2:] if read and not equals else ""
    yield from _alone(name, types)


def _alone(name: str, types: Mapping[str, Any]) -> Iterator[str]:
    """The value of an option that has none: one that is true or false is true, of others the parser says so."""
    if name and types[name] is bool:
        yield "true"


def _value(name: str, text: str, kind: Any) -> str:
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if type(None) in kinds and text in ("null", "None"):
        return "null"
    for one in kinds:
        if get_origin(one) is tuple and get_args(one)[1:] == (...,):
            return _several(name, text, get_args(one)[0])
    if words := [word for one in kinds if get_origin(one) is Literal for word in get_args(one)]:
        return _one_of(name, text, words)
    if bool in kinds:
        if text.lower() not in _YES_OR_NO:
            raise ValueError(f"--{name} is true or false, or stands alone for true; {text} came.")
        return _YES_OR_NO[text.lower()]
    return text if str in kinds else _number(name, text, float not in kinds) if {int, float} & set(kinds) else text


def _one_of(name: str, text: str, words: Sequence[str]) -> str:
    if text not in words:
        raise ValueError(f"--{name} is one of {', '.join(words)}; {text} came.{did_you_mean(text, words)}")
    return text


def _number(name: str, text: str, whole: bool) -> str:
    try:
        return str(int(text)) if whole else repr(number_in(text)) if "/" in text else repr(float(text))
    except ValueError:
        takes = "a whole number, such as 3" if whole else "a number, such as 0.1 or 8/255"
        raise ValueError(f"--{name} takes {takes}; {text} came.") from None


def _several(name: str, text: str, kind: Any) -> str:
    """A list in JSON. An empty one is written [] or as nothing."""
    bare = text.strip()
    bare = bare[1:-1] if bare[:1] + bare[-1:] in ("[]", "()") else bare
    pieces = [piece.strip().strip("'\"") for piece in bare.removesuffix(",").split(",")] if bare.strip() else []
    if kind not in (int, float):
        return json.dumps(pieces)
    try:
        return json.dumps([int(one) if one.lstrip("+-").isdecimal() else number_in(one) for one in pieces])
    except ValueError:
        takes = "whole numbers, such as 3 or 3,7" if kind is int else "numbers, such as 0.1 or 0.1,0.2 or 8/255"
        raise ValueError(f"--{name} takes {takes}; {text} came.") from None
