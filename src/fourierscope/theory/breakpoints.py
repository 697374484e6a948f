"""Following a straight line through a network, layer by layer: new knots wherever a unit bends."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

Bends = Callable[[Any], tuple[float, ...]]
"""The levels at which a unit bends, from the arguments of its layer."""


_SHORTEST = 2.0**-40  # of the line, below which it is not halved any more


class _TooLong(Exception):
    """More knots than fit into memory at once."""


class Propagation:
    """A copy of a network in float64, as a graph of layers that are linear or bend at known levels."""

    def __init__(self, network: nn.Module, memory: int) -> None:
        held = copy.deepcopy(network).cpu().double().eval()
        try:
            with torch.no_grad():
                self._traced = fx.symbolic_trace(held)
        except Exception as error:
            raise ValueError(
                f"The code of {type(network).__name__} cannot be followed ({type(error).__name__}: {error}): its way "
                "may not depend on its input. Write it of layers, or take sampled points."
            ) from error
        self._modules = dict(self._traced.named_modules())
        self._memory = memory
        self._last = _last_uses(self._traced.graph)
        for node in self._traced.graph.nodes:
            self._checked(node)

    def along(self, start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
        """Knots (k,) and values (k, ...) on the way from start to end."""
        ends = start.detach().cpu().double(), end.detach().cpu().double()
        with torch.no_grad():
            parts = list(self._parts(*ends, 0.0, 1.0))
        knots = torch.cat([one[:-1] for one, _ in parts[:-1]] + [parts[-1][0]])
        values = torch.cat([one[:-1] for _, one in parts[:-1]] + [parts[-1][1]])
        return knots, values

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

    def _through(self, knots: Tensor, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Knots and the network's values there, from inputs (2, ...) at both ends."""
        held: dict[fx.Node, Any] = {}
        for node in self._traced.graph.nodes:
            if node.op == "output":
                return knots, held[_only(node.args[0])]
            if node.op == "placeholder":
                held[node] = inputs
                continue
            knots = self._bent(node, knots, held)
            held[node] = self._value(node, held)
            for done in self._last.get(node, ()):
                held.pop(done, None)
        raise ValueError("The network returns nothing.")

    def _bent(self, node: fx.Node, knots: Tensor, held: dict[fx.Node, Any]) -> Tensor:
        """The knots with new ones where this layer bends; all values held are carried over to them."""
        for levels, signal in self._signals(node, held):
            for level in levels:
                new = _crossings(knots, signal(held) - level)
                if len(new):
                    knots = self._inserted(knots, new, held)
        return knots

    def _inserted(self, knots: Tensor, new: Tensor, held: dict[fx.Node, Any]) -> Tensor:
        merged = torch.cat([knots, new]).unique()
        largest = max(one[0].numel() for one in held.values() if isinstance(one, Tensor) and one.ndim)
        if 8 * len(merged) * largest > self._memory:
            raise _TooLong
        place = torch.searchsorted(knots, merged, right=True).clamp(1, len(knots) - 1)
        share = (merged - knots[place - 1]) / (knots[place] - knots[place - 1])
        for node, one in held.items():
            if self._is_count(node):
                held[node] = len(merged)
            elif isinstance(one, torch.Size) and len(one) and one[0] == len(knots):
                held[node] = torch.Size([len(merged), *one[1:]])
            elif isinstance(one, Tensor) and one.ndim and len(one) == len(knots):
                weight = share.view(-1, *[1] * (one.ndim - 1))
                held[node] = torch.lerp(one[place - 1], one[place], weight)
        return merged

    def _is_count(self, node: fx.Node) -> bool:
        """Whether a value is the number of inputs that go through the network together, which grows with the knots."""
        if node.op == "call_method" and node.target == "size":
            return node.args[1:] == (0,)
        first = node.args[0] if node.args else None
        if node.target is not operator.getitem or node.args[1] != 0 or not isinstance(first, fx.Node):
            return False
        return first.target in ("size", getattr)

    def _signals(self, node: fx.Node, held: dict[fx.Node, Any]) -> list[tuple[tuple[float, ...], Any]]:
        """What bends in this layer, as functions of the values held, each with its levels; nothing in a linear one."""
        if _is_max_pool(self._kind(node)):
            return [((0.0,), one) for one in self._windows(node)]
        levels = self._levels(node)
        source = node.args[0] if node.args else None
        return [(levels, lambda values: values[source])] if levels else []

    def _windows(self, node: fx.Node) -> list[Any]:
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
            raise TypeError(f"{node} pools with dilation or ceil_mode, which is not followed.")
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
        if kind is None or self._levels(node) or _is_max_pool(kind) or kind in _LINEAR:
            return
        inputs = [one for one in node.args if isinstance(one, fx.Node) and one.op != "get_attr"]
        if kind in _SUMS or (kind in _PRODUCTS and len(inputs) == 1):
            return
        if kind in (operator.truediv, "div", torch.div) and len(inputs) == 1 and node.args[0] is inputs[0]:
            return
        name = getattr(kind, "__name__", str(kind))
        raise TypeError(
            f"{name} ({node}) is not known to be piecewise linear, so that no line can be followed through it exactly: "
            "networks of linear layers, convolutions, batch norm, ReLU, pooling and sums can. Take sampled points."
        )


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
