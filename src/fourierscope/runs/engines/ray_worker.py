"""What runs on a node of a cluster: it builds the subject from words, makes sure that it is the same, and measures."""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from fourierscope.runs.engines.engine import Job, Task
from fourierscope.runs.store import differences
from fourierscope.runs.warned import warnings_kept
from fourierscope.subjects.specification import built, specified

Told = tuple[str, str, str, int]
"""A warning in plain data: its kind, text, file and line."""


class Answer(NamedTuple):
    """What a worker sends back, all of it plain data; `error` names the kind of an error that is to end the run."""

    measured: Mapping[str, Any]
    batch: int
    failure: str
    error: str
    warned: Sequence[Told]


def order_of(task: Task, threads: int) -> dict[str, Any]:
    """All that a worker needs, in plain data. Raises ValueError where a question or subject cannot be said in it."""
    return {
        "analysis": specified(task.analysis),
        "subject": specified(task.subject),
        "keep_going": task.keep_going,
        "record": task.analysis.record(task.subject),
        "threads": threads,
        "folder": str(Path.cwd()),
        "path": [one for one in sys.path if one],
    }


class Worker:
    """A process on a node, which holds the subject for as long as it lives."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._order = order

    def ready(self) -> str:
        """Build what the order describes; why it cannot serve, or nothing where it can."""
        try:
            with warnings_kept():  # the same was said where the order was made
                self._build()
                return self._unlike()
        except Exception as error:
            return f"On {platform.node()}: {type(error).__name__}: {error}"

    def _build(self) -> None:
        order = self._order
        torch.set_num_threads(order["threads"])
        sys.path += [one for one in order["path"] if one not in sys.path]
        if Path(order["folder"]).is_dir():
            os.chdir(order["folder"])
        analysis, subject = built(order["analysis"]), built(order["subject"])
        self._task = Task(analysis, subject, keep_going=order["keep_going"])
        self._cells = list(analysis.cells(subject))

    def _unlike(self) -> str:
        """Where what was built here is not what the order was made from."""
        mine = self._task.analysis.record(self._task.subject)
        found = "; ".join(differences(self._order["record"], mine))
        same = "the same files, versions and kind of processor"
        return found and f"On {platform.node()} there is another subject or question: {found}. Give each node {same}."

    def done(self, number: int, named: str, before: Sequence[Mapping[str, Any]], batch: int) -> tuple[Any, ...]:
        """An `Answer` to the cell of that number and name, in batches no larger than went through here before."""
        cell = self._cells[number]
        if repr(cell) != named:
            error = f"ValueError: Cell {number} is {cell} on {platform.node()}, where {named} is asked for."
            return tuple(Answer({}, 0, "", error, ()))
        smallest = min(filter(None, (batch, self._task.batch)), default=0)
        task = replace(self._task, batch=smallest)
        with warnings_kept() as warned:
            try:
                outcome, error = task.done(Job(number, cell, tuple(before))), ""
            except Exception as caught:
                outcome, error = None, f"{type(caught).__name__}: {caught}"
        told = [(one.category.__name__, one.text, one.file, one.line) for one in warned]
        if outcome is None:
            return tuple(Answer({}, 0, "", error, told))
        if not outcome.failure:
            self._task = replace(self._task, batch=outcome.batch)
        measured = {name: np.asarray(one) for name, one in outcome.measured.items()}
        return tuple(Answer(measured, outcome.batch, outcome.failure, "", told))


def warn_here(told: Sequence[Told]) -> None:
    """Warn, in this process, of what a worker was warned of; kinds that only it knows are plain warnings here."""
    import builtins

    for kind, text, file, line in told:
        found = getattr(builtins, kind, UserWarning)
        warnings.warn_explicit(text, found, file, line)
