"""Tangent kernels of ReLU networks on a sphere, as functions of the angle t between two points.

Angles, not cosines, for near t = 0 a cosine keeps half of the digits only. Sources: Basri et al. (2019), section 4, for
two layers of which the first one learns; Jacot et al. (2018) and Cho and Saul (2009) for any depth.
"""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor


def two_layer_kernel(angles: Tensor, bias: bool = True) -> Tensor:
    """The kernel (...) of f(x) = m^(-1/2) sum_r a_r relu(w_r . x + b_r) in the limit of m, where w and b learn.

    With a bias (cos t + 1) (pi - t) / (4 pi), without cos t (pi - t) / (4 pi), for angles (...) from 0 to pi, points of
    length 1, a_r = +-1, w_r drawn evenly in all directions, b_r = 0 at first. It is half of what such a network has,
    E[relu' relu'] = (pi - t) / (2 pi), as in the source, where (x, 1) has its length divided by sqrt(2); the case
    without a bias is put on the same scale here, so that the bias alone tells them apart.
    """
    return (torch.cos(angles) + float(bias)) * (pi - angles) / (4 * pi)


def deep_kernel(angles: Tensor, hidden: int) -> Tensor:
    """The tangent kernel (...) of a wide ReLU network without biases that learns in all layers, for angles (...).

    h_0 = W_0 x, h_l = sqrt(2 / width) W_l relu(h_(l-1)), `hidden` times, all weights N(0, 1), points of length 1. With
    sigma_0 = theta_0 = cos t and s the angle whose cosine is sigma_l, sigma_(l+1) = (sin s + (pi - s) cos s) / pi and
    theta_(l+1) = sigma_(l+1) + theta_l (pi - s) / pi; the last theta is the kernel, hidden + 1 at t = 0. Raises
    ValueError where there is no hidden layer.
    """
    if hidden < 1:
        raise ValueError(f"A ReLU network has one hidden layer or more; {hidden} came.")
    angle, kernel = angles, torch.cos(angles)
    for _ in range(hidden):
        covariance = (torch.sin(angle) + (pi - angle) * torch.cos(angle)) / pi
        kernel = covariance + kernel * (pi - angle) / pi
        angle = _next_angle(angle)
    return kernel


def _next_angle(angle: Tensor) -> Tensor:
    """The angle of two points after a layer, by 1 - cos, which near 0 keeps the digits that cos loses."""
    apart = 2 * torch.sin(angle / 2).square() + (angle * torch.cos(angle) - torch.sin(angle)) / pi
    return 2 * torch.asin((apart / 2).clamp(0, 1).sqrt())
