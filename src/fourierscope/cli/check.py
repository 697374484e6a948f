"""`fourierscope check`: do classifier and samples fit together?"""

from __future__ import annotations

import sys

from jsonargparse import ArgumentParser

from fourierscope.cli.opening import trial
from fourierscope.cli.parsing import parsed
from fourierscope.subjects import CheckFailed, check


def main(words: list[str]) -> int:
    """Check a trial and print all that was found; a failed check is an error."""
    says = "Say whether a classifier and samples fit together, and how to mend what does not."
    parser = ArgumentParser(prog="fourierscope check", description=says, allow_abbrev=False)
    parser.add_function_arguments(trial, nested_key=None)
    given = parsed(parser, words, trial).as_dict()
    try:
        print(check(trial(**given)))
    except CheckFailed as error:
        print(error.check)
        print(f"fourierscope check: {error}", file=sys.stderr)
        return 1
    return 0
