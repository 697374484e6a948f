"""Tangent kernels of ReLU networks on a sphere, as functions of the angle t between two points.

Angles, not cosines, for near t = 0 a cosine keeps half of the digits only. Sources: Basri et al. (2019), section 4, for
two layers of which the first one learns; Jacot et al. (2018) and Cho and Saul (2009) for any depth.
"""

from __future__ import annotations

from math import pi, sqrt

import torch
from torch import Tensor, nn


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


class TwoLayers(nn.Module):
    """The network f(x) = scale m^(-1/2) sum_r a_r relu((w_r . x + b_r) / sqrt(2)), (n, inputs) to (n, 1).

    a_r = +-1 stay, w_r drawn from N(0, 1), b_r from 0 on; of points of length 1 its tangent kernel goes to
    scale^2 `two_layer_kernel`. Neurons come in pairs of equal w and opposite a, so that all answers are 0 at first. The
    larger the scale, the less its kernel changes while it learns. Raises ValueError for an odd number of neurons.
    """

    def __init__(self, inputs: int, neurons: int, bias: bool = True, scale: float = 1.0) -> None:
        super().__init__()
        if neurons < 2 or neurons % 2:
            raise ValueError(f"Neurons come in pairs: an even number from 2 on; {neurons} came.")
        self.scale = scale
        self.weights = nn.Parameter(torch.empty(neurons, inputs))
        self.biases = nn.Parameter(torch.empty(neurons), requires_grad=bias)
        signs = torch.tensor([1.0, -1.0]).repeat_interleave(neurons // 2)
        self.signs: Tensor
        self.register_buffer("signs", signs / neurons**0.5)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, from torch's random state."""
        half = len(self.weights) // 2
        with torch.no_grad():
            self.weights[:half].normal_()
            self.weights[half:] = self.weights[:half]
            self.biases.zero_()

    def forward(self, points: Tensor) -> Tensor:
        held = torch.relu(points @ self.weights.T + self.biases) @ self.signs
        return (self.scale / sqrt(2) * held)[:, None]
