"""The tangent kernel of a network as it stands: inner products of the gradients of its answers by its weights.

While steps are small, a network learns as kernel regression with this kernel (Jacot et al. 2018). Gradients are exact,
by torch.func; the network is left as it was.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

_NUMBERS = 2**25  # of gradients held at a time, 256 MB in float64


def tangent_kernel(
    network: nn.Module,
    points: Tensor,
    others: Tensor | None = None,
    dtype: torch.dtype = torch.float64,
    numbers: int = _NUMBERS,
) -> Tensor:
    """The tangent kernel (n outputs, m outputs) of points (n, ...) and others (m, ...); empty: of points themselves.

    sum over weights of d f_a(x) / d w  d f_b(x') / d w; a row for each point and output, points first. Of the weights
    that learn (`requires_grad`), in eval mode, on a copy in `dtype`. Blocks of points keep at most `numbers` numbers at
    a time; a block's gradients are taken again for each other block. Raises ValueError where nothing can learn, or
    torch.func does not reach all weights, and TypeError for what is no module.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"A tangent kernel is of a torch module; {type(network).__name__} came.")
    if not any(one.requires_grad for one in network.parameters()):
        raise ValueError("No weight of this network learns (requires_grad is off): its tangent kernel is 0.")
    held = copy.deepcopy(network).to(dtype).eval()
    place = next(held.parameters()).device
    left = points.detach().to(place, dtype)
    _check_reached(held, left[:1])
    block = max(1, numbers // (2 * _size(held, left)))
    rows = left.split(block)
    columns = rows if others is None else others.detach().to(place, dtype).split(block)
    found: list[list[Tensor]] = []
    for i, row in enumerate(rows):
        first = gradients(held, row)
        told = [found[j][i].T for j in range(i)] if others is None else []
        several = [
            first @ gradients(held, one).T if one is not row else first @ first.T for one in columns[len(told) :]
        ]
        found.append([*told, *several])
    return torch.cat([torch.cat(one, 1) for one in found])


def gradients(network: nn.Module, points: Tensor) -> Tensor:
    """Gradients (n outputs, weights) of the answers at points (n, ...) by all weights that learn."""
    weights = {name: one.detach() for name, one in network.named_parameters() if one.requires_grad}
    fixed = {name: one.detach() for name, one in network.named_parameters() if not one.requires_grad}
    fixed |= dict(network.named_buffers())

    def answer(held: dict[str, Tensor], point: Tensor) -> Tensor:
        found: Tensor = functional_call(network, held | fixed, (point[None],))
        return found.flatten()

    jacobian = vmap(jacrev(answer), (None, 0))(weights, points)
    return torch.cat([one.flatten(2) for one in jacobian.values()], 2).flatten(0, 1)


def _check_reached(network: nn.Module, point: Tensor) -> None:
    """Raises ValueError where gradients by torch.func are not those of a plain backward pass at one point (1, ...)."""
    weights = [one for one in network.parameters() if one.requires_grad]
    with torch.enable_grad():
        plain = torch.autograd.grad(network(point).sum(), weights, allow_unused=True)
    pairs = zip(plain, weights, strict=True)
    wanted = torch.cat([torch.zeros_like(one).flatten() if slope is None else slope.flatten() for slope, one in pairs])
    found = gradients(network, point).sum(0)
    if not torch.allclose(found, wanted, rtol=1e-2, atol=1e-3 * float(wanted.abs().max())):
        raise ValueError(
            "torch.func does not reach all weights of this network: some are taken past the module that holds them, as "
            "a slice of a ParameterList is. Write list(self.weights)[1:] for self.weights[1:], or name them one by one."
        )


def _size(network: nn.Module, points: Tensor) -> int:
    """How many numbers the gradients of one point are."""
    with torch.no_grad():
        outputs = network(points[:1]).numel()
    return int(outputs) * sum(one.numel() for one in network.parameters() if one.requires_grad)
