"""The share of a change's energy that lies at high frequencies. Yin et al. (2019), section 4.3 and Fig. 6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.fourier import Plane, to_spectrum
from fourierscope.fourier.filters import square_high_pass
from fourierscope.results import Axes, count, share
from fourierscope.runs import Analysis, Measured, batches, check_kinds
from fourierscope.subjects import Pair

_BLOCK_VALUES = 2**22  # pixels times channels of the images of a cell


class Block(NamedTuple):
    """Images start..stop."""

    start: int
    stop: int


@dataclass(frozen=True)
class HighFrequencyShare(Analysis[Pair]):
    """How much of the energy of a change lies at high frequencies: the mean over images of |H(d)|^2 / |d|^2.

    d is after minus before, H the square high pass of `bandwidth` (which removes a cross), and energies are summed over
    channels. An image that did not change at all has no share: it is left out and counted.

    The result holds `share` with bounds, `n`, the number of changed images behind it, and `unchanged`. White noise has
    (27/32)^2 = 0.712 on 32 x 32. Raises ValueError where no image changed.

    Source: Yin et al. (2019), Fig. 6; the mean is of ratios, image by image.
    """

    bandwidth: int = 27
    """Odd bandwidth of the high pass (one more along odd sides), below the shorter side: 27 of 32 keeps |k| >= 3."""

    def __post_init__(self) -> None:
        check_kinds(self)
        check_bandwidth(self.bandwidth)

    def cells(self, pair: Pair, /) -> Iterable[NamedTuple]:
        high_gain(pair.before.plane, self.bandwidth)
        for part in batches(len(pair.before), max(1, _BLOCK_VALUES // pair.before.images[0].numel())):
            yield Block(part.start, part.stop)

    def measure(self, block: Block, pair: Pair, /) -> Measured:
        before, after = (one.batch(block.start, block.stop) for one in (pair.before, pair.after))
        return {"share": shares(before, after, high_gain(pair.before.plane, self.bandwidth)).numpy()}

    def assemble(self, measured: Mapping[Block, Measured], pair: Pair, /) -> Mapping[str, xr.DataArray]:
        found = np.concatenate([piece["share"] for piece in measured.values()])
        changed = found[np.isfinite(found)]
        if not len(changed):
            raise ValueError(f"None of the {len(found)} images changed, so there is no share of a change.")
        says = f"Mean share of the change's energy above the square high pass of bandwidth {self.bandwidth}."
        unchanged = xr.DataArray(
            np.int64(len(found) - len(changed)),
            attrs={"units": "images", "says": "Images that did not change at all: they have no share."},
        )
        return share("share", changed, Axes({}), says) | {"unchanged": unchanged} | count(len(changed))


def shares(before: Tensor, after: Tensor, gain: Tensor) -> Tensor:
    """The share (b,), float64, of each change's energy that a gain (h, w) of 0 and 1 keeps; NaN where none changed."""
    power = to_spectrum(after.double() - before.double()).abs().square().sum(1)  # (b, h, w)
    changed = (after != before).flatten(1).any(1)
    return torch.where(changed, (power * gain.double()).sum((-2, -1)) / power.sum((-2, -1)), torch.nan)


def high_gain(plane: Plane, bandwidth: int) -> Tensor:
    """The square high pass (h, w) of an odd bandwidth, one more along odd sides, as square filters on any plane are.

    Raises ValueError where the bandwidth would keep a whole side, for then every share is 1.
    """
    sides = (bandwidth + plane.height % 2, bandwidth + plane.width % 2)
    if any(width >= side for width, side in zip(sides, plane.shape, strict=True)):
        most = min(side - 1 - side % 2 for side in plane.shape)
        fits = f"take an odd bandwidth from 1 to {most}" if most >= 1 else "so small a plane has no high pass"
        raise ValueError(
            f"bandwidth={bandwidth} keeps a whole side of {plane.height} x {plane.width} pixels, where every share "
            f"is 1: {fits}."
        )
    return square_high_pass(plane, sides)


def check_bandwidth(bandwidth: int) -> None:
    """Raises ValueError where a bandwidth is no odd whole number."""
    if not isinstance(bandwidth, int | np.integer) or bandwidth < 1 or bandwidth % 2 == 0:
        raise ValueError(
            f"bandwidth is an odd whole number from 1 on (one more is taken along odd sides); {bandwidth!r} came."
        )
