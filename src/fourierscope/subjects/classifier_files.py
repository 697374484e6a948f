"""What a function of the user's own file makes: the file is run, as Python runs a script, and leaves no trace."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle


def made_by(file: Path, name: str) -> Any:
    """What the file's function returns. Its folder can be imported from meanwhile, as when a file is run.

    Raises FileNotFoundError, and ValueError where there is no such function, or where the file or its function fails:
    with the line and the error.
    """
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    module_name = f"fourierscope_file_{file.stem}"
    found = importlib.util.spec_from_file_location(module_name, file)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    folder = file.resolve().parent
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    sys.modules[module_name] = module  # dataclasses look their module up while they are made
    try:
        return _called(found.loader.exec_module, module, file, name)
    finally:
        sys.path.remove(str(folder))
        # a module that cannot be imported by name elsewhere must not be found by name here: worker processes then get
        # its classes by value
        del sys.modules[module_name]
        _send_by_value(set(sys.modules) - before, folder)


def _called(execute: Any, module: ModuleType, file: Path, name: str) -> Any:
    """What the function `name` returns once the file has run."""
    try:
        execute(module)
    except Exception as error:
        raise ValueError(f"{file.name} cannot be run: {_told(error, file)}") from error
    function = getattr(module, name, None)
    if not callable(function):
        known = ", ".join(one for one in vars(module) if not one.startswith("_") and callable(getattr(module, one)))
        raise ValueError(f"{file.name} has no function {name!r}; it has {known or 'none'}.")
    try:
        return function()
    except Exception as error:
        raise ValueError(f"{file.name}:{name} failed: {_told(error, file)}") from error


def _told(error: Exception, file: Path) -> str:
    """The line of the file in which an error arose, its kind and what it says."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) and not lines else next(reversed(lines), None)
    return f"{'' if line is None else f'line {line}: '}{type(error).__name__}: {error}"


def _send_by_value(names: Iterable[str], folder: Path) -> None:
    """Let worker processes get these modules whole, where they lie in the folder: it is on no path of theirs."""
    for name in names:
        module = sys.modules[name]
        if "." not in name and folder in _homes(module):  # what lies within a package goes with it
            cloudpickle.register_pickle_by_value(module)


def _homes(module: ModuleType) -> list[Path]:
    """The folders in which a module or package was found."""
    inside = getattr(module, "__path__", None)  # of packages
    if inside is not None:
        return [Path(one).resolve().parent for one in inside]
    origin = getattr(module, "__file__", None)
    return [] if origin is None else [Path(origin).resolve().parent]
