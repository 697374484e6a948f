"""What a result that is read from a file must hold, so that nothing later stumbles over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

# Attributes that name a variable of the value's own shape, and of another.
_BESIDE = ("low", "high", "counts", "marks", "against", "line")
_BEHIND = ("outcomes", "seen", "looks", "index", "images", "reached")
_WORDS = ("units", "says", "difference", "signed", "separate", "between")


def check_record(record: dict[str, Any]) -> None:
    """Raise ValueError, saying what is wrong, where a record has not the shape that an analysis gives it."""
    _words(record.get("analysis"), "the record's analysis")
    _table(record.get("options"), "the record's options")
    for name, number in _table(record.get("versions", {}), "the record's versions").items():
        _words(number, f"the version of {name}")
    _check_subject(_table(record.get("subject"), "the record's subject"))


def check_variables(dataset: xr.Dataset) -> None:
    """Raise ValueError, saying what is wrong, where attributes are no words or name what is not there or fits not."""
    for name, values in dataset.variables.items():
        for key in _WORDS:
            if key in values.attrs:
                _words(values.attrs[key], f"{key} of {name}")
        for key in (*_BESIDE, *_BEHIND):
            if key in values.attrs:
                beside = _named(dataset, values.attrs[key], f"{key} of {name}")
                if key in _BESIDE and (beside.dims, beside.shape) != (values.dims, values.shape):
                    raise ValueError(f"{key} of {name} has other axes than {name}: {beside.dims}, {beside.shape}")
        _check_outcomes(dataset, str(name), values)
    if "n" in dataset and (dataset["n"].ndim or dataset["n"].dtype.kind not in "iu"):
        raise ValueError("n is not one whole number")
    for name, values in dataset.variables.items():
        if "looks" in values.attrs and not _ascending(dataset.variables[values.attrs["looks"]]):
            raise ValueError(f"the looks of {name} are no ascending whole numbers")


def _check_subject(subject: dict[str, Any]) -> None:
    if "classifiers" in subject:
        pair = subject["classifiers"]
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"the subject's classifiers are not a list of two, but {_short(pair)}")
        for one in pair:
            _trace(one, "each of the subject's classifiers")
    for key in ("classifier", "before", "after"):
        if key in subject:
            _trace(subject[key], f"the subject's {key}")
    if "masks" in subject:
        masks = _table(subject["masks"], "the subject's masks")
        if "classifier" in subject:
            _words(masks.get("name"), "the name of the subject's masks")
        for key in ("options", "classifier"):
            _table(masks.get(key, {}), f"the {key} of the subject's masks")
    if ("before" in subject) != ("after" in subject):
        raise ValueError("the subject has one of before and after, without the other")
    if {"classifier", "classifiers", "samples"} & set(subject):
        samples = _trace(subject.get("samples"), "the subject's samples")
        _words(samples.get("digest"), "the digest of the subject's samples")
    if "name" in subject:
        _words(subject["name"], "the subject's name")


def _ascending(looks: xr.Variable) -> bool:
    whole = looks.ndim == 1 and looks.size > 0 and looks.dtype.kind in "iu"
    return whole and bool(looks.values[0] > 0) and bool((np.diff(looks.values) > 0).all())


def _check_outcomes(dataset: xr.Dataset, name: str, values: xr.Variable) -> None:
    """Outcomes, and marks of the images seen, can be unpacked, and an index points into them."""
    if "outcomes" not in values.attrs:
        return
    outcomes = dataset.variables[values.attrs["outcomes"]]
    _check_packed(outcomes, f"the outcomes of {name}")
    if "seen" in values.attrs:
        seen = dataset.variables[values.attrs["seen"]]
        _check_packed(seen, f"the images seen of {name}")
        if "count" not in seen.attrs or seen.shape[:-1] != outcomes.shape[:-1] or _long(seen) != _long(outcomes):
            raise ValueError(f"the images seen of {name} are not those of its outcomes")
    if "index" in values.attrs:
        index = dataset.variables[values.attrs["index"]]
        if index.dtype.kind not in "iu" or index.shape != values.shape or not _within(index.values, len(outcomes)):
            raise ValueError(f"the index of {name} does not tell the outcomes of each cell")


def _check_packed(marks: xr.Variable, what: str) -> None:
    if not marks.ndim:
        raise ValueError(f"{what} have no axis of images")
    if "count" in marks.attrs:
        count = marks.attrs["count"]
        if marks.dtype != np.uint8 or not isinstance(count, int | np.integer) or count < 0:
            raise ValueError(f"{what} are not packed bits with their count")


def _long(marks: xr.Variable) -> int:
    return int(marks.attrs.get("count", marks.shape[-1]))


def _within(index: Any, length: int) -> bool:
    return bool(((index >= 0) & (index < length)).all())


def _named(dataset: xr.Dataset, name: object, what: str) -> xr.Variable:
    if not isinstance(name, str) or name not in dataset.variables:
        raise ValueError(f"{what} names no variable of it, but {_short(name)}")
    return dataset.variables[name]


def _trace(value: object, what: str) -> dict[str, Any]:
    trace = _table(value, what)
    _words(trace.get("name"), f"the name of {what}")
    return trace


def _table(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no table of names, but {_short(value)}")
    return value


def _words(value: object, what: str) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text, but {_short(value)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 48 else text[:45] + "..."
