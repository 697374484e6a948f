"""The copy of a network on which the steps of a plan are taken."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as tree

from fourierscope.subjects.prepared.compiling import compiled, compiler
from fourierscope.subjects.prepared.folding import fold
from fourierscope.subjects.prepared.plan import BFLOAT16, COMPILATION, FOLDING, LAYOUT, Plan
from fourierscope.subjects.prepared.watching import Watched, listened

_looked_at: ContextVar[set[object] | None] = ContextVar("copies whose networks were looked at", default=None)
_CAST = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


@contextmanager
def looked_at_once() -> Iterator[None]:
    """Meanwhile each network is looked at in full when its copy is first asked, then for hooks and written weights.

    For a loop over batches that alters no network: between batches the full look at the 213 modules of MobileNetV2
    takes 2 ms, and a batch of 8 at 224 x 224 itself some 27 ms.
    """
    token = _looked_at.set(set())
    try:
        yield
    finally:
        _looked_at.reset(token)


class Prepared:
    """A network behind the steps of a plan: called with images, it returns what the network returns, in float32.

    Images (b, c, h, w) are normalised by the `moments` given with them, mean and std (c, 1, 1), or taken as they are;
    they may be written into. The network is copied and never changed. The copy is made when it is first needed, also
    after a journey to another process, which takes the network and the plan alone. `shape` (b, c, h, w) is that of a
    full batch: compiled code serves this shape, with moments if the copy `normalises`, and batches over half as large
    are filled up to it where outputs are rows, one an image.
    """

    def __init__(self, network: Any, plan: Plan, shape: tuple[int, ...], normalises: bool = False) -> None:
        self.network, self.plan, self.shape, self.normalises = network, plan, shape, normalises
        self._made: _Copy | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_made": None}

    def serves(self) -> bool:
        """Whether the copy speaks for the network now: no gradient is wanted, no hook listens, nothing was changed."""
        if not self.plan.steps or torch.is_grad_enabled():
            return False
        if self._made is None:
            if listened(self.network.modules()):
                return False  # and no copy is made, which would have these hooks
            self._made = self._copy_or_uncompiled()
        looked_at = _looked_at.get()
        if looked_at is not None and self._made in looked_at:
            return self._made.watched.unwritten()
        still = self._made.watched.still()
        if still and looked_at is not None:
            looked_at.add(self._made)
        return still

    def runs_compiled(self) -> bool:
        """Whether compiled code speaks for the network now."""
        return self.serves() and self._made is not None and self._made.full is not None

    def make(self) -> None:
        """Make the copy, now. Raises whatever copying, tracing or compiling raises."""
        self._made = self._with(self.plan.steps)

    def _copy_or_uncompiled(self) -> _Copy:
        """The copy, without compilation where the machine that chose the plan had a compiler and this one has none."""
        try:
            return self._with(self.plan.steps)
        except Exception as error:
            if COMPILATION not in self.plan.steps:
                raise
            said = str(error).strip().split("\n", 1)[0]
            warnings.warn(f"Not compiled here: {said}. Answers are the same to rounding.", stacklevel=4)
            return self._with(tuple(one for one in self.plan.steps if one != COMPILATION))

    def _with(self, steps: tuple[str, ...]) -> _Copy:
        return _Copy(self.network, steps, self.shape, self.normalises)

    def __call__(self, images: Tensor, *moments: Tensor) -> Any:
        assert self._made is not None
        return self._made(images, *moments)


class _Copy:
    """The copy itself, with the state of the network that it was made of."""

    def __init__(self, network: nn.Module, steps: tuple[str, ...], shape: tuple[int, ...], normalises: bool) -> None:
        self.watched = Watched(network)  # before anything else looks at the network
        self.shape = shape
        made = copy.deepcopy(network).eval().requires_grad_(False)
        made = fold(made)[0] if FOLDING in steps else made
        if LAYOUT in steps:
            made = made.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        made = _InBfloat16(made) if BFLOAT16 in steps else made
        self.plain = _Fed(made, torch.channels_last if LAYOUT in steps else torch.contiguous_format)
        self.full: Callable[..., Any] | None = None
        if COMPILATION in steps:
            if compiler() is None:
                raise RuntimeError("no C++ compiler was found")
            like = next((one for one in network.parameters()), torch.empty(0))
            moments = [torch.full((shape[1], 1, 1), one, device=like.device) for one in (0.0, 1.0)]
            self.full = compiled(self.plain, torch.zeros(shape, device=like.device), *moments if normalises else ())

    def __call__(self, images: Tensor, *moments: Tensor) -> Any:
        count = len(images)
        if self.full is None or images.shape[1:] != self.shape[1:] or not self.shape[0] // 2 < count <= self.shape[0]:
            return _in_float32(self.plain(images, *moments))
        if count == self.shape[0]:
            return _in_float32(self.full(images.contiguous(), *moments))
        filled = torch.cat([images, images[-1:].expand(self.shape[0] - count, -1, -1, -1)])
        leaves, shape = tree.tree_flatten(self.full(filled.contiguous(), *moments))
        if not all(isinstance(one, Tensor) and one.ndim and len(one) == len(filled) for one in leaves):
            return _in_float32(self.plain(images, *moments))  # nobody knows what in it belongs to which image
        return _in_float32(tree.tree_unflatten([one[:count] for one in leaves], shape))


class _Fed(nn.Module):
    """A network with what comes before it: compiled with it, normalisation, layout and dtype take one pass together."""

    def __init__(self, network: nn.Module, layout: torch.memory_format) -> None:
        super().__init__()
        self.network, self.layout = network, layout

    def forward(self, images: Tensor, *moments: Tensor) -> Any:
        if moments:
            mean, std = moments
            images = (images - mean) / std
        return self.network(images.contiguous(memory_format=self.layout))


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
