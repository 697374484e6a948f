"""From a result of `Mask` to the subject of the questions about masks."""

from __future__ import annotations

import torch
from torch import Tensor

from fourierscope.results import Result
from fourierscope.subjects import Masked, Trial, check_subject


def masked(trial: Trial, result: Result) -> Masked:
    """The trial with the masks that a result of `Mask` holds: one for each image, for its class, or for all.

    The masks may be those of another classifier, and then the record and the report say so. Raises TypeError for what
    is no result, ValueError for a result of another question or of other images.
    """
    check_subject(trial, Trial, "masked")
    if not isinstance(result, Result):
        raise TypeError(
            f"masked takes a trial and a result of Mask; {type(result).__name__} came. Write fs.load(path) for a file."
        )
    _check_made(trial, result)
    options, maker = result.record["options"], result.record["subject"]["classifier"]
    gains = torch.from_numpy(result.dataset["mask"].values)
    return Masked(
        trial,
        gains if gains.ndim == 4 else gains[:, None],
        _own(trial, str(options["over"]), len(gains)),
        options["infill"],
        options["origin"],
        options["seed"],
        str(maker["name"]),
        {"options": options, "classifier": maker},
    )


def _check_made(trial: Trial, result: Result) -> None:
    record, options = result.record, result.record["options"]
    if record.get("analysis") != "Mask" or "mask" not in result or "classifier" not in record["subject"]:
        raise ValueError(f"Masks are those of a result of Mask; a result of {record.get('analysis')} came.")
    if missing := [one for one in ("over", "infill", "origin", "seed") if one not in options]:
        raise ValueError(f"The record of these masks does not tell {', '.join(missing)}: make them again.")
    theirs, ours = record["subject"]["samples"], trial.samples
    if theirs["digest"] != ours.digest:
        raise ValueError(
            f"These masks are of other images: {theirs['name']}, {theirs['count']} of {theirs['height']} x "
            f"{theirs['width']}; the trial holds {ours!r}. Take the same samples, "
            "with the same limit and the same seed of that choice (--limit_seed)."
        )


def _own(trial: Trial, over: str, masks: int) -> Tensor:
    """Which mask is each image's (n,)."""
    if over == "image":
        return torch.arange(masks)
    if over == "set":
        return torch.zeros(len(trial.samples), dtype=torch.int64)
    labels = trial.samples.needed_labels()
    return torch.searchsorted(labels.unique(), labels)
