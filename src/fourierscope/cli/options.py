"""Values of options as people write them: one value where several may stand, commas, brackets, fractions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from fourierscope.treatments.words import number_in


def readable(words: Sequence[str], types: Mapping[str, Any]) -> list[str]:
    """Words of a command line, with the values of the options in `types` as the parser takes them.

    Where a type is tuple[X, ...], 3 and 3,7 and (3,7) become lists of X; where it is a number, 8/255 becomes one.
    Raises ValueError for what should be numbers and is not.
    """
    return list(_read(words, types))


def _read(words: Sequence[str], types: Mapping[str, Any]) -> Iterator[str]:
    name = ""  # of the option whose value comes next
    for word in words:
        flag, equals, value = word.partition("=")
        if name in types:
            yield _value(name, word, types[name])
        elif flag.startswith("--") and equals and flag[2:] in types:
            yield f"{flag}={_value(flag[2:], value, types[flag[2:]])}"
        else:
            yield word
        name = word[2:] if word.startswith("--") and name not in types else ""


def _value(name: str, text: str, kind: Any) -> str:
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if type(None) in kinds and text in ("null", "None"):
        return "null"
    for one in kinds:
        if get_origin(one) is tuple and get_args(one)[1:] == (...,):
            return _several(name, text, get_args(one)[0])
    return repr(number_in(text)) if float in kinds and "/" in text and str not in kinds else text


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
