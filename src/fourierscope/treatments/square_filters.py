"""Samples through the square filters of Yin et al. (2019), clipped, for samples hold nothing outside [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor

from fourierscope.fourier.filters import apply, square_high_pass, square_low_pass
from fourierscope.subjects import Samples, check_subject

_BATCH = 256


def low_passed(samples: Samples, bandwidth: int) -> Samples:
    """The samples with only the centred square of odd `bandwidth` kept, then clipped to [0, 1]; float32.

    `PassCurve` asks a classifier the same without clipping. Raises ValueError for an even or vanishing bandwidth.
    """
    check_subject(samples, Samples, "low_passed")
    gain = square_low_pass(samples.plane, bandwidth)
    return _filtered(samples, gain, f"low pass of bandwidth {bandwidth}")


def high_passed(samples: Samples, bandwidth: int) -> Samples:
    """The samples with only the square of odd `bandwidth` around the highest frequency kept (one more along odd sides).

    Each image keeps its mean colour as well, so that it stays near [0, 1], and is then clipped to it; float32.
    `PassCurve` asks a classifier the same without clipping. Raises ValueError for an even or vanishing bandwidth.
    """
    check_subject(samples, Samples, "high_passed")
    if bandwidth < 1 or bandwidth % 2 == 0:
        raise ValueError(f"A bandwidth is an odd whole number from 1 on; {bandwidth!r} came.")
    plane = samples.plane
    gain = square_high_pass(plane, (bandwidth + plane.height % 2, bandwidth + plane.width % 2))
    gain[plane.height // 2, plane.width // 2] = 1
    return _filtered(samples, gain, f"high pass of bandwidth {bandwidth}")


def _filtered(samples: Samples, gain: Tensor, done: str) -> Samples:
    starts = range(0, len(samples), _BATCH)
    images = torch.cat([apply(samples.batch(start, start + _BATCH), gain).clamp(0, 1) for start in starts])
    return samples.changed(images, f"{samples.name} under {done}")
