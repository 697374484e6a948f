"""Wide two-layer ReLU networks h(x) = sum_j a_j relu(w_j . x + b_j): their tangent kernels, and plain gradient descent.

With biases even on [-B, B] and directions even on the sphere the kernel of infinitely many neurons has a closed form
wherever |w . x| <= B. It tells three things apart that lie between a real network and the linear frequency principle:
finite width, a finite range of biases, and the part x . x' of the kernel, which the principle drops.

All in float64. Kernels are per neuron: a network of N has N times them. Source: Jacot et al. (2018) for the kernel;
Luo, Ma, Xu, Zhang (2020), arXiv:2010.08153, for the exact model; the closed form is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma, inf, isfinite
from typing import Literal

import torch
from torch import Tensor

from fourierscope.theory.lfp.door import paired
from fourierscope.theory.lfp.kernels import mean_projection

_NEURONS_AT_A_TIME = 2**13
_MISSES = 1e-6  # of the values' size, at which a predictor no longer goes through the data


@dataclass(frozen=True)
class Start:
    """How neurons are drawn: directions even on the sphere, biases even on [-bias, bias], all independent.

    `law` "uniform": |w| even on [0, weight] and a on [-amplitude, amplitude]; "normal": every coordinate of w and a
    normal with these standard deviations. In one dimension uniform is w even on [-weight, weight]. The default is that
    of the first example of Zhang et al. (2019). Raises ValueError for other laws and for sizes not above 0.
    """

    weight: float = 3.0
    amplitude: float = 0.1
    bias: float = 3.0
    law: Literal["uniform", "normal"] = "uniform"

    def __post_init__(self) -> None:
        sizes = (self.weight, self.amplitude, self.bias)
        if self.law not in ("uniform", "normal") or not all(isfinite(one) and one > 0 for one in sizes):
            raise ValueError(f"law is uniform or normal, and sizes are finite and above 0; {self.law!r}, {sizes} came.")

    def length(self, power: int, dimension: int) -> float:
        """E[|w|^power]."""
        if self.law == "uniform":
            return self.weight**power / (power + 1)
        return self.weight**power * 2 ** (power / 2) * gamma((dimension + power) / 2) / gamma(dimension / 2)

    @property
    def square(self) -> float:
        """E[a^2]."""
        return self.amplitude**2 / (3 if self.law == "uniform" else 1)

    def moments(self, dimension: int) -> tuple[float, float]:
        """E[r^3] and E[a^2 r], `cubic` and `linear` of `lfp.solve`."""
        return self.length(3, dimension), self.square * self.length(1, dimension)


@dataclass(frozen=True, eq=False)
class Neurons:
    """A two-layer network, float64: `amplitudes` (N,), `weights` (N, d), `biases` (N,)."""

    amplitudes: Tensor
    weights: Tensor
    biases: Tensor

    def __call__(self, points: Tensor) -> Tensor:
        """The outputs (m,) at points (m, d), or (m,) in one dimension."""
        return _active(self, _columns(points)).relu() @ self.amplitudes


def draw(start: Start, count: int, dimension: int, generator: torch.Generator) -> Neurons:
    """Neurons drawn by a law, in pairs with the same w and b and opposite a, so that the network is 0 at the start.

    `count` is even, both of a pair counted. The tangent kernel is that of one of each pair.
    """
    if count < 2 or count % 2:
        raise ValueError(f"Neurons come in pairs: count is even and at least 2; {count} came.")
    half = count // 2
    weights = torch.randn(half, dimension, generator=generator, dtype=torch.float64)
    if start.law == "uniform":
        length = torch.rand(half, 1, generator=generator, dtype=torch.float64)
        weights = length * weights / weights.norm(dim=1, keepdim=True)
    spread = torch.rand(half, generator=generator, dtype=torch.float64)
    if start.law == "uniform":
        amplitudes = 2 * torch.rand(half, generator=generator, dtype=torch.float64) - 1
    else:
        amplitudes = torch.randn(half, generator=generator, dtype=torch.float64)
    amplitudes, biases = start.amplitude * amplitudes, start.bias * (2 * spread - 1)
    return Neurons(
        torch.cat([amplitudes, -amplitudes]), start.weight * weights.repeat(2, 1), torch.cat([biases, biases])
    )


def flat_kernel(points: Tensor, others: Tensor, start: Start, product: bool = True) -> Tensor:
    """The tangent kernel (n, m) of infinitely many neurons, per neuron; without `product` that without x . x'.

    1/2B (B^3 / 3 + B E[r^2] x . x' / d + E[r^3] E|u|^3 s^3 / 12 + E[a^2] (1 + x . x') (B - E[r] E|u| s / 2)), with
    s = |x - x'| and u the cosine of a random angle. `product` is the x . x' in (1 + x . x'), of the input weights.
    Exact for |w . x| <= B. Without it the s in the kernel is that of `lfp.relu_kernel` over 2B, and as B grows its
    predictor becomes `lfp.solve` like 1 / B.
    """
    x, y = _columns(points), _columns(others)
    dimension, b = x.shape[1], start.bias
    s = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
    dots = x @ y.T
    cube = start.length(3, dimension) * mean_projection(dimension, 3) / 12 * s**3
    open_share = b - start.length(1, dimension) * mean_projection(dimension, 1) / 2 * s
    factor = 1 + dots if product else 1.0
    found = b**3 / 3 + b * start.length(2, dimension) * dots / dimension + cube + start.square * factor * open_share
    return found / (2 * b)


def tangent_kernel(neurons: Neurons, points: Tensor, others: Tensor) -> Tensor:
    """The tangent kernel (n, m) of finitely many neurons, per neuron: sums of products of derivatives over N."""
    x, y = _columns(points), _columns(others)
    outer, inner = x.new_zeros(len(x), len(y)), x.new_zeros(len(x), len(y))
    for begin in range(0, len(neurons.biases), _NEURONS_AT_A_TIME):
        here = slice(begin, begin + _NEURONS_AT_A_TIME)
        some = Neurons(neurons.amplitudes[here], neurons.weights[here], neurons.biases[here])
        first, second = _active(some, x), _active(some, y)
        inner += (first > 0).to(x) @ ((second > 0) * some.amplitudes.square()).T
        outer += first.relu_() @ second.relu().T
    return (outer + (1 + x @ y.T) * inner) / len(neurons.biases)


def predict(across: Tensor, within: Tensor, values: Tensor, time: float = inf) -> Tensor:
    """What a network with a tangent kernel gives after training: for ever, across within^-1 values.

    `across` (m, n) is the kernel from where it is asked to the data, `within` (n, n) that of the data, values (n,) or
    (n, outputs). A finite `time` is that of gradient flow on half the sum of squared errors: with kernels per neuron,
    N of them have come to rate steps N after so many steps of descent. Of endless training ValueError is raised where
    `within` is singular in float64, as of copies of a point, or of too few neurons.
    """
    columns = values if values.ndim == 2 else values[:, None]
    if time < inf:
        eigenvalues, directions = torch.linalg.eigh(within)
        held = eigenvalues.clamp_min(torch.finfo(within.dtype).tiny)
        weights = directions @ ((-torch.expm1(-time * held) / held)[:, None] * (directions.T @ columns))
        return (across @ weights).reshape(len(across), *values.shape[1:])
    weights, failed = torch.linalg.solve_ex(within, columns)
    missed = float((within @ weights - columns).abs().max())
    if int(failed) or not missed <= _MISSES * float(values.abs().max()):
        raise ValueError(
            f"The kernel of the {len(within)} points is singular in float64 and misses values by {missed:.1e}: some "
            "points come twice or lie too near to each other, or the network has too few neurons."
        )
    return (across @ weights).reshape(len(across), *values.shape[1:])


def descend(
    neurons: Neurons, points: Tensor, values: Tensor, rate: float, steps: int, until: float = 0.0
) -> tuple[Neurons, int]:
    """Neurons after full-batch gradient descent on half the sum of squared errors, and the steps taken.

    It ends at `until`, a sum of squared errors (not half of it), looked at every hundred steps. The rate is at most 2
    over the largest eigenvalue of the data's kernel (N times `tangent_kernel`); beyond, or where numbers grow without
    end, ValueError is raised.
    Source: Zhang et al. (2019), who descend on the whole sum: a rate of ours is twice theirs.
    """
    x, columns, _ = paired(points, values, slopes=False)
    if columns.shape[1] != 1:
        raise ValueError(f"The network has one output, values are (n,); {tuple(columns.shape)} came.")
    targets, sides = columns[:, 0], torch.cat([x, torch.ones_like(x[:, :1])], 1)  # (n, d + 1)
    largest = len(neurons.biases) * float(torch.linalg.eigvalsh(tangent_kernel(neurons, x, x))[-1])
    if not 0 < rate < 2 / largest:
        raise ValueError(f"The rate lies above 0 and below {2 / largest:.3g}, where descent diverges; {rate:.3g} came.")
    a, inner = neurons.amplitudes.clone(), torch.cat([neurons.weights, neurons.biases[:, None]], 1).T.contiguous()
    taken = 0
    for taken in range(steps + 1):
        hidden = sides @ inner  # (n, N)
        active = hidden.relu()
        errors = active @ a - targets
        if taken == steps or (taken % 100 == 0 and _arrived(errors, until)):
            break
        pull = (rate * errors[:, None] * sides).T @ (hidden > 0).to(a)  # (d + 1, N)
        change = (rate * errors) @ active
        inner -= a * pull
        a -= change
    return Neurons(a, inner[:-1].T.contiguous(), inner[-1].clone()), taken


def _arrived(errors: Tensor, until: float) -> bool:
    total = float(errors.square().sum())
    if not isfinite(total):
        raise ValueError("The errors are no longer finite: take a smaller rate.")
    return total <= until


def _active(neurons: Neurons, points: Tensor) -> Tensor:
    """w . x + b, (m, N)."""
    return torch.addmm(neurons.biases, points, neurons.weights.T)


def _columns(points: Tensor) -> Tensor:
    places = torch.as_tensor(points, dtype=torch.float64)
    return places[:, None] if places.ndim == 1 else places
