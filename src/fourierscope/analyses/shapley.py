"""Shapley values of bands: what each adds to the others, averaged over all the orders in which they can come together.

A coalition is a row of members, false or true. What it is worth is asked elsewhere: these are the numbers alone.
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import torch
from torch import Tensor


class Sampled(NamedTuple):
    """Shapley values (n, bands) from some orders, and their standard errors (n, bands)."""

    values: Tensor
    errors: Tensor


def all_coalitions(bands: int) -> Tensor:
    """Every coalition (2^bands, bands), bool; the first is empty, the last whole."""
    return (torch.arange(2**bands)[:, None] >> torch.arange(bands)) % 2 == 1


def exact(worth: Tensor) -> Tensor:
    """The Shapley values (bands, n) from what every coalition is worth (2^bands, n), in their order.

    They add up to the worth of the whole less that of none. Source: Shapley (1953).
    """
    bands = len(worth).bit_length() - 1
    members = all_coalitions(bands)
    size = members.sum(1)
    with_it = torch.tensor([0.0, *(1 / (bands * comb(bands - 1, size - 1)) for size in range(1, bands + 1))])
    without = torch.tensor([*(1 / (bands * comb(bands - 1, size)) for size in range(bands)), 0.0])
    weight = torch.where(members, with_it.double()[size][:, None], -without.double()[size][:, None])
    return weight.T @ worth.double()


def orders(bands: int, count: int, generator: torch.Generator) -> Tensor:
    """`count` orders (count, bands) of the bands, an even number: each by chance, then the same one backwards."""
    drawn = [torch.randperm(bands, generator=generator) for _ in range(count // 2)]
    return torch.stack([way for one in drawn for way in (one, one.flip(0))])


def along(some: Tensor) -> Tensor:
    """The coalitions (..., bands + 1, bands), bool, that come together along orders (..., bands), from none to all."""
    place = some.argsort(-1)
    return place[..., None, :] < torch.arange(some.shape[-1] + 1)[:, None]


def sampled(some: Tensor, worth: Tensor) -> Sampled:
    """Shapley values from orders (n, count, bands) and what the coalitions along them are worth (n, count, bands + 1).

    Along each order the bands' gains add up to the whole, and so do their means. Standard errors are those of the means
    of pairs, an order and the same backwards, for these are drawn independently; NaN for a single pair.
    """
    gains = torch.zeros(some.shape, dtype=torch.float64).scatter(-1, some, worth.double().diff(dim=-1))
    pairs = gains.unflatten(1, (-1, 2)).mean(2)  # (n, count / 2, bands)
    count = pairs.shape[1]
    errors = pairs.std(1) / count**0.5 if count > 1 else torch.full_like(pairs[:, 0], torch.nan)
    return Sampled(pairs.mean(1), errors)
