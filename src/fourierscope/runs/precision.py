"""The subject of a run in the precision that was asked of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fourierscope.runs.analysis import Analysis
from fourierscope.runs.engines.engine import size_for_copies
from fourierscope.runs.store import Store
from fourierscope.subjects import Masked, Trial
from fourierscope.subjects.prepared import PRECISIONS, Asked


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
    """The trial in that precision, its copy made for the batches of this run."""
    size = int(batch) if batch != "auto" else (kept.batch if kept else 0) or size_for_copies(trial)
    held: Any = {} if kept is None else kept.record
    for name in ("subject", "classifier", "precision"):
        held = held.get(name) if isinstance(held, Mapping) else None
    return trial.at(precision, size, held)
