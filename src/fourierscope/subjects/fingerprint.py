"""What tells one function or network from another: code, weights and constants; the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

_CONSTANTS = (bool, int, float, complex, str, bytes, tuple, list, dict, frozenset, FunctionType, np.ndarray)
_DEEPEST = 8  # functions within functions; also ends a function that holds itself


class _Way(NamedTuple):
    """How much deeper to look, and whether lists and tables of constants count."""

    depth: int
    tables: bool


def seed_of(words: str) -> int:
    """A seed of 63 bits from words: the same on every machine, another one for other words."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") >> 1


def fingerprint(one: Callable[..., Any], tables: bool = False) -> str:
    """SHA-256 of a module's structure, weights and constants, or of a function's code and the constants it holds.

    Constants are numbers, words, arrays, tuples of them, functions and networks. Lists, tables and other objects are
    taken for state, which may change between two calls, and count by their kind alone; with `tables`, lists, sets and
    tables of constants count as well.
    """
    digest = hashlib.sha256()
    for piece in _pieces(one, _Way(_DEEPEST, tables)):
        digest.update(f"{len(piece)} ".encode())
        digest.update(piece)
    return digest.hexdigest()


def _pieces(one: Any, way: _Way) -> list[bytes]:
    if way.depth == 0:
        return [b"deeper"]
    if one is None or isinstance(one, bool | int | float | complex | str | bytes):
        return [repr(one).encode()]
    if isinstance(one, np.ndarray | np.generic):
        one = torch.from_numpy(np.array(one)) if one.dtype.kind in "buif" else repr(one)
    if isinstance(one, Tensor):
        held = one.detach().cpu().contiguous()
        return [f"{tuple(held.shape)} {held.dtype}".encode(), held.flatten().view(torch.uint8).numpy().tobytes()]
    if isinstance(one, tuple):
        return [b"tuple", *_within(one, way)]
    if isinstance(one, frozenset) or (way.tables and isinstance(one, set)):
        return [b"set", *_within(sorted(one, key=repr), way)]
    if way.tables and isinstance(one, list | dict):
        items = tuple(one.items()) if isinstance(one, dict) else tuple(one)
        return [type(one).__name__.encode(), *_within(items, way)]
    if isinstance(one, nn.Module):
        return _of_module(one, way)
    return _of_code(one, way)


def _within(several: Any, way: _Way) -> list[bytes]:
    return [piece for one in several for piece in _pieces(one, way._replace(depth=way.depth - 1))]


def _of_module(module: nn.Module, way: _Way) -> list[bytes]:
    held = {**module.state_dict(), **dict(module.named_buffers())}  # with the buffers that are not saved
    weights = [piece for item in held.items() for piece in _within(item, way)]
    constants = [_constants(child, way) for child in module.modules()]
    return [str(module).encode(), *weights, *(piece for one in constants for piece in one)]


def _constants(held: object, way: _Way) -> list[bytes]:
    """The public attributes of an object, but for the mode of a module; a module's lists of numbers are constants."""
    names = sorted(name for name in vars(held) if not name.startswith("_") and name != "training")
    values = [vars(held)[name] for name in names]
    frozen = [tuple(one) if isinstance(held, nn.Module) and _is_plain_list(one) else one for one in values]
    return [piece for item in zip(names, frozen, strict=True) for piece in _within(item, way)]


def _is_plain_list(one: Any) -> bool:
    return isinstance(one, list) and all(isinstance(each, bool | int | float | str) for each in one)


def _of_code(one: Any, way: _Way) -> list[bytes]:
    if isinstance(one, CodeType):
        return [one.co_code, " ".join(one.co_names).encode(), *_within(one.co_consts, way)]
    if isinstance(one, FunctionType):
        closed = [cell.cell_contents for cell in one.__closure__ or () if _is_filled(cell)]
        keyed = tuple(sorted((one.__kwdefaults__ or {}).items()))
        held = (one.__code__, one.__defaults__, keyed, *closed, *_globals_named(one))
        return [one.__name__.encode(), *_within(held, way)]
    if isinstance(one, MethodType):
        return _within((one.__func__, one.__self__), way)
    if isinstance(one, partial):
        return [b"partial", *_within((one.func, one.args, *sorted(one.keywords.items())), way)]
    kind = f"{type(one).__module__} {type(one).__qualname__} {getattr(one, '__qualname__', '')}".encode()
    own = _constants(one, way) if callable(one) and not isinstance(one, type) and hasattr(one, "__dict__") else []
    return [kind, *own]


def _globals_named(function: FunctionType) -> list[Any]:
    """The constants and functions of its own module that a function's code names."""
    found = [(name, function.__globals__[name]) for name in function.__code__.co_names if name in function.__globals__]
    own = [(name, one) for name, one in found if getattr(one, "__module__", function.__module__) == function.__module__]
    return [item for item in own if isinstance(item[1], _CONSTANTS)]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
