"""Following a straight line through a network, layer by layer: new knots wherever a unit bends."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

Held = dict[fx.Node, Any]
"""What the layers gave so far, at all places asked, as long as somebody needs it."""
Signal = Callable[[Held], Tensor]
Bend = Callable[[int, Signal, Held], None]

_SHORTEST = 2.0**-40  # of the line, below which it is not halved any more


class _TooLong(Exception):
    """More knots than fit into memory at once."""


class Followed(NamedTuple):
    """Knots (k,) on a line, the network's values (k, ...) there, and the layer (k,) that bends at each, from 1 on: 0
    where none does, at both ends and between parts."""

    knots: Tensor
    values: Tensor
    layers: Tensor


class Propagation:
    """A copy of a network in float64, as a graph of layers that are linear or bend at known levels."""

    def __init__(self, network: nn.Module, memory: int) -> None:
        held = copy.deepcopy(network).cpu().double().eval()
        try:
            with torch.no_grad():
                self._traced = fx.symbolic_trace(held)
        except Exception as error:
            told = str(error).partition(". ")[0]  # what comes after is for those who write tracers
            raise ValueError(
                f"The code of {type(network).__name__} cannot be followed ({type(error).__name__}: {told}): its way "
                "may not depend on its input. Write it of layers, or take sampled points."
            ) from error
        self._modules = dict(self._traced.named_modules())
        self._memory = memory
        self._last = _last_uses(self._traced.graph)
        for node in self._traced.graph.nodes:
            self._checked(node)

    def along(self, start: Tensor, end: Tensor) -> Followed:
        """Where the network bends on the way from start to end."""
        ends = start.detach().cpu().double(), end.detach().cpu().double()
        with torch.no_grad():
            parts = list(self._parts(*ends, 0.0, 1.0))
        joined = [torch.cat([*(one[:-1] for one in pieces[:-1]), pieces[-1]]) for pieces in zip(*parts, strict=True)]
        return Followed(*joined)

    def answer(self, inputs: Tensor) -> Tensor:
        """The network's answers to inputs (m, ...), asked directly."""
        with torch.no_grad():
            return _only(self._traced(inputs.detach().cpu().double()))

    def _parts(self, start: Tensor, end: Tensor, low: float, high: float) -> Any:
        """Knots and values of a stretch of the line, or of its halves in turn where it bends too often for memory."""
        knots = torch.tensor([low, high], dtype=torch.float64)
        try:
            yield self._through(knots, torch.stack([torch.lerp(start, end, one) for one in (low, high)]))
        except _TooLong:
            middle = (low + high) / 2
            if high - low < _SHORTEST:
                raise MemoryError(
                    f"The line bends more often than {self._memory} bytes hold at one place: give more memory."
                ) from None
            yield from self._parts(start, end, low, middle)
            yield from self._parts(start, end, middle, high)

    def _through(self, knots: Tensor, inputs: Tensor) -> Followed:
        """The way from inputs (2, ...) at both ends."""
        layers = torch.zeros(len(knots), dtype=torch.int64)

        def bend(layer: int, signal: Signal, held: Held) -> None:
            nonlocal knots, layers
            new = _crossings(knots, signal(held))
            if len(new):
                merged, order = torch.cat([knots, new]).sort()
                self._insert(knots, merged, held)
                knots, layers = merged, torch.cat([layers, torch.full((len(new),), layer)])[order]

        values = self.walked(inputs, bend)
        return Followed(knots, values, layers)

    def walked(self, inputs: Tensor, bend: Bend) -> Tensor:
        """The network's values at inputs (k, ...), layer by layer, with more rows where `bend` has added them.

        Before each layer that bends, `bend` is asked with its number, from 1 on, a function of the values held that is
        0 where a unit bends, (k, ...), and the values held, to which it may add places by `carried`.
        """
        held: Held = {}
        layer = 0
        for node in self._traced.graph.nodes:
            if node.op == "output":
                answer: Tensor = held[_only(node.args[0])]
                return answer
            if node.op == "placeholder":
                held[node] = inputs
                continue
            signals = self._signals(node)
            layer += bool(signals)
            for signal in signals:
                bend(layer, signal, held)
            held[node] = self._value(node, held)
            for done in self._last.get(node, ()):
                held.pop(done, None)
        raise ValueError("The network returns nothing.")

    def _insert(self, knots: Tensor, merged: Tensor, held: Held) -> None:
        """Carry all values held over from knots to more of them."""
        largest = max(one[0].numel() for one in held.values() if isinstance(one, Tensor) and one.ndim)
        if 8 * len(merged) * largest > self._memory:
            raise _TooLong
        place = torch.searchsorted(knots, merged, right=True).clamp(1, len(knots) - 1)
        share = (merged - knots[place - 1]) / (knots[place] - knots[place - 1])
        self.carried(held, len(knots), (place - 1, place, share))

    def carried(self, held: Held, before: int, between: tuple[Tensor, Tensor, Tensor]) -> None:
        """Carry all values held, at `before` places, over to others: between places first (m,) and second (m,), a share
        (m,) of the way, where all that is held is linear.
        """
        first, second, share = between
        for node, one in held.items():
            if self._is_count(node):
                held[node] = len(share)
            elif isinstance(one, torch.Size) and len(one) and one[0] == before:
                held[node] = torch.Size([len(share), *one[1:]])
            elif isinstance(one, Tensor) and one.ndim and len(one) == before:
                held[node] = torch.lerp(one[first], one[second], share.view(-1, *[1] * (one.ndim - 1)))

    def _is_count(self, node: fx.Node) -> bool:
        """Whether a value is the number of inputs that go through the network together, which grows with the knots."""
        if node.op == "call_method" and node.target == "size":
            return node.args[1:] == (0,)
        first = node.args[0] if node.args else None
        if node.target is not operator.getitem or node.args[1] != 0 or not isinstance(first, fx.Node):
            return False
        return first.target in ("size", getattr)

    def _signals(self, node: fx.Node) -> list[Signal]:
        """What bends in this layer where it is 0, as functions of the values held; nothing in a linear one."""
        if _is_max_pool(self._kind(node)):
            return self._windows(node)
        source = node.args[0] if node.args else None
        return [lambda held, level=level: held[source] - level for level in self._levels(node)]  # type: ignore[misc]

    def _windows(self, node: fx.Node) -> list[Signal]:
        """Maximum pooling: each window's next member less the largest so far bends at 0."""
        options, source = self._pooling(node), node.args[0]

        def apart(turn: int, values: dict[Any, Any]) -> Tensor:
            members = _members(values[source], options)
            return members[turn] - members[:turn].amax(0)

        kernel = options["kernel"]
        return [partial(apart, turn) for turn in range(1, kernel[0] * kernel[1])]

    def _pooling(self, node: fx.Node) -> dict[str, tuple[int, int]]:
        if node.op == "call_module":
            read: dict[str, Any] = dict(vars(self._modules[str(node.target)]))
        else:
            read = dict(zip(_POOLING, node.args, strict=False)) | dict(node.kwargs)
        if read.get("dilation", 1) not in (1, (1, 1)) or read.get("ceil_mode"):
            raise TypeError(f"{_where(node)} pools with dilation or ceil_mode, which is not followed.")
        kernel, stride = read["kernel_size"], read.get("stride")
        padding = _two(read.get("padding", 0))
        return {"kernel": _two(kernel), "stride": _two(kernel if stride is None else stride), "padding": padding}

    def _value(self, node: fx.Node, held: dict[fx.Node, Any]) -> Any:
        args: Any = fx.node.map_arg(node.args, lambda other: held[other])
        keywords: Any = fx.node.map_arg(dict(node.kwargs), lambda other: held[other])
        if node.op == "get_attr":
            return operator.attrgetter(str(node.target))(self._traced)
        if node.op == "call_module":
            return self._modules[str(node.target)](*args, **keywords)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **keywords)
        assert callable(node.target)
        return node.target(*args, **{**keywords, **({"inplace": False} if "inplace" in keywords else {})})

    def _kind(self, node: fx.Node) -> Any:
        """A module's class, a function, or a method's name."""
        return type(self._modules[str(node.target)]) if node.op == "call_module" else node.target

    def _levels(self, node: fx.Node) -> tuple[float, ...]:
        kind = self._kind(node)
        if kind in (nn.Hardtanh, nn.ReLU6):
            module: Any = self._modules[str(node.target)]
            return float(module.min_val), float(module.max_val)
        if kind in (functional.relu6,):
            return 0.0, 6.0
        return (0.0,) if kind in _AT_ZERO else ()

    def _checked(self, node: fx.Node) -> None:
        """Raises TypeError for a layer that is neither linear nor bends at known levels."""
        kind = self._kind(node) if node.op.startswith("call") else None
        if _is_max_pool(kind):
            self._pooling(node)
        if kind is None or self._levels(node) or _is_max_pool(kind) or kind in _LINEAR:
            return
        inputs = [one for one in node.args if isinstance(one, fx.Node) and one.op != "get_attr"]
        if kind in _SUMS or (kind in _PRODUCTS and len(inputs) == 1):
            return
        if kind in (operator.truediv, "div", torch.div) and len(inputs) == 1 and node.args[0] is inputs[0]:
            return
        name = getattr(kind, "__name__", str(kind))
        raise TypeError(
            f"{name} ({_where(node)}) is not known to be piecewise linear, so that no line can be followed through it "
            "exactly: networks of linear layers, convolutions, batch norm, ReLU, pooling and sums can. Take sampled "
            "points."
        )


def _where(node: fx.Node) -> str:
    """A layer by its own name in the network, and other steps by that in the graph."""
    return f"layer {node.target!r}" if node.op == "call_module" else f"step {node}"


def _crossings(knots: Tensor, values: Tensor) -> Tensor:
    """The places (m,) strictly between knots (k,) at which some of the values (k, ...) goes through 0."""
    values = values.flatten(1)
    before, after = values[:-1], values[1:]
    size = torch.maximum(before.abs(), after.abs())
    crossing = (before * after < 0) & (torch.minimum(before.abs(), after.abs()) > 1e-14 * size)
    piece, unit = crossing.nonzero(as_tuple=True)
    first, second = before[piece, unit], after[piece, unit]
    found = knots[piece] + (knots[piece + 1] - knots[piece]) * (first / (first - second))
    inside = (found > knots[piece]) & (found < knots[piece + 1])
    return found[inside].unique()


def _members(images: Tensor, options: dict[str, tuple[int, int]]) -> Tensor:
    """The members of each window of maximum pooling: (members, k, c, h, w)."""
    (high, wide), (down, right), (above, beside) = (options[name] for name in ("kernel", "stride", "padding"))
    padded = functional.pad(images, (beside, beside, above, above), value=-1e300)
    windows = padded.unfold(2, high, down).unfold(3, wide, right)
    return windows.flatten(4).movedim(-1, 0)


def _last_uses(graph: fx.Graph) -> dict[fx.Node, list[fx.Node]]:
    """The nodes whose values nobody asks for after each node."""
    last: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        for one in node.all_input_nodes:
            last[one] = node
    found: dict[fx.Node, list[fx.Node]] = {}
    for one, node in last.items():
        found.setdefault(node, []).append(one)
    return found


def _only(given: Any) -> Any:
    if isinstance(given, dict):
        given = given.get("logits", next(iter(given.values())))
    return given[0] if isinstance(given, tuple | list) else given


def _two(value: Any) -> tuple[int, int]:
    return (int(value), int(value)) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _is_max_pool(kind: Any) -> bool:
    return kind in (nn.MaxPool2d, functional.max_pool2d, torch.max_pool2d)


_POOLING = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode")
_AT_ZERO = {
    nn.ReLU, nn.LeakyReLU, nn.RReLU, functional.relu, functional.leaky_relu, torch.relu, torch.abs, "relu", "relu_",
    "abs",
}  # fmt: skip
_LINEAR = {
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d, nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d, nn.ZeroPad2d, nn.Unflatten,
    functional.avg_pool2d, functional.adaptive_avg_pool2d, functional.dropout, functional.pad, torch.flatten,
    torch.mean, torch.sum, torch.neg, torch.reshape, operator.neg, operator.getitem, getattr, "flatten", "view",
    "reshape", "mean", "sum", "size", "contiguous", "squeeze", "unsqueeze", "permute", "transpose", "float", "double",
    "detach",
}  # fmt: skip
_SUMS = {operator.add, operator.iadd, operator.sub, torch.add, torch.sub, "add", "add_", "sub", torch.cat}
_PRODUCTS = {operator.mul, torch.mul, "mul", operator.imul}
