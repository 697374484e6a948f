"""The function that the linear frequency principle predicts, and the whole way to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from fourierscope.theory.lfp.door import paired, without_copies
from fourierscope.theory.lfp.kernels import checked_moments, checked_neurons, relu_kernel, tanh_kernel
from fourierscope.theory.lfp.line import LineSpline, on_a_line

_VALUES_AT_A_TIME = 2**24
_MISSES = 1e-6  # of the values' size, at which a solution no longer goes through the data


@dataclass(frozen=True, eq=False)
class Spline:
    """sum_i weights_i kernel(|x - centre_i|) + trend . (1, x): a function of points.

    Called on points (m, d), or (m,) in one dimension, it gives (..., m) or (..., m, outputs), float64, with any axes
    that stand in front of the weights, such as times.
    """

    centres: Tensor
    """(n, d)"""
    weights: Tensor
    """(..., n, outputs)"""
    trend: Tensor
    """(..., d + 1, outputs): the constant, and the slope along each axis; (..., 1, outputs) without slopes."""
    kernel: Callable[[Tensor], Tensor]
    """Of distances."""
    one_output: bool = True
    """Whether answers have no axis of outputs."""

    def __call__(self, points: Tensor) -> Tensor:
        places = torch.as_tensor(points).to(self.centres)
        places = places[:, None] if places.ndim == 1 else places
        if places.ndim != 2 or places.shape[1] != self.centres.shape[1]:
            raise ValueError(f"Points are (m, {self.centres.shape[1]}); {tuple(torch.as_tensor(points).shape)} came.")
        rows = max(1, _VALUES_AT_A_TIME // len(self.centres))
        found = torch.cat([self._at(one) for one in places.split(rows)], dim=-2)
        return found[..., 0] if self.one_output else found

    def norm(self) -> Tensor:
        """Its FP-norm, without what is constant and linear: sqrt(weights' kernel weights), (...) or (..., outputs)."""
        kernel = self.kernel(_distances(self.centres, self.centres))
        found = (self.weights * (kernel @ self.weights)).sum(-2).clamp_min(0).sqrt()
        return found[..., 0] if self.one_output else found

    def _at(self, places: Tensor) -> Tensor:
        polynomials = _polynomials(places, self.trend.shape[-2])
        return self.kernel(_distances(places, self.centres)) @ self.weights + polynomials @ self.trend


def solve(points: Tensor, values: Tensor, cubic: float, linear: float) -> Spline | LineSpline:
    """The function through values at points that a wide two-layer ReLU network learns from a start at 0.

    Points are (n, d), or (n,) in one dimension, values (n,) or (n, outputs); the function takes points (m, d) and gives
    (m,) or (m, outputs), in float64. `cubic` is E[r^3], `linear` is E[a^2 r] of the neurons a relu(w . x + b) at the
    start, r = |w|; only their ratio matters. With linear = 0 in one dimension it is the natural cubic spline, with
    cubic = 0 it is piecewise linear. A network that starts at h0: give values - h0(points), and add h0.

    One solve of n equations: weights orthogonal to all linear functions, by a Cholesky factor; in one dimension three
    diagonals, for any number of points. Copies of a point count once. Raises ValueError for shapes that do not fit,
    numbers that are not finite, moments below 0 or both 0, a point that comes with two values, points that all lie in
    one hyperplane (their linear part is not known), and, in two dimensions or more, points so near to each other that
    the function, in float64, misses values by 1e-6 of their size.

    Source: Zhang et al. (2019), the long-time limit; the closed form is ours.
    """
    checked_moments(cubic, linear)
    places, targets, one_output = paired(points, values, slopes=True)
    kernel = partial(relu_kernel, cubic=cubic, linear=linear, dimension=places.shape[1])
    places, targets = without_copies(places, targets)
    if places.shape[1] == 1:
        return on_a_line(places, targets, cubic, linear, one_output)
    return _through(places, targets, kernel, one_output)


def solve_tanh(points: Tensor, values: Tensor, lengths: Tensor, amplitudes: Tensor, ridge: float = 0.0) -> Spline:
    """As `solve`, of tanh: `lengths` |w| and `amplitudes` a (m,) are those of neurons that stand for all.

    The rate of tanh falls exponentially, so that few points, some |w| s apart, make the system singular in float64:
    with `ridge` above 0, in units of the kernel, values are met up to ridge times the weights. Only a constant is free.
    Raises ValueError as `solve`, and for a ridge below 0.
    """
    if not ridge >= 0:
        raise ValueError(f"ridge is at least 0; {ridge} came.")
    r, a = checked_neurons(lengths, amplitudes)
    places, targets, one_output = paired(points, values, slopes=False)
    kernel = partial(tanh_kernel, lengths=r, amplitudes=a, dimension=places.shape[1])
    return _through(*without_copies(places, targets), kernel, one_output, ridge, slopes=False)


def curve(points: Tensor, values: Tensor, times: Tensor, cubic: float, linear: float) -> Spline:
    """The function at each of some times of the training whose end `solve` gives, without steps in time.

    Times (t,) are finite, at least 0, of gradient flow on half the sum of squared errors, for one neuron per unit of
    bias: N neurons with biases even on [-B, B], after `steps` of descent at a rate on half the sum, are at
    rate steps N / 2B. Called on points, it gives (t, m) or (t, m, outputs). The linear part has an infinite rate: at
    time 0 it is there already. Each direction of the data, an eigenvector of the kernel, comes by its own 1 - exp(-t
    eigenvalue): one decomposition of n x n. Copies of a point weigh as often as they come, and where their values
    differ their mean is learned. Raises ValueError as `solve`, but for what it says of copies and near points.
    """
    checked_moments(cubic, linear)
    at = torch.as_tensor(times, dtype=torch.float64)
    if at.ndim != 1 or not len(at) or not bool((at.isfinite() & (at >= 0)).all()):
        raise ValueError(f"times are finite numbers (t,) of at least 0; {tuple(at.shape)} came, or others.")
    places, targets, one_output = paired(points, values, slopes=True)
    kernel = partial(relu_kernel, cubic=cubic, linear=linear, dimension=places.shape[1])
    system = _System(places, targets, kernel, 1 + places.shape[1])
    eigenvalues, directions = torch.linalg.eigh(system.inner)
    eigenvalues = eigenvalues.clamp_min(torch.finfo(torch.float64).tiny)
    shares = -torch.expm1(-at.to(places.device)[:, None] * eigenvalues) / eigenvalues  # (t, n - d - 1)
    return system.spline(directions @ (shares[..., None] * (directions.T @ system.rest)), one_output)


class _System:
    """kernel weights + polynomials trend = values, with weights orthogonal to polynomials, turned by a QR of these.

    The first rows of the turned system give the trend, the others (`inner`, `rest`) the weights. Householder
    reflections turn it, so that no n x n basis is made.
    """

    def __init__(self, points: Tensor, values: Tensor, kernel: Callable[[Tensor], Tensor], free: int) -> None:
        self.points, self.kernel, self.free = points, kernel, free
        self.factor, self.tau = torch.geqrf(_polynomials(points, free))
        matrix = torch.ormqr(self.factor, self.tau, kernel(_distances(points, points)), True, True)
        matrix = torch.ormqr(self.factor, self.tau, matrix, False, False)
        turned = torch.ormqr(self.factor, self.tau, values, True, True)
        self.inner, self.rest = matrix[free:, free:], turned[free:]
        self.across, self.first = matrix[:free, free:], turned[:free]

    def spline(self, inner: Tensor, one_output: bool) -> Spline:
        """The function of the turned weights (..., n - free, outputs)."""
        upper = self.factor[: self.free].triu()
        trend = torch.linalg.solve_triangular(upper, self.first - self.across @ inner, upper=True)
        *front, count, outputs = inner.shape
        padded = torch.cat([inner.new_zeros(*front, self.free, outputs), inner], -2)
        flat = padded.movedim(-2, 0).reshape(self.free + count, -1)
        weights = torch.ormqr(self.factor, self.tau, flat, True, False)
        weights = weights.reshape(self.free + count, *front, outputs).movedim(0, -2)
        return Spline(self.points, weights, trend, self.kernel, one_output)


def _through(
    points: Tensor,
    values: Tensor,
    kernel: Callable[[Tensor], Tensor],
    one_output: bool,
    ridge: float = 0.0,
    slopes: bool = True,
) -> Spline:
    """The function through values at points, none of which comes twice."""
    system = _System(points, values, kernel, 1 + slopes * points.shape[1])
    system.inner.diagonal().add_(ridge)
    lower, failed = torch.linalg.cholesky_ex(system.inner)
    if int(failed):
        raise ValueError(_too_near(points, "singular"))
    found = system.spline(torch.cholesky_solve(system.rest, lower), one_output)
    missed = float((found._at(points) + ridge * found.weights - values).abs().max())
    if not missed <= _MISSES * float(values.abs().max()):
        raise ValueError(_too_near(points, f"so badly posed that the function misses values by {missed:.1e}"))
    return found


def _too_near(points: Tensor, told: str) -> str:
    return (
        f"The system of {len(points)} points in {points.shape[1]} dimensions is, in float64, {told}: some lie too near "
        "to each other. Take fewer points, a larger ridge where there is one, or curve(...) at a late time."
    )


def _distances(points: Tensor, others: Tensor) -> Tensor:
    """Not by the expanded square, which has no digits left where points are near."""
    return torch.cdist(points, others, compute_mode="donot_use_mm_for_euclid_dist")


def _polynomials(points: Tensor, free: int) -> Tensor:
    """1 and, where more than the constant is free, x: (m, free)."""
    return torch.cat([torch.ones_like(points[:, :1]), points], 1)[:, :free]
