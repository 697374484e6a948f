"""Orders of frequencies: a number for each pair of each image, the larger the earlier it comes; and what follows."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from fourierscope.analyses.coalitions import Answers, Coalitions
from fourierscope.analyses.frequency_slopes import gradient_slopes, path_slopes
from fourierscope.runs import batches

Order = Literal["integrated", "gradient", "leave-one-out", "amplitude", "random"]
ORDERS: tuple[str, ...] = get_args(Order)
CONTROLS = ("amplitude", "random")
_STEPS = 24  # of integrated gradients: enough for an order
_PAIRS = 512  # left out in one go


class Curves(NamedTuple):
    """The answers (shares, n) when the first pairs of an order are kept, and when they are removed."""

    insertion: Answers
    deletion: Answers


def worth(order: str, coalitions: Coalitions) -> Tensor:
    """What each pair of each image is worth (n, pairs) by an order: the effect of its gain on the value, or its size.

    integrated, gradient: the slope by the pair's gain, which is its bins' slope times their number. leave-one-out: how
    far the value falls when the pair alone is removed. amplitude: that of its bins, from the infill.
    """
    bins = coalitions.pairs.bins
    if order == "amplitude":
        return coalitions.amplitude()
    if order == "gradient":
        return gradient_slopes(coalitions) * bins
    if order == "leave-one-out":
        return falls(coalitions, torch.arange(len(bins))).T
    assert order == "integrated"
    return path_slopes(coalitions, _STEPS) * bins


def falls(coalitions: Coalitions, which: Tensor) -> Tensor:
    """How far the value falls (k, n) when each of some pairs (k,) alone is removed."""
    every = torch.ones(1, len(coalitions.pairs))
    whole, found = coalitions.under(every).values.double(), []
    for part in batches(len(which), _PAIRS):
        gains = every.repeat(len(which[part]), 1)
        gains[torch.arange(len(gains)), which[part]] = 0
        found.append(whole - coalitions.under(gains).values.double())
    return torch.cat(found)


def ranks(worth: Tensor) -> Tensor:
    """The place (n, pairs) of each pair in the order of falling worth (n, pairs); of equals, the first comes first."""
    return worth.argsort(dim=-1, descending=True, stable=True).argsort(-1)


def sizes(shares: tuple[float, ...], pairs: int) -> Tensor:
    """How many of so many pairs each share is: at least one where the share is above 0."""
    return torch.tensor([max(round(share * pairs), int(share > 0)) for share in shares])


def curves(coalitions: Coalitions, places: Tensor, shares: tuple[float, ...]) -> Curves:
    """The answers when the pairs at the first places (n, pairs) are kept, and when they are removed, by their share.

    Any order will do: that of a learned mask is `ranks(gains)`. A pair goes with both of its frequencies, and what is
    left is not scaled.
    """
    count = len(coalitions)
    size = sizes(shares, len(coalitions.pairs)).repeat_interleave(count)
    index = torch.arange(count).repeat(len(shares))
    kept = coalitions.answers(index, lambda rows: places[index[rows]] < size[rows, None])
    removed = coalitions.answers(index, lambda rows: places[index[rows]] >= size[rows, None])
    shape = (len(shares), count)
    return Curves(*(Answers(*(part.unflatten(0, shape) for part in one)) for one in (kept, removed)))
