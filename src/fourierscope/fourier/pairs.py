"""Conjugate pairs: one real number for a frequency and its partner, and images whose spectrum such numbers modulate.

A real image carries no news at the partner of a frequency, so a mask is one gain for each pair: on the half plane
inside, on the full centred plane outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from fourierscope.fourier.filters import is_hermitian
from fourierscope.fourier.plane import Frequency, Plane


@dataclass(frozen=True)
class Pairs:
    """The conjugate pairs of a plane, in the order of `Plane.waves`; a self-paired frequency is a pair of one bin."""

    plane: Plane

    def __len__(self) -> int:
        return len(self.frequencies)

    @cached_property
    def frequencies(self) -> list[Frequency]:
        """The frequency that stands for each pair."""
        return self.plane.waves()

    @cached_property
    def bins(self) -> Tensor:
        """How many bins of the plane each pair has (pairs,): 2, or 1 where it is its own partner. Their sum is h w."""
        return torch.bincount(self._cells.flatten(), minlength=len(self)).double()

    def spread(self, values: Tensor) -> Tensor:
        """Values (..., h, w) on the centred plane of values (..., pairs)."""
        return values[..., self._cells.to(values.device)]

    def gathered(self, values: Tensor) -> Tensor:
        """Values (..., pairs) of values (..., h, w) on the centred plane. Raises ValueError where partners differ."""
        if values.shape[-2:] != self.plane.shape or not is_hermitian(values):
            raise ValueError(
                f"Values on {self.plane} are wanted, the same at a frequency and its partner; shape "
                f"{tuple(values.shape)} came" + ("." if values.shape[-2:] != self.plane.shape else ", and they differ.")
            )
        rows, columns = zip(*map(self.plane.position, self.frequencies), strict=True)
        return values[..., list(rows), list(columns)]

    def means(self, values: Tensor) -> Tensor:
        """The mean (...) over the whole plane of values (..., pairs): a pair of two bins counts twice."""
        return values @ (self.bins / self.bins.sum()).to(values)

    @cached_property
    def _cells(self) -> Tensor:
        """Which pair each bin of the centred plane belongs to (h, w)."""
        return torch.from_numpy(self.plane.spread(self.frequencies))

    @cached_property
    def half_cells(self) -> Tensor:
        """Which pair each bin of the half plane of `torch.fft.rfft2` belongs to (h, w // 2 + 1)."""
        return torch.fft.ifftshift(self._cells)[:, : self.plane.width // 2 + 1].contiguous()

    @cached_property
    def half_places(self) -> Tensor:
        """One place of each pair in the flattened half plane (pairs,)."""
        places = torch.zeros(len(self), dtype=torch.long)
        flat = self.half_cells.flatten()
        places[flat] = torch.arange(len(flat))
        return places


@lru_cache(maxsize=8)
def pairs_of(plane: Plane) -> Pairs:
    """The pairs of a plane, of which a few planes' are kept: to find them takes longer than to modulate images."""
    return Pairs(plane)


@dataclass(frozen=True)
class Modulated:
    """Images whose spectrum gains modulate: F^-1(gain X + (1 - gain) R), of which X is the images' and R the infill's.

    Where a gain is 1 an image keeps its coefficient, where it is 0 it has the infill's. `images` and `infill` are
    (n, c, h, w); images are never clipped. Gains are (n, 1 or c, pairs). The spectra are taken once.
    """

    pairs: Pairs
    infill: Tensor
    coefficients: Tensor
    """X - R on the half plane (n, c, h, w // 2 + 1)."""

    @classmethod
    def of(cls, images: Tensor, infill: Tensor) -> Modulated:
        """Those of images (n, c, h, w), with an infill that broadcasts to them."""
        infill = infill.expand_as(images)
        return cls(pairs_of(Plane(*images.shape[-2:])), infill, torch.fft.rfft2(images - infill, norm="ortho"))

    def __len__(self) -> int:
        return len(self.infill)

    def rows(self, index: Tensor) -> Modulated:
        """Those of some images, in the order of `index` (m,); one may come several times."""
        return Modulated(self.pairs, self.infill[index], self.coefficients[index])

    def images(self, gains: Tensor) -> Tensor:
        """The images (n, c, h, w) under gains (n, 1 or c, pairs)."""
        cells = self.pairs.half_cells.to(gains.device)
        modulated = self.coefficients * gains[..., cells]
        return self.infill + torch.fft.irfft2(modulated, s=self.pairs.plane.shape, norm="ortho")

    def slopes(self, gradient: Tensor, shared: bool) -> Tensor:
        """The slope in each bin (n, 1 or c, pairs) of a function with the gradient (n, c, h, w) by these images.

        A pair of two bins has twice this slope by its gain, for its gain moves both. `shared`: summed over channels,
        as for one gain for all of them.
        """
        places = self.pairs.half_places.to(gradient.device)
        heard = torch.fft.rfft2(gradient, norm="ortho").flatten(-2)[..., places]
        own = self.coefficients.flatten(-2)[..., places]
        slopes = heard.real * own.real + heard.imag * own.imag
        return slopes.sum(1, keepdim=True) if shared else slopes

    def power(self, shared: bool) -> Tensor:
        """|X - R|^2 in each pair (n, 1 or c, pairs): what its gain can move. `shared`: summed over channels."""
        own = self.coefficients.flatten(-2)[..., self.pairs.half_places.to(self.coefficients.device)]
        power = own.real.square() + own.imag.square()
        return power.sum(1, keepdim=True) if shared else power
