"""The frequency plane: full, centred, in cycles per image. The only place that turns a frequency into an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fourierscope.fourier.kinds import came, is_number


class Frequency(NamedTuple):
    """A frequency of an image: signed whole cycles per image, down the rows and along the columns."""

    row: int
    column: int


@dataclass(frozen=True)
class Plane:
    """The frequencies of an image of `height` x `width` pixels, with frequency zero at `(height // 2, width // 2)`.

    Rows run from `-(height // 2)` to `(height - 1) // 2`, columns likewise. A real image has conjugate values at a
    frequency and its partner, so only one of each pair carries news.

    Raises ValueError where a side is not a positive whole number.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            side = getattr(self, name)
            if not isinstance(side, int | np.integer) or isinstance(side, bool) or side < 1:
                raise ValueError(
                    f"A plane needs two positive whole numbers; height={self.height!r}, width={self.width!r} came."
                )
            object.__setattr__(self, name, int(side))

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    def rows(self) -> Tensor:
        """Row frequencies (h,) from top to bottom, cycles per image."""
        return _signed(self.height)

    def columns(self) -> Tensor:
        """Column frequencies (w,) from left to right, cycles per image."""
        return _signed(self.width)

    def radius(self) -> Tensor:
        """Distance from frequency zero (h, w), cycles per image, float64."""
        return torch.hypot(self.rows().double()[:, None], self.columns().double()[None, :])

    def angle(self) -> Tensor:
        """Direction atan2(row, column) (h, w) in radians, in (-pi, pi]; 0 at frequency zero."""
        rows, columns = torch.meshgrid(self.rows().double(), self.columns().double(), indexing="ij")
        return torch.atan2(rows, columns)

    def position(self, frequency: Frequency) -> tuple[int, int]:
        """Index (i, j) of a frequency on the centred plane. Raises ValueError where it does not fit."""
        if not isinstance(frequency, tuple | list) or len(frequency) != 2 or not all(map(is_number, frequency)):
            raise TypeError(f"A frequency is two whole numbers, Frequency(row, column); {came(frequency)} came.")
        row, column = frequency
        if not (_fits(row, self.height) and _fits(column, self.width)):
            raise ValueError(
                f"Frequency(row={row}, column={column}) does not fit an image of {self.height} x {self.width}: "
                f"rows run from {_least(self.height)} to {_most(self.height)}, "
                f"columns from {_least(self.width)} to {_most(self.width)} cycles per image."
            )
        return int(row) + self.height // 2, int(column) + self.width // 2

    def partner(self, frequency: Frequency) -> Frequency:
        """The frequency whose value is the complex conjugate in every real image: -k, Nyquist lines onto themselves."""
        self.position(frequency)
        return Frequency(_mirrored(frequency[0], self.height), _mirrored(frequency[1], self.width))

    def representative(self, frequency: Frequency) -> Frequency:
        """The member of a conjugate pair that stands for it: row > 0, or column > 0 where the row is its own partner.

        Source: the order in which the published basis of Yin et al. (2019) fills its pairs.
        """
        other, frequency = self.partner(frequency), Frequency(*frequency)
        if other[0] != frequency[0]:
            return Frequency(*max(frequency, other))
        return Frequency(*max(frequency, other, key=lambda one: one[1]))

    def waves(self, within: int | None = None, stride: int = 1) -> list[Frequency]:
        """One frequency of each conjugate pair, in reading order.

        `within` keeps the centred square of that odd side, `stride` only multiples of it in both directions.
        """
        rows, columns = self.grid(within, stride)
        frequencies = (Frequency(row, column) for row in rows for column in columns)
        return [frequency for frequency in frequencies if self.representative(frequency) == frequency]

    def grid(self, within: int | None = None, stride: int = 1) -> tuple[list[int], list[int]]:
        """Row and column frequencies of the centred square of side `within`, thinned by `stride`.

        Raises ValueError where `within` is even and smaller than a side (such a square splits conjugate pairs).
        """
        if not isinstance(stride, int | np.integer) or stride < 1:
            raise ValueError(f"A stride is a whole number from 1 on; stride={stride!r} came.")
        return _kept(self.rows(), within, stride), _kept(self.columns(), within, stride)

    def spread(
        self, frequencies: Sequence[Frequency], within: int | None = None, stride: int = 1
    ) -> npt.NDArray[np.int64]:
        """For each cell of the grid (rows, columns), which of `frequencies` stands for it: an index, for both partners.

        Raises ValueError where a cell is without one.
        """
        place = {frequency: index for index, frequency in enumerate(frequencies)}
        rows, columns = self.grid(within, stride)
        cells = [[place.get(self.representative(Frequency(row, column)), -1) for column in columns] for row in rows]
        index = np.array(cells, dtype=np.int64)
        if (index < 0).any():
            raise ValueError(f"{int((index < 0).sum())} cells of the {index.shape} grid have no value to show.")
        return index


def _signed(side: int) -> Tensor:
    return torch.arange(side) - side // 2


def _least(side: int) -> int:
    return -(side // 2)


def _most(side: int) -> int:
    return (side - 1) // 2


def _fits(component: int, side: int) -> bool:
    return isfinite(component) and component == int(component) and _least(side) <= component <= _most(side)


def _mirrored(component: int, side: int) -> int:
    return int(component) if 2 * component == -side else -int(component)


def _kept(components: Tensor, within: int | None, stride: int) -> list[int]:
    side = len(components)
    if within is not None and (within < 1 or (within < side and within % 2 == 0)):
        raise ValueError(
            f"A centred square of side {within} splits conjugate pairs on a side of {side}: take an odd number of at "
            f"least 1 (or {side} and more, for all)."
        )
    reach = side if within is None or within >= side else within // 2
    return [int(one) for one in components if abs(int(one)) <= reach and int(one) % stride == 0]
