"""The copy of a network on which the steps of a plan are taken."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as tree

from fourierscope.subjects.prepared.compiling import compiled, compiler
from fourierscope.subjects.prepared.folding import fold
from fourierscope.subjects.prepared.plan import BFLOAT16, COMPILATION, FOLDING, LAYOUT, Plan
from fourierscope.subjects.prepared.watching import Watched

_CAST = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


class Prepared:
    """A network behind the steps of a plan: called with what the network takes, it returns what that returns, float32.

    The network is copied and never changed. The copy is made when it is first needed, also after a journey to another
    process, which takes the network and the plan alone. `shape` (b, c, h, w) is that of a full batch: compiled code
    serves this shape, and batches over half as large are filled up to it where outputs are rows, one an image.
    """

    def __init__(self, network: Any, plan: Plan, shape: tuple[int, ...]) -> None:
        self.network, self.plan, self.shape = network, plan, shape
        self._made: _Made | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_made": None}

    def serves(self) -> bool:
        """Whether the copy speaks for the network now: no gradient is wanted, no hook listens, nothing was changed."""
        if not self.plan.steps or torch.is_grad_enabled():
            return False
        if self._made is None:
            self._made = self._makeable()
        return self._made.watched.still()

    def make(self) -> None:
        """Make the copy, now. Raises whatever copying, tracing or compiling raises."""
        self._made = _Made(self.network, self.plan.steps, self.shape)

    def _makeable(self) -> _Made:
        """The copy, without compilation where the machine that chose the plan had a compiler and this one has none."""
        try:
            return _Made(self.network, self.plan.steps, self.shape)
        except Exception as error:
            if COMPILATION not in self.plan.steps:
                raise
            said = str(error).strip().split("\n", 1)[0]
            warnings.warn(f"Not compiled here: {said}. Answers are the same to rounding.", stacklevel=4)
            return _Made(self.network, tuple(one for one in self.plan.steps if one != COMPILATION), self.shape)

    def __call__(self, given: Tensor) -> Any:
        assert self._made is not None
        return self._made(given)


class _Made:
    """The copy itself, with the state of the network that it was made of."""

    def __init__(self, network: nn.Module, steps: tuple[str, ...], shape: tuple[int, ...]) -> None:
        self.watched = Watched(network)  # before anything else looks at the network
        self.layout = torch.channels_last if LAYOUT in steps else torch.contiguous_format
        self.shape = shape
        made = copy.deepcopy(network).eval().requires_grad_(False)
        made = fold(made)[0] if FOLDING in steps else made
        if LAYOUT in steps:
            made = made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.plain = _InBfloat16(made) if BFLOAT16 in steps else made
        self.full: Callable[[Tensor], Any] | None = None
        if COMPILATION in steps:
            if compiler() is None:
                raise RuntimeError("no C++ compiler was found")
            like = next((one for one in network.parameters()), torch.empty(0))
            given = torch.zeros(shape, device=like.device)
            self.full = compiled(self.plain, given.contiguous(memory_format=self.layout))

    def __call__(self, given: Tensor) -> Any:
        count = len(given)
        given = given.contiguous(memory_format=self.layout)
        if self.full is None or given.shape[1:] != self.shape[1:] or not self.shape[0] // 2 < count <= self.shape[0]:
            return _in_float32(self.plain(given))
        if count == self.shape[0]:
            return _in_float32(self.full(given))
        filled = torch.cat([given, given[-1:].expand(self.shape[0] - count, -1, -1, -1)])
        leaves, shape = tree.tree_flatten(self.full(filled.contiguous(memory_format=self.layout)))
        if not all(isinstance(one, Tensor) and one.ndim and len(one) == len(filled) for one in leaves):
            return _in_float32(self.plain(given))  # nobody knows what in it belongs to which image
        return _in_float32(tree.tree_unflatten([one[:count] for one in leaves], shape))


class _InBfloat16(nn.Module):
    """A network under autocast, whose convolutions and linear layers hold their weights in bfloat16 already."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        for part in network.modules():
            if type(part) in _CAST:
                part.to(torch.bfloat16)
        self.kind = next((one.device.type for one in network.parameters()), "cpu")

    def forward(self, given: Tensor) -> Any:
        with torch.autocast(self.kind, torch.bfloat16):
            return self.network(given)


def _in_float32(outputs: Any) -> Any:
    return tree.tree_map_only(Tensor, lambda one: one.float() if one.dtype == torch.bfloat16 else one, outputs)
