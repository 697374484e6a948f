"""A view by vectors that somebody else has found, such as the eigenvectors of a tangent kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from fourierscope.training.views.linear import ROUNDING, Rows


@dataclass(frozen=True)
class FixedModes:
    """Bands of orthonormal vectors (r, n) over the points, in the order in which they are given.

    Raises ValueError where the vectors are of another number of points, and for bands that do not ascend.
    """

    vectors: Tensor = field(repr=False)
    edges: tuple[int, ...] = ()
    """First vector of each band, and the end of the last; empty: 0, 1, 2, 4, 8, ... up to all."""
    name: str = "modes"

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, ...) and targets (n, outputs)."""
        count = len(self.vectors)
        if self.vectors.shape[1:] != (len(points),):
            raise ValueError(f"Vectors (r, {len(points)}) fit so many points; {tuple(self.vectors.shape)} came.")
        doubled = (0, *(2**one for one in range(count.bit_length()) if 2**one < count), count)
        edges = self.edges or doubled
        if list(edges) != sorted(set(edges)) or edges[0] < 0 or edges[-1] > count or len(edges) < 2:
            raise ValueError(f"edges ascend from 0 on to at most the {count} vectors; {edges} came.")
        spans = list(pairwise(edges))
        band = torch.cat([torch.full((end - begin,), place) for place, (begin, end) in enumerate(spans)])
        places = np.array([f"{begin} to {end - 1}" if end - begin > 1 else f"{begin}" for begin, end in spans])
        floor = np.full(len(spans), ROUNDING * float(values.norm()))
        says = "Distance of the answers from the targets within bands of modes, largest eigenvalues first."
        return Rows(self.vectors[edges[0] : edges[-1]].double(), band, "band", places, "1", floor, says, {})
