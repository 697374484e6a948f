"""The ball around an image within which an attack may move, and the box [0, 1] in which images lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite, prod, sqrt
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor

from fourierscope.fourier.kinds import check_numbers
from fourierscope.treatments.chance import normal, uniform

Norm = Literal["linf", "l2"]


class Region(Protocol):
    """Where an attack may move, and its way up there."""

    def steepest(self, slope: Tensor) -> Tensor:
        """The direction (n, c, h, w) to step along; 0 where there is none."""

    def within(self, images: Tensor, change: Tensor) -> Tensor:
        """A change near the given one that is allowed for these images."""

    def reached(self, images: Tensor, change: Tensor) -> Tensor:
        """The images after a change that `within` gave, in [0, 1]."""


@dataclass(frozen=True)
class Ball:
    """All changes (n, c, h, w) of images whose norm is at most `eps`, on [0, 1] pixels.

    "linf" bounds each pixel, "l2" the root of the summed squares of a whole image, all channels together.

    Raises ValueError for another norm and for an eps that is below 0, above 1 ("linf") or not finite.
    """

    norm: Norm
    eps: float

    def __post_init__(self) -> None:
        if self.norm not in get_args(Norm):
            raise ValueError(f'norm is "linf" or "l2"; {self.norm!r} came{_norm_meant(self.norm)}')
        check_numbers(eps=self.eps)
        if not isfinite(self.eps) or self.eps < 0:
            raise ValueError(f"eps is a finite number from 0 on; {self.eps!r} came.")
        if self.norm == "linf" and self.eps > 1:
            raise ValueError(f"An L-infinity eps is at most 1, for pixels lie in [0, 1]; {self.eps!r} came: 8/255?")

    def check_fits(self, shape: tuple[int, ...]) -> None:
        """Raises ValueError where an L2 ball holds every image of that shape (c, h, w)."""
        if self.norm == "l2" and self.eps > sqrt(prod(shape)):
            raise ValueError(
                f"An L2 eps is at most {sqrt(prod(shape)):.4g}, the distance of a black from a white image of shape "
                f"{tuple(shape)}; {self.eps!r} came."
            )

    def start(self, images: Tensor, purpose: str, seed: int) -> Tensor:
        """A change evenly distributed in the ball, for each image from its own stream."""
        if self.norm == "linf":
            return self.eps * (2 * uniform(images, purpose, seed) - 1)
        shares = uniform(images, f"{purpose} radius", seed)[:, :1, :1, :1]
        return self.inside(normal(images, purpose, seed), shares)

    def inside(self, normal: Tensor, shares: Tensor) -> Tensor:
        """Changes even in the L2 ball, from standard normal numbers (n, c, h, w) and even shares (n, 1, 1, 1)."""
        return self.eps * normal / lengths(normal) * shares ** (1 / normal[0].numel())

    def steepest(self, slope: Tensor) -> Tensor:
        """The change of norm 1 along which a linear function with that slope rises most; 0 where the slope is 0."""
        if self.norm == "linf":
            return slope.sign()
        slope = slope / slope.abs().amax((1, 2, 3), keepdim=True).clamp(min=torch.finfo(slope.dtype).tiny)
        return slope / lengths(slope).clamp(min=1e-12)

    def kept(self, change: Tensor) -> Tensor:
        """The nearest change within the ball."""
        if self.norm == "linf":
            return change.clamp(-self.eps, self.eps)
        return change * (self.eps / lengths(change).clamp(min=max(self.eps, 1e-12)))

    def within(self, images: Tensor, change: Tensor) -> Tensor:
        """The nearest change within the ball, then clipped so that the images stay in [0, 1]."""
        return in_box(images, self.kept(change))

    def reached(self, images: Tensor, change: Tensor) -> Tensor:
        """The images after a change."""
        return (images + change).clamp(0, 1)


def _norm_meant(came: object) -> str:
    """What was probably meant by a norm that is none, as a hint."""
    if isinstance(came, int | float):
        return f": write the budget as eps={came:.4g}."
    plain = re.sub("[^a-z0-9]", "", str(came).lower())
    meant = {"inf": "linf", "linfinity": "linf", "linfty": "linf", "2": "l2", "euclidean": "l2"}.get(plain, plain)
    return f': did you mean "{meant}"?' if meant in get_args(Norm) else "."


def lengths(changes: Tensor) -> Tensor:
    """The L2 norm (n, 1, 1, 1) of each change (n, c, h, w)."""
    return torch.linalg.vector_norm(changes, dim=(1, 2, 3), keepdim=True)


def in_box(images: Tensor, change: Tensor) -> Tensor:
    """The change (n, c, h, w) that is left of it when the changed images are clipped to [0, 1]."""
    return (images + change).clamp(0, 1) - images
