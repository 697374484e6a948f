"""Slopes by frequency: how a classifier's value changes with the gain of each, at an image or on the way to it.

The slope by the gain of a bin is Re(conj(G) X), of which G is the spectrum of the gradient by the image and X what the
gain moves (orthonormal spectra). Over the whole plane the slopes add up to <gradient, image - infill>.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from fourierscope.analyses.coalitions import Coalitions, shares
from fourierscope.analyses.targets import values_of
from fourierscope.fourier import Frequency
from fourierscope.fourier.pairs import Modulated
from fourierscope.runs import batches


class Integrated(NamedTuple):
    """Integrated slopes (n, pairs) of each bin, how far their sum is from the rise of the value (n,), and after how
    many steps (n,).
    """

    slopes: Tensor
    error: Tensor
    steps: Tensor


def gradients(coalitions: Coalitions, index: Tensor, gains: Tensor) -> Tensor:
    """The gradient (b, c, h, w) of the value by the image, where all frequencies of the images at `index` (b,) have one
    gain (b,): 1 is the image, 0 its infill.

    Raises ValueError where the logits do not follow from the images by operations that can be differentiated, and where
    a gradient is NaN or infinite.
    """
    whole = torch.ones(1, len(coalitions.pairs))
    with torch.no_grad():
        images = coalitions.images(index, gains[:, None] * whole)
    with torch.enable_grad():
        images.requires_grad_()
        values = values_of(coalitions.value, coalitions.classifier(images), coalitions.targets[index])
        found = torch.autograd.grad(values.sum(), images, allow_unused=True)[0] if values.requires_grad else None
    if found is None:
        raise ValueError(
            f"The logits of {coalitions.classifier.name} carry no gradient with respect to the images, and this "
            "question needs one. Is its function under torch.no_grad, or does it detach or round? "
            'BandImportance(method="shapley") needs none.'
        )
    if not bool(torch.isfinite(found).all()):
        bad = int((~torch.isfinite(found)).flatten(1).any(1).sum())
        raise ValueError(f"The gradients of {bad} of {len(found)} images are NaN or infinite: nothing is explained.")
    return found


def gradient_slopes(coalitions: Coalitions) -> Tensor:
    """Gradient x input (n, pairs) in each bin: the slopes at the images themselves."""
    return torch.cat([_mean_slopes(coalitions, index, torch.ones(1)) for index in _batched(coalitions)])


def path_slopes(coalitions: Coalitions, steps: int) -> Tensor:
    """Integrated gradients (n, pairs) in each bin by so many steps, whatever error they leave."""
    return torch.cat([_mean_slopes(coalitions, index, _middles(steps)) for index in _batched(coalitions)])


def sensitivity(coalitions: Coalitions) -> Tensor:
    """The share (n, pairs) of each bin in the power of the gradient's spectrum, frequency zero left out (its share: 0).

    Power is summed over channels, each with its own spectrum. All 0 where there is no gradient.
    Source: Fourier sensitivity (2022), where the channels' gradients are averaged first and may cancel.
    """
    zero = coalitions.pairs.frequencies.index(Frequency(0, 0))
    found = []
    for index in _batched(coalitions):
        slope = gradients(coalitions, index, torch.ones(len(index))).double()  # squares of small ones vanish in float32
        power = Modulated.of(slope, torch.zeros_like(slope[:1])).power(shared=True)[:, 0]
        power[:, zero] = 0
        found.append(shares(power, coalitions.pairs).cpu())
    return torch.cat(found)


def integrated_slopes(
    coalitions: Coalitions, rise: Tensor, steps: int, tolerance: float, most_steps: int
) -> Integrated:
    """Integrated gradients (n, pairs) in each bin, on the way from the infill to the image.

    The midpoint rule with `steps` steps, tripled (so that no gradient is taken twice) for the images whose sum is
    farther than `tolerance` from the rise (n,) of their value, as long as steps stay within `most_steps`.

    Source: Sundararajan et al. (2017), with one gain for all frequencies as the path.
    """
    found = [
        _integrated(coalitions, index, rise[index], steps, tolerance, most_steps) for index in _batched(coalitions)
    ]
    return Integrated(*(torch.cat(one) for one in zip(*found, strict=True)))


def _integrated(
    coalitions: Coalitions, index: Tensor, rise: Tensor, steps: int, tolerance: float, most_steps: int
) -> Integrated:
    slopes = _mean_slopes(coalitions, index, _middles(steps))
    taken = torch.full((len(index),), steps)
    error = _sums(coalitions, slopes) - rise
    while steps * 3 <= most_steps and bool((error.abs() > tolerance).any()):
        left, steps = (error.abs() > tolerance).nonzero()[:, 0], steps * 3
        new = torch.tensor([one for place, one in enumerate(_middles(steps).tolist()) if place % 3 != 1])
        slopes[left] = (slopes[left] + 2 * _mean_slopes(coalitions, index[left], new)) / 3
        error[left], taken[left] = _sums(coalitions, slopes[left]) - rise[left], steps
    return Integrated(slopes, error, taken)


def _mean_slopes(coalitions: Coalitions, index: Tensor, gains: Tensor) -> Tensor:
    """The mean slopes (b, pairs), float64, over some gains (a,); few images take several gains at a time."""
    modulated = coalitions.modulated.rows(index)
    total = torch.zeros_like(modulated.infill)
    for some in batches(len(gains), max(1, coalitions.size // len(index))):
        rows = index.repeat(len(gains[some]))
        found = gradients(coalitions, rows, gains[some].repeat_interleave(len(index)))
        total += found.unflatten(0, (len(gains[some]), len(index))).sum(0)
    return modulated.slopes(total / len(gains), shared=True)[:, 0].double().cpu()


def _sums(coalitions: Coalitions, slopes: Tensor) -> Tensor:
    """The sums (n,) of slopes (n, pairs) over the whole plane."""
    return slopes @ coalitions.pairs.bins


def _middles(steps: int) -> Tensor:
    """The middles (steps,) of equal steps from 0 to 1."""
    return (torch.arange(steps) + 0.5) / steps


def _batched(coalitions: Coalitions) -> Iterator[Tensor]:
    """All images, as many as go through the classifier at a time."""
    return (torch.arange(part.start, part.stop) for part in batches(len(coalitions), coalitions.size))
