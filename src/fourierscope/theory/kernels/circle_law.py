"""The circle law: in closed form, how fast a wide two-layer ReLU network learns each frequency on a circle.

Source: Basri, Jacobs, Kasten, Kritchman (2019), The convergence rate of neural networks for learned functions of
different frequencies, section 4; derived again here. With g(t) = (pi - |t|) / (4 pi), whose coefficients are 1 / 8 at
0, 1 / (2 pi^2 k^2) at odd k and 0 at even k, the kernel is cos t g (no bias), or cos t g + g. Times to learn grow like
k^2; without a bias, odd frequencies from 3 on are not learned at all.
"""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor


def coefficients(count: int, bias: bool = True) -> Tensor:
    """Fourier coefficients (count + 1,) at k = 0, 1, ... of `rectifier.two_layer_kernel` on the circle, float64.

    c_k = (1 / 2 pi) times the integral of K(t) exp(-i k t), the eigenvalues under the even probability measure. In a
    series of cosines each but the first stands twice. With a bias: (1 / 4 pi) (pi / 2 + 2 / pi) at 0,
    (1 / 4 pi) (2 / pi + pi / 4) at 1, (k^2 + 1) / (2 pi^2 (k^2 - 1)^2) at even, 1 / (2 pi^2 k^2) at odd k from 2 on.
    """
    places = torch.arange(count + 1, dtype=torch.float64)
    odd = places % 2 == 1
    turned = (places.square() + 1) / (2 * pi**2 * (places.square() - 1).square())  # of cos t g: half of both neighbours
    found = torch.where(odd, torch.zeros_like(places), turned)
    if count >= 1:
        found[1] = 1 / 16
    if bias:
        found += torch.where(odd, 1 / (2 * pi**2 * places.square()), torch.zeros_like(places))
        found[0] += 1 / 8
    return found
