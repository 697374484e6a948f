"""What is learned on the circle: a density of bumps, from the even one on."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from fourierscope.fourier.kinds import came, check_numbers, is_number

_FINE = 64  # places per wave of the highest frequency, at which a density is looked at
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Circle:
    """A target on the circle: bumps of a width, whose density of places is to become that of some waves.

    The target is (1 + sum of amplitude cos(frequency w)) / (2 pi) at places w in radians, and what is learned starts as
    the even density 1 / (2 pi). Raises ValueError where a width is not above 0, frequencies are not different whole
    numbers from 1 on with an amplitude each, or the target falls below 0.
    """

    width: float = 1.0
    """h of the bumps exp(-(x - w)^2 / h^2), in radians."""
    frequencies: tuple[int, ...] = (1, 3, 4)
    """Of the target's waves, in cycles per circle."""
    amplitudes: tuple[float, ...] = (0.3, 0.3, 0.3)
    """Of each wave, not 0, relative to the even density."""

    def __post_init__(self) -> None:
        if not isinstance(self.frequencies, tuple | list) or not isinstance(self.amplitudes, tuple | list):
            raise TypeError(
                f"frequencies and amplitudes are tuples, such as (3,); {self.frequencies!r} and {self.amplitudes!r} "
                "came."
            )
        check_numbers(width=self.width)
        if not all(map(is_number, self.amplitudes)):
            raise TypeError(f"amplitudes are numbers; {came(self.amplitudes)} came.")
        if not (isfinite(self.width) and self.width > 0):
            raise ValueError(f"width is a finite number above 0; {self.width} came.")
        whole = all(isinstance(one, int | np.integer) and one >= 1 for one in self.frequencies)
        if not self.frequencies or not whole or len(set(self.frequencies)) != len(self.frequencies):
            raise ValueError(f"frequencies are different whole numbers from 1 on; {self.frequencies} came.")
        if len(self.amplitudes) != len(self.frequencies) or not all(isfinite(one) and one for one in self.amplitudes):
            raise ValueError(
                f"Each of the frequencies {self.frequencies} has an amplitude that is not 0; {self.amplitudes} came."
            )
        least = self._least()
        if least < -_ROUNDING:
            raise ValueError(
                f"A density is nowhere below 0; with amplitudes {self.amplitudes} this target is {least:.3g} of the "
                "even one at its least: take smaller amplitudes."
            )

    def _least(self) -> float:
        """The least of the target over the even density."""
        places = 2 * np.pi * np.arange(_FINE * max(self.frequencies)) / (_FINE * max(self.frequencies))
        waves = np.cos(np.outer(places, self.frequencies)) @ np.array(self.amplitudes)
        return float(1 + waves.min())

    def trace(self) -> dict[str, Any]:
        """What to record."""
        told = ", ".join(str(int(one)) for one in self.frequencies)
        return {
            "name": f"waves {told} by bumps of width {self.width:g}",
            "width": float(self.width),
            "frequencies": [int(one) for one in self.frequencies],
            "amplitudes": [float(one) for one in self.amplitudes],
        }
