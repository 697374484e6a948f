"""What masks are held against: the same gains at other frequencies, by chance, and the masks of other images.

A learned mask that keeps a prediction shows little by itself: any mask of its size, or of the energy it lets through,
might do. Frequency zero, the mean colour, keeps its gain in all of them, so that they differ in nothing but where the
other gains stand.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from fourierscope.fourier import Frequency
from fourierscope.fourier.pairs import Pairs

_NEAR = 1e-3  # of the energy that a mask keeps beside frequency zero, within which another one keeps as much
_SWAPS = 1000  # of two gains, at most


def permuted(gains: Tensor, pairs: Pairs, generator: torch.Generator) -> Tensor:
    """Gains (n, k, pairs) at other frequencies by chance: those of an image all moved alike, of exactly the same size.

    A pair of two bins goes where one of two bins was, a self-paired frequency to another one; zero stays.
    """
    found = gains.clone()
    for places in _alike(pairs):
        order = torch.rand(len(gains), len(places), generator=generator).argsort(1)
        moved = places[order][:, None].expand(-1, gains.shape[1], -1).to(gains.device)
        found[..., places] = gains.gather(-1, moved)
    return found


def permuted_to_energy(gains: Tensor, power: Tensor, pairs: Pairs, generator: torch.Generator) -> Tensor:
    """Gains (n, k, pairs) at other frequencies by chance, so that as much energy passes as before, to a thousandth.

    `power` (n, k, pairs) is what each pair of the image holds. From `permuted` on, the gain of a frequency drawn by
    chance is swapped with that of the frequency that brings the energy nearest, until it is near enough or none does.
    What passes at frequency zero is the same in both, and so does not count: where zero stands for black it would
    outweigh all else, and any mask would be near.
    """
    power = beside_zero(power, pairs)
    target, found = energy(gains, power, pairs), permuted(gains, pairs, generator)
    places, far = _alike(pairs)[0].to(gains.device), torch.arange(len(gains), device=gains.device)
    for _ in range(_SWAPS if len(places) > 1 else 0):
        missing = target[far] - energy(found[far], power[far], pairs)
        still = missing.abs() > _NEAR * target[far]
        far, missing = far[still], missing[still]
        if not len(far):
            break
        drawn = torch.randint(len(places), (len(far),), generator=generator).to(gains.device)
        squares, held = found[far][..., places].square(), 2 * power[far][..., places]  # (far, k, places)
        rows = torch.arange(len(far), device=gains.device)
        change = (squares - squares[rows, :, drawn][..., None]) * (held[rows, :, drawn][..., None] - held)
        left = (missing[:, None] - change.sum(1)).abs()  # (far, places), after a swap with each
        best = left.argmin(1)
        better = left[rows, best] < missing.abs()
        at, here, there = far[better], places[drawn[better]], places[best[better]]
        swapped = found[at, :, there], found[at, :, here]
        found[at, :, here], found[at, :, there] = swapped
    return found


def energy(gains: Tensor, power: Tensor, pairs: Pairs) -> Tensor:
    """The energy (n,) that gains (n, k, pairs) let through of `power` (n, k, pairs) in each bin."""
    return ((gains.square() * power) @ pairs.bins.to(power)).sum(1)


def beside_zero(power: Tensor, pairs: Pairs) -> Tensor:
    """The power (n, k, pairs), with none at frequency zero."""
    return power.masked_fill(_zero(pairs).to(power.device), 0)


def misses(one: Tensor, other: Tensor, power: Tensor, pairs: Pairs) -> Tensor:
    """How far apart (n,) the energies are that two masks (n, k, pairs) pass beside frequency zero, over the larger."""
    first, second = (energy(gains, beside_zero(power, pairs), pairs) for gains in (one, other))
    larger = torch.maximum(first, second)
    return (first - second).abs() / larger.clamp_min(torch.finfo(larger.dtype).tiny)


def cosines(one: Tensor, other: Tensor, pairs: Pairs) -> Tensor:
    """The cosine (n,) of the angle between two masks (n, k, pairs) over the plane; 1 where both are empty."""
    bins = pairs.bins.to(one)
    inner, first, second = (((a * b) @ bins).sum(1) for a, b in ((one, other), (one, one), (other, other)))
    return _ratio(inner, (first * second).sqrt(), (first == 0) & (second == 0))


def overlaps(one: Tensor, other: Tensor, threshold: float, pairs: Pairs) -> Tensor:
    """Frequencies of gains above a threshold in both of two masks (n, k, pairs), over those in either (n,)."""
    bins, first, second = pairs.bins.to(one), one > threshold, other > threshold
    both, either = (((held.to(one)) @ bins).sum(1) for held in (first & second, first | second))
    return _ratio(both, either, either == 0)


def _ratio(above: Tensor, below: Tensor, empty: Tensor) -> Tensor:
    return torch.where(empty, 1.0, above / below.clamp_min(torch.finfo(below.dtype).tiny))


class Donors(NamedTuple):
    """For each image (n,) another image whose mask it may borrow; None where some image has none."""

    same: Tensor | None
    """Of its own class."""
    other: Tensor | None
    """Of another class."""


def donors(labels: Tensor, own: Tensor, generator: torch.Generator) -> Donors:
    """Another image for each by chance, with another mask, of its class and of another one, by `labels` (n,).

    `own` (n,) tells which mask is each image's.
    """
    order = torch.randperm(len(labels), generator=generator)
    return Donors(_next(labels, own, order, True), _next(labels, own, order, False))


def _next(labels: Tensor, own: Tensor, order: Tensor, same: bool) -> Tensor | None:
    """The next image (n,) along a ring in this order that fits."""
    place, found = order.argsort(), torch.full_like(order, -1)
    for step in range(1, len(order)):
        waiting = (found < 0).nonzero().flatten()
        candidates = order[(place[waiting] + step) % len(order)]
        fits = ((labels[candidates] == labels[waiting]) == same) & (own[candidates] != own[waiting])
        found[waiting[fits]] = candidates[fits]
    return found if bool((found >= 0).all()) else None


def _alike(pairs: Pairs) -> list[Tensor]:
    """Places of pairs that count alike, without frequency zero: those of two bins, and the self-paired."""
    zero = _zero(pairs)
    return [((pairs.bins == bins) & ~zero).nonzero().flatten() for bins in (2, 1)]


def _zero(pairs: Pairs) -> Tensor:
    """Which pair is frequency zero (pairs,)."""
    return torch.tensor([one == Frequency(0, 0) for one in pairs.frequencies])
