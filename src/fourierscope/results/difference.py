"""The paired difference of two results: one question, the same samples, two classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from fourierscope.fourier.kinds import came
from fourierscope.results.intervals import paired_means, paired_rates
from fourierscope.results.measured import seen, unpacked
from fourierscope.results.result import Result, classifier_trace, made_with
from fourierscope.results.sequential import look_shares

FALSE_DISCOVERIES = 0.05  # the share of false ones among cells called significant (Benjamini and Hochberg 1995)


def difference(first: Result, second: Result) -> Result:
    """first - second, for every value whose outcomes were kept image by image, where both have it: of layers, those
    whose names both networks have.

    Beside each value stand its bounds (`_low`, `_high`), `_p` and `_significant` (after the false discovery rate of
    Benjamini and Hochberg over all its cells, 5 %). Cells that were not measured on all images are compared on those
    that both results have (`_counts`). Where rates were looked at more than once, each look spends its share of the
    5 %, and p is divided by that share (Bonferroni's inequality), so that both hold wherever a cell was stopped.

    Raises ValueError where question or samples differ.
    """
    if not isinstance(second, Result):
        raise TypeError(f"A paired difference is that of two Results; {came(second)} came.")
    _check_comparable(first.record, second.record)
    variables: dict[str, xr.DataArray] = {}
    for name in map(str, first.dataset.data_vars):
        outcomes = [_outcomes(one.dataset, name) for one in (first, second) if name in one.dataset]
        pair = [one for one in outcomes if one is not None]
        if len(pair) == 2:
            ours, theirs = xr.align(*pair, join="inner")
            if ours.size:
                values = first.dataset[name].sel({axis: ours[axis] for axis in ours.dims if axis in ours.coords})
                both = _seen_by_both([one.dataset for one in (first, second)], name)
                spent = 1.0 if both is None else _spent(first.dataset, name, both)
                variables |= _compared(name, values, (ours.values, theirs.values), both, spent)
    if not variables:
        raise ValueError(
            f"{first.record['analysis']} keeps no outcomes by image that both results have, so there is no paired "
            "difference."
        )
    traces = [classifier_trace(one.record["subject"]) for one in (first, second)]
    between = " minus ".join(str(one["name"]) for one in traces)
    variables = {
        name: one.assign_attrs(between=between) if one.attrs.get("difference") == "yes" else one
        for name, one in variables.items()
    }
    if "n" in first.dataset:
        variables["n"] = first.dataset["n"]
    subject = first.record["subject"]
    record = dict(first.record) | {
        "analysis": first.record["analysis"],
        "subject": {
            "classifiers": traces,
            "samples": subject["samples"],
        }
        | ({"masks": made_with(subject)} if "masks" in subject else {}),
    }
    return Result(xr.Dataset(variables), record)


def _outcomes(dataset: xr.Dataset, name: str) -> xr.DataArray | None:
    """The outcomes (..., n) behind a value, on its own axes; None where none were kept."""
    found, values = unpacked(dataset, name), dataset[name]
    if found is None:
        return None
    coords = {axis: values.coords[axis] for axis in values.dims if axis in values.coords}
    return xr.DataArray(found, dims=(*values.dims, "image"), coords=coords)


def _seen_by_both(datasets: list[xr.Dataset], name: str) -> Any:
    """Which images (..., n) both results have behind each cell; None where that is all."""
    found = [marks for one in datasets if (marks := seen(one, name)) is not None]
    return np.logical_and.reduce(found) if found else None


def _spent(dataset: xr.Dataset, name: str, both: Any) -> Any:
    """The share of the 5 % that is spent at each cell: all of it, unless its rates were looked at more than once."""
    if "looks" not in dataset[name].attrs:
        return 1.0
    looks = dataset[dataset[name].attrs["looks"]].values
    shares = look_shares(tuple(looks.tolist()))
    return shares[np.searchsorted(looks, both.sum(-1)).clip(0, len(looks) - 1)]


def _compared(
    name: str, values: xr.DataArray, pair: tuple[Any, Any], both: Any = None, spent: Any = 1.0
) -> dict[str, xr.DataArray]:
    binary = pair[0].dtype == bool
    found = (paired_rates if binary else paired_means)(*pair, both, spent)
    significant = _significant(np.asarray(found.p))
    parts = {
        name: (found.value, f"Paired difference, first minus second: {values.attrs['says']}"),
        f"{name}_low": (found.low, f"Lower 95 % bound of the difference in {name}."),
        f"{name}_high": (found.high, f"Upper 95 % bound of the difference in {name}."),
        f"{name}_p": (found.p, "Probability of so large a difference were there none, cell by cell."),
        f"{name}_significant": (significant, "Significant at a false discovery rate of 5 % over all cells."),
    }
    labelled = {key: values.copy(data=np.asarray(one)).assign_attrs(says=says) for key, (one, says) in parts.items()}
    for key, one in labelled.items():
        one.attrs = {
            "units": "1" if key.endswith(("_p", "_significant")) else values.attrs["units"],
            "says": one.attrs["says"],
        }
    labelled[name].attrs |= {
        "low": f"{name}_low",
        "high": f"{name}_high",
        "marks": f"{name}_significant",
        "difference": "yes",
    }
    if both is not None:
        counts = values.copy(data=both.sum(-1))
        counts.attrs = {"units": "images", "says": f"Number of images behind the difference in {name}."}
        labelled[f"{name}_counts"] = counts
        labelled[name].attrs["counts"] = f"{name}_counts"
    return labelled


def _significant(p: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    adjusted = stats.false_discovery_control(np.nan_to_num(p, nan=1.0).ravel())
    return np.asarray(adjusted <= FALSE_DISCOVERIES).reshape(p.shape).astype(np.int8)


def _check_comparable(first: dict[str, Any], second: dict[str, Any]) -> None:
    for what in ("analysis", "options"):
        if first[what] != second[what]:
            raise ValueError(f"Only one question compares: {what} differs, {first[what]} and {second[what]}.")
    subjects = [first["subject"], second["subject"]]
    if any("classifier" not in one for one in subjects):
        told = "A difference is taken between two classifiers; these results have another subject."
        if all("before" in one for one in subjects):
            told = (
                "Changes of images, such as two attacks, have no difference image by image. fs.report([first, second]) "
                "shows them side by side, and compares their ratio or share with an interval."
            )
        raise ValueError(told)
    if subjects[0]["samples"]["digest"] != subjects[1]["samples"]["digest"]:
        names = " and ".join(one["samples"]["name"] for one in subjects)
        raise ValueError(f"A paired difference needs the same images for both; samples {names} differ.")
    made = [made_with(one) for one in subjects]
    if made[0] != made[1]:
        raise ValueError(f"Only masks of one question compare: they were made with {made[0]} and {made[1]}.")
