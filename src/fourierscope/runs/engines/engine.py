"""What an engine is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import torch

from fourierscope.runs.analysis import Analysis, Measured
from fourierscope.runs.batching import automatic_size, shrinking
from fourierscope.subjects import Masked, Samples, Trial

RETRIES = 2
"""How often a cell is tried again whose process died; an error, which would come again, is not tried again."""


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
            measured, used = shrinking(work, self.batch, largest_batch(self.subject))
        except Exception as error:
            if not self.keep_going:
                raise
            return Outcome(job.number, {}, 0, f"{type(error).__name__}: {error}")
        return Outcome(job.number, measured, used)


class Engine(Protocol):
    """Measures cells, each once or as often as its process dies, at most `RETRIES` times more."""

    def outcomes(self, task: Task, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """The outcome of each job, in whatever order they are done."""
        ...


def largest_batch(subject: Any) -> int:
    """The batch size that "auto" stands for, of a subject."""
    subject = subject.trial if isinstance(subject, Masked) else subject
    if isinstance(subject, Trial):
        return automatic_size(subject.samples.plane, subject.classifier.device)
    return automatic_size(subject.plane, torch.device("cpu")) if isinstance(subject, Samples) else 256
