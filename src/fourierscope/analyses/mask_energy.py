"""Where in frequency the energy of masks lies: by radius and by direction. Karantzas et al. (2022), Fig. 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.fourier import Plane
from fourierscope.fourier.bands import Bands, rings, wedges
from fourierscope.results import Axes, mean
from fourierscope.runs import Analysis, Measured, batches, check_kinds, is_whole
from fourierscope.subjects import Masked

Array = npt.NDArray[Any]

_BINS = 2**22  # of masks looked at together
RADIAL, ANGULAR = "radial", "angular"


@dataclass(frozen=True)
class MaskEnergy(Analysis[Masked]):
    """Where the energy of masks lies, gain squared: by rings of equal radius, and by wedges of equal direction.

    Over ("radius",) and ("angle",), the mean over masks with bounds: `radial_share` and `angular_share`, the share of a
    mask's energy in each band, which with frequency zero add up to 1; `..._norm_ratio`, ||band m|| / ||m|| as in the
    article, which is the root of the share and does not add up; `..._density`, the share over that of a mask that is
    the same everywhere. `zero_share` is that of frequency zero, which has no direction. A bin of a Nyquist line has two
    directions and is shared. A mask without any gain counts with 0; `empty` tells how many there are.

    A mask is an item: n is the number of images, of classes, or 1. `a - b` of two classifiers is the difference of
    Fig. 4, mask by mask, and `fourierscope.mask_wins` tells which has more, band by band.

    Source: Karantzas et al. (2022), section 3.1 and Fig. 4. Their rings reach to the corner, 64 of them; their wedges
    go around the full circle and count frequency zero many times.
    """

    width: float = 1.0
    """Width of a ring in cycles per image."""
    directions: int = 8
    """Wedges in half a turn."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if not isfinite(self.width) or self.width <= 0:
            raise ValueError(f"width is finite and above 0 cycles per image; {self.width!r} came.")
        if not is_whole(self.directions, 1):
            raise ValueError(f"directions is a whole number from 1 on; {self.directions!r} came.")

    def measure(self, cell: NamedTuple, masked: Masked, /) -> Measured:
        plane = masked.trial.samples.plane
        found: dict[str, list[Tensor]] = {name: [] for name in (RADIAL, ANGULAR, "zero")}
        for part in batches(len(masked.gains), max(1, _BINS // (plane.height * plane.width))):
            squares = masked.gains[part].double().square().sum(1)  # (masks, h, w)
            whole = squares.sum((1, 2)).clamp_min(torch.finfo(torch.float64).tiny)
            for name, bands in self._bands(plane).items():
                found[name].append(bands.energy(squares) / whole[:, None])
            found["zero"].append(squares[:, plane.height // 2, plane.width // 2] / whole)
        return {name: torch.cat(pieces).numpy() for name, pieces in found.items()}

    def assemble(self, measured: Mapping[NamedTuple, Measured], masked: Masked, /) -> Mapping[str, xr.DataArray]:
        (shares,) = measured.values()
        found: dict[str, xr.DataArray] = {}
        for name, bands in self._bands(masked.trial.samples.plane).items():
            found |= _by_band(name, bands, shares[name])
        says = "Share of a mask's energy at frequency zero, which has no direction."
        found |= mean("zero_share", shares["zero"], Axes({}), "1", says)
        empty = int((masked.gains.flatten(1).amax(1) == 0).sum())
        found["empty"] = xr.DataArray(empty, attrs={"units": "masks", "says": "Masks without any gain above 0."})
        attrs = {"units": "masks", "says": "Number of masks behind every value."}
        return found | {"n": xr.DataArray(np.int64(len(masked.gains)), attrs=attrs)}

    def _bands(self, plane: Plane) -> dict[str, Bands]:
        """Rings, and wedges without the band of frequency zero. Raises ValueError where a wedge has no frequency."""
        every = wedges(plane, int(self.directions))
        around = Bands(every.gains[1:], every.centres[1:], every.axis)
        if empty := int((around.gains.sum((1, 2)) == 0).sum()):
            raise ValueError(
                f"{empty} of {len(around)} directions have no frequency on a plane of {plane.height} x {plane.width}: "
                f"take fewer directions."
            )
        return {RADIAL: rings(plane, self.width), ANGULAR: around}


def _by_band(name: str, bands: Bands, shares: Array) -> dict[str, xr.DataArray]:
    """Three measures over an axis of bands from the shares (masks, bands)."""
    if bands.axis == "angle":
        where, axes = "in this direction", Axes({"angle": np.degrees(np.array(bands.centres))}, {"angle": "degrees"})
    else:
        where = "over the ring of this radius"
        axes = Axes({"radius": np.array(bands.centres)}, {"radius": "cycles/image"})
    area = (bands.gains.sum((1, 2)) / bands.gains[0].numel()).numpy()
    told = {
        "share": (shares, f"Share of a mask's energy {where}."),
        "norm_ratio": (np.sqrt(shares), f"Norm of a mask {where} over its whole norm; these do not add up to 1."),
        "density": (shares / area, f"Share of a mask's energy {where}, over that of a mask the same everywhere."),
    }
    found: dict[str, xr.DataArray] = {}
    for measure, (values, says) in told.items():
        found |= mean(f"{name}_{measure}", values.T, axes, "1", says)
    return found
