"""Averaging over translations: a low-pass filter on how the loss answers to a shift.

Source: Karantzas et al. (2022), on augmentation by translations: the mean of a loss over translations in [-a, a] has
the spectrum of the loss times a sinc, and of all translations only the constant remains. Translations here go round a
closed circle, so that the formula is exact; the loss of one layer is ours, for the paper's is not spelled out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import torch
from torch import Tensor
from torch.nn.functional import softplus

from fourierscope.theory.harmonics import activation_named

_NODES = 4096  # translations of a mean


def translation_gain(count: int, reach: float) -> Tensor:
    """What the mean over translations in [-reach, reach] leaves of harmonics 0 to count (count + 1,).

    sin(h reach) / (h reach), where `reach` is an angle in radians, above 0 and at most pi: all translations, of which
    the constant alone is left. Raises ValueError otherwise.
    """
    _check(reach)
    gain = torch.sinc(torch.arange(count + 1, dtype=torch.float64) * reach / pi)
    return gain if reach < pi else (torch.arange(count + 1) == 0).double()  # sin(pi h) is nought, but not in floats


def averaged(values: Tensor, reach: float) -> Tensor:
    """Real values (..., points) round a circle, averaged over translations in [-reach, reach] by the formula.

    Exact for responses without harmonics from points / 2 on. Raises ValueError as `translation_gain`.
    """
    points = values.shape[-1]
    gain = translation_gain(points // 2, reach).to(values)
    return torch.fft.irfft(torch.fft.rfft(values) * gain, n=points)


def mean_over_translations(response: Callable[[Tensor], Tensor], at: Tensor, reach: float) -> Tensor:
    """The mean (...) of a response over translations in [-reach, reach] of the angles `at` (...), taken as it stands.

    4,096 evenly spaced translations, the middles of as many equal parts: what `averaged` predicts, measured. Raises
    ValueError as `translation_gain`.
    """
    _check(reach)
    steps = reach * ((2 * torch.arange(_NODES, dtype=at.dtype) + 1) / _NODES - 1)
    return torch.stack([response(one + steps).mean() for one in at.flatten()]).reshape(at.shape)


def translated_signal(signal: Tensor, by: Tensor) -> Tensor:
    """A real signal (n,) translated round its circle by angles (...): (..., n), where 2 pi is the whole length.

    Between pixels it is interpolated by its own harmonics, so a translation by any angle is undone by its opposite
    (along even n but for the highest harmonic, of which the part that stays real is kept).
    """
    n = signal.shape[-1]
    h = torch.arange(n // 2 + 1, dtype=by.dtype)
    turned = torch.fft.rfft(signal) * torch.exp(-1j * h * by[..., None])
    return torch.fft.irfft(turned, n=n)


def one_layer_loss(signals: Tensor, weights: Tensor, activation: str = "relu") -> Tensor:
    """The loss (...) log(1 + exp(-sum_j activation(<w_j, x>))) of signals x (..., n) under weights (units, n).

    Raises ValueError for an unknown activation.
    """
    return softplus(-activation_named(activation)(signals @ weights.T).sum(-1))


def _check(reach: float) -> None:
    if not 0 < reach <= pi:
        raise ValueError(f"reach is an angle above 0 and at most pi, which is all translations; {reach} came.")
