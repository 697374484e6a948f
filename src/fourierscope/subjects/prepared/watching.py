"""Whether a network is still what its copy was made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_PLAIN = frozenset((bool, int, float, str))
_VERSION = attrgetter("_version")
_FEW = 64  # values of each tensor that are looked at again


class Watched:
    """A network as it was: its parts, tensors, their versions, its plain attributes, and some values.

    Whatever is written into a tensor moves its version, but for what goes through `.data`: of that, only what touches
    one of 64 values of each tensor, spread over it, is noticed.
    """

    def __init__(self, network: nn.Module) -> None:
        self._modules = list(network.modules())
        self._marks = _marks(self._modules)
        self._tensors = list(_tensors(self._modules))
        self._states = _states(self._tensors)
        self._look()
        self._spread = _spread(self._modules)
        self._values = [torch.cat(several) for several in self._spread]  # copies
        self._counting = [values for values in self._tensors if not values.is_inference()]
        self._writings = self._written()
        self._hooks = [hooks for one in self._modules for hooks in (one._forward_hooks, one._forward_pre_hooks)]

    def still(self) -> bool:
        """Whether nothing of it was changed, and nothing listens to it."""
        return (
            not listened(self._modules)
            and (self._untouched() or self._equal())
            and all(torch.equal(torch.cat(now), then) for now, then in zip(self._spread, self._values, strict=True))
        )

    def unwritten(self) -> bool:
        """Whether nothing listens to it and no tensor was written to: told in no time, for versions only grow."""
        return not any(self._hooks) and self._written() == self._writings

    def _written(self) -> int:
        """How often tensors were written to."""
        return sum(map(_VERSION, self._counting))

    def _look(self) -> None:
        """Take every attribute for what it should be, and hold it, so that no other gets its id."""
        self._own = [vars(one) for one in self._modules]
        self._dicts = [held for one in self._modules for held in _dicts(one)]
        self._held = list(chain.from_iterable(held.values() for held in self._dicts))
        self._ids = list(map(id, self._held))

    def _untouched(self) -> bool:
        """Whether every attribute is the very object that it was, and no tensor written to: told fast, mostly true."""
        return (
            list(map(id, chain.from_iterable(held.values() for held in self._dicts))) == self._ids
            and all(vars(one) is held for one, held in zip(self._modules, self._own, strict=True))
            and _states(self._tensors) == self._states
        )

    def _equal(self) -> bool:
        """Whether what counts is equal, though some objects are others: these are looked for from now on."""
        if _marks(self._modules) != self._marks:
            return False
        self._look()
        return True


def has_hooks(network: nn.Module) -> bool:
    """Whether anything listens to the network or changes what passes through it, out of sight of its forward pass."""
    return any(getattr(one, name) for one in network.modules() for name in _HOOKS)


def listened(modules: Iterable[nn.Module]) -> bool:
    """Whether anything listens to any of the modules."""
    return any(one._forward_hooks or one._forward_pre_hooks for one in modules)


def _marks(modules: list[nn.Module]) -> list[Any]:
    """What tells in no time whether something changed; no values of tensors."""
    found: list[Any] = []
    for one in modules:
        found += map(id, one._modules.values())
        found += [value for name, value in vars(one).items() if _plain(value) and name != "training"]
        found.append("forward" in vars(one))
    tensors = list(_tensors(modules))
    return found + [id(values) for values in tensors] + _states(tensors)


def _plain(value: object) -> bool:
    return type(value) in _PLAIN or (type(value) is tuple and all(type(one) in _PLAIN for one in value))


def _states(tensors: list[Tensor]) -> list[tuple[int, int]]:
    """Where the values of each lie, and how often they were written."""
    return [(values.data_ptr(), 0 if values.is_inference() else values._version) for values in tensors]


def _dicts(one: nn.Module) -> tuple[dict[str, Any], ...]:
    """What a module holds: parameters, buffers, parts, and all other attributes."""
    return one._parameters, one._buffers, one._modules, vars(one)


def _tensors(modules: list[nn.Module]) -> Iterator[Tensor]:
    for one in modules:
        for values in chain(one._parameters.values(), one._buffers.values(), vars(one).values()):
            if isinstance(values, Tensor):
                yield values


def _spread(modules: list[nn.Module]) -> list[list[Tensor]]:
    """Views (m,) of some values of each tensor, those together that can be joined."""
    found: dict[tuple[torch.device, torch.dtype], list[Tensor]] = defaultdict(list)
    for values in _tensors(modules):
        if values.layout != torch.strided or values.is_quantized or not values.numel():
            continue
        held = torch.empty(0, dtype=values.dtype, device=values.device).set_(values.untyped_storage())
        within = held[values.storage_offset() :][: values.numel()]
        found[values.device, values.dtype].append(within[:: max(1, len(within) // _FEW)])
    return list(found.values())
