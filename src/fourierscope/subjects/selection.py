"""Which of the samples are wanted, and how large: said once, understood by every kind of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fourierscope.fourier.kinds import check_whole
from fourierscope.subjects.large_arrays import gathered
from fourierscope.subjects.samples import Samples, drawn


@dataclass(frozen=True)
class Selection:
    """At most `limit` samples (None: all) drawn by `seed`, of `size` x `size` pixels (None: as they come)."""

    limit: int | None = None
    seed: int = 0
    size: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("limit", self.limit), ("size", self.size)):
            if value is not None:
                check_whole(1, **{name: value})
        check_whole(0, seed=self.seed)

    def indices(self, count: int, labels: Tensor | None) -> Tensor:
        """The samples wanted among `count`: the same that `Samples.limited` takes."""
        if self.limit is None or self.limit >= count:
            return torch.arange(count)
        return drawn(count, labels, self.limit, self.seed)

    def of(self, samples: Samples) -> Samples:
        """The wanted of these samples, resized where `size` is given."""
        if self.limit is not None:
            samples = samples.limited(self.limit, self.seed)
        if self.size is None or samples.plane.shape == (self.size, self.size):
            return samples
        shape = (len(samples), samples.channels, self.size, self.size)
        parts = (resized(one, self.size) for one in samples.images.split(256))
        return samples.changed(gathered(parts, shape, samples.images.dtype), samples.name)


def resized(images: Tensor, size: int) -> Tensor:
    """Images (n, c, h, w) with the shorter side resized to `size`, then the centre (n, c, size, size); of one dtype.

    Bilinear with antialiasing. Integers are rounded.
    """
    height, width = images.shape[-2:]
    shape = scaled_shape(height, width, size)
    scaled = torch.nn.functional.interpolate(
        images.float(), shape, mode="bilinear", antialias=True, align_corners=False
    )
    top, left = (shape[0] - size) // 2, (shape[1] - size) // 2
    centre = scaled[..., top : top + size, left : left + size]
    return centre.round().clamp(0, 255).byte() if images.dtype == torch.uint8 else centre.clamp(0, 1)


def scaled_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width after the shorter side has become `size`, the proportions kept to the nearest pixel."""
    shorter = min(height, width)
    return max(size, int(np.floor(height * size / shorter + 0.5))), max(
        size, int(np.floor(width * size / shorter + 0.5))
    )
