"""The engine of this process: one cell after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fourierscope.runs.engines.engine import Job, Outcome, Task


class Here:
    """Measures cells in this process; a batch size that memory forced once stays."""

    def outcomes(self, task: Task, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            outcome = task.done(job)
            if not outcome.failure:
                task = replace(task, batch=outcome.batch)
            yield outcome
