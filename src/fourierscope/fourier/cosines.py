"""The discrete cosine transform, as the orthonormal matrix that it is."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor


def cosine_matrix(side: int) -> Tensor:
    """The type-II discrete cosine transform of `side` values as a matrix (frequencies, side), float64, orthonormal.

    Row k holds cos(pi (y + 1/2) k / side), scaled to length 1: k half turns a side, the lowest first. Its transpose is
    its inverse. Raises ValueError for a side below 1.
    """
    if side < 1:
        raise ValueError(f"A side has at least one pixel; {side} came.")
    places = torch.arange(side, dtype=torch.float64)
    matrix = torch.cos(pi / side * torch.outer(places, places + 0.5))
    return matrix / torch.linalg.vector_norm(matrix, dim=1, keepdim=True)
