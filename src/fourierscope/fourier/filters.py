"""Filters: a gain in [0, 1] for each frequency of a plane, radial or square, and their use on images."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

from fourierscope.fourier.plane import Frequency, Plane
from fourierscope.fourier.transform import filtered

_SOFT = 2.0  # cycles per image on either side of a soft edge


def low_pass(plane: Plane, radius: float, inclusive: bool = False) -> Tensor:
    """Gain (h, w): 1 where the radius is below `radius` cycles per image, else 0.

    The edge belongs to the high part, or to the low part where `inclusive`; with `high_pass` it adds up to 1.
    """
    return ((plane.radius() <= radius) if inclusive else (plane.radius() < radius)).float()


def high_pass(plane: Plane, radius: float, inclusive: bool = False) -> Tensor:
    """Gain (h, w): what `low_pass` with the same arguments removes."""
    return 1 - low_pass(plane, radius, inclusive)


def soft_low_pass(plane: Plane, radius: float) -> Tensor:
    """Gain (h, w) that falls from 1 to 0 along half a cosine, around one half at `radius` cycles per image.

    It falls over two cycles per image on either side, or over `radius` where that is less; frequency zero is kept. It
    rings less than a hard edge, by a third in the middle between two steps. One minus it is the high part.
    """
    reach = min(_SOFT, radius)
    place = ((plane.radius() - radius) / reach).clamp(-1, 1)
    return ((1 - (place * pi / 2).sin()) / 2).float()


def band_pass(plane: Plane, low: float, high: float) -> Tensor:
    """Gain (h, w): 1 where low <= radius < high, else 0."""
    return low_pass(plane, high) - low_pass(plane, min(low, high))


def square_low_pass(plane: Plane, bandwidth: int | tuple[int, int]) -> Tensor:
    """Gain (h, w) of the centred square of odd side `bandwidth` with frequency zero in its middle.

    A pair gives (rows, columns). A bandwidth of a whole side or more keeps all of it. Raises ValueError for an even
    bandwidth: such a square holds one partner of some pairs without the other.

    Source: Yin et al. (2019), section 3.
    """
    sides = _pair(bandwidth)
    return _square([_low_side(side, width) for side, width in zip(plane.shape, sides, strict=True)], plane)


def square_high_pass(plane: Plane, bandwidth: int | tuple[int, int]) -> Tensor:
    """Gain (h, w) of the square of side `bandwidth` with the highest frequency in its middle.

    Keeps |row| >= (h + 1 - bandwidth) / 2 *and* |column| >= (w + 1 - bandwidth) / 2: it removes a cross and is not what
    `square_low_pass` leaves. The bandwidth is odd along even sides and even along odd sides; a plane with one of each
    takes a pair (rows, columns). Raises ValueError otherwise.

    Source: Yin et al. (2019), section 3.
    """
    sides = _pair(bandwidth)
    return _square([_high_side(side, width) for side, width in zip(plane.shape, sides, strict=True)], plane)


def apply(images: Tensor, gain: Tensor) -> Tensor:
    """Images (..., h, w) with each frequency multiplied by a real gain that broadcasts to them; never clipped.

    Raises ValueError where the gain is complex, does not fit, or differs between a frequency and its partner.
    """
    if gain.is_complex() or gain.shape[-2:] != images.shape[-2:]:
        raise ValueError(
            f"A gain is real, with the plane of the images {tuple(images.shape[-2:])} as its last two axes; "
            f"{gain.dtype} of shape {tuple(gain.shape)} came."
        )
    plane = Plane(*images.shape[-2:])
    if not is_hermitian(gain):
        raise ValueError(
            f"This gain differs between a frequency and its partner on {plane}, so its images would not be real. "
            "Symmetrise it, or use the filters of this module."
        )
    gain = gain.to(device=images.device, dtype=images.dtype)
    return filtered(images, gain).to(images.dtype)


def is_hermitian(gain: Tensor) -> bool:
    """Whether a real gain (..., h, w) is the same, to 1e-6, at each frequency and its conjugate partner."""
    return bool(torch.allclose(mirrored(gain), gain, rtol=0, atol=1e-6))


def mirrored(values: Tensor) -> Tensor:
    """Values (..., h, w) of the centred plane with each frequency's value put at its partner."""
    plane = Plane(*values.shape[-2:])
    rows = [plane.position(plane.partner(Frequency(int(row), 0)))[0] for row in plane.rows()]
    columns = [plane.position(plane.partner(Frequency(0, int(column))))[1] for column in plane.columns()]
    return values[..., rows, :][..., :, columns]


def _pair(bandwidth: int | tuple[int, int]) -> tuple[int, int]:
    rows, columns = bandwidth if isinstance(bandwidth, tuple | list) else (int(bandwidth), int(bandwidth))
    if min(rows, columns) < 1:
        raise ValueError(f"A bandwidth is a whole number from 1 on; {bandwidth!r} came.")
    return rows, columns


def _low_side(side: int, bandwidth: int) -> Tensor:
    frequencies = torch.arange(side) - side // 2
    if bandwidth < side and bandwidth % 2 == 0:
        raise ValueError(
            f"A square low pass of bandwidth {bandwidth} is not symmetric on a side of {side}: take an odd bandwidth, "
            f"such as {bandwidth - 1} or {bandwidth + 1}."
        )
    return frequencies.abs() <= (side if bandwidth >= side else bandwidth // 2)


def _high_side(side: int, bandwidth: int) -> Tensor:
    frequencies = torch.arange(side) - side // 2
    if bandwidth < side and (side + 1 - bandwidth) % 2:
        odd_or_even = "odd" if side % 2 == 0 else "even"
        raise ValueError(
            f"A square high pass of bandwidth {bandwidth} is not symmetric on a side of {side}: take an {odd_or_even} "
            f"bandwidth there (a pair (rows, columns) where the sides differ)."
        )
    return frequencies.abs() >= (0 if bandwidth >= side else (side + 1 - bandwidth) // 2)


def _square(sides: list[Tensor], plane: Plane) -> Tensor:
    return torch.outer(sides[0].float(), sides[1].float()).reshape(plane.shape)
