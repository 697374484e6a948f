"""Running a question: cell by cell, here or elsewhere, with or without a store."""

from __future__ import annotations

import time
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

from fourierscope.fourier.kinds import is_number
from fourierscope.results import Result, described
from fourierscope.runs.analysis import Analysis, S, subjects_of
from fourierscope.runs.engines import AtWork, Cluster, Engine, Here, Outcome, Processes, Task
from fourierscope.runs.kinds import is_count
from fourierscope.runs.plan import CellsFailed, Plan, Share
from fourierscope.runs.precision import in_precision
from fourierscope.runs.store import Store
from fourierscope.runs.warned import each_warning_once
from fourierscope.subjects import check_subject
from fourierscope.subjects.prepared import Asked


def run(
    analysis: Analysis[S],
    subject: S,
    store: str | Path | None = None,
    workers: int = 1,
    engine: Literal["here", "ray"] | Engine = "here",
    batch: int | Literal["auto"] = "auto",
    keep_going: bool = False,
    time_limit: float | None = None,
    precision: Asked = "exact",
) -> Result:
    """Ask `analysis` of `subject`, and the result.

    `store` is a folder that keeps finished cells: a run that was killed goes on from there and gives the same result.
    `workers` is the number of processes: of this machine with `engine` "here", of a cluster with "ray", which is
    started on this machine for the run; runs.Cluster(...) joins another, and gives its workers GPUs. All engines give
    the same bits. `batch` is the number of images at a time; "auto" suits the images' size, is halved whenever memory
    runs out, and is then remembered in the store.

    `precision` is that in which a Trial's classifier answers: "exact" is the network as it is; "fast" and "auto" are
    quicker and checked (see `Trial.at`), and the record tells what was chosen, which a store remembers.

    A cell whose process dies is tried again twice. One that dies still is left out, the others go on, and the run ends
    with CellsFailed, which lists such cells; with `keep_going` an error in a cell too fails that cell alone, and
    the result has holes there, where the analysis allows any. After `time_limit` seconds, of such an analysis, no
    further cell is begun, and the result is of what is measured by then.

    Raises StoreError for a store of another question. Interrupted by ctrl-C it keeps what is finished and says so.
    """
    _check(analysis, subject, workers, batch)
    chosen = _engine(engine, workers)
    _check_time_limit(analysis, time_limit)
    kept = None if store is None else Store(store)
    subject = in_precision(analysis, subject, precision, kept, batch)
    record = analysis.record(subject)
    with each_warning_once(), nullcontext() if kept is None else kept.opened(record):
        plan = _measured(analysis, subject, record, kept, chosen, batch, keep_going, None, time_limit)
        if plan.failed and not (keep_going and analysis.holes and plan.measured):
            raise CellsFailed(plan.failed, len(plan.cells), None if kept is None else kept.folder, analysis.holes)
        variables = analysis.assemble(plan.in_order(), subject)
    return Result(xr.Dataset(dict(variables)), record)


class Shared(NamedTuple):
    """What a share of a run has done: its cells, and how many of all cells the store holds now."""

    done: int
    kept: int
    cells: int


def run_share(
    analysis: Analysis[S],
    subject: S,
    store: str | Path,
    share: str,
    workers: int = 1,
    batch: int | Literal["auto"] = "auto",
    keep_going: bool = False,
    precision: Asked = "exact",
) -> Shared:
    """Measure one share of a question, such as "0/8", into a store that all shares have: for arrays of jobs.

    Shares are numbered from 0. `run` with the same store makes the result when all shares are done, and measures what
    is lacking. A share may be run again: finished cells are not measured twice.

    Raises what `run` raises, and StoreError where the same share, or a whole run, is at the store already.
    """
    own = Share.read(share)
    _check(analysis, subject, workers, batch)
    chosen, kept = _engine("here", workers), Store(store)
    subject = in_precision(analysis, subject, precision, kept, batch)
    record = analysis.record(subject)
    with each_warning_once(), kept.opened(record, own):
        plan = _measured(analysis, subject, record, kept, chosen, batch, keep_going, own, None)
        if plan.failed:
            raise CellsFailed(plan.failed, len(plan.cells), kept.folder, analysis.holes)
        return Shared(len(plan.new), kept.count(len(plan.cells)), len(plan.cells))


def _measured(
    analysis: Analysis[S],
    subject: S,
    record: dict[str, Any],
    kept: Store | None,
    engine: Engine,
    batch: int | str,
    keep_going: bool,
    share: Share | None,
    time_limit: float | None,
) -> Plan:
    """All cells, or those of a share, measured by the engine and kept; those that failed are told in the plan."""
    cells = list(analysis.cells(subject))
    plan = Plan(analysis, cells, {} if kept is None else kept.finished(cells), share)
    size = int(batch) if batch != "auto" else (kept.batch if kept else 0)
    task = Task(analysis, subject, size, keep_going)
    if len(cells) == 1 and isinstance(engine, Processes):
        engine = Here()  # one process would do all the work
    stop = None if time_limit is None else time.monotonic() + time_limit
    bar = tqdm(
        total=len(plan.own),
        initial=plan.finished,
        desc=f"{type(analysis).__name__} of {described(record)}",
        unit="cell",
        disable=None,
    )
    with bar, _resumable(kept, plan), ExitStack() as held:
        at_work: AtWork | None = None  # nothing is started for a store that holds all cells
        while jobs := plan.ready():
            at_work = at_work or held.enter_context(engine.opened(task))
            for outcome in at_work.outcomes(replace(task, batch=size), jobs):
                size = _taken(plan, kept, outcome, size)
                bar.update()
                if stop is not None and time.monotonic() >= stop:
                    return plan
            bar.update(plan.finished - bar.n)
    return plan


def _taken(plan: Plan, kept: Store | None, outcome: Outcome, size: int) -> int:
    """Take an outcome into the plan and the store; the batch size from here on."""
    cell = plan.cells[outcome.number]
    if outcome.failure:
        plan.fails(outcome.number, outcome.failure)
        if kept is not None:
            kept.fail(outcome.number, cell, outcome.failure)
        return size
    piece = {name: np.asarray(one, order="C") for name, one in outcome.measured.items()}  # as it would be read again
    if kept is not None:
        kept.keep(outcome.number, cell, piece)
        if outcome.batch and outcome.batch != size:
            kept.batch = outcome.batch
    plan.takes(outcome.number, piece)
    return outcome.batch or size


def _engine(engine: str | Engine, workers: int) -> Engine:
    """The engine of a word, or the one given. Raises ValueError where there is none, or workers are told twice."""
    word = engine if isinstance(engine, str) else ""
    if word == "here":
        return Here() if workers == 1 else Processes(workers)
    if word == "ray":
        return Cluster(workers)
    if isinstance(engine, str) or not hasattr(engine, "opened"):
        raise ValueError(f'engine is "here", "ray", or one such as runs.Cluster(address="auto"); {engine!r} came.')
    if workers != 1:
        raise ValueError(f"{engine!r} has workers of its own: say their number there; workers={workers} came.")
    return engine


def _check(analysis: object, subject: object, workers: int, batch: int | str) -> None:
    if not isinstance(analysis, Analysis):
        raise TypeError(
            f"run takes a question, then its subject: run(HeatMap(), trial); {type(analysis).__name__} came."
        )
    kinds = subjects_of(type(analysis))
    if kinds and not isinstance(subject, kinds):
        check_subject(subject, kinds[0], type(analysis).__name__)
    automatic = isinstance(batch, str) and batch == "auto"
    if not is_count(workers, 1) or not (automatic or is_count(batch, 1)):
        raise ValueError(
            f'workers is a whole number from 1 on, and batch one or "auto"; workers={workers!r}, batch={batch!r} came.'
        )


def _check_time_limit(analysis: Analysis[Any], time_limit: float | None) -> None:
    if time_limit is None:
        return
    if not is_number(time_limit) or not time_limit >= 0:
        raise ValueError(f"time_limit is a number of seconds; {time_limit!r} came.")
    if not analysis.holes:
        raise ValueError(
            f"{type(analysis).__name__} needs all of its cells, so it takes no time_limit. Give a store and interrupt "
            "it with ctrl-C: the same call goes on later."
        )


class _resumable:
    """Tells, when a run is interrupted, what is kept and how to go on."""

    def __init__(self, store: Store | None, plan: Plan) -> None:
        self.store, self.plan = store, plan

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if isinstance(error, KeyboardInterrupt):
            done = f"{self.plan.finished} of {len(self.plan.own)} cells were finished"
            kept = (
                f"and are kept in {self.store.folder}: run again with this store to go on."
                if self.store
                else "and are lost: give a store (--store FOLDER)."
            )
            error.add_note(f"Interrupted: {done} {kept}")
