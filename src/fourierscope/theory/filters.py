"""What small kernels hold at which frequency, exactly: quadratic forms in their taps, without padding or a grid.

Frequencies here are those of pixels, in cycles per pixel, from -1/2 to 1/2 along each axis: a kernel (h, w) has the
response H(u, v) = sum_mn w[m, n] exp(-2 pi i (u m + v n)), and its energy in a region is the integral of |H|^2 there,
which is w^T Q w for a matrix Q of the taps' places. torch convolves by correlation, which conjugates H and leaves all
of this as it is. The matrix of a disc and the bounds by its eigenvalues, those of Slepian's problem in two dimensions,
are worked out here. Jia, Bao and Ma (2019), who speak of the proportion of filters by frequency, do not say in public
how they measure it: this is a reading of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, pi
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import special
from torch import Tensor

from fourierscope.fourier import Plane

Size = int | tuple[int, int]
Array = npt.NDArray[Any]
Extension = Literal["zero", "interior"]
_DIRECTIONS = 90  # in which the attainable shares are bounded


class White(NamedTuple):
    """The exact mean and standard deviation of a share over random kernels of independent normal taps."""

    mean: float
    deviation: float


class Orientation(NamedTuple):
    """The direction of most energy, atan2(row, column) in (-pi/2, pi/2] (o,), and how much of it is there (o,).

    Coherence is 0 for energy that is alike in all directions and 1 for energy in one alone.
    """

    angle: Tensor
    coherence: Tensor


def band_form(size: Size, low: float, high: float | None, dilation: Size = 1) -> Tensor:
    """The matrix Q (h w, h w), float64, of a band: w^T Q w is the energy of a kernel w (h w) at low <= |f| < high.

    `size` is the kernel's (h, w), or its one side; taps are in reading order, `dilation` pixels apart. Cuts are in
    cycles per pixel, from 0 to 1/2; `high=None` reaches to the corners of the plane, at 0.707. The disc of radius R has
    Q_pq = R J_1(2 pi R d) / d, with d the distance of the taps p and q, and pi R^2 on the diagonal; all bands add up to
    the identity, which is Parseval's theorem. Raises ValueError for cuts and sizes that do not fit.
    """
    height, width = sides(size, "size")
    top = inf if high is None else high
    if not 0 <= low < top or low > 0.5 or (high is not None and not top <= 0.5):
        raise ValueError(
            f"A band runs from low to a larger high, both from 0 to 1/2 cycle per pixel, or to the corners with "
            f"high=None; low={low}, high={high} came."
        )
    distance = _distances((height, width), sides(dilation, "dilation"))
    whole = np.eye(height * width) if high is None else _disc(distance, high)
    return torch.from_numpy(whole - _disc(distance, low))


def band_area(low: float, high: float | None) -> float:
    """The area of a band, of 1 for the whole plane: the share of its energy that white noise has there."""
    return float((1 if high is None else pi * high**2) - pi * low**2)


def energy(kernels: Tensor, form: Tensor) -> Tensor:
    """The energy (...) of each slice of kernels (..., h, w) by a form (h w, h w). Differentiable."""
    taps = kernels.flatten(-2)
    if taps.shape[-1] != len(form):
        raise ValueError(f"The form is one of {len(form)} taps; kernels of {tuple(kernels.shape[-2:])} came.")
    return ((taps @ form.to(taps)) * taps).sum(-1)


def share(kernels: Tensor, form: Tensor) -> Tensor:
    """The share (o,) of the energy of filters (o, i, h, w), over all their channels, by a form; NaN for none at all."""
    return energy(kernels, form).sum(1) / kernels.square().sum((1, 2, 3))


def attainable(form: Tensor) -> float:
    """The largest share that any kernel can have by a form: its largest eigenvalue."""
    return float(torch.linalg.eigvalsh(form)[-1])


def are_attainable(shares: Tensor, forms: Tensor) -> bool:
    """Whether filters together can have these shares (b,) of energy by forms (b, h w, h w) that add up to the identity.

    They can where, along every combination of forms, the shares stay below the largest eigenvalue; 90 are tried.
    """
    turns = torch.arange(_DIRECTIONS, dtype=torch.float64) * 2 * pi / _DIRECTIONS
    mixed = torch.stack([torch.cos(turns - 2 * pi * band / len(forms)) for band in range(len(forms))], dim=1)
    corners = torch.eye(len(forms), dtype=torch.float64)
    mixed = torch.cat([mixed, corners, -corners])
    most = torch.linalg.eigvalsh(torch.einsum("db,bpq->dpq", mixed, forms))[:, -1]
    return bool((mixed @ shares.double() <= most + 1e-9).all())


def band_basis(form: Tensor, threshold: float = 0.5) -> Tensor:
    """Orthonormal kernels (h w, m) that have more than `threshold` of their energy by a form, as has their every sum.

    The eigenvectors of the form with eigenvalues above the threshold, the largest first. m may be 0.
    """
    values, vectors = torch.linalg.eigh(form)
    return vectors[:, values > threshold].flip(1)


def white_share(form: Tensor, channels: int = 1) -> White:
    """Mean and standard deviation of the share of random filters by a form: `channels` x h x w independent normal taps.

    Exact: the taps over their norm are even on a sphere in N = channels h w dimensions, so that the variance is
    2 / (N + 2) times that of the form's eigenvalues.
    """
    values = torch.linalg.eigvalsh(form)
    variance = 2 * float(values.var(correction=0)) / (channels * len(form) + 2)
    return White(float(values.mean()), variance**0.5)


def centroid(kernels: Tensor) -> Tensor:
    """The mean |f| (o,), cycles per pixel, of the energy of filters (o, i, h, w): .3826 for white ones."""
    return share(kernels, radius_form(_size_of(kernels)))


def radius_form(size: Size, dilation: Size = 1) -> Tensor:
    """The matrix (h w, h w), float64, of |f|: w^T Q w is the energy of a kernel w (h w), each part times its frequency.

    `size` and `dilation` are those of `band_form`. Its diagonal is .3826, the mean |f| in cycles per pixel of the
    plane; Q w is also the kernel in these taps that comes nearest to a response of |f| H, in the mean square.
    """
    taps, steps = sides(size, "size"), sides(dilation, "dilation")
    reach = max(1 + (side - 1) * step for side, step in zip(taps, steps, strict=True))
    far, slope = _triangle(reach)
    moments = _moments(reach, far * np.hypot(1, slope), np.cos)
    down, along = (np.abs(one) * step for one, step in zip(_offsets(taps), steps, strict=True))
    return torch.from_numpy((moments + moments.T)[down, along])


def orientation(kernels: Tensor) -> Orientation:
    """Where the energy of filters (o, i, h, w) points in frequency: the mean of exp(2 i angle) over it, exactly.

    That is the orientation tensor of unit vectors along the frequencies, wherever these lie.
    """
    size = _size_of(kernels)
    along, slanted = share(kernels, _along_form(size)), share(kernels, _slanted_form(size))
    return Orientation(torch.atan2(slanted, along) / 2, torch.hypot(along, slanted))


def response(kernels: Tensor, plane: Plane, dilation: Size = 1) -> Tensor:
    """H (..., h, w), complex and centred, of kernels (..., kh, kw) of any size at the frequencies of a plane."""
    steps = sides(dilation, "dilation")
    down, along = (
        torch.exp(-2j * pi * frequencies.double()[:, None] * torch.arange(taps) * step / side)
        for frequencies, taps, step, side in zip(
            (plane.rows(), plane.columns()), kernels.shape[-2:], steps, plane.shape, strict=True
        )
    )
    kind = torch.complex64 if kernels.dtype == torch.float32 else torch.complex128
    return down.to(kind) @ kernels.to(kind) @ along.to(kind).T


def singular_values(kernels: Tensor, plane: Plane, groups: int = 1, dilation: Size = 1) -> Tensor:
    """By how much a convolution stretches waves of each frequency: singular values (m, h, w), the largest first.

    They are those of the matrix H(u, v) from channels to filters, kernels (o, i / groups, kh, kw). On images whose
    edges meet, all of them together are the singular values of the whole map, without stride. Zero padding changes them
    a little; a stride folds frequencies onto each other afterwards, which is not followed.

    Source: Sedghi, Gupta and Long (2019), Theorem 6.
    """
    if kernels.ndim != 4 or len(kernels) % groups:
        raise ValueError(f"Kernels are (o, i / groups, h, w), o a multiple of {groups}; {tuple(kernels.shape)} came.")
    answers = response(kernels, plane, dilation).unflatten(0, (groups, -1))  # (g, o / g, i / g, h, w)
    values = torch.linalg.svdvals(answers.movedim((1, 2), (-2, -1)))  # (g, h, w, m / g)
    return values.movedim(0, -1).flatten(-2).sort(dim=-1, descending=True).values.movedim(-1, 0)


def adjacent_form(size: Size, extension: Extension = "zero") -> Tensor:
    """The matrix (h w, h w) of the squared differences of adjacent taps, down and along, summed.

    "zero": the kernel goes on as zeros, and the sum is exactly the integral of |H|^2 (4 sin^2 pi u + 4 sin^2 pi v).
    "interior": differences within the kernel alone, which cost constants nothing.

    Source: Wang et al. (2020), section 6, who name adjacent weights that are close, without a formula or a number.
    """
    height, width = sides(size, "size")
    if extension not in ("zero", "interior"):
        raise ValueError(f"extension is zero or interior; {extension!r} came.")
    down, along = _differences(height, extension), _differences(width, extension)
    return torch.kron(down, torch.eye(width).double()) + torch.kron(torch.eye(height).double(), along)


def roughness(kernels: Tensor, extension: Extension = "zero", relative: bool = False) -> Tensor:
    """The sum of squared differences of adjacent taps over kernels (o, i, h, w); differentiable.

    `relative` divides by the energy of all kernels, so that it does not fall by their shrinking: from 0 to 8 with zero
    extension, and 4 for white ones.
    """
    form = adjacent_form(_size_of(kernels), extension)
    whole = energy(kernels, form).sum()
    return whole / kernels.square().sum() if relative else whole


def sides(size: Size, name: str) -> tuple[int, int]:
    """A size as (height, width). Raises ValueError, by its name, for one that is none."""
    both = (size, size) if isinstance(size, int | np.integer) else tuple(size)
    if len(both) != 2 or not all(isinstance(one, int | np.integer) and one >= 1 for one in both):
        raise ValueError(f"{name} is a whole number from 1 on, or two of them (height, width); {size!r} came.")
    return int(both[0]), int(both[1])


def _size_of(kernels: Tensor) -> tuple[int, int]:
    if kernels.ndim != 4:
        raise ValueError(f"Filters are (o, i, h, w); shape {tuple(kernels.shape)} came.")
    return int(kernels.shape[2]), int(kernels.shape[3])


def _offsets(size: tuple[int, int]) -> tuple[Array, Array]:
    """From each tap to each other, down and along: two (h w, h w)."""
    rows, columns = (one.ravel() for one in np.indices(size))
    return rows[:, None] - rows, columns[:, None] - columns


def _distances(size: tuple[int, int], dilation: tuple[int, int]) -> Array:
    down, along = _offsets(size)
    return np.hypot(down * dilation[0], along * dilation[1])


def _disc(distance: Array, radius: float) -> Array:
    """The form of the disc |f| < radius: its Fourier transform at the distances of the taps."""
    away = np.where(distance > 0, distance, 1.0)
    found: Array = np.where(distance > 0, radius * special.j1(2 * pi * radius * away) / away, pi * radius**2)
    return found


def _along_form(size: tuple[int, int]) -> Tensor:
    """The form of cos(2 angle), which is 1 along columns and -1 along rows."""
    slope = _triangle(max(size))[1]
    moments = _moments(max(size), (slope**2 - 1) / (slope**2 + 1), np.cos)
    down, along = (np.abs(one) for one in _offsets(size))
    return torch.from_numpy((moments - moments.T)[down, along])


def _slanted_form(size: tuple[int, int]) -> Tensor:
    """The form of sin(2 angle), which is 1 where rows and columns rise alike."""
    slope = _triangle(max(size))[1]
    moments = _moments(max(size), 2 * slope / (slope**2 + 1), np.sin)
    down, along = _offsets(size)
    sign = -np.sign(down) * np.sign(along)  # cos(a + b) holds -sin a sin b, the part that is odd in both
    return torch.from_numpy(sign * (moments + moments.T)[np.abs(down), np.abs(along)])


def _nodes(reach: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre, enough for the quickest wave of kernels of so many taps a side."""
    return np.polynomial.legendre.leggauss(40 + 4 * reach)


def _triangle(reach: int) -> tuple[Array, Array]:
    """Nodes of the triangle 0 < column < row < 1/2: rows far (n, 1), columns far x slope, slope (1, n).

    In these two variables whatever depends on radius or angle is smooth at the corner 0.
    """
    nodes = _nodes(reach)[0]
    return (nodes[:, None] + 1) / 4, (nodes[None] + 1) / 2


def _moments(reach: int, values: Array, wave: Callable[[Array], Array]) -> Array:
    """Four times the integral over the triangle of values (n, n) x wave(2 pi row m) wave(2 pi column n): over m, n."""
    far, slope = _triangle(reach)
    weights = _nodes(reach)[1]
    weighted = 4 * values * far * np.outer(weights / 4, weights / 2)
    steep = wave(2 * pi * np.arange(reach)[:, None] * far[:, 0])
    flat = wave(2 * pi * np.arange(reach)[:, None, None] * far * slope)
    found: Array = np.einsum("mf,nfs,fs->mn", steep, flat, weighted)
    return found


def _differences(taps: int, extension: Extension) -> Tensor:
    """D^T D (taps, taps) of the differences of neighbours along one axis."""
    steps = torch.diff(torch.eye(taps + 2, dtype=torch.float64), dim=0)[:, 1:-1]  # the first and last against zeros
    inner = steps if extension == "zero" else steps[1:-1]
    return inner.T @ inner
