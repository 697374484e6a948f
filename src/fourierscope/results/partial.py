"""Values of which not each was measured on every image: each with its own count, and NaN where there was no image.

A value `error` comes with what `measured` gives it, with `error_n` (the images behind each cell) and `error_seen`
(which images those are, packed as outcomes are), so that a paired difference takes the images that both results have.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from fourierscope.results.intervals import CONFIDENCE, Array, Estimate, moments, wilson_at
from fourierscope.results.measured import Axes


def partial(
    name: str, outcomes: Array, seen: Array, estimate: Estimate, axes: Axes, unit: str, says: str
) -> dict[str, xr.DataArray]:
    """A value with its bounds, from outcomes (..., n) of the images that were seen (..., n); others count nowhere."""
    outcomes = np.where(seen, outcomes, np.zeros((), outcomes.dtype))
    told = f"Outcome of each image for {name}"
    if outcomes.dtype == bool:
        kept = packed(outcomes, axes, f"{told}, eight to a byte, first image in the highest bit.")
    else:
        attrs = {"units": unit, "says": f"{told}; 0 where none was measured."}
        kept = xr.DataArray(outcomes.astype(np.float32), dims=(*axes.outcome_dims(), "image"), attrs=attrs)
    beside = {key: f"{name}_{key}" for key in ("low", "high", "counts", "seen", "outcomes")}
    if axes.index is not None:
        beside["index"] = f"{axes.rows}_of"
    found = {
        name: axes.array(estimate.value, unit, says, **beside),
        f"{name}_low": axes.array(estimate.low, unit, f"Lower 95 % bound of {name}."),
        f"{name}_high": axes.array(estimate.high, unit, f"Upper 95 % bound of {name}."),
        f"{name}_counts": axes.array(seen.sum(-1), "images", f"Number of images behind {name}."),
        f"{name}_seen": packed(seen, axes, f"Which images are behind {name}, eight to a byte, as its outcomes are."),
        f"{name}_outcomes": kept,
    }
    if axes.index is not None:
        attrs = {"units": "1", "says": f"Which {axes.rows} stands in this cell."}
        found[beside["index"]] = xr.DataArray(axes.index, dims=tuple(axes.coordinates), attrs=attrs)
    return found


def packed(marks: Array, axes: Axes, says: str) -> xr.DataArray:
    """Marks (..., n), false or true, eight to a byte, on the axes of outcomes."""
    attrs: dict[str, Any] = {"units": "1", "says": says, "count": marks.shape[-1]}
    return xr.DataArray(np.packbits(marks, axis=-1), dims=(*axes.outcome_dims(), "image_byte"), attrs=attrs)


def partial_shares(outcomes: Array, seen: Array, spent: Array | float = 1.0) -> Estimate:
    """Wilson's interval of the mean of shares (..., n), or of outcomes that are false or true, over the images seen.

    The count is that of `share_interval`. `spent` (...) is the share of the 5 % that is spent on it, 1 for all.
    """
    middle, _, n = moments(np.where(seen, outcomes, np.nan).astype(np.float64))
    middle = middle.clip(0, 1)
    held = np.where(seen, outcomes, 0).astype(np.float64)
    variance = np.maximum(np.square(held).sum(-1) / n - middle**2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(variance > 0, n * middle * (1 - middle) / variance, n)
    return wilson_at(middle, effective, np.asarray(stats.norm.isf((1 - CONFIDENCE) / 2 * np.asarray(spent))))


def partial_means(outcomes: Array, seen: Array) -> Estimate:
    """Student's interval of the mean of outcomes (..., n) over the images seen. One image alone has no bounds: NaN."""
    middle, spread, n = moments(np.where(seen, outcomes, np.nan).astype(np.float64))
    reach = stats.t.isf((1 - CONFIDENCE) / 2, n - 1) * spread / np.sqrt(n)
    return Estimate(middle, middle - reach, middle + reach)
