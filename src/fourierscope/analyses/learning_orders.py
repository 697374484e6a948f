"""Relative errors of several trainings put together: their mean, times to learn, areas, and orders with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.results import Axes, bounded, correlation_interval, mean_interval
from fourierscope.runs import Measured
from fourierscope.training.learning_order import area_under_error, ordering, slope_of_times, time_to_learn

Array = npt.NDArray[Any]


def of_seeds(measured: Mapping[int, Measured], threshold: float) -> dict[str, xr.DataArray]:
    """What `FrequencyPrinciple` tells, from what was measured in each seed.

    Each holds `error` (t, bands), `steps` (t,), `places` (bands,) with `axis` and `unit`, `says`, and `usable`
    (bands,).
    """
    pieces = list(measured.values())
    first, usable = pieces[0], pieces[0]["usable"].astype(bool)
    axis, steps = str(first["axis"]), first["steps"]
    each = Axes({axis: first["places"][usable]}, {axis: str(first["unit"])})
    error = np.stack([one["error"][:, usable] for one in pieces])  # (seeds, t, bands)
    times = np.stack([time_to_learn(one, steps, threshold) for one in error])
    areas = np.stack([area_under_error(one, steps) for one in error])
    found = _errors(error, steps, each, f"{first['says']} Mean over {len(pieces)} seeds.")
    says = "Mean over the logarithm of 1 + step of the relative error, capped at 1; over seeds."
    found |= bounded("area", mean_interval(areas.T), each, "1", says, len(pieces))
    says = f"Share of seeds in which the relative error comes below {threshold:g}."
    found["reached"] = each.array(np.isfinite(times).mean(0), "1", says)
    found |= _times(times, each, list(measured), threshold)
    found |= _orders(times, areas, each.coordinates[axis])
    says = "Bands whose targets do not stand out of the noise floor, and are left out."
    return found | {"left_out": xr.DataArray(int((~usable).sum()), attrs={"units": "bands", "says": says})}


def _errors(error: Array, steps: Array, each: Axes, says: str) -> dict[str, xr.DataArray]:
    """The mean relative error over seeds: a map of steps and frequencies, or a curve for each word."""
    ((_, places),) = each.coordinates.items()
    values, step = np.moveaxis(error, 0, -1), {"step": steps}  # (t, bands, seeds)
    coordinates: dict[str, Array] = step | dict(each.coordinates)
    if places.dtype.kind == "U":
        coordinates, values = dict(each.coordinates) | step, values.swapaxes(0, 1)
    axes = Axes(coordinates, {"step": "step"} | dict(each.units))
    found = bounded("error", mean_interval(values), axes, "1", says, len(error))
    found["error"].attrs["reached"] = "median_time"
    return found


def _times(times: Array, each: Axes, seeds: list[int], threshold: float) -> dict[str, xr.DataArray]:
    by_seed = Axes({"seed": np.array([str(one) for one in seeds]), **each.coordinates}, each.units)
    says = f"First step at which the relative error lies below {threshold:g}, in each seed; NaN: never."
    middle = np.median(np.where(np.isnan(times), np.inf, times), axis=0)
    told = "Median over seeds of the time to learn; NaN: half of them or more never do."
    held = each.array(np.where(np.isfinite(middle), middle, np.nan), "steps", told)
    return {"time_to_learn": by_seed.array(times, "steps", says), "median_time": held}


def _orders(times: Array, areas: Array, places: Array) -> dict[str, xr.DataArray]:
    numbers = places.astype(float) if places.dtype.kind in "uif" else np.arange(len(places))
    told = {
        "ordering": (map(ordering, times), correlation_interval, "Spearman correlation of frequency and time to learn"),
        "area_ordering": (map(ordering, areas), correlation_interval, "Spearman correlation of frequency and area"),
        "slope": ((slope_of_times(numbers, one) for one in times), mean_interval, "Slope of log time on log frequency"),
    }
    found: dict[str, xr.DataArray] = {}
    for name, (values, interval, says) in told.items():
        says = f"{says}, mean over {len(times)} seeds."
        found |= bounded(name, interval(np.array(list(values))), Axes({}), "1", says, len(times))
    return found
