"""Where the way to a least mask starts. Where a loss bends, other starts may end at other masks."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Start = Literal["ones", "half", "random"]


def started(start: Start, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Gains of this shape to start from: all 1, all 1/2, or each by chance, evenly in [0, 1]."""
    if start == "random":
        return torch.rand(shape, generator=generator)
    return torch.full(shape, 1.0 if start == "ones" else 0.5)
