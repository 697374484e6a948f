"""The subject of a run in the precision that was asked of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fourierscope.runs.analysis import Analysis
from fourierscope.runs.engines.engine import largest_batch
from fourierscope.runs.store import Store
from fourierscope.subjects import Masked, Trial
from fourierscope.subjects.prepared import BFLOAT16, PRECISIONS, Asked


def in_precision(analysis: Analysis[Any], subject: Any, precision: Asked, kept: Store | None, batch: int | str) -> Any:
    """The subject, its classifier prepared for `precision`; where the store `kept` records a choice, by that choice.

    Raises ValueError where `precision` is none of PRECISIONS, for a subject without a classifier on samples, and for a
    question whose numbers are small differences of logits.
    """
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise ValueError(
            f"precision is exact, fast or auto; {precision!r} came. For plain autocast of the network say "
            'Classifier(..., precision="bfloat16").'
        )
    if precision == "exact":
        return subject
    if analysis.exact_only:
        raise ValueError(
            f"{type(analysis).__name__} reads small differences of logits, which {precision} may round away: "
            'leave precision at "exact".'
        )
    if isinstance(subject, Masked):
        return dataclasses.replace(subject, trial=_at(subject.trial, precision, kept, batch))
    if not isinstance(subject, Trial):
        raise ValueError(
            f"precision={precision!r} is for a classifier on samples; {type(subject).__name__} came, which is asked "
            "as it is. Leave precision out."
        )
    return _at(subject, precision, kept, batch)


def _at(trial: Trial, precision: Asked, kept: Store | None, batch: int | str) -> Trial:
    size = int(batch) if batch != "auto" else largest_batch(trial)
    held: Any = {} if kept is None else kept.record
    for name in ("subject", "classifier", "precision"):
        held = held.get(name) if isinstance(held, Mapping) else None
    made = trial.at(precision, size, held)
    if batch == "auto" and _takes_twice(made, size):
        return trial.at(precision, 2 * size, made.trace()["classifier"]["precision"])
    return made


def _takes_twice(trial: Trial, size: int) -> bool:
    """Whether batches may be twice as large: images in bfloat16 take half the room, and there are enough of them."""
    faster, kind = trial.classifier.prepared, trial.classifier.device.type
    return faster is not None and BFLOAT16 in faster.plan.steps and kind == "cpu" and len(trial.samples) >= 2 * size
