"""Values as plain data: how another machine builds the same subject, or the same question, without any pickled code."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir, nullcontext
from copy import copy
from functools import reduce, wraps
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import torch

from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.prepared import prepared
from fourierscope.subjects.samples import Samples

P = ParamSpec("P")
T = TypeVar("T")

_opened: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def remembering(door: Callable[P, T]) -> Callable[P, T]:
    """The same door to subjects; what it opens can be opened again elsewhere, by the words that were given to it."""

    @wraps(door)
    def opens(*args: P.args, **given: P.kwargs) -> T:
        made = door(*args, **given)
        given_here = inspect.signature(door).bind(*args, **given).arguments
        words = {name: copy(one) if isinstance(one, list | dict) else one for name, one in given_here.items()}
        _opened[made] = {"is": "opened", "by": _place(door), "folder": str(Path.cwd()), "with": words}
        return made

    return opens


def specified(value: Any) -> Any:
    """A value as plain data (numbers, words, arrays, lists and tables of them), from which `built` makes it again.

    It may be a frozen dataclass of such values, as questions, trials and recipes are; samples, which travel as arrays
    unless a door opened them; a classifier that a door opened; a tensor. Raises ValueError for networks and functions,
    which are code, for kinds of one's own of words, numbers and arrays, and for classes that cannot be imported
    elsewhere.
    """
    if value is None or type(value) in (bool, int, float, str) or (_is_numpy(value) and not value.dtype.hasobject):
        return np.asarray(value) if isinstance(value, np.ndarray) else value
    if isinstance(value, tuple | list):
        return type(value)(specified(one) for one in value) if type(value) in (tuple, list) else _refused(value)
    if isinstance(value, Mapping):
        return {"is": "table", "items": [(specified(key), specified(one)) for key, one in value.items()]}
    if isinstance(value, torch.Tensor):
        return {"is": "tensor", "values": _values(value)}
    if isinstance(value, Samples | Classifier) or dataclasses.is_dataclass(value):
        return _of_object(value)
    return _refused(value)


def built(plain: Any) -> Any:
    """What `specified` described. Raises what the doors and classes raise."""
    if isinstance(plain, tuple | list):
        return type(plain)(built(one) for one in plain)
    if not isinstance(plain, dict):
        return plain
    if plain["is"] == "table":
        return {built(key): built(one) for key, one in plain["items"]}
    if plain["is"] == "tensor":
        return torch.from_numpy(np.array(plain["values"]))
    maker = _found(*plain["by"])
    folder = plain.get("folder")
    with chdir(folder) if folder and Path(folder).is_dir() else nullcontext():  # words may name files beside it
        return maker(**{name: built(one) for name, one in plain["with"].items()})


def _of_object(value: Any) -> dict[str, Any]:
    if isinstance(value, Classifier) and value.prepared is not None:
        return _made(prepared, {"classifier": value.exact, "plan": value.prepared.plan, "shape": value.prepared.shape})
    if _weakly_held(value) and value in _opened:
        opened = _opened[value]
        return opened | {"with": {name: _elsewhere(name, specified(one)) for name, one in opened["with"].items()}}
    if isinstance(value, Classifier):
        raise ValueError(
            f"A classifier is built anew on each node, from a word; {value.name!r} was made in this process. Let a "
            'function of a file make it, fs.open_classifier("path/to/file.py:make", weights="FILE.safetensors"), or '
            "stay on this machine: workers=N."
        )
    if isinstance(value, Samples):
        held = {"images": value.images, "labels": value.labels, "name": value.name, "classes": value.classes}
        return _made(Samples, held | {"places": value.places})
    if isinstance(value, type):
        return _refused(value)
    return _made(type(value), {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init})


def _made(kind: Callable[..., Any], held: Mapping[str, Any]) -> dict[str, Any]:
    return {"is": "made", "by": _place(kind), "with": {name: specified(one) for name, one in held.items()}}


def _elsewhere(name: str, value: Any) -> Any:
    """A word as it holds on other nodes: the GPU that a worker is given there is its first."""
    return value.partition(":")[0] if name == "device" and isinstance(value, str) else value


def _place(one: Callable[..., Any]) -> tuple[str, str]:
    """Where a class or function can be imported from. Raises ValueError where it cannot."""
    module, name = str(one.__module__), str(one.__qualname__)
    if module == "__main__" or "<locals>" in name or module not in sys.modules:
        raise ValueError(
            f"{name} lives in this process alone, and other nodes cannot import it: write it into a file of its own "
            "and import it from there, or stay on this machine: workers=N."
        )
    return module, name


def _found(module: str, name: str) -> Any:
    return reduce(getattr, name.split("."), import_module(module))


def _is_numpy(value: Any) -> bool:
    """Whether a value is NumPy's own: another class may hold code, or a mask, that its values do not tell."""
    return isinstance(value, np.generic | np.ndarray) and (
        type(value) in (np.ndarray, np.memmap) or (isinstance(value, np.generic) and type(value).__module__ == "numpy")
    )


def _values(tensor: torch.Tensor) -> Any:
    try:
        return tensor.detach().cpu().numpy()
    except (TypeError, RuntimeError) as error:
        raise ValueError(
            f"A tensor of {tensor.dtype} ({tensor.layout}) has no counterpart in NumPy, which brings it to other "
            "nodes: give a dense one in float32."
        ) from error


def _weakly_held(value: Any) -> bool:
    """Whether a value can be looked up among what doors opened: some dataclasses hold what has no hash."""
    try:
        return bool(hash(value) or True)
    except TypeError:
        return False


def _refused(value: Any) -> Any:
    told = getattr(value, "__qualname__", type(value).__name__)
    raise ValueError(
        f"{told} is code, or holds some, and other nodes are given none: only words, numbers and arrays. Say it by a "
        "word where there is one (a network by a file's function), or stay on this machine: workers=N."
    )
