"""Learning curves: how far kernel regression is off after so many samples, on average over their draws.

The kernel has eigenvalues value_j under the density of the points, each g_j times; the target is a sum over
orthonormal eigenfunctions with the power power_j in all functions of eigenvalue j together. It minimises
sum_i (f(x_i) - y_i)^2 + ridge |f|^2 over p samples. With z = ridge + z sum_j g_j value_j / (p value_j + z) and
gamma = p sum_j g_j value_j^2 / (p value_j + z)^2 the mean squared error is

    error = (sum_j power_j z^2 / (p value_j + z)^2 + noise gamma) / (1 - gamma)

Sources: Bordelon, Canatar, Pehlevan (2020); Canatar, Bordelon, Pehlevan (2021). It holds for many samples and functions
that look like independent normal numbers.

Different here: their E_j = power_j z^2 / (p value_j + z)^2 / (1 - gamma) are the parts of the error that the target's
modes cause, for they add up to it and each is 0 where the target has no power. The error that lies in a mode is
another number: what is missed in others leaks into it, power_j z^2 / (p value_j + z)^2 + g_j p value_j^2 error' /
(p value_j + z)^2, with error' = error + noise (p samples of it are what is fitted). Both add up to `error`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from scipy.optimize import brentq
from torch import Tensor


class LearningCurve(NamedTuple):
    """Mean squared errors after p samples: all of it, and by mode: what it causes, and what lies in it."""

    error: Tensor
    caused: Tensor
    within: Tensor


def learning_curve(
    values: Tensor, multiplicities: Tensor, powers: Tensor, samples: Tensor, ridge: float = 0.0, noise: float = 0.0
) -> LearningCurve:
    """Errors (p,) and by mode (p, j), for eigenvalues, multiplicities and powers (j,), and numbers of samples (p,).

    `noise` is the variance of what is added to each sample's target, which the error does not count. In the units of
    the target, squared. Raises ValueError where eigenvalues are not above 0, numbers below 0 stand, or samples are as
    many as functions without a ridge, where the error has no bound.
    """
    values, counts, powers = (one.double() for one in (values, multiplicities, powers))
    _check(values, counts, powers, samples, ridge, noise)
    error, caused, within = [], [], []
    for p in samples.double():
        level = _level(values, counts, float(p), ridge)
        left = (level / (p * values + level)).square()  # of each mode's power, and what is learned of it
        learned = p * (values / (p * values + level)).square()
        gamma = (counts * learned).sum()
        whole = ((powers * left).sum() + noise * gamma) / (1 - gamma)
        error.append(whole)
        caused.append(powers * left / (1 - gamma))
        within.append(powers * left + counts * learned * (whole + noise))
    return LearningCurve(torch.stack(error), torch.stack(caused), torch.stack(within))


def _level(values: Tensor, counts: Tensor, p: float, ridge: float) -> float:
    """z, the ridge that the modes that are not learned yet make for the others; 0: all are learned."""

    def apart(z: float) -> float:
        return ridge / z + float((counts * values / (p * values + z)).sum()) - 1

    highest = ridge + float((counts * values).sum())
    lowest = highest * 1e-15
    if ridge == 0 and p >= float(counts.sum()):
        return 0.0
    if apart(lowest) <= 0:
        return lowest
    return float(brentq(apart, lowest, highest * (1 + 1e-9), xtol=1e-300, rtol=1e-13))


def _check(values: Tensor, counts: Tensor, powers: Tensor, samples: Tensor, ridge: float, noise: float) -> None:
    if not values.shape == counts.shape == powers.shape or values.ndim != 1:
        raise ValueError(
            "Eigenvalues, multiplicities and powers are of one shape (modes,); "
            f"{tuple(values.shape)}, {tuple(counts.shape)}, {tuple(powers.shape)} came."
        )
    if not (bool((values > 0).all()) and bool((counts > 0).all()) and bool((powers >= 0).all())):
        raise ValueError("Eigenvalues and multiplicities are above 0, powers at least 0; others came.")
    if ridge < 0 or noise < 0 or bool((samples < 0).any()):
        raise ValueError(f"ridge, noise and samples are at least 0; {ridge}, {noise}, {samples.tolist()} came.")
    if ridge == 0 and bool((samples == counts.sum()).any()):
        raise ValueError(
            f"As many samples as functions ({int(counts.sum())}) and no ridge: the mean error has no bound. "
            "Take more or fewer samples, or a ridge."
        )
