"""How steep a fully connected network can be: its Lipschitz constant, between what points show and what weights allow.

For f(x) = W_L+1 act(W_L act(... W_1 x + b_1) + b_L) + b_L+1 with an activation of slopes from -1 to 1, such as ReLU:

    steepest at any points <= L_f <= the product of all |W_l|_2 <= |weights|_inf^(L+1) sqrt(d outputs) times all widths

The tail of a network's Fourier transform is bounded by L_f times the number of its pieces: small weights keep high
frequencies small.

Source: Rahaman et al. (2019), section 3 and the appendix on the Lipschitz constant, for one output and with biases
among the parameters; without them the bound is tighter, and holds all the same. Their published code estimates |W|_2 by
a power iteration of W, not of W'W, and prints 256 times what it finds; here it is the largest singular value.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod, sqrt

import torch
from torch import Tensor


def steepest(weights: Sequence[Tensor], biases: Sequence[Tensor], points: Tensor) -> float:
    """The greatest norm of the Jacobian of the ReLU network at points (n, d): at most its Lipschitz constant.

    `weights` are matrices (width, width before), from the input on, and `biases` (width,) theirs. The norm is the
    largest singular value, for one output the length of the gradient. Points lie off the bends: at one, the slope 0 is
    taken for ReLU, and where several units bend at once the outcome may be no slope of the network.
    Raises ValueError for shapes that do not fit.
    """
    _check(weights)
    shapes = [tuple(one.shape) for one in biases]
    if shapes != [(len(one),) for one in weights] or points.ndim != 2 or points.shape[1] != weights[0].shape[1]:
        raise ValueError(
            f"biases fit the rows of the weights, {[(len(one),) for one in weights]}, and points are "
            f"(n, {weights[0].shape[1]}); {shapes} and {tuple(points.shape)} came."
        )
    state = points.double()
    jacobian = torch.eye(state.shape[1], dtype=torch.float64).expand(len(state), -1, -1)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        if layer:
            jacobian = jacobian * (state > 0)[:, :, None]
            state = state.clamp(min=0)
        state, jacobian = state @ weight.double().T + bias.double(), weight.double() @ jacobian
    return float(torch.linalg.matrix_norm(jacobian, 2).max())


def norm_product(weights: Sequence[Tensor]) -> float:
    """The product of the largest singular values of the layers' matrices: at least the Lipschitz constant.

    A convolution is the matrix that it is on its whole input, not its kernel. Raises ValueError as `steepest`.
    """
    _check(weights)
    return prod(float(torch.linalg.matrix_norm(one.double(), 2)) for one in weights)


def magnitude_bound(weights: Sequence[Tensor]) -> float:
    """|weights|_inf^layers sqrt(inputs outputs) times the product of the hidden widths: at least `norm_product`.

    Reached where all weights are alike. Raises ValueError as `steepest`.
    """
    _check(weights)
    largest = max(float(one.double().abs().max()) for one in weights)
    ends = sqrt(weights[0].shape[1] * weights[-1].shape[0])
    return largest ** len(weights) * ends * prod(len(one) for one in weights[:-1])


def _check(weights: Sequence[Tensor]) -> None:
    shapes = [tuple(one.shape) for one in weights]
    chained = all(before[0] == after[1] for before, after in pairwise(shapes) if len(after) == 2)
    if not shapes or any(len(one) != 2 or 0 in one for one in shapes) or not chained:
        raise ValueError(f"weights are matrices (width, width before), each fitting the one before; {shapes} came.")
