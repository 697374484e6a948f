"""The command of an analysis: flags from its fields and its subject's, then a run, then a file."""

from __future__ import annotations

import dataclasses
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser, Namespace, set_parsing_settings

from fourierscope.cli.catalogue import Entry
from fourierscope.cli.opening import opener
from fourierscope.cli.options import NOTE
from fourierscope.cli.parsing import parsed
from fourierscope.cli.running import add_options, check_options, outcome, share_told
from fourierscope.reports import told
from fourierscope.results import written_whole
from fourierscope.runs import Shared


def ask(entry: Entry, words: list[str]) -> int:
    """Ask the analysis of `entry` as `words` say, save the result under --out, tell what it found."""
    analysis = getattr(import_module(entry.module), entry.name)
    given = parsed(parser_of(entry, analysis), words, opener(analysis), analysis)
    check_options(given)
    out = free(given.out, given.overwrite) if given.share is None else None
    question = analysis(**_fields(given, [field.name for field in dataclasses.fields(analysis)]))
    opens = opener(analysis)
    subject = opens(**_fields(given, list(inspect.signature(opens).parameters)))
    result = outcome(question, subject, given)
    if isinstance(result, Shared) or out is None:
        assert isinstance(result, Shared)
        print(share_told(result, given))
        return 0
    result.save(out, given.overwrite)
    print("\n".join(told(result)))
    print(f"Saved: {out}. Next: fourierscope report {out} --out report.html")
    return 0


def parser_of(entry: Entry, analysis: type[Any]) -> ArgumentParser:
    """The parser of an analysis: its fields, its subject's, and those of a run."""
    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = ArgumentParser(
        prog=f"fourierscope {entry.command}", description=entry.says, epilog=NOTE, allow_abbrev=False
    )
    parser.add_argument(
        "--config", action="config", help="A YAML file with any of these options; --print_config writes one."
    )
    parser.add_function_arguments(opener(analysis), nested_key=None, fail_untyped=False)
    parser.add_class_arguments(analysis, nested_key=None, fail_untyped=False)
    add_options(parser, entry.command)
    return parser


def free(out: str, overwrite: bool) -> Path:
    """The path `out`, before any work is done for it. Raises OSError where it is taken or cannot be written."""
    path = Path(out).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder. Choose a file's name for --out.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already. Choose another --out, or say --overwrite.")
    if not path.exists():
        written_whole(path, _emptied).unlink()  # can it be written, before the work is done?
    return path


def _fields(given: Namespace, names: list[str]) -> dict[str, Any]:
    return {name: given[name] for name in names}


def _emptied(path: Path) -> None:
    path.write_bytes(b"")
