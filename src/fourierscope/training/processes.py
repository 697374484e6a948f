"""A training in several processes under torchrun: each learns its share of every batch, and gradients are averaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

import torch
from torch import distributed, nn

# seconds before a group is taken down: the threads of its last exchange need the interpreter to let go of their
# tensors, and taking the group down holds the interpreter while it waits for them
_SETTLING = 1.0


def rank() -> int:
    """The number of this process; 0 without torchrun."""
    return int(os.environ.get("RANK", "0"))


def processes() -> int:
    """How many processes train together; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def own_device(asked: str | None) -> str | None:
    """The device of this process: torchrun's processes on one machine take one GPU each, by their local number."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if asked == "cuda" and local is not None else asked


@contextmanager
def together(network: nn.Module, device: torch.device) -> Iterator[nn.Module]:
    """The network as one of several that learn together; itself where this process is alone."""
    if processes() == 1:
        yield network
        return
    joined = not distributed.is_initialized()
    if joined:
        distributed.init_process_group("gloo" if device.type == "cpu" else "nccl")
    try:
        yield nn.parallel.DistributedDataParallel(network, None if device.type == "cpu" else [device])
        distributed.barrier()
        sleep(_SETTLING)
    finally:
        if joined:
            distributed.destroy_process_group()


def agreed(answer: bool, device: torch.device) -> bool:
    """The first process's answer, in all of those that learn together."""
    if processes() == 1:
        return answer
    told = torch.tensor([int(answer)], device=device)
    distributed.broadcast(told, 0)
    return bool(told.item())


def check_shares(smallest: int) -> None:
    """Raises ValueError where the smallest batch leaves a process fewer than two images."""
    if smallest < 2 * processes() and processes() > 1:
        raise ValueError(
            f"{processes()} processes share each batch, and the smallest has {smallest} images: take a batch of at "
            f"least {2 * processes()}, or fewer processes."
        )
