"""Linear regions of piecewise-linear networks, counted exactly along lines and on planes, and who parts them.

A region here is where no unit changes sides: the activation pattern is one. Two such regions may have the same linear
function, so that `piecewise_linear.segment`, which joins these, may have fewer pieces.

Source: Lin et al. (2019), section 2; counting on lines and planes in place of a bound for the whole space is ours, in
the manner of Hanin and Rolnick (2019).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from fourierscope.theory.breakpoints import Held, Propagation, Signal
from fourierscope.theory.piecewise_linear import followed

Array = npt.NDArray[Any]
_ON = 1e-12  # of the largest value of a unit, below which a corner lies on its line
_MOST = 50_000  # regions, beyond which their number on a plane is not counted


class LineRegions(NamedTuple):
    """The places (k,), within 0 and 1, at which a line goes from one region into the next, and the layer (k,) that
    bends there, from 1 on."""

    places: Tensor
    layers: Tensor

    @property
    def number(self) -> int:
        """How many regions the line goes through."""
        return len(self.places) + 1


class PlaneRegions(NamedTuple):
    """The regions on a parallelogram: `corners` (k, 2) of all of them, (s, t) in [0, 1]; each region as a counter-
    clockwise list of corners; and the borders (b, 2, 2), from where to where, with the layer (b,) that bends there."""

    corners: Tensor
    regions: list[list[int]]
    borders: Tensor
    layers: Tensor

    @property
    def number(self) -> int:
        """How many regions there are."""
        return len(self.regions)


def on_line(network: nn.Module, start: Tensor, end: Tensor) -> LineRegions:
    """The regions on the way from `start` to `end`, inputs of the network without the axis of the batch, exactly.

    Raises as `piecewise_linear.segment` does.
    """
    found = followed(network, start, end)
    crossed = found.layers > 0
    return LineRegions(found.knots[crossed], found.layers[crossed])


def on_plane(network: nn.Module, origin: Tensor, first: Tensor, second: Tensor) -> PlaneRegions:
    """The regions on all origin + s first + t second with s and t in [0, 1], exactly: for small networks.

    Every unit parts the regions that its zeros go through, layer by layer, in float64, on a copy of the network.

    Raises TypeError and ValueError as `piecewise_linear.segment` does, and ValueError where there are more than 50,000
    regions: take a smaller parallelogram, or `layer_picture`.
    """
    _check_plane(network, origin, first, second)
    propagation, cut = Propagation(network, 2**30), _Cut()

    def bend(layer: int, signal: Signal, held: Held) -> None:
        values = signal(held).flatten(1)
        across = (values.amin(0) < 0) & (values.amax(0) > 0)  # new corners lie between old ones
        for unit in across.nonzero().flatten().tolist():
            new = cut.by(values[:, unit].numpy(), layer)
            if new is None:
                continue
            low, high, share = between = _with_old(len(values), new)
            propagation.carried(held, len(values), between)
            values = torch.lerp(values[low], values[high], share[:, None])

    with torch.no_grad():
        propagation.walked(_inputs(cut.corners, origin, first, second), bend)
    borders = torch.from_numpy(np.array(cut.borders).reshape(-1, 2, 2))
    return PlaneRegions(
        torch.from_numpy(cut.corners), cut.regions, borders, torch.tensor(cut.layers, dtype=torch.int64)
    )


def layer_picture(network: nn.Module, origin: Tensor, first: Tensor, second: Tensor, points: int = 100) -> Tensor:
    """Which layer parts neighbours (points, points) on a plane, row t, column s: 0 none, else the first whose units are
    not all on one side at a point and at the next to its right and below; for networks of any size.

    Of points + 1 even places a side: borders that are nearer to each other than these are not told apart. Raises as
    `on_plane` does, and ValueError for less than one point.
    """
    _check_plane(network, origin, first, second)
    if points < 1:
        raise ValueError(f"points is a whole number from 1 on; {points} came.")
    propagation, picture = Propagation(network, 2**30), torch.zeros(points, points, dtype=torch.int64)
    side = np.linspace(0, 1, points + 1)
    row = _Row()
    for t in side:
        corners = np.stack([side, np.full_like(side, t)], 1)
        with torch.no_grad():
            propagation.walked(_inputs(corners, origin, first, second), row.bend)
        if row.number:
            picture[row.number - 1] = row.parted
        row.next()
    return picture


class _Cut:
    """A unit square that is cut by lines into regions: corners, regions, and borders with the layer that made each."""

    def __init__(self) -> None:
        self.corners: Array = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
        self.regions = [[0, 1, 2, 3]]
        self.borders: list[Array] = []
        self.layers: list[int] = []

    def by(self, values: Array, layer: int) -> list[tuple[int, int, float]] | None:
        """Cut where a function with these values (k,) at the corners, linear on each region, is 0.

        Returns the new corners: between which old ones, and how far; None where nothing is cut.
        """
        side = np.where(np.abs(values) <= _ON * np.abs(values).max(initial=0.0), 0, np.sign(values)).astype(np.int64)
        flat = np.concatenate([np.asarray(one) for one in self.regions])
        starts = np.cumsum([0, *(len(one) for one in self.regions[:-1])])
        across = (np.minimum.reduceat(side[flat], starts) < 0) & (np.maximum.reduceat(side[flat], starts) > 0)
        if not across.any():
            return None
        made: dict[tuple[int, int], int] = {}
        new: list[tuple[int, int, float]] = []
        kept = [one for one, cut in zip(self.regions, across, strict=True) if not cut]
        ends = []
        for place in np.flatnonzero(across):
            halves, border = _halves(self.regions[place], side, values, (made, new))
            kept += halves
            ends.append(border)
        if len(kept) > _MOST:
            raise ValueError(f"More than {_MOST} regions: take a smaller parallelogram, or layer_picture.")
        added = [(1 - share) * self.corners[a] + share * self.corners[b] for a, b, share in new]
        self.corners, self.regions = np.concatenate([self.corners, np.array(added).reshape(-1, 2)]), kept
        self.borders += [self.corners[list(one)] for one in ends]
        self.layers += [layer] * len(ends)
        return new


def _halves(
    region: list[int],
    side: Array,
    values: Array,
    found: tuple[dict[tuple[int, int], int], list[tuple[int, int, float]]],
) -> tuple[list[list[int]], tuple[int, int]]:
    """A region on both sides of a line, and the two corners between which the line goes; notes new corners.

    A corner between a and b is made once, for both regions that have this side.
    """
    made, new = found
    halves: dict[int, list[int]] = {-1: [], 1: []}
    on_line: list[int] = []
    for a, b in zip(region, region[1:] + region[:1], strict=True):
        for half in (-1, 1):
            if side[a] in (0, half):
                halves[half].append(a)
        if side[a] == 0:
            on_line.append(a)
        if side[a] * side[b] < 0:
            low, high = min(a, b), max(a, b)
            if (low, high) not in made:
                made[low, high] = len(values) + len(new)
                new.append((low, high, float(values[low] / (values[low] - values[high]))))
            for either in halves.values():
                either.append(made[low, high])
            on_line.append(made[low, high])
    return [halves[-1], halves[1]], (on_line[0], on_line[-1])


class _Row:
    """On which side of their levels units are along a row of points, and which layer parts it from the row before."""

    def __init__(self) -> None:
        self.number, self.parted, self._place = 0, torch.empty(0, dtype=torch.int64), 0
        self._before: list[Tensor] = []
        self._now: list[Tensor] = []

    def bend(self, layer: int, signal: Signal, held: Held) -> None:
        """Notes the sides (points, units) of a layer, and the points at which it parts neighbours as the first."""
        sides = signal(held).flatten(1) > 0
        self._now.append(sides)
        if self.number:
            place = len(self._now) - 1
            above, here = self._before[place][:-1], self._before[place][1:]
            apart = (above != here).any(1) | (above != sides[:-1]).any(1)
            if place == 0:
                self.parted = torch.zeros(len(apart), dtype=torch.int64)
            self.parted = torch.where((self.parted == 0) & apart, layer, self.parted)

    def next(self) -> None:
        """On to the next row."""
        self._before, self._now, self.number = self._now, [], self.number + 1


def _with_old(before: int, new: list[tuple[int, int, float]]) -> tuple[Tensor, Tensor, Tensor]:
    """Old places and new ones, each between two old ones, as `Propagation.carried` takes them."""
    old = torch.arange(before)
    first, second, share = zip(*new, strict=True)
    return (
        torch.cat([old, torch.tensor(first)]),
        torch.cat([old, torch.tensor(second)]),
        torch.cat([torch.zeros(before, dtype=torch.float64), torch.tensor(share, dtype=torch.float64)]),
    )


def _inputs(corners: Array, origin: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The inputs (k, ...) at places (k, 2) of a plane."""
    shares = torch.from_numpy(corners).view(len(corners), 2, *[1] * origin.ndim)
    base, right, down = (one.detach().cpu().double() for one in (origin, first, second))
    return base + shares[:, 0] * right + shares[:, 1] * down


def _check_plane(network: Any, origin: Tensor, first: Tensor, second: Tensor) -> None:
    if not isinstance(network, nn.Module):
        raise TypeError(f"Regions are those of a torch module; {type(network).__name__} came.")
    several = (origin, first, second)
    if len({one.shape for one in several}) > 1 or not all(one.is_floating_point() for one in several):
        shapes = ", ".join(f"{one.dtype} {tuple(one.shape)}" for one in several)
        raise ValueError(f"origin, first and second are floating-point inputs of one shape; {shapes} came.")
    if not all(bool(torch.isfinite(one).all()) for one in several):
        raise ValueError("origin, first and second are finite; NaN or infinity came.")
