"""Low and high components of images, in every way in which they were published. Wang et al. (2020), section 3."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from fourierscope.fourier import Plane
from fourierscope.fourier.filters import apply, low_pass, soft_low_pass

Kept = Literal["low", "high"]
Edge = Literal["below", "within"]
Mask = Literal["hard", "soft"]
Rescale = Literal["none", "max", "std", "mean-restored"]

KEPT: tuple[Kept, ...] = ("low", "high")
EDGES: tuple[Edge, ...] = ("below", "within")
MASKS: tuple[Mask, ...] = ("hard", "soft")
RESCALES: tuple[Rescale, ...] = ("none", "max", "std", "mean-restored")
_NOTHING = 1e-6  # of the size of an image: less is rounding, and is not blown up


def components(
    images: Tensor,
    radius: float,
    kept: Kept = "low",
    edge: Edge = "below",
    mask: Mask = "hard",
    rescale: Rescale = "none",
) -> Tensor:
    """The low or the high component (n, c, h, w) of images (n, c, h, w), channel by channel; never clipped.

    Low is radius < `radius` cycles per image with the edge "below", as published code has it, and radius <= `radius`
    with "within", as the paper has it; high is the rest, so that both add up to the images. A soft mask falls around
    the radius (`fourier.filters.soft_low_pass`) and has no edge to choose.

    `rescale` is what was done to components before networks saw them. "max": each image is divided by its own maximum,
    as the published code does, where that is above 0; what is negative, half of a high component, stays negative.
    "std": deviations from each channel's mean are stretched to the standard deviation that the image had.
    "mean-restored": each channel's mean is added to the high component; the low one has it already. A component that is
    empty but for rounding is not stretched. Only those of "none" add up to the images.

    Raises ValueError for other words, a radius that is not above 0, and images that are not (n, c, h, w).

    Source: Wang et al. (2020), section 3 (<=, "normalized to have the standard pixel scale"), and its code (<, max).
    """
    if images.ndim != 4:
        raise ValueError(f"Components are those of images (n, c, h, w); shape {tuple(images.shape)} came.")
    plane = Plane(int(images.shape[2]), int(images.shape[3]))
    part = apply(images, component_gain(plane, radius, kept, edge, mask))
    return _rescaled(part, images, kept, rescale)


def component_gain(
    plane: Plane, radius: float, kept: Kept = "low", edge: Edge = "below", mask: Mask = "hard"
) -> Tensor:
    """The gain (h, w) of a component; low and high add up to 1. Raises ValueError for what `components` refuses."""
    for name, word, fitting in (("kept", kept, KEPT), ("edge", edge, EDGES), ("mask", mask, MASKS)):
        check_word(name, word, fitting)
    if not radius > 0:
        raise ValueError(f"The radius of a component is above 0 cycles per image; {radius} came.")
    if mask == "soft" and edge != "below":
        raise ValueError(f"A soft mask has no edge that belongs to a side: leave edge out; {edge!r} came.")
    low = soft_low_pass(plane, radius) if mask == "soft" else low_pass(plane, radius, edge == "within")
    return low if kept == "low" else 1 - low


def check_word(name: str, word: str, fitting: tuple[str, ...]) -> None:
    """Raises ValueError where a word is none of those that fit."""
    if word not in fitting:
        raise ValueError(f"{name} is {', '.join(fitting[:-1])} or {fitting[-1]}; {word!r} came.")


def _rescaled(part: Tensor, images: Tensor, kept: Kept, rescale: Rescale) -> Tensor:
    """A component (n, c, h, w) of images as it is shown to a network."""
    check_word("rescale", rescale, RESCALES)
    if rescale == "max":
        most = part.amax((1, 2, 3), keepdim=True)
        sizes = images.abs().amax((1, 2, 3), keepdim=True)
        return torch.where(most > _NOTHING * sizes, part / most, part)
    if rescale == "std":
        mean, spread, whole = _channel_means(part), _spread(part), _spread(images)
        ratio = torch.where(spread > _NOTHING * whole, whole / spread, torch.ones_like(whole))
        return mean + (part - mean) * ratio
    if rescale == "mean-restored" and kept == "high":
        return part + _channel_means(images)
    return part


def _channel_means(images: Tensor) -> Tensor:
    return images.mean((2, 3), keepdim=True)


def _spread(images: Tensor) -> Tensor:
    """The standard deviation (n, 1, 1, 1) of each image about the means of its channels."""
    return (images - _channel_means(images)).square().mean((1, 2, 3), keepdim=True).sqrt()
