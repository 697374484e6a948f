"""Piecewise-linear functions of one variable: their exact Fourier transform, and the exact line through a network."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import spherical_jn
from torch import Tensor, nn

from fourierscope.theory.breakpoints import Followed, Propagation

Array = npt.NDArray[Any]
_LOOKS = (0.0, 0.137, 0.381, 0.559, 0.823, 1.0)  # where a line is held against the network itself
_AGREES = 1e-9
_CELLS = 2**22  # frequencies times pieces worked on at a time


def segment(network: nn.Module, start: Tensor, end: Tensor, memory: int = 2**30) -> tuple[Tensor, Tensor]:
    """The network on the straight line from `start` to `end`, exactly: where it bends, and its values there.

    `start` and `end` are single inputs of the network without the axis of the batch, such as (d,) or (c, h, w). Returns
    knots (k,) from 0 to 1, ascending, and values (k, outputs) at start + knot (end - start), both float64; between two
    knots the network is linear. The bends of every layer are found in turn, in float64, on a copy: the network given,
    its mode and its weights stay as they are, and batch norm counts as it does in eval mode. `memory` bounds the bytes
    of one layer's values; longer lines are followed in parts.

    Raises TypeError for a layer that is not piecewise linear (tanh, GELU, softmax, layer norm), and ValueError where
    the code of the network cannot be followed by torch.fx, or start and end do not belong together. The softmax of
    these values is not piecewise linear: it is for the reader to take between knots.

    Source: Rahaman et al. (2019), section 2: such networks are continuous and piecewise linear.
    """
    found = followed(network, start, end, memory)
    return pruned(found.knots, found.values.flatten(1))


def check_followable(network: nn.Module) -> None:
    """Raises TypeError or ValueError, as `segment` does, where no line can be followed through a network."""
    if not isinstance(network, nn.Module):
        raise TypeError(f"The line is followed through a torch module; {type(network).__name__} came.")
    Propagation(network, 0)


def followed(network: nn.Module, start: Tensor, end: Tensor, memory: int = 2**30) -> Followed:
    """The line with every place at which some unit bends, also where no output does, and the layer of each.

    Options and errors as in `segment`.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"The line is followed through a torch module; {type(network).__name__} came.")
    if start.shape != end.shape or not start.is_floating_point() or not end.is_floating_point():
        raise ValueError(
            f"start and end are floating-point inputs of one shape; {start.dtype} {tuple(start.shape)} and {end.dtype} "
            f"{tuple(end.shape)} came."
        )
    if not bool(torch.isfinite(start).all()) or not bool(torch.isfinite(end).all()):
        raise ValueError("start and end are finite; NaN or infinity came.")
    propagation = Propagation(network, memory)
    found = propagation.along(start, end)
    _check_followed(propagation, (start, end), found)
    return found


def _check_followed(propagation: Propagation, ends: tuple[Tensor, Tensor], line: Followed) -> None:
    """Raises ValueError where the line is not the network: its code mixes inputs that go through it together."""
    knots, values, _ = line
    places = torch.tensor(_LOOKS, dtype=torch.float64)
    start, end = (one.detach().cpu().double() for one in ends)
    asked = torch.stack([propagation.answer(torch.lerp(start, end, place)[None])[0].flatten() for place in places])
    if len(values) == len(knots) and values[0].numel() == asked.shape[1]:
        found = np.stack([np.interp(places, knots, one) for one in values.flatten(1).numpy().T], axis=1)
        if np.abs(found - asked.numpy()).max() <= _AGREES * float(1 + values.abs().max()):
            return
    raise ValueError(
        "The line that was followed is not the network's: inputs that go through it together seem to mix, as in a mean "
        "over the batch. Take sampled points."
    )


def pruned(knots: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """The same function (k,), (k, outputs) without inner knots at which no output bends, to 1e-13 of its size."""
    tolerance = 1e-13 * float(values.abs().max())
    while len(knots) > 2:
        share = (knots[1:-1] - knots[:-2]) / (knots[2:] - knots[:-2])
        straight = torch.lerp(values[:-2], values[2:], share[:, None])
        idle = (values[1:-1] - straight).abs().amax(1) <= tolerance
        if not bool(idle.any()):
            break
        kept = torch.cat([idle.new_ones(1), ~_alternate(idle), idle.new_ones(1)])
        knots, values = knots[kept], values[kept]
    return knots, values


def _alternate(marks: Tensor) -> Tensor:
    """Of each run of marks (k,), every other one from the first on: no two of them are neighbours."""
    places = torch.arange(len(marks))
    begun = torch.where(marks, -1, places).cummax(0).values  # the last place before each that is not marked
    return marks & ((places - begun) % 2 == 1)


def transform(knots: Any, values: Any, frequencies: Any) -> Tensor:
    """The integral of f(t) exp(-i k t) over the knots' range, exactly, for angular frequencies k.

    `knots` (k,) ascend; `values` are (k,) or (k, outputs), linear between knots; `frequencies` (m,) in radians per unit
    of t. Returns complex128 (m,) or (m, outputs). A piece of width w, middle c, mean a and rise d gives
    w exp(-i k c) (a j0(k w / 2) - i d / 2 j1(k w / 2)) with spherical Bessel functions, which is exact at k = 0 too.
    The ends of the range count as ends: take `detrended` values where these should not rule the spectrum.

    Raises ValueError for knots that do not ascend and shapes that do not fit. Source: Rahaman et al. (2019), Lemma 1,
    whose printed sign is wrong: the hat function on [-1, 1] has +0.630 at k = 2.3.
    """
    places, heights, asked = (np.asarray(one, dtype=np.float64) for one in (knots, values, frequencies))
    single = heights.ndim == 1
    heights = heights[:, None] if single else heights
    _check(places, heights, asked)
    widths, middles = np.diff(places), (places[1:] + places[:-1]) / 2
    means, rises = (heights[1:] + heights[:-1]) / 2, np.diff(heights, axis=0)
    found = np.empty((len(asked), heights.shape[1]), dtype=np.complex128)
    at_a_time = max(1, _CELLS // len(widths))
    for begin in range(0, len(asked), at_a_time):
        some = asked[begin : begin + at_a_time, None]
        half = some * widths / 2  # (m, pieces)
        turned = widths * np.exp(-1j * some * middles)
        even, odd = (_bessel(order, half) for order in (0, 1))
        found[begin : begin + at_a_time] = (turned * even) @ means - 0.5j * (turned * odd) @ rises
    made = torch.from_numpy(found)
    return made[:, 0] if single else made


def detrended(knots: Tensor, values: Tensor) -> Tensor:
    """Values (k,) or (k, outputs) less the straight line between the ends, so that both ends are 0."""
    share = (knots - knots[0]) / (knots[-1] - knots[0])
    share = share if values.ndim == 1 else share[:, None]
    return values - torch.lerp(values[0], values[-1], share.to(values))


def tail(knots: Tensor, values: Tensor) -> Tensor:
    """The sum of the sizes of all slope jumps, (outputs,): |transform| of detrended values is at most this / k^2.

    Ends count as jumps to slope 0. Units: values per unit of t.
    """
    slopes = values.diff(dim=0) / knots.diff()[(...,) + (None,) * (values.ndim - 1)]
    around = torch.zeros_like(slopes[:1])
    return torch.cat([around, slopes, around]).diff(dim=0).abs().sum(0)


def energy(knots: Tensor, values: Tensor) -> Tensor:
    """The integral of f(t)^2 over the knots' range, exactly: (outputs,), or a number for values (k,)."""
    widths = knots.diff()[(...,) + (None,) * (values.ndim - 1)]
    first, second = values[:-1], values[1:]
    return (widths * (first.square() + first * second + second.square()) / 3).sum(0)


def _bessel(order: int, values: Array) -> Array:
    """The spherical Bessel function at any real number: even for order 0, odd for 1."""
    sign = np.sign(values) if order else 1.0
    found: Array = sign * spherical_jn(order, np.abs(values))
    return found


def _check(places: Array, heights: Array, asked: Array) -> None:
    if places.ndim != 1 or len(places) < 2 or heights.ndim != 2 or len(heights) != len(places) or asked.ndim != 1:
        raise ValueError(
            "knots are (k,), two or more, values (k,) or (k, outputs), frequencies (m,); "
            f"{places.shape}, {heights.shape}, {asked.shape} came."
        )
    if not bool((np.diff(places) > 0).all()):
        raise ValueError("Knots ascend, without coming twice.")
