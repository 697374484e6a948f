"""`fourierscope check`: do classifier and samples fit together?"""

from __future__ import annotations

from jsonargparse import ArgumentParser

from fourierscope.cli.opening import trial
from fourierscope.subjects import check


def main(words: list[str]) -> int:
    """Check a trial and print what was found; a failed check is an error."""
    parser = ArgumentParser(prog="fourierscope check", description=check.__doc__)
    parser.add_function_arguments(trial, nested_key=None)
    given = parser.parse_args(words)
    print(check(trial(**given.as_dict())))
    return 0
