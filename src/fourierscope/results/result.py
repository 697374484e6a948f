"""The answer to a question: labelled values with units and a sentence each, and the record of what made them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from fourierscope.fourier.kinds import a_path
from fourierscope.results.files import sealed, unsealed, written_whole
from fourierscope.results.schema import check_record, check_variables

# Attributes that name what goes with a value.
_BESIDE = ("low", "high", "counts", "marks", "against", "line", "reached")
FORMAT = "fourierscope result 1"
_MOST_BYTES = 8 << 30  # a file that declares more than this is refused before anything is allocated


class Result:
    """Labelled values (`dataset`, an xarray.Dataset) with their `record`: question, options, subject, versions.

    `result["error"]` is a DataArray that carries its bounds and count as coordinates (`error_low`, `error_high`, `n`;
    `error_counts` where cells have counts of their own), and what else is drawn with it, such as the line through its
    points; these stand beside it under their own names
    too. `a - b`, for one question on two classifiers and the same samples, is the paired difference with its interval.
    """

    def __init__(self, dataset: xr.Dataset, record: dict[str, Any]) -> None:
        self.dataset = dataset
        self.record = record

    def __getitem__(self, name: str) -> xr.DataArray:
        if not isinstance(name, str) or name not in self.dataset:
            shown = [str(one) for one in self.dataset.data_vars if not str(one).endswith("_outcomes")]
            raise KeyError(f"This result holds no {name!r}. It holds: {', '.join(shown)}.")
        values = self.dataset[name]
        beside = [values.attrs[key] for key in _BESIDE if key in values.attrs]
        line = self.dataset[values.attrs["line"]].attrs if "line" in values.attrs else {}
        beside += [line[key] for key in ("low", "high") if key in line]
        if beside and "n" in self.dataset and "counts" not in values.attrs:
            beside.append("n")
        return values.assign_coords({one: self.dataset[one].variable for one in beside})

    def __iter__(self) -> Iterator[str]:
        """The names of all values."""
        return map(str, self.dataset.data_vars)

    def __contains__(self, name: str) -> bool:
        return name in self.dataset

    def __sub__(self, other: Result) -> Result:
        from fourierscope.results.difference import difference

        return difference(self, other)

    def __repr__(self) -> str:
        lines = [f"Result of {self.record.get('analysis')} on {described(self.record)}"]
        for name, values in self.dataset.data_vars.items():
            if "says" in values.attrs and not str(name).endswith(("_outcomes", "_seen", "_low", "_high", "_of")):
                lines.append(f"  {name} {dict(values.sizes)}: {values.attrs['says']}")
        return "\n".join(lines)

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write one NetCDF file, whole or not at all; the same result gives the same bytes.

        Raises FileExistsError where something else stands there already, unless `overwrite`.
        """
        target = a_path(path)
        held = self.dataset.drop_encoding()  # how a loaded file was stored, and its order, would change the bytes
        stored = xr.Dataset(dict(held.data_vars), held.coords)
        stored.attrs = {"format": FORMAT, "record": json.dumps(self.record, sort_keys=True)}
        encoding = {str(name): {"zlib": True, "complevel": 4} for name, one in stored.data_vars.items() if one.ndim}
        content = bytes(
            stored.to_netcdf(engine="h5netcdf", encoding=encoding)
        )  # in memory: HDF5 crashes on a full disk
        return written_whole(target, lambda draft: _write(draft, sealed(content)), overwrite)


def load(path: str | Path) -> Result:
    """The result in a NetCDF file that `Result.save` wrote.

    Raises FileNotFoundError, or ValueError where the file is damaged, from elsewhere, or reaches outside itself.
    """
    path = a_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no result file {path}.")
    unsealed(path)
    _inspect(path)
    try:
        with xr.open_dataset(
            path, engine="h5netcdf", decode_times=False
        ) as opened:  # a unit such as seconds stays a unit
            dataset = opened.load()
    except Exception as error:
        raise ValueError(f"{path} cannot be read: {error}. The file is damaged; make it again.") from error
    record = json.loads(str(dataset.attrs["record"]))
    dataset.attrs = {}
    try:
        check_record(record)
        check_variables(dataset)
    except ValueError as error:
        raise ValueError(f"{path} is not a result of fourierscope: {error}.") from error
    return Result(dataset, record)


def _write(draft: Path, content: bytes) -> None:
    draft.write_bytes(content)


def classifier_name(subject: dict[str, Any]) -> str:
    """Which classifier a subject is of, and whose masks its images have where they are another's."""
    own, maker = str(subject["classifier"]["name"]), maker_name(subject)
    return own if maker is None else f"{own} under masks of {maker}"


def maker_name(subject: dict[str, Any]) -> str | None:
    """The other classifier that a subject's masks were made for; None where they are the classifier's own, or none.

    Two networks of one name are told apart by their weights and their normalisation.
    """
    own, masks = subject["classifier"], subject.get("masks", {})
    name = str(masks.get("name", own["name"]))
    if name != own["name"]:
        return name
    maker = masks.get("classifier", own)
    return f"another {name}" if any(maker.get(key) != own.get(key) for key in ("digest", "mean", "std")) else None


def classifier_trace(subject: dict[str, Any]) -> dict[str, Any]:
    """The trace of the classifier that a subject is of, under that name."""
    return dict(subject["classifier"]) | {"name": classifier_name(subject)}


def made_with(subject: dict[str, Any]) -> dict[str, Any] | None:
    """How many masks a subject has and how they were made, but not for whom; None where it has none.

    Questions about masks compare where this is the same.
    """
    if "masks" not in subject:
        return None
    return {key: value for key, value in subject["masks"].items() if key not in ("name", "digest", "classifier")}


def described(record: dict[str, Any]) -> str:
    """The subject of a record in words: classifier and samples, or samples alone."""
    subject = record.get("subject", {})
    if "classifiers" in subject:
        first, second = subject["classifiers"]
        return f"{first['name']} minus {second['name']} on {subject['samples']['name']}"
    if "classifier" in subject:
        return f"{classifier_name(subject)} on {subject['samples']['name']}"
    if "before" in subject:
        return f"{subject['before']['name']} to {subject['after']['name']}"
    return str(subject.get("name", "an unnamed subject"))


def _inspect(path: Path) -> None:
    """Refuse what is not ours, before it is opened for good: other formats, links out of the file, absurd sizes."""
    try:
        with h5py.File(path, "r") as file:
            if str(file.attrs.get("format")) != FORMAT:
                raise ValueError(f"{path} is not a result of fourierscope (format {file.attrs.get('format')!r}).")
            if not isinstance(json.loads(str(file.attrs["record"])), dict):
                raise ValueError(f"{path} is not a result of fourierscope: its record is no table of names.")
            total = sum(_checked_size(path, file, name) for name in file)
    except (OSError, KeyError, TypeError, RuntimeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} cannot be read as a result: {error}. The file is damaged or from elsewhere."
        ) from error
    if total > _MOST_BYTES:
        raise ValueError(
            f"{path} declares {total / 2**30:.1f} GiB of values; at most {_MOST_BYTES >> 30} GiB are read."
        )


def _checked_size(path: Path, file: h5py.File, name: str) -> int:
    link = file.get(name, getlink=True)
    held = file[name] if isinstance(link, h5py.HardLink) else None
    if not isinstance(held, h5py.Dataset) or held.shape is None or held.external or held.is_virtual:
        raise ValueError(f"{path} holds {name!r}, which is no plain array inside the file. Results hold nothing else.")
    return int(np.prod(held.shape, dtype=np.float64)) * int(held.dtype.itemsize)
