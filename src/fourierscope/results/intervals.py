"""Intervals: how far a rate, a mean, or a paired difference may lie from what was counted. All at 95 %."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
_Z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))

Array = npt.NDArray[Any]


class Estimate(NamedTuple):
    """A value with its bounds, all of one shape."""

    value: Array
    low: Array
    high: Array


class Difference(NamedTuple):
    """A paired difference with its bounds and the probability of one at least as large were there none."""

    value: Array
    low: Array
    high: Array
    p: Array


def wilson(rate: Array | float, n: Array | int) -> Estimate:
    """Wilson's score interval of rates (...) counted over n images. Source: Wilson (1927)."""
    return wilson_at(np.asarray(rate, dtype=np.float64), np.asarray(n, dtype=np.float64), np.asarray(_Z))


def wilson_at(rate: Array, n: Array, z: Array) -> Estimate:
    """Wilson's interval of rates (...) over n images (...), as many standard errors wide as z (...) says."""
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return Estimate(
        rate, np.minimum(np.clip(middle - reach, 0, 1), rate), np.maximum(np.clip(middle + reach, 0, 1), rate)
    )


def mean_interval(values: Array) -> Estimate:
    """Student's interval of the mean over the last axis of values (..., n). One value alone has no bounds: NaN."""
    values = np.asarray(values, dtype=np.float64)
    n = values.shape[-1]
    middle = values.mean(-1)
    if n < 2:
        return Estimate(middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan))
    reach = stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1) * values.std(-1, ddof=1) / np.sqrt(n)
    return Estimate(middle, middle - reach, middle + reach)


def crossed_interval(values: Array, spent: float = 1.0) -> Estimate:
    """The mean of values (seeds, n) of the same n images under several seeds, were both drawn anew.

    The variance of the mean is that over images of the means over seeds, plus that over seeds of the means over images:
    what is of neither is counted twice. Student's, with degrees of freedom after Satterthwaite (1946), which is close
    and not exact: of three seeds it held the mean in 92 to 99 of 100 trials, of two in 87 to 98; least where means over
    seeds lie some five times as far apart as images let them, most where they differ by chance alone. One seed alone:
    over images; one image: no bounds, NaN. `spent` is the share of the 5 % that
    this one of several may miss.
    """
    values = np.asarray(values, dtype=np.float64)
    seeds, n = values.shape
    middle = values.mean()
    if n < 2:
        return Estimate(middle, np.array(np.nan), np.array(np.nan))
    parts = [(values.mean(0).var(ddof=1) / n, n - 1)]
    parts += [(values.mean(1).var(ddof=1) / seeds, seeds - 1)] if seeds > 1 else []
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return Estimate(middle, middle, middle)
    freedom = variance**2 / sum(part**2 / left for part, left in parts)
    reach = stats.t.ppf(1 - (1 - CONFIDENCE) / 2 * spent, freedom) * np.sqrt(variance)
    return Estimate(middle, middle - reach, middle + reach)


def size_interval(values: Array) -> Estimate:
    """Student's interval of the mean over the last axis of sizes (..., n), none of which is below 0; nor is it."""
    middle, low, high = mean_interval(values)
    return Estimate(middle, np.maximum(low, 0.0), high)


def correlation_interval(values: Array) -> Estimate:
    """Student's interval of the mean over the last axis of correlations (..., n), kept within -1 and 1."""
    middle, low, high = mean_interval(values)
    return Estimate(middle, np.maximum(low, -1.0), np.minimum(high, 1.0))


def median_interval(values: Array) -> Estimate:
    """The median over the last axis of values (..., n), between two of them: by ranks, whatever their distribution.

    Five values or fewer have no bounds: NaN. Source: Thompson (1936), the binomial interval of order statistics.
    """
    values = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    n = values.shape[-1]
    rank = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5))
    middle = np.median(values, axis=-1)
    if rank < 1:
        return Estimate(middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan))
    return Estimate(middle, values[..., rank - 1], values[..., n - rank])


def bootstrap_interval(values: Array, picks: Array) -> Estimate:
    """The mean over the last axis of values (..., n), between percentiles of its means over resamples.

    `picks` (resamples, n) are places from 0 to n - 1, drawn evenly by the caller. Of few values it is too narrow: by
    a factor of sqrt((n - 1) / n) at best. One value alone has no bounds: NaN. Source: Efron (1979).
    """
    values = np.asarray(values, dtype=np.float64)
    middle = values.mean(-1)
    if values.shape[-1] < 2:
        return Estimate(middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan))
    means = values[..., picks].mean(-1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=-1)
    return Estimate(middle, low, high)


def moment_interval(total: Array, squares: Array, n: int) -> Estimate:
    """Student's interval of a mean from the sums (...) over n images of values and of their squares. n = 1: NaN."""
    middle = total / n
    if n < 2:
        return Estimate(middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan))
    error = np.sqrt(np.maximum(squares / n - middle**2, 0) / (n - 1))
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1)) * error
    return Estimate(middle, middle - reach, middle + reach)


def ratio_interval(first: Array, second: Array) -> Estimate:
    """The mean of `first` over the mean of `second` (both (n,), of the same images), with Fieller's interval.

    The bounds are NaN where the mean of `second` cannot be told from 0, for then any ratio would do.
    Source: Fieller (1954).
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    n, above, below = len(first), first.mean(), second.mean()
    unknown = np.array(np.nan)
    if n < 2 or below == 0:
        return Estimate(above / below if below else unknown, unknown, unknown)
    t = float(stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1))
    spread = t**2 * np.cov(first, second) / n
    square, half, rest = below**2 - spread[1, 1], above * below - spread[0, 1], above**2 - spread[0, 0]
    if square <= 0:
        return Estimate(above / below, unknown, unknown)
    reach = np.sqrt(max(half**2 - square * rest, 0.0))
    return Estimate(above / below, (half - reach) / square, (half + reach) / square)


def share_interval(values: Array) -> Estimate:
    """Wilson's interval of the mean over the last axis of shares (..., n) in [0, 1], which lies in [0, 1] too.

    The count is the effective number of yes-or-no answers with the variance seen (the design effect of survey
    sampling), at least n; n where all shares are alike, so that a share of 0 or 1 keeps its width.
    """
    values = np.asarray(values, dtype=np.float64)
    n = values.shape[-1]
    middle = values.mean(-1).clip(0, 1)  # float32 shares may overshoot by rounding
    variance = values.var(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(variance > 0, n * middle * (1 - middle) / variance, n)
    return wilson_at(middle, effective, np.asarray(_Z))


def paired_rates(first: Array, second: Array, both: Array | None = None, spent: Array | float = 1.0) -> Difference:
    """first - second for outcomes (..., n), false or true, of the same n images.

    Bounds: Bonett and Price (2012), an adjusted Wald interval. p: McNemar's exact test of the discordant pairs.
    `both` (..., n) tells which images count, where not all do: NaN where none does. `spent` (...) is the share of the
    5 % that is spent here, of a comparison that may be looked at more than once: bounds are wider, p larger.
    """
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    counted = np.ones(first.shape, dtype=bool) if both is None else both
    n = _known(counted.sum(-1))
    only_first, only_second = (first & ~second & counted).sum(-1), (~first & second & counted).sum(-1)
    up, down = (only_first + 1) / (n + 2), (only_second + 1) / (n + 2)
    reach = _sure(spent) * np.sqrt(np.maximum(up + down - (up - down) ** 2, 0) / (n + 2))
    value = (only_first - only_second) / n
    p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(only_first, only_second), only_first + only_second, 0.5))
    low, high = np.clip(up - down - reach, -1, 1), np.clip(up - down + reach, -1, 1)
    p = np.where(np.isnan(n), np.nan, np.minimum(1, p / spent))
    return Difference(value, np.minimum(low, value), np.maximum(high, value), p)


def _known(n: Array) -> Array:
    """Numbers of images, NaN for none: nothing is divided by it, and what follows is NaN."""
    return np.where(n > 0, n, np.nan)


def _sure(spent: Array | float) -> Array:
    """The standard errors of a normal interval that spends a share of the 5 %."""
    return np.asarray(stats.norm.isf((1 - CONFIDENCE) / 2 * np.asarray(spent)))


def apart(first: Estimate, second: Estimate) -> Estimate:
    """first - second of independent estimates, with bounds from both intervals; where common images move both alike,
    too wide rather than too narrow. Source: Zou and Donner (2008), MOVER.
    """
    value = first.value - second.value
    below = np.hypot(first.value - first.low, second.high - second.value)
    above = np.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - below, value + above)


def paired_means(first: Array, second: Array, both: Array | None = None, spent: Array | float = 1.0) -> Difference:
    """first - second for values (..., n) of the same n images, by Student's paired interval and test. One pair: NaN.

    `both` and `spent` are those of `paired_rates`.
    """
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    if both is not None:
        differences = np.where(both, differences, np.nan)
    value, spread, n = moments(differences)
    reach = stats.t.ppf(1 - (1 - CONFIDENCE) / 2 * np.asarray(spent), n - 1) * spread / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(spread > 0, value / (spread / np.sqrt(n)), np.where(value == 0, 0.0, np.inf))
    p = np.where(n > 1, np.minimum(1, 2 * stats.t.sf(np.abs(t), n - 1) / spent), np.nan)
    return Difference(value, value - reach, value + reach, p)


def moments(values: Array) -> tuple[Array, Array, Array]:
    """Mean, standard deviation (of a sample; NaN for one) and number of the values (..., n) that are no NaN."""
    known = ~np.isnan(values)
    n = _known(known.sum(-1))
    held = np.where(known, values, 0.0)
    middle = held.sum(-1) / n
    squares = np.where(known, (held - middle[..., None]) ** 2, 0.0).sum(-1)
    return middle, np.sqrt(squares / np.where(n > 1, n - 1, np.nan)), n
