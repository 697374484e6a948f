"""Views by the discrete Fourier transform: on a grid, round a circle, and along a direction of many dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from fourierscope.training.views.linear import ROUNDING, Rows


@dataclass(frozen=True)
class Grid:
    """The discrete Fourier transform on an even grid of one dimension, which is closed to a circle.

    F(k) = 1/n sum_j f_j exp(-2 pi i k j / n): a sine of amplitude A has |F| = A / 2. Points (n,) or (n, 1) ascend in
    even steps, without the end point: `linspace(..., endpoint=False)`, for the first point comes again after the last.
    Raises ValueError for other points, for frequencies beyond n / 2, and where a `period` is given and the grid does
    not fill it. Source: Xu et al. (2018), section 3; the complex difference, not that of magnitudes.
    """

    frequencies: tuple[int, ...] = ()
    """Cycles per period; empty: 0 to n / 2."""
    period: float | None = None
    """Length of the circle, to be checked against the grid; empty: n steps of the grid."""
    name: str = "grid"

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, 1) and targets (n, outputs)."""
        count = self._checked(points)
        held = self.frequencies or tuple(range(count // 2 + 1))
        if any(one != int(one) or not 0 <= one <= count // 2 for one in held) or len(set(held)) != len(held):
            raise ValueError(f"A grid of {count} points tells frequencies 0 to {count // 2}, each once; {held} came.")
        numbers = torch.tensor(sorted(held), dtype=torch.float64)
        matrix = torch.exp(-2j * pi / count * torch.outer(numbers, torch.arange(count, dtype=torch.float64))) / count
        floor = np.full(len(held), ROUNDING * float(values.norm()) / sqrt(count))
        says = "Distance of the network's discrete Fourier coefficients from the targets', complex, over all outputs."
        return Rows(
            matrix, torch.arange(len(held)), "frequency", numbers.long().numpy(), "cycles/period", floor, says, {}
        )

    def _checked(self, points: Tensor) -> int:
        """The number of points of a grid that fits."""
        flat = points.flatten()
        if points.numel() != len(points) or len(flat) < 2:
            raise ValueError(
                f"A grid has one dimension and two points or more; {tuple(points.shape)} came. For more dimensions: "
                "views.Projection."
            )
        gaps = flat.diff()
        if not bool((gaps > 0).all()) or float((gaps - gaps.mean()).abs().max()) > 1e-4 * float(gaps.mean()):
            raise ValueError("A grid ascends in even steps, and these points do not. For others: views.Projection.")
        length = float(gaps.mean()) * len(flat)
        if self.period is not None and abs(length / self.period - 1) > 1e-4:
            raise ValueError(
                f"The grid fills {length:g}, and the period is {self.period:g}: leave the end point out, as "
                "linspace(..., endpoint=False) does."
            )
        return len(flat)


@dataclass(frozen=True)
class AroundCircle:
    """The Fourier transform round a circle in the plane: F(k) = 1/n sum_j f_j exp(-i k angle_j).

    Points (n, 2) lie at one distance from 0, at even steps of the angle, in any order. Raises ValueError for other
    points, and for frequencies beyond n / 2. Source: Basri et al. (2019), section 5.
    """

    frequencies: tuple[int, ...] = ()
    """Cycles per turn; empty: 0 to n / 2."""
    name: str = "circle"

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, 2) and targets (n, outputs)."""
        angles = self._angles(points)
        even = torch.arange(len(angles), dtype=torch.float64)
        rows = Grid(self.frequencies).rows(even[:, None], values)
        numbers = torch.from_numpy(rows.places).double()
        matrix = torch.exp(-1j * torch.outer(numbers, angles)) / len(angles)
        return replace(rows, matrix=matrix, unit="cycles/turn")

    def _angles(self, points: Tensor) -> Tensor:
        """The angles (n,) of points that fit, in radians."""
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2:
            raise ValueError(f"A circle has two points (n, 2) in the plane or more; {tuple(points.shape)} came.")
        radii, angles = points.norm(dim=1), torch.atan2(points[:, 1], points[:, 0])
        gaps = angles.sort().values.diff()
        uneven = float((gaps - 2 * pi / len(angles)).abs().max()) > 1e-4 * 2 * pi / len(angles)
        if uneven or float((radii - radii.mean()).abs().max()) > 1e-4 * float(radii.mean()):
            raise ValueError(
                "Points of a circle lie at one distance from 0 and at even steps of the angle, all round; others came. "
                "For points anywhere: views.Projection."
            )
        return angles


@dataclass(frozen=True)
class Projection:
    """The non-uniform Fourier transform along one direction of input space.

    z = direction . x, rescaled to [0, 1]; F(k) = 1/n sum_i (y_i - mean y) exp(-2 pi i k z_i), k >= 1. The mean of
    answers and targets is taken away, for the density of z leaks frequency zero into all others. Points of a sample
    have a noise floor, the spread of the targets over sqrt(n): frequencies below three times of it are marked not
    usable. Source: Xu et al. (2019), section 4.1, who take the first principal component and no floor.
    """

    direction: Literal["principal", "random", "classes"] = "principal"
    """A principal component; a random direction; or the difference of the means of two classes."""
    component: int = 1
    """Which principal component, or which pair of classes: class `component` less class 0."""
    frequencies: tuple[int, ...] = tuple(range(1, 21))
    """Cycles over the range of z."""
    seed: int = 0
    """Seed of a random direction."""
    name: str = "projection"

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, ...) and targets (n, outputs)."""
        held = sorted(set(self.frequencies))
        if not held or held[0] < 1 or any(one != int(one) for one in held):
            raise ValueError(f"frequencies are whole numbers from 1 on; {self.frequencies} came.")
        flat = points.flatten(1)
        along = flat @ self._direction(flat, values)
        if float(along.max() - along.min()) == 0:
            raise ValueError("All points lie at one place along this direction: it tells nothing.")
        place = (along - along.min()) / (along.max() - along.min())
        matrix = torch.exp(-2j * pi * torch.outer(torch.tensor(held, dtype=torch.float64), place)) / len(flat)
        matrix = matrix - matrix.mean(1, keepdim=True)
        spread = float((values - values.mean(0)).square().mean(0).sum().sqrt())
        floor = np.full(len(held), spread / sqrt(len(flat)))
        says = (
            f"Distance of Fourier coefficients along the {self._told()} from the targets', complex, over all outputs."
        )
        places = np.array(held)
        return Rows(matrix, torch.arange(len(held)), "frequency", places, "cycles/range", floor, says, {})

    def _direction(self, flat: Tensor, values: Tensor) -> Tensor:
        """The unit direction (d,) for points (n, d)."""
        if self.direction == "principal":
            if not 1 <= self.component <= min(flat.shape):
                raise ValueError(f"component lies from 1 to {min(flat.shape)} of these points; {self.component} came.")
            return torch.linalg.svd(flat - flat.mean(0), full_matrices=False).Vh[self.component - 1]
        if self.direction == "classes":
            return self._between_classes(flat, values)
        if self.direction != "random":
            raise ValueError(f"direction is principal, random or classes; {self.direction!r} came.")
        drawn = torch.randn(flat.shape[1], generator=torch.Generator().manual_seed(self.seed), dtype=flat.dtype)
        return drawn / drawn.norm()

    def _between_classes(self, flat: Tensor, values: Tensor) -> Tensor:
        if not 1 <= self.component < values.shape[1]:
            raise ValueError(f"component lies from 1 to {values.shape[1] - 1}, a class; {self.component} came.")
        label = values.argmax(1)
        means = [flat[label == one].mean(0) for one in (self.component, 0)]
        apart = means[0] - means[1]
        return apart / apart.norm()

    def _told(self) -> str:
        words = {
            "principal": f"principal component {self.component}",
            "classes": f"direction from class 0 to class {self.component}",
        }
        return words.get(self.direction, f"random direction of seed {self.seed}")
