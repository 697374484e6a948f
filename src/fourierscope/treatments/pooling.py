"""Pooling that does not alias: by cropping spectra, or by blurring before pixels are left out."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from fourierscope.fourier.transform import cropped


class SpectralPool2d(nn.Module):
    """Pools maps (n, c, h, w) to (n, c, h // stride, w // stride), one pixel at least, by cropping their spectra.

    With `rest`, a side that the stride does not divide gives ceil(h / stride) pixels, as a strided layer does.

    A constant map stays as it is at every size, odd, even or oblong, and waves below the new Nyquist frequency stay
    waves; the lines at it are averaged (`fourierscope.fourier.transform.cropped`). A hard crop rings at edges.

    Source: Grabinski et al. (2022), FLC pooling. Their code misplaces frequency zero at sizes such as 14 and keeps one
    of both Nyquist lines; here neither.
    """

    def __init__(self, stride: int = 2, rest: bool = False) -> None:
        super().__init__()
        self.stride = _checked(stride, "stride")
        self._rest = rest

    def forward(self, maps: Tensor) -> Tensor:
        more = self.stride - 1 if self._rest else 0
        height, width = ((side + more) // self.stride for side in maps.shape[-2:])
        return cropped(maps, (max(1, height), max(1, width)))

    def extra_repr(self) -> str:
        return f"stride={self.stride}" + (", rest=True" if self._rest else "")


class BlurPool2d(nn.Module):
    """Blurs maps (n, c, h, w) with binomial weights of so many `taps` in each direction and keeps each stride-th pixel.

    Edges are duplicated, so that a constant map stays as it is; ceil(h / stride) rows are left. With an even number of
    taps the mean lies half a pixel further down and along.

    Source: Zhang (2019), section 3.2: taps 2, 3 and 5 are its rectangle, triangle and binomial filters.
    """

    weights: Tensor

    def __init__(self, taps: int = 3, stride: int = 2) -> None:
        super().__init__()
        self.taps, self.stride = _checked(taps, "taps"), _checked(stride, "stride")
        line = torch.ones(1)
        for _ in range(self.taps - 1):
            line = (torch.cat([line, torch.zeros(1)]) + torch.cat([torch.zeros(1), line])) / 2
        self.register_buffer("weights", torch.outer(line, line), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        if maps.ndim != 4 or not maps.is_floating_point():
            raise ValueError(f"Maps are (n, c, h, w), of floating point; {tuple(maps.shape)}, {maps.dtype} came.")
        before, after = (self.taps - 1) // 2, self.taps // 2
        wide = nn.functional.pad(maps, (before, after, before, after), mode="replicate")
        channels = maps.shape[1]
        weights = self.weights.to(maps).expand(channels, 1, -1, -1)
        return nn.functional.conv2d(wide, weights, stride=self.stride, groups=channels)

    def extra_repr(self) -> str:
        return f"taps={self.taps}, stride={self.stride}"


def _checked(number: int, name: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise ValueError(f"{name} is a whole number from 1 on; {number!r} came.")
    return int(number)
