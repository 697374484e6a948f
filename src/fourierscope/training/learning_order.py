"""In which order frequencies are learned: times, areas and orderings from the error at each, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[Any]


def time_to_learn(error: Array, steps: Array, threshold: float) -> Array:
    """The first of `steps` (t,) whose error (t, ...) lies below the threshold, (...); NaN where none does.

    Not the last step above it: late oscillations of an optimiser would hide what was learned long before.
    """
    below = np.asarray(error) < threshold
    first = np.asarray(steps, dtype=np.float64)[below.argmax(0)]
    found: Array = np.where(below.any(0), first, np.nan)
    return found


def area_under_error(error: Array, steps: Array) -> Array:
    """The mean of min(error, 1) over the logarithm of 1 + step, (...) from error (t, ...) at steps (t,): in [0, 1].

    It needs no threshold and tells apart what is never learned.
    """
    places = np.log1p(np.asarray(steps, dtype=np.float64))
    capped = np.minimum(np.asarray(error, dtype=np.float64), 1.0)
    if len(places) < 2:
        return capped[0]
    found: Array = np.trapezoid(capped, places, axis=0) / (places[-1] - places[0])
    return found


def ordering(times: Array) -> float:
    """Spearman's correlation of the order of frequencies (k,) with the times (k,) they take; NaN for fewer than two.

    Those that are never learned (NaN) share the last rank. 1: low frequencies first, all the way.
    """
    held = np.where(np.isnan(times), np.inf, times)
    if len(held) < 2 or len(np.unique(held)) < 2:
        return float("nan")
    return float(np.corrcoef(np.arange(len(held)), stats.rankdata(held))[0, 1])


def slope_of_times(frequencies: Array, times: Array) -> float:
    """The slope of log time on log frequency, over those above 0 that are learned; NaN for fewer than two."""
    kept = np.isfinite(times) & (np.asarray(times) > 0) & (np.asarray(frequencies) > 0)
    if kept.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.log(np.asarray(frequencies)[kept]), np.log(np.asarray(times)[kept]), 1)[0])
