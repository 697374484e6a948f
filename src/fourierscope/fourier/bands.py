"""Bands: gains that add up to 1 at every frequency, so that energies by band add up to the whole.

Every band is Hermitian (the same at a frequency and its partner), and frequency zero belongs to one band alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from fourierscope.fourier.filters import mirrored
from fourierscope.fourier.plane import Plane

_NUDGE = 1e-9  # of a wedge, to either side of its border: less than any bin is away from it that is not on it


@dataclass(frozen=True)
class Bands:
    """Gains (bands, h, w), float64, that add up to 1 in every bin, and the place of each band on its axis."""

    gains: Tensor
    centres: tuple[float, ...]
    axis: str

    def __len__(self) -> int:
        return len(self.centres)

    def energy(self, power: Tensor) -> Tensor:
        """Energy (..., bands) of a power spectrum (..., h, w); the bands' energies add up to the whole."""
        return torch.einsum("...hw,bhw->...b", power.double(), self.gains.to(power.device))

    def mean(self, values: Tensor) -> Tensor:
        """Mean (..., bands) of values (..., h, w) over the bins of each band, by their gains."""
        return self.energy(values) / self.gains.sum((-2, -1)).to(values.device)


def rings(plane: Plane, width: float = 1.0) -> Bands:
    """Rings of `width` cycles per image around zero: ring i holds (i - 1/2) width <= radius < (i + 1/2) width.

    Rings without a bin are left out. Width 1 is the rounded radius.
    """
    if width <= 0:
        raise ValueError(f"A ring has a width above 0 cycles per image; {width} came.")
    ring = torch.floor(plane.radius() / width + 0.5).long()
    return _partition(ring, [float(one) * width for one in ring.unique()], "radius")


def octaves(plane: Plane) -> Bands:
    """Frequency zero, then octaves 1 <= radius < 2, 2 <= radius < 4, ...; the centre is the lower edge."""
    radius = plane.radius()
    octave = torch.where(radius > 0, torch.floor(torch.log2(radius.clamp(min=1))) + 1, 0.0).long()
    return _partition(octave, [0.0 if one == 0 else float(2 ** (int(one) - 1)) for one in octave.unique()], "radius")


def discs(plane: Plane, weight: Tensor, count: int = 10) -> Bands:
    """Frequency zero, then at most `count` discs around it, each without those before, of equal shares of a weight.

    The weight (h, w) is such as a mean amplitude; that at frequency zero does not count. Bins of one radius stay
    together, so shares are equal to within that of a radius, and a radius of much weight stands for several discs. The
    centre is the smallest radius. Raises ValueError for weights that are not finite numbers from 0 on, or all 0.

    Source: Abello et al. (2021), where a radius is the sum of both frequencies without their signs.
    """
    if count < 1:
        raise ValueError(f"There must be at least one disc; count={count} came.")
    weight = weight.double().clone()
    if weight.shape != plane.shape or not bool(torch.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError(f"Discs need weights from 0 on, of shape {plane.shape}; shape {tuple(weight.shape)} came.")
    zero = plane.height // 2, plane.width // 2
    weight[zero] = 0
    if not bool(weight.any()):
        raise ValueError("Discs of equal weight need some weight beside that at frequency zero: all others are 0.")
    squares, place = (plane.rows()[:, None] ** 2 + plane.columns()[None, :] ** 2).unique(return_inverse=True)
    own = torch.zeros(len(squares), dtype=torch.float64).index_add_(0, place.flatten(), weight.flatten())
    middle = (own.cumsum(0) - own / 2) / own.sum()
    disc = (torch.floor(middle * count).clamp(max=count - 1).long() + 1)[place]
    disc[zero] = 0
    return _partition(disc, [float(plane.radius()[disc == one].min()) for one in disc.unique()], "radius")


def wedges(plane: Plane, count: int = 8) -> Bands:
    """Frequency zero, then `count` wedges of equal angle, by the direction modulo half a turn.

    Wedge i is centred on i pi / count, measured from the column axis (vertical stripes) on; the centre of the band of
    frequency zero is NaN. A bin of a Nyquist line holds two directions and is shared between their wedges, and so is a
    bin on the border of two wedges: an image and its mirror image have mirrored energies.
    """
    if count < 1:
        raise ValueError(f"There must be at least one wedge; count={count} came.")
    turn = plane.angle() % pi / pi * count + 0.5
    here, there = (torch.floor(turn + nudge).long() % count + 1 for nudge in (_NUDGE, -_NUDGE))
    here[plane.height // 2, plane.width // 2] = there[plane.height // 2, plane.width // 2] = 0
    one_sided = torch.stack([((here == one).double() + (there == one).double()) / 2 for one in range(count + 1)])
    centres = (float("nan"), *(one * pi / count for one in range(count)))
    return Bands((one_sided + mirrored(one_sided)) / 2, centres, "angle")


def cells(plane: Plane, side: int) -> Bands:
    """Square cells of odd `side`, with frequency zero in the middle of one; a cell and its mirror are one band.

    Bins of Nyquist lines follow the member of their pair that stands for it. The centre is the cell's radius.
    """
    if side < 1 or side % 2 == 0:
        raise ValueError(f"Cells need an odd side, so that a cell's mirror is a cell; side={side} came.")
    row = torch.floor_divide(plane.rows() + side // 2, side)[:, None].expand(plane.shape)
    column = torch.floor_divide(plane.columns() + side // 2, side)[None, :].expand(plane.shape)
    span = 2 * max(plane.shape) + 1
    label = row * span + column
    label = torch.maximum(label, mirrored(label)).abs()  # a cell's mirror has the label of opposite sign
    unique = label.unique()
    found_column = (unique + span // 2) % span - span // 2
    found_row = (unique - found_column) // span
    centres = torch.hypot(found_row.double(), found_column.double()) * side
    return _partition(label, centres.tolist(), "radius")


def _partition(label: Tensor, centres: list[float], axis: str) -> Bands:
    gains = torch.stack([(label == one).double() for one in label.unique()])
    return Bands(gains, tuple(centres), axis)
