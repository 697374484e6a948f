"""Batch norm folded into the convolution or linear layer before it: in eval mode both are one affine map."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrize

_LAYERS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv1d: nn.BatchNorm1d,
    nn.Conv2d: nn.BatchNorm2d,
    nn.Conv3d: nn.BatchNorm3d,
    nn.Linear: nn.BatchNorm1d,
}


def fold(network: nn.Module) -> tuple[nn.Module, int]:
    """The network with every batch norm folded that can be, and how many these are. The network given is used up.

    Folded is what follows a convolution or linear layer whose answer nobody else takes; both must be called once. The
    forward pass is traced; where that fails, the parts of the network are tried one by one.
    """
    try:
        return _folded_graph(network)
    except Exception:  # a forward pass may do anything, and so may tracing it
        total = 0
        for name, part in list(network.named_children()):
            if any(isinstance(one, nn.modules.batchnorm._BatchNorm) for one in part.modules()):
                made, count = fold(part)
                setattr(network, name, made)
                total += count
        return network, total


def _folded_graph(network: nn.Module) -> tuple[nn.Module, int]:
    if type(network).__module__.startswith("torch.nn") and not list(network.children()):
        return network, 0
    graph = fx.symbolic_trace(network, concrete_args=_defaults(network))
    modules = dict(graph.named_modules(remove_duplicate=False))
    calls = Counter(id(modules[str(node.target)]) for node in graph.graph.nodes if node.op == "call_module")
    count = 0
    for norm in [node for node in graph.graph.nodes if node.op == "call_module"]:
        layer = norm.args[0] if norm.args else None
        if not isinstance(layer, fx.Node) or layer.op != "call_module" or len(layer.users) != 1:
            continue
        affine, scaled = modules[str(layer.target)], modules[str(norm.target)]
        if _foldable(affine, scaled) and calls[id(affine)] == calls[id(scaled)] == 1:
            _absorb(affine, scaled)
            norm.replace_all_uses_with(layer)
            graph.graph.erase_node(norm)
            count += 1
    graph.recompile()
    return graph.eval(), count


def _defaults(network: nn.Module) -> dict[str, Any]:
    """Every argument but the images at its default, as a classifier calls its network."""
    several = inspect.signature(network.forward).parameters.items()
    return {name: one.default for name, one in several if one.default is not inspect.Parameter.empty}


def _foldable(layer: nn.Module, norm: nn.Module) -> bool:
    wanted = _LAYERS.get(type(layer))
    if wanted is None or type(norm) is not wanted or parametrize.is_parametrized(layer):
        return False
    outputs = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
    return norm.running_mean is not None and norm.running_var is not None and outputs == norm.num_features


def _absorb(layer: Any, norm: Any) -> None:
    """Give a layer the weights of itself and the batch norm behind it; computed in float64."""
    scale = (norm.running_var.double() + norm.eps).rsqrt()  # (o,)
    scale = scale if norm.weight is None else scale * norm.weight.double()
    bias = torch.zeros_like(scale) if layer.bias is None else layer.bias.double()
    bias = (bias - norm.running_mean.double()) * scale
    bias = bias if norm.bias is None else bias + norm.bias.double()
    weight = layer.weight.double() * scale.view(-1, *[1] * (layer.weight.ndim - 1))
    layer.weight, layer.bias = (_frozen(one, layer.weight) for one in (weight, bias))


def _frozen(values: Tensor, like: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach().to(like.dtype), requires_grad=False)
