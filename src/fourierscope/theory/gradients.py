"""Which frequency a gradient serves: exact gradients of a tanh network's loss at one frequency, and how often low wins.

h(x) = sum_j a_j tanh(w_j x + b_j), with the transform at angular frequency k > 0 and the loss L(k) = |D|^2 / 2 of
D = h(k) - f(k) = A exp(i phi). Source: Xu et al. (2019), section 6, Theorems 1 and 2.
"""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import torch
from torch import Tensor

_AT_A_TIME = 2**16  # networks drawn together
_LEAST = 1e-300  # below which a logarithm is not taken


class Wins(NamedTuple):
    """Of `drawn` networks, in how many the low frequency wins: in every parameter, and in the norm of the gradient."""

    every: int
    norm: int
    drawn: int


def tanh_transform(amplitudes: Tensor, weights: Tensor, biases: Tensor, frequency: float) -> Tensor:
    """The transform (n,) of networks with parameters (n, m) at an angular frequency above 0, complex128.

    Each neuron gives -i pi a exp(i b k / w) / (w sinh(pi k / 2 |w|)): that of tanh x is -i pi / sinh(pi k / 2), in the
    sense of its derivative.
    """
    held, size = weights.double(), _size(weights, frequency)
    turn = torch.exp(1j * biases.double() * frequency / held)
    return (-1j * pi * amplitudes.double() * held.sign() * turn * torch.exp(-size)).sum(1)


def log_gradients(
    amplitudes: Tensor, weights: Tensor, biases: Tensor, frequency: float, target: complex = 1.0
) -> Tensor:
    """Logarithms of the sizes of dL/da, dL/dw, dL/db at one frequency, (n, 3 m), of networks (n, m).

    In logarithms, for the gradients fall as exp(-pi k / 2 |w|) and would vanish in any precision. Units: of the
    transform, squared, per unit of a parameter.
    """
    a, w, b = (one.double() for one in (amplitudes, weights, biases))
    apart = tanh_transform(a, w, b, frequency) - target
    angle = b * frequency / w - apart.angle()[:, None] - pi / 2  # of the neuron's part against the distance
    common = apart.abs().clamp_min(_LEAST).log()[:, None] + log(pi) - _size(w, frequency)
    half = pi * frequency / (2 * w.abs())
    steep = half / torch.tanh(half)  # k pi / 2 |w| coth: the part of dL/dw that comes of the fall with k
    by_weight = (a / w) * ((steep - 1) * angle.cos() + (b * frequency / w) * angle.sin())
    by_bias = (a * frequency / w) * angle.sin()
    sizes = [angle.cos(), by_weight, by_bias]
    return torch.cat([common + one.abs().clamp_min(_LEAST).log() for one in sizes], dim=1)


def wins(
    radius: float,
    neurons: int,
    drawn: int,
    generator: torch.Generator,
    frequencies: tuple[float, float] = (1.0, 2.0),
) -> Wins:
    """How often the lower of two angular frequencies rules the gradient, of networks drawn from a ball of parameters.

    All 3 m parameters are drawn evenly from the ball of that radius, the target is 1 at both. Theorem 1 asks that the
    gradient of the low frequency be larger in every parameter; Theorem 2, whose flow on both losses reduces to one
    comparison (the cross terms cancel), that its norm be. Both shares go to 1 as the radius goes to 0.
    """
    low, high = frequencies
    if not (0 < low < high and radius > 0 and neurons >= 1 and drawn >= 1):
        raise ValueError(
            "frequencies ascend from above 0, radius is above 0, neurons and drawn at least 1; "
            f"{frequencies}, {radius}, {neurons}, {drawn} came."
        )
    every = norm = 0
    for begin in range(0, drawn, _AT_A_TIME):
        count = min(_AT_A_TIME, drawn - begin)
        a, w, b = _in_ball(radius, 3 * neurons, count, generator).unflatten(1, (3, neurons)).unbind(1)
        first, second = (log_gradients(a, w, b, one) for one in (low, high))
        every += int((first > second).all(1).sum())
        norm += int(((2 * first).logsumexp(1) >= (2 * second).logsumexp(1)).sum())
    return Wins(every, norm, drawn)


def _size(weights: Tensor, frequency: float) -> Tensor:
    """log(|w| sinh(pi k / 2 |w|)), which a sinh would overflow."""
    held = weights.double().abs()
    half = pi * frequency / (2 * held)
    return held.log() + half + torch.log1p(-torch.exp(-2 * half)) - log(2)


def _in_ball(radius: float, dimension: int, count: int, generator: torch.Generator) -> Tensor:
    """Points (count, dimension) drawn evenly from a ball."""
    drawn = torch.randn(count, dimension, generator=generator, dtype=torch.float64)
    share = torch.rand(count, 1, generator=generator, dtype=torch.float64) ** (1 / dimension)
    return radius * share * drawn / drawn.norm(dim=1, keepdim=True)
