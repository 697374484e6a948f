"""A loss as a sum over frequency, and what gradient flow takes off it above each frequency.

L = mean of density(x) (h(x) - f(x))^2 over an even grid = sum over k of q(k), with q the energy of the transform of
sqrt(density) (h - f), which is 0 outside the grid. Its frequencies k are in cycles per length of the grid, angular
ones on [-pi, pi). The share of dL/dt that lies above eta falls like eta^-m, m larger the smoother activation, target
and density are. Source: Luo et al. (2019), Theory of the frequency principle for general deep neural networks; their
constants are not known to us, only the form of the statements.

A density that jumps at an end of the grid sets the slope by itself, -1 for every network: `verdict` refuses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp

PADDED = 4  # times the grid: between whole frequencies the ends of the grid show
STEEP_ENOUGH = -4.0  # kinks of ReLU give -3 at least; a density that falls no faster than -4 would hide them
INVALID = "invalid: non-smooth density"


def hann_density(points: Tensor, power: int = 1) -> Tensor:
    """cos(x / 2)^(4 power) at points (n,) of an even grid on [-pi, pi), of mean 1, float64; 1 everywhere for power 0.

    Power 1 is the square of a Hann window. By itself it has the slope -(4 power + 1).
    """
    if power < 0:
        raise ValueError(f"power is a whole number from 0 on; {power} came.")
    density = torch.cos(points.double() / 2) ** (4 * power)
    return density / density.mean()


def frequencies(count: int) -> Tensor:
    """The frequencies (2 n + 1,) of the transform of n points, from 0 on, in cycles per length of the grid."""
    return torch.arange(PADDED * count // 2 + 1, dtype=torch.float64) / PADDED


def energies(errors: Tensor, density: Tensor) -> Tensor:
    """q (2 n + 1,) of errors h - f and a density, both (n,); its sum is the mean of density errors^2."""
    spectrum = _spectrum(errors, density)
    return (spectrum.conj() * spectrum).real * _weights(len(errors))


def descent(network: nn.Module, points: Tensor, values: Tensor, density: Tensor) -> Tensor:
    """dq/dt (2 n + 1,) while the network follows the gradient flow of the loss, exactly; its sum is dL/dt.

    Points, values and density are (n,); the network takes (n, 1) and gives (n, 1), in float64. With g the gradient of
    the loss, h moves by the Jacobian times -g: forward differentiation, no step and no difference of two spectra.
    """
    weights = {name: one.detach() for name, one in network.named_parameters()}

    def answers(held: dict[str, Tensor]) -> Tensor:
        found: Tensor = functional_call(network, held, (points[:, None],))
        return found[:, 0]

    def loss(held: dict[str, Tensor]) -> Tensor:
        return (density * (answers(held) - values).square()).mean()

    gradients = torch.func.grad(loss)(weights)
    both: Any = jvp(answers, (weights,), ({name: -one for name, one in gradients.items()},))
    reached, moved = both
    product = _spectrum(reached - values, density).conj() * _spectrum(moved, density)
    return 2 * product.real * _weights(len(points))


def shares_above(changes: Tensor, thresholds: Sequence[float]) -> Tensor:
    """|sum of changes (2 n + 1,) above each threshold| / |their whole sum|, (thresholds,).

    Of dq/dt these are R0 and R2, of a difference of two q R1. The grid needs frequencies well above every threshold.
    Raises ValueError where a threshold is not between 0 and a quarter of the number of points.
    """
    count = (len(changes) - 1) // 2
    if not all(0 < one <= count / 4 for one in thresholds):
        raise ValueError(
            f"Thresholds lie above 0 and up to a quarter of the {count} points, {count / 4:g}, so that little of what "
            f"is above them folds back; {tuple(thresholds)} came. Take more points, or lower thresholds."
        )
    places = frequencies(count)
    above = torch.stack([changes[places > one].sum() for one in thresholds])
    return above.abs() / changes.sum().abs()


def log_slope(thresholds: Sequence[float], shares: Tensor) -> float:
    """The slope of log share on log threshold, by least squares: -m."""
    x, y = torch.tensor(thresholds, dtype=torch.float64).log(), shares.log()
    x = x - x.mean()
    return float((x * y).sum() / x.square().sum())


def density_slope(density: Tensor, thresholds: Sequence[float]) -> float:
    """The slope of a density (n,) by itself, as of errors that are 1 everywhere."""
    return log_slope(thresholds, shares_above(energies(torch.ones_like(density), density), thresholds))


def verdict(density: Tensor, thresholds: Sequence[float]) -> str:
    """Whether a slope behind this density tells anything of a network: "valid", or that the density is not smooth."""
    return "valid" if density_slope(density, thresholds) < STEEP_ENOUGH else INVALID


def _spectrum(errors: Tensor, density: Tensor) -> Tensor:
    padded = PADDED * len(errors)
    found: Tensor = torch.fft.rfft(density.sqrt() * errors, padded) / (PADDED**0.5 * len(errors))
    return found


def _weights(count: int) -> Tensor:
    """How often each frequency from 0 on stands in the whole transform: twice, but for the first and the last."""
    weights = torch.full((PADDED * count // 2 + 1,), 2.0, dtype=torch.float64)
    weights[[0, -1]] = 1
    return weights
