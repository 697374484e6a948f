"""The command line: a command for each analysis, read off its dataclass, and a few of its own.

Nothing heavy is imported before a command is known: help, version and list answer at once.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import version

from fourierscope.cli.catalogue import Entry, analyses

INTERRUPTED = 130
FAILED_CELLS = 3
UNREAD = 141  # as a shell tells it of any command whose reader has gone, such as `... | head`
_OWN = {
    "demo": "Compare the reference classifiers on embedded images: a full report, nothing to download.",
    "check": "Say whether a classifier and samples fit together, and how to mend what does not.",
    "report": "Put results into one offline HTML page.",
    "paper": "Make the figures and tables of a paper again, with checks in numbers.",
    "train": "Train a network by a recipe: natural, under noise, under attack, augmented.",
    "reference": "Make a reference classifier again.",
    "list": "List analyses, samples, classifiers, treatments, recipes and papers.",
    "doctor": "Tell versions, devices and extras, and try the installation.",
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood, 3 done but for cells that failed.

    130 where it was interrupted and can go on; 141 where nobody reads what it prints any more.
    """
    try:
        try:
            return _run(list(sys.argv[1:] if words is None else words))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left unprinted has a place to go
        return UNREAD


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if words[0] == "--version":
        print(f"fourierscope {version('fourierscope')}")
        return 0
    command, rest = words[0], words[1:]
    rest = [_listed(word) for word in rest] if command in _OWN else rest
    act = _action(command)
    if act is None:
        known = [*_OWN, *(entry.command for entry in analyses())]
        near = get_close_matches(command, known, 1)
        hint = f"Did you mean {near[0]}?" if near else "`fourierscope --help` lists the commands."
        print(f"fourierscope: there is no command {command!r}. {hint}", file=sys.stderr)
        return 2
    return _guarded(command, lambda: act(rest))


def _listed(word: str) -> str:
    """Numbers with commas, as a list: --mean 0.5,0.5,0.5 is --mean [0.5,0.5,0.5]."""
    return f"[{word}]" if re.fullmatch(r"[-+.\de]+(,[-+.\de]+)+,?", word) else word


def _action(command: str) -> Callable[[list[str]], int] | None:
    if command in _OWN:
        module = import_module(f"fourierscope.cli.{'listing' if command == 'list' else command}")  # not to hide `list`
        action: Callable[[list[str]], int] = module.main
        return action
    for entry in analyses():
        if entry.command == command:
            return lambda rest: _ask(entry, rest)
    return None


def _ask(entry: Entry, words: list[str]) -> int:
    from fourierscope.cli.ask import ask

    return ask(entry, words)


def _guarded(command: str, act: Callable[[], int]) -> int:
    """Errors that a user can mend, in one line; FOURIERSCOPE_TRACEBACK=1 shows where they come from."""
    try:
        return act()
    except KeyboardInterrupt as error:
        told = getattr(error, "__notes__", None) or ["Interrupted."]
        print(f"\nfourierscope {command}: {' '.join(told)}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `main` knows what that means
        raise
    except (ValueError, TypeError, OSError, RuntimeError, ImportError, MemoryError, AttributeError, KeyError) as error:
        if os.environ.get("FOURIERSCOPE_TRACEBACK"):
            raise
        told = str(error)
        for note in getattr(error, "__notes__", ()):
            told = f"{told} {note}" if told.endswith((".", "?", "!")) else f"{told}. {note}"
        print(f"fourierscope {command}: {told}", file=sys.stderr)
        return FAILED_CELLS if type(error).__name__ == "CellsFailed" else 1


def _overview() -> str:
    wide = max(len(name) for name in [*_OWN, *(entry.command for entry in analyses())])
    asked = "\n".join(f"  {entry.command:<{wide}} {entry.says}" for entry in analyses())
    own = "\n".join(f"  {name:<{wide}} {says}" for name, says in _OWN.items())
    return (
        "fourierscope: which frequencies an image classifier uses.\n\n"
        "usage: fourierscope COMMAND [options]      fourierscope COMMAND --help tells them; --version\n\n"
        f"questions\n{asked}\n\nmore\n{own}\n\n"
        "example\n"
        "  fourierscope heat-map --classifier reference:natural --samples patches:test --limit 100 --out heat.nc\n"
        "  fourierscope report heat.nc --out report.html"
    )
