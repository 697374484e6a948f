"""Which statistics a network's batch norms divide by: a switch that moves whole curves of accuracy on components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from fourierscope.treatments.components import check_word

BatchNormStatistics = Literal["running", "batch", "recalibrated"]
STATISTICS: tuple[BatchNormStatistics, ...] = ("running", "batch", "recalibrated")
_RUNNING = ("running_mean", "running_var", "num_batches_tracked")


def batch_norms(network: Any) -> list[_BatchNorm]:
    """The batch norms of a network that keep running statistics; none of a plain function."""
    modules = network.modules() if isinstance(network, nn.Module) else ()
    return [one for one in modules if isinstance(one, _BatchNorm) and one.running_mean is not None]


@contextmanager
def batch_statistics(
    network: nn.Module, statistics: BatchNormStatistics, images: Iterable[Tensor] | None = None
) -> Iterator[None]:
    """For a while, the batch norms of a network divide by other statistics. Ask it in eval mode meanwhile.

    "running": those of its training. "batch": those of the batch that it is given, so that an answer depends on the
    other images of the batch and on how many these are: take batches of one size, dealt out by chance (`dealt`).
    "recalibrated": running statistics estimated anew, as means over `images`, batches of what the network takes; other
    layers stay in eval mode while they are estimated.

    Afterwards everything is as it was, bit for bit, also after an error: buffers (the same tensors), modes, momentum.

    Raises ValueError for another word, for a network without batch norm unless "running" is asked, and for
    "recalibrated" without images; TypeError for one tensor in place of batches.
    """
    check_word("statistics", statistics, STATISTICS)
    layers = batch_norms(network)
    if statistics != "running" and not layers:
        raise ValueError(f"This network has no batch norm that keeps statistics, so {statistics!r} changes nothing.")
    if isinstance(images, Tensor):
        raise TypeError("images are batches; one tensor came. Write images.split(100).")
    if (images is None) != (statistics != "recalibrated"):
        raise ValueError(f"images go with recalibrated statistics, and with no others; {statistics!r} came.")
    modes = [(module, module.training) for module in network.modules()]
    held = [(layer, dict(layer._buffers), layer.momentum) for layer in layers]
    try:
        for layer in layers:
            _put_aside(layer, keep=statistics != "batch")
        if images is not None:
            _estimate(network, layers, images)
            _restore_modes(modes)
        yield
    finally:
        for layer, buffers, momentum in held:
            layer._buffers.update(buffers)
            layer.momentum = momentum
        _restore_modes(modes)


def recalibrate(network: nn.Module, images: Iterable[Tensor]) -> None:
    """Gives the batch norms of a network of one's own running statistics that are means over batches of images.

    Modes and momentum stay; the weights do too. Raises ValueError for a network without batch norm, or without images.
    """
    layers = batch_norms(network)
    if not layers:
        raise ValueError("This network has no batch norm that keeps statistics, so there is nothing to recalibrate.")
    modes = [(module, module.training) for module in network.modules()]
    momenta = [layer.momentum for layer in layers]
    try:
        _estimate(network, layers, images)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        _restore_modes(modes)


def dealt(count: int, size: int, chance: torch.Generator) -> tuple[Tensor, ...]:
    """Places of `count` images dealt out by chance into batches of one size, but for one image, and at least `size`."""
    order = torch.randperm(count, generator=chance)
    return torch.tensor_split(order, max(1, count // size))


def _put_aside(layer: _BatchNorm, keep: bool) -> None:
    """Copies in place of the running statistics; or none, and then torch takes those of the batch in eval mode too."""
    for name in _RUNNING:
        value = layer._buffers[name]
        counted = name == "num_batches_tracked"
        layer._buffers[name] = value.clone() if value is not None and (keep or counted) else None


def _estimate(network: nn.Module, layers: list[_BatchNorm], images: Iterable[Tensor]) -> None:
    """Statistics of the batch norms as plain means over batches."""
    for module in network.modules():
        module.training = False
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum, layer.training = None, True  # torch's words for a mean over all batches
    seen = False
    with torch.no_grad():
        for batch in images:
            network(batch)
            seen = True
    if not seen:
        raise ValueError("Statistics are estimated on one batch of images or more; none came.")


def _restore_modes(modes: list[tuple[nn.Module, bool]]) -> None:
    for module, training in modes:
        module.training = training
