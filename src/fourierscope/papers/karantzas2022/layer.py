"""What the mask layer does to images: the way there and back, and what it would lose without conjugate symmetry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.masks.applied import infills_of
from fourierscope.analyses.masks.pictures import MASKS, STRETCHED, pictures, planes, stretched, strips
from fourierscope.fourier.pairs import Modulated
from fourierscope.fourier.transform import filtered, to_spectrum
from fourierscope.results import Axes, count, mean
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Masked

_IMAGES, _SHOWN = 32, 5


@dataclass(frozen=True)
class MaskLayer(Analysis[Masked]):
    """The mask layer on the first 32 images: image to spectrum, times gains, and back. No classifier is asked.

    `identity_error`: the largest change of a pixel under gains of 1. `lost_share`: of the masked spectrum's energy,
    what no real image can carry, which taking the real part throws away; none where a frequency and its partner have
    one gain. `lost_share_by_chance`: the same of gains drawn evenly from [0, 1] for each bin by itself, upon the images
    less their own mean: an eighth is expected, E (g - g')^2 / 4 over E g^2.
    `pictures` are the images, their spectra, masks, and what passes.

    Source: Karantzas et al. (2022), section 2.1 and Fig. 2. Their code has a gain for each of the two partners.
    """

    seed: int = 0
    """Seed of the gains by chance."""

    def measure(self, cell: Any, masked: Masked, /) -> Measured:
        samples = masked.trial.samples
        places = torch.arange(min(_IMAGES, len(samples)))
        images = samples.subset(places).batch()
        infill, gains = infills_of(masked).at(places).expand_as(images), masked.gains[masked.own[places]]
        modulated = Modulated.of(images, infill)
        whole = modulated.images(torch.ones_like(masked.pair_gains[masked.own[places]]))
        varying = images - infill
        by_chance = torch.rand(len(images), 1, *images.shape[2:], generator=self.chance(purpose="gains"))
        states = [
            images,
            planes(_levels(to_spectrum(varying)), images.shape[1]),
            planes(gains, images.shape[1]),
            stretched(infill + filtered(varying, gains)),
        ]
        return {
            "identity_error": (whole - images).abs().amax((1, 2, 3)).numpy(),
            "lost_share": _lost(varying, gains).numpy(),
            "lost_share_by_chance": _lost(images - images.mean((2, 3), keepdim=True), by_chance).numpy(),
            "pictures": strips([one[:_SHOWN] for one in states]),
        }

    def assemble(self, measured: Mapping[Any, Measured], masked: Masked, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        told = {
            "identity_error": "Mean over images of the largest change of a pixel under gains of 1.",
            "lost_share": "Share of the masked spectrum's energy that the real part throws away.",
            "lost_share_by_chance": "The same under gains by chance, a frequency and its partner apart.",
        }
        found: dict[str, xr.DataArray] = {}
        for name, says in told.items():
            found |= mean(name, piece[name], Axes({}), "1", says)
        says = f"Images, their spectra (logarithmic), their masks, and what passes. {MASKS} {STRETCHED}"
        found["pictures"] = pictures(piece["pictures"], ["image", "spectrum", "mask", "masked"], says)
        return found | count(len(piece["lost_share"]))


def _lost(images: Tensor, gains: Tensor) -> Tensor:
    """The share (n,) of the energy of masked spectra that is not in the real images (n, c, h, w) of them."""
    spectra = (to_spectrum(images.double()) * gains).abs().square().sum((1, 2, 3))
    kept = filtered(images.double(), gains.double()).square().sum((1, 2, 3))
    share = (1 - kept / spectra.clamp_min(torch.finfo(torch.float64).tiny)).abs()  # rounding goes either way
    return torch.where(spectra > 0, share, 0.0)  # of nothing nothing is lost


def _levels(spectra: Tensor) -> Tensor:
    """Logarithmic magnitudes (n, 1, h, w) of spectra (n, c, h, w), each image's from 0 to 1."""
    return stretched((spectra.abs().mean(1, keepdim=True) + 1 / 255).log())
