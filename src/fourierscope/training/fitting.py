"""Fitting: copies of a network learn values at points, step by step, with somebody watching."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.subjects.learning import Fit

Watcher = Callable[[nn.Module, int], object]
"""Is shown a network and the number of steps it has taken: before the first one, and after each."""


def fit(subject: Fit, seed: int = 0, watch: Watcher | None = None) -> nn.Module:
    """A copy of the network, from weights drawn by `seed`, after all steps of the fit. Nothing given changes.

    The order of batches, and dropout, follow from `seed`; the global random state is left as it was. Raises ValueError
    where the loss is no longer finite.
    """
    network = subject.fresh_network(seed)
    weights = [one for one in network.parameters() if one.requires_grad]
    optimiser = _OPTIMISERS[subject.optimiser](weights, subject.learning_rate)
    place = next(network.parameters())
    points, values = subject.points.to(place), subject.values.to(place.device)
    if values.is_floating_point():
        values = values.to(place)
    network.train()
    with torch.random.fork_rng(devices=[] if place.device.type == "cpu" else [place.device]):
        torch.manual_seed(seed)
        order = torch.Generator().manual_seed(seed)
        chosen = _parts(len(points), subject.batch, order)
        for step in range(subject.steps):
            if watch is not None:
                watch(network, step)
            part = next(chosen)
            loss = loss_of(subject, network(points[part]), values[part])
            if step % 100 == 0 and not bool(torch.isfinite(loss)):
                raise ValueError(
                    f"The loss is {float(loss)} after {step} steps of {subject.name}: a smaller rate helps."
                )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if watch is not None:
            watch(network, subject.steps)
    return network.eval()


def loss_of(subject: Fit, outputs: Tensor, values: Tensor) -> Tensor:
    """The loss of outputs (n, outputs) at values, as the fit takes it."""
    if subject.classifies:
        return nn.functional.cross_entropy(outputs, values)
    if not values.is_floating_point():
        values = nn.functional.one_hot(values, outputs.shape[1]).to(outputs.dtype)
    if outputs.shape != values.shape:
        raise ValueError(f"The network gives {tuple(outputs.shape)} for values {tuple(values.shape)}: no fit.")
    return nn.functional.mse_loss(outputs, values)


def _parts(count: int, batch: int, generator: torch.Generator) -> Iterator[Any]:
    """Which points each step takes, without end: all of them, or batches of a new order each time round."""
    while True:
        if not batch:
            yield slice(None)
            continue
        order = torch.randperm(count, generator=generator)
        yield from order[: count // batch * batch].split(batch)


_OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
