"""Attacks confined to some frequencies: the nearest change that lies in them, in a ball and in the box of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fourierscope.fourier import Plane, cosine_matrix, filters
from fourierscope.fourier.transform import filtered
from fourierscope.treatments.attacks.balls import Ball, lengths

Projection = Callable[[Tensor], Tensor]

_ROUNDING = 1e-5  # a slope with a smaller share of its length in the subspace has none there, but for rounding
_ON_THE_WAY = 10  # rounds of projections after each step of an ascent
_AT_THE_END = 10_000  # rounds at most for the images that are given back
LEAK = 1e-5  # share of a change's energy outside its frequencies below which an image is done


@dataclass(frozen=True)
class Confined:
    """The changes that lie in a subspace of frequencies, in a ball, and leave the images in [0, 1]."""

    ball: Ball
    subspace: Projection
    """The orthogonal projection of changes (n, c, h, w) onto the subspace."""

    def steepest(self, slope: Tensor) -> Tensor:
        """The ball's steepest direction for that part of the slope which lies in the subspace."""
        part = self.subspace(slope)
        return self.ball.steepest(part * (lengths(part) > _ROUNDING * lengths(slope)))

    def within(self, images: Tensor, change: Tensor) -> Tensor:
        """A change near the nearest one: on its way to the intersection, and inside ball and box."""
        return self._settled(images, change, _ON_THE_WAY)

    def reached(self, images: Tensor, change: Tensor) -> Tensor:
        """The images after the change and as many rounds as each needs; as they were, where it never comes to fit.

        Exactly in ball and box; at most 2 `LEAK` of a change's energy is outside the subspace. An image may have no
        other change than 0 to offer: a white image has none of mean zero.
        """
        moved = (images + self._settled(images, change, _AT_THE_END)).clamp(0, 1)
        done = share_off(moved - images, self.subspace(moved - images)) <= 2 * LEAK  # float32 rounds tiny changes off
        return torch.where(done.view(-1, 1, 1, 1), moved, images)

    def _settled(self, images: Tensor, change: Tensor, rounds: int) -> Tensor:
        """Changes in ball and box after at most so many rounds of Dykstra's projections.

        Each projection onto a set that is no subspace first gives back what its last one took away: so the rounds lead
        to the nearest point of the intersection (Boyle and Dykstra 1986). An image stops when it leaks little enough.
        """
        settled = torch.zeros_like(change)
        left = torch.arange(len(change), device=change.device)
        low, high = self._limits(images)
        inside, off_ball, off_box = self.subspace(change), torch.zeros_like(change), torch.zeros_like(change)
        for _ in range(rounds):
            kept = self.ball.kept(inside + off_ball) if self.ball.norm == "l2" else inside
            aim = kept + off_box
            boxed = aim.clamp(low, high)
            off_ball, off_box = inside + off_ball - kept, aim - boxed
            inside = self.subspace(boxed)
            settled[left] = self.ball.kept(boxed)
            more = share_off(boxed, inside) > LEAK
            left = left[more]
            if not len(left):
                break
            low, high, inside, off_ball, off_box = (one[more] for one in (low, high, inside, off_ball, off_box))
        return settled

    def _limits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The least and the largest change of each pixel: those of the box, and of the ball where it is one."""
        if self.ball.norm == "linf":
            return (-images).clamp(min=-self.ball.eps), (1 - images).clamp(max=self.ball.eps)
        return -images, 1 - images


def fourier_band(plane: Plane, low: float, high: float) -> Projection:
    """The projection onto the waves with low <= radius < high cycles per image. Raises ValueError for an empty band."""
    gain = filters.band_pass(plane, low, high)
    if not bool(gain.any()):
        raise ValueError(
            f"No frequency of a plane of {plane.height} x {plane.width} has a radius in [{low:g}, {high:g}) cycles per "
            f"image: they run from 0 to {float(plane.radius().max()):.4g}."
        )
    return lambda changes: filtered(changes, gain.to(changes.device)).to(changes.dtype)


def low_cosines(plane: Plane, ratio: float) -> Projection:
    """The projection onto the lowest cosines, `ratio` of them along each side, at least one.

    Raises ValueError for a ratio that is not in (0, 1].
    """
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio is the share of the cosines along a side that is kept, in (0, 1]; {ratio!r} came.")
    down, along = (_lowest(side, max(1, round(ratio * side))) for side in plane.shape)
    return lambda changes: down.to(changes) @ changes @ along.to(changes)


def share_off(changes: Tensor, inside: Tensor) -> Tensor:
    """The share (n,) of the energy of changes (n, c, h, w) that their projection lacks; 0 where there is no change."""
    off, whole = (one.flatten(1).double().square().sum(1) for one in (changes - inside, changes))
    return torch.where(whole > 0, off / whole.clamp(min=1e-300), 0.0).float()


def _lowest(side: int, count: int) -> Tensor:
    kept = cosine_matrix(side)[:count]
    return kept.T @ kept
