"""Intervals of rates that may be looked at while they are counted: after each of some numbers of images, and stopped.

The 5 % by which a 95 % interval may miss are spent over the looks in proportion to the images seen since the last, so
that the truth lies in all intervals at once 95 times in 100, whatever the reason to stop at one of them.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from scipy import stats

from fourierscope.results.intervals import CONFIDENCE, Array, Estimate

_TAIL = 4.0  # times the root of n: eight standard deviations of a count at least
_AT_ONCE = 500  # rates whose counts are followed at a time


class _Counts(NamedTuple):
    """How probable each count from `start` (rates,) on is at each of some rates, where no bound was crossed yet."""

    start: Array
    chance: Array


def look_shares(looks: tuple[int, ...]) -> Array:
    """The share (looks,) of the 5 % that each look spends: of all images, those that are new."""
    return np.diff(looks, prepend=0) / looks[-1]


def sequential_rates(hits: Array, looks: tuple[int, ...]) -> Estimate:
    """Rates (...) with bounds that hold at every look at once, from the hits (..., looks) so far at each.

    `looks` are numbers of images, ascending; a look that was not taken has -1, and those before it count. Without any
    look all is NaN. The bounds are those of all looks together (their intersection).

    Exact for independent images: bounds hold for every rate, not only for large numbers. Each side inverts one-sided
    tests of the count, of which the probability to be rejected at some look is at most 2.5 %, followed from look to
    look. Between the rates that are tried (a step below .002, and less where rates or numbers are small) the wider is
    taken.

    Source: Jennison and Turnbull (2000), chapter 9, repeated confidence intervals, and chapter 12.1, exact bounds for
    counts; Kim and DeMets (1987), spending in proportion to the images seen.
    """
    hits = np.asarray(hits)
    taken = hits >= 0
    lows, highs = np.zeros(hits.shape), np.ones(hits.shape)
    for place, (rates, bounds) in enumerate(zip(*_tables(looks), strict=True)):
        seen = taken[..., place]
        lows[..., place] = np.where(seen, _surpassed(rates, bounds, hits[..., place]), 0)
        highs[..., place] = np.where(seen, 1 - _surpassed(rates, bounds, looks[place] - hits[..., place]), 1)
    number = np.where(taken, np.array(looks), 0).max(-1)
    last = np.where(taken, hits, -1).max(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(number > 0, last / number, np.nan)
    low, high = lows.max(-1), highs.min(-1)
    return Estimate(value, np.minimum(np.minimum(low, high), value), np.maximum(np.maximum(low, high), value))


def _surpassed(rates: Array, bounds: Array, hits: Array) -> Array:
    """The largest of the rates up to which all are too low for so many hits; 0 where none is."""
    place = np.searchsorted(np.maximum.accumulate(bounds), hits, side="right")
    return np.concatenate([[0.0], rates])[place]


def _tables(looks: tuple[int, ...]) -> tuple[list[Array], list[Array]]:
    rates, bounds = upper_bounds(looks)
    return [rates] * len(looks), list(bounds)


@lru_cache(maxsize=8)
def upper_bounds(looks: tuple[int, ...]) -> tuple[Array, Array]:
    """Rates (r,), ascending, and for each look the count (looks, r) from which on the rate is rejected as too low."""
    size = int(np.clip(64 * sqrt(looks[-1]), 1000, 4000))
    rates = np.sin(np.pi / 2 * np.arange(1, size + 1) / (size + 1)) ** 2
    parts = [_followed(rates[start : start + _AT_ONCE], looks) for start in range(0, size, _AT_ONCE)]
    return rates, np.concatenate(parts, axis=1)


def _followed(rates: Array, looks: tuple[int, ...]) -> Array:
    """The bounds (looks, r): at each look the least count that keeps what is spent within what may be spent."""
    counts = _Counts(np.zeros(len(rates), dtype=np.int64), np.ones((len(rates), 1)))
    spent, found = np.zeros(len(rates)), []
    may = (1 - CONFIDENCE) / 2 * np.array(looks) / looks[-1] * (1 - 1e-9)
    for place, (images, before) in enumerate(zip(looks, (0, *looks[:-1]), strict=True)):
        counts = _further(counts, rates, images, images - before)
        tail = counts.chance[:, ::-1].cumsum(1)[:, ::-1]
        above = np.concatenate([tail, np.zeros((len(rates), 1))], axis=1)
        first = (spent[:, None] + above > may[place]).sum(1)
        spent += np.take_along_axis(above, first[:, None], 1)[:, 0]
        counts.chance[np.arange(counts.chance.shape[1]) >= first[:, None]] = 0
        found.append(counts.start + first)
    return np.stack(found)


def _further(counts: _Counts, rates: Array, images: int, new: int) -> _Counts:
    """The counts after `new` more images, `images` in all, without those of a probability below 10^-13."""
    fresh = _window(rates, new)
    chance = np.asarray(stats.binom.pmf(fresh[:, None] + np.arange(_width(new)), new, rates[:, None]))
    length = counts.chance.shape[1] + chance.shape[1] - 1
    size = 1 << (length - 1).bit_length()
    both: Array = np.fft.irfft(np.fft.rfft(counts.chance, size) * np.fft.rfft(chance, size), size)[:, :length].clip(0)
    start = _window(rates, images)
    places = (start - counts.start - fresh)[:, None] + np.arange(_width(images))
    inside = (places >= 0) & (places < length)
    return _Counts(start, np.where(inside, np.take_along_axis(both, places.clip(0, length - 1), 1), 0))


def _window(rates: Array, images: int) -> Array:
    """The first of the counts that have to be followed, at each rate."""
    return np.maximum(0, np.floor(images * rates).astype(np.int64) - _width(images) // 2)


def _width(images: int) -> int:
    return 2 * (ceil(_TAIL * sqrt(images)) + 8)
