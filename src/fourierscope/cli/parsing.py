"""What a parser makes of the words of a command line, and in one line what it does not understand."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentError
from collections.abc import Sequence
from typing import Any, get_type_hints

from jsonargparse import ArgumentParser, Namespace

from fourierscope.cli.options import readable
from fourierscope.fourier.kinds import did_you_mean

NOT_UNDERSTOOD = 2
_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def parsed(parser: ArgumentParser, words: Sequence[str], *described: Any) -> Namespace:
    """What a parser reads in words, with values of the options of some functions and dataclasses as people write them.

    Ends the program with code 2, and one line of what came and what fits, where it is not understood.
    """
    types = {name: kind for one in described for name, kind in get_type_hints(one).items()}
    parser.exit_on_error = False
    try:
        return parser.parse_args(readable(words, types))
    except (ValueError, ArgumentError) as error:
        told = _mendable(str(error), parser.format_usage())
        print(f"{parser.prog}: {told} `{parser.prog} --help` tells the options.", file=sys.stderr)
        raise SystemExit(NOT_UNDERSTOOD) from None


def _mendable(message: str, usage: str) -> str:
    """A parser's message as one line that tells what came and what fits."""
    options = re.findall(r"--[\w-]+", usage)
    if found := re.match(r"unrecognized arguments: (.*)", message):
        word = (found[1].split() or [""])[0].partition("=")[0]
        return (
            f"There is no option {word}.{did_you_mean(word, options)}" if word[:1] == "-" else f"{word!r} has no place."
        )
    if found := re.match(r"the following arguments are required: (.*)", message):
        missing = [f"--{one}" if f"--{one}" in options else one.upper() for one in found[1].split(", ")]
        return f"{' and '.join(missing)} must be given."
    if found := re.match(r"argument (--\S+): expected one argument", message):
        return f"{found[1]} takes a value, and none came."
    if found := re.search(r'Parser key "(\S+?)":.*(?:Got|Given) value: (.*)', message, re.DOTALL):
        return f"--{found[1]} takes {_fitting(message)}; {found[2].strip()} came."
    return " ".join(message.split())


def _fitting(message: str) -> str:
    """What fits, from the types that a parser's message names."""
    if found := re.search(r"Literal\[(.*?)\]", message):
        return f"one of {found[1]}".replace("'", "")
    named = re.findall(r"<class '(\w+)'>", message)
    return " or ".join(dict.fromkeys(_KINDS[one] for one in named if one in _KINDS)) or "another kind of value"
