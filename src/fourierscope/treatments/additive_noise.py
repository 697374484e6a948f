"""Gaussian noise of a chosen deviation: the plainest change of samples."""

from __future__ import annotations

from math import isfinite

import torch

from fourierscope.fourier.kinds import check_numbers
from fourierscope.subjects import Samples, check_subject
from fourierscope.treatments import chance

_BATCH = 256


def gaussian_noise(samples: Samples, deviation: float, seed: int = 0) -> Samples:
    """The samples with independent Gaussian noise on every value, then clipped to [0, 1]; always float32.

    `deviation` is that of the noise before clipping, on [0, 1] pixels. The noise of an image follows from the seed and
    the image alone, and grows in proportion to the deviation; 0 leaves the images as they are. Nothing is rounded to
    levels of uint8, unlike the common corruption of the same name (`corrupt`), which has the published severities.

    Raises TypeError for what is no Samples, ValueError for a deviation that is not finite, below 0 or above 1.
    """
    check_subject(samples, Samples, "gaussian_noise")
    check_numbers(deviation=deviation)
    if not isfinite(deviation) or deviation < 0:
        raise ValueError(f"A deviation is finite and not below 0, on [0, 1] pixels; {deviation!r} came.")
    if deviation > 1:
        raise ValueError(f"A deviation is at most 1, for pixels lie in [0, 1]; {deviation!r} came: {deviation:g}/255?")
    noisy = torch.empty(samples.images.shape, dtype=torch.float32)
    for start in range(0, len(samples), _BATCH):
        images = samples.batch(start, start + _BATCH)
        noise = chance.normal(images, "gaussian noise", seed)
        noisy[start : start + _BATCH] = (images + deviation * noise).clamp_(0, 1)
    name = f"{samples.name} with Gaussian noise of deviation {deviation:g}, seed {seed}"
    return samples.changed(noisy, name)
