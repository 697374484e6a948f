"""What an engine is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import torch

from fourierscope.runs.analysis import Analysis, Measured
from fourierscope.runs.batching import LEAST, automatic_size, shrinking
from fourierscope.subjects import Masked, Samples, Trial

RETRIES = 2
"""How often a cell is tried again whose process died; an error, which would come again, is not tried again."""
GIVEN_UP = f"its process died {RETRIES + 1} times (killed, or out of memory)"
"""Why a cell failed that was tried again so often."""
ALL_LOST = 3
"""Cells given up before any was done: the rest would go the same way."""


class Job(NamedTuple):
    """A cell to measure, its number, and what the cells before it gave that it goes on from."""

    number: int
    cell: NamedTuple
    before: tuple[Measured, ...] = ()


class Outcome(NamedTuple):
    """What a cell measured, and the batch size it went through with; or why it failed."""

    number: int
    measured: Measured
    batch: int
    failure: str = ""


@dataclass(frozen=True)
class Task:
    """What an engine measures cells of."""

    analysis: Analysis[Any]
    subject: Any
    batch: int = 0
    """Images at a time; 0 is automatic."""
    keep_going: bool = False
    """Whether an error fails its cell alone; otherwise it ends the run."""

    def done(self, job: Job) -> Outcome:
        """Measure a cell here and now, in smaller batches where memory runs out."""
        analysis = self.analysis
        if job.before:
            work = partial(analysis.go_on, job.cell, self.subject, job.before)
        else:
            work = partial(analysis.measure, job.cell, self.subject)
        try:
            largest, own = largest_batch(self.subject), size_of_copy(self.subject)
            measured, used = shrinking(work, self.batch or own, largest)
        except Exception as error:
            if not self.keep_going:
                raise
            return Outcome(job.number, {}, 0, f"{type(error).__name__}: {error}")
        return Outcome(job.number, measured, self.batch if used == own else used)


class AtWork(Protocol):
    """An engine at work for one run."""

    def outcomes(self, task: Task, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """The outcome of each job, in whatever order they are done."""
        ...


class Engine(Protocol):
    """Measures cells, each once or as often as its process dies, at most `RETRIES` times more."""

    def opened(self, task: Task) -> AbstractContextManager[AtWork]:
        """Made ready for one run, which asks for outcomes as often as cells become ready; all gone when it ends."""
        ...


def largest_batch(subject: Any) -> int:
    """The batch size that "auto" stands for, of a subject."""
    subject = subject.trial if isinstance(subject, Masked) else subject
    if isinstance(subject, Trial):
        automatic = automatic_size(subject.samples.plane, subject.classifier.device)
        return size_of_copy(subject) or automatic
    return automatic_size(subject.plane, torch.device("cpu")) if isinstance(subject, Samples) else 256


def size_for_copies(trial: Trial) -> int:
    """The batch size for which a faster copy of the classifier is made: on a processor, twice the automatic one.

    Not where images are so large, or so few, that a question has no more of them at a time.
    """
    device = trial.classifier.device
    size = automatic_size(trial.samples.plane, device)
    return 2 * size if device.type == "cpu" and size > LEAST and len(trial.samples) >= 2 * size else size


def size_of_copy(subject: Any) -> int:
    """That size, where "auto" stands for it because such a copy answers; 0 otherwise."""
    subject = subject.trial if isinstance(subject, Masked) else subject
    faster = subject.classifier.prepared if isinstance(subject, Trial) else None
    if faster is None or not faster.plan.steps:
        return 0
    size = size_for_copies(subject)
    return size if faster.shape[0] == size else 0
