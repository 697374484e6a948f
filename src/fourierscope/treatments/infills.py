"""Infills: what stands in the place of a frequency that a mask removes from an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from fourierscope.subjects import Samples
from fourierscope.subjects.remembered import remembered
from fourierscope.treatments.chance import normal

Infill = Literal["zero", "random-phase", "scrambled", "other-image"]
Origin = Literal["mean", "black"]
INFILLS: tuple[str, ...] = get_args(Infill)
ORIGINS: tuple[str, ...] = get_args(Origin)

_CHUNK = 1024  # images looked at a time for the means of a set


@dataclass(frozen=True)
class Infills:
    """The infills of a set of samples: an image R for each image, whose coefficients stand where its own are removed.

    zero: none, so that an image without any frequency is the origin: the set's mean colour, or black. random-phase: the
    set's mean amplitude (from the origin), with phases by chance, the same for all channels. scrambled: the image's own
    amplitude with such phases, which makes a mask one of phases. other-image: another image of the set, by chance.

    The chance of an image's infill is its own, by `seed`: neighbours and batches do not touch it; `draw` numbers
    several of them. Raises ValueError for unknown words, and for other-image in a set of one.
    """

    samples: Samples
    kind: Infill
    seed: int
    colour: Tensor
    """The origin (1, c, 1, 1)."""
    amplitude: Tensor | None
    """Mean amplitude (c, h, w // 2 + 1) on the half plane, orthonormal, for random-phase."""

    @classmethod
    def of(cls, samples: Samples, kind: Infill = "zero", origin: Origin = "mean", seed: int = 0) -> Infills:
        """Those of a set, whose means are taken once."""
        check_words(kind, origin)
        if kind == "other-image" and len(samples) < 2:
            raise ValueError("The infill other-image needs two images or more; one came.")
        amplitude = _mean_amplitude(samples, origin) if kind == "random-phase" else None
        return cls(samples, kind, seed, _colour(samples, origin), amplitude)

    def images(self, start: int, stop: int, draw: int = 0) -> Tensor:
        """The infills (n, c, h, w) of samples start..stop; (n, c, 1, 1) for zero, which is the same at every place."""
        return self.at(torch.arange(start, stop), draw)

    def at(self, places: Tensor, draw: int = 0) -> Tensor:
        """The infills of the samples at `places` (n,), as `images` gives them."""
        if self.kind == "zero":
            return self.colour.expand(len(places), -1, 1, 1)
        if self.kind == "other-image":
            return self.samples.subset(self._others(draw)[places]).batch()
        images = self.samples.subset(places).batch()
        turn = self._turns(images, draw)
        kept = self.amplitude if self.amplitude is not None else torch.fft.rfft2(images - self.colour, norm="ortho")
        return self.colour + torch.fft.irfft2(kept * turn, s=images.shape[-2:], norm="ortho")

    def _turns(self, images: Tensor, draw: int) -> Tensor:
        """Numbers of modulus 1 (n, 1, h, w // 2 + 1) with phases by chance: those of white noise.

        For black the phase at frequency zero is 0, so that brightness stays above it.
        """
        noise = torch.fft.rfft2(normal(images, f"infill {self.kind} {draw}", self.seed)[:, :1])
        turn = noise / noise.abs().clamp_min(torch.finfo(noise.abs().dtype).tiny)
        if not bool(self.colour.any()):
            turn[..., 0, 0] = 1
        return turn

    def _others(self, draw: int) -> Tensor:
        """Another image for each (n,): the next one along a ring on which all stand in an order by chance."""
        count = len(self.samples)
        generator = torch.Generator().manual_seed((self.seed * 1_000_003 + draw) % 2**63)
        order = torch.randperm(count, generator=generator)
        others = torch.empty(count, dtype=torch.long)
        others[order] = order.roll(-1)
        return others


def check_words(kind: str, origin: str) -> None:
    """Raises ValueError for an unknown infill or origin."""
    if kind not in INFILLS:
        raise ValueError(f"infill is one of {', '.join(INFILLS)}; {kind!r} came.")
    if origin not in ORIGINS:
        raise ValueError(f"origin is mean (the set's mean colour) or black; {origin!r} came.")


@remembered
def _colour(samples: Samples, origin: str) -> Tensor:
    """The origin (1, c, 1, 1): the set's mean colour, or black."""
    if origin == "black":
        return torch.zeros(1, samples.channels, 1, 1)
    total = sum(
        samples.batch(start, start + _CHUNK).double().mean((2, 3)).sum(0) for start in range(0, len(samples), _CHUNK)
    )
    assert isinstance(total, Tensor)
    return (total / len(samples)).float().view(1, -1, 1, 1)


@remembered
def _mean_amplitude(samples: Samples, origin: str) -> Tensor:
    """The mean amplitude (c, h, w // 2 + 1) of the set's distance from the origin."""
    colour, total = _colour(samples, origin), torch.zeros(1)
    for start in range(0, len(samples), _CHUNK):
        images = samples.batch(start, start + _CHUNK) - colour
        total = total + torch.fft.rfft2(images, norm="ortho").abs().double().sum(0)
    return (total / len(samples)).float()
