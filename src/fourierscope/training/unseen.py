"""Asking a network that is being trained, so that its training never knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def bare(network: nn.Module) -> nn.Module:
    """The network itself, within what torch wraps it into: compiled, data-parallel."""
    while True:
        inner = getattr(network, "_orig_mod", None)
        wrapped = isinstance(network, nn.DataParallel | nn.parallel.DistributedDataParallel)
        if not isinstance(inner, nn.Module) and not wrapped:
            return network
        found = inner if isinstance(inner, nn.Module) else network.module
        assert isinstance(found, nn.Module)
        network = found


@contextmanager
def unseen(network: nn.Module) -> Iterator[None]:
    """The network in eval mode without gradients for a while, in its own precision; then all is as it was.

    Every module's mode, every buffer, and torch's random state on the network's device are put back, bit for bit, also
    after an error.
    """
    training = [module for module in network.modules() if module.training]
    buffers = [(one, one.detach().clone()) for one in network.buffers()]
    device = next((one.device for one in network.parameters()), torch.device("cpu"))
    devices: list[Any] = [] if device.type == "cpu" else [device]
    with torch.random.fork_rng(devices=devices), torch.no_grad(), torch.autocast(device.type, enabled=False):
        try:
            for module in training:
                module.training = False
            yield
        finally:
            for module in training:
                module.training = True
            for held, before in buffers:
                held.copy_(before)
