"""Running a question: cell by cell, here or in several processes, with or without a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
import xarray as xr
from tqdm.auto import tqdm

from fourierscope.results import Result, described
from fourierscope.runs.analysis import Analysis, Measured, S, subjects_of
from fourierscope.runs.batching import automatic_size, shrinking
from fourierscope.runs.store import Store
from fourierscope.runs.warned import Warned, each_warning_once, warn_again, warnings_kept
from fourierscope.subjects import Masked, Samples, Trial, check_subject

Done = tuple[int, Measured, int]  # index of the cell, what it measured, the batch size it went through with


def run(
    analysis: Analysis[S],
    subject: S,
    store: str | Path | None = None,
    workers: int = 1,
    engine: Literal["here"] = "here",
    batch: int | Literal["auto"] = "auto",
) -> Result:
    """Ask `analysis` of `subject`, and the result.

    `store` is a folder that keeps finished cells: a run that was killed goes on from there and gives the same result.
    `workers` is the number of processes on this machine (`engine` "here"). `batch` is the number of images at a time;
    "auto" suits the images' size, is halved whenever memory runs out, and is then remembered in the store.

    Raises StoreError for a store of another question. Interrupted by ctrl-C it keeps what is finished and says so.
    """
    _check(analysis, subject, workers, engine, batch)
    cells, record = list(analysis.cells(subject)), analysis.record(subject)
    kept = None if store is None else Store(store)
    with each_warning_once(), nullcontext() if kept is None else kept.opened(record):
        measured = {} if kept is None else dict(kept.finished(cells))
        size = batch if batch != "auto" else (kept.batch if kept else 0)
        waiting = [index for index, cell in enumerate(cells) if cell not in measured]
        pieces = (
            _here(analysis, subject, cells, waiting, size)
            if workers == 1 or len(waiting) < 2
            else _processes(analysis, subject, cells, waiting, size, workers)
        )
        bar = tqdm(total=len(cells), initial=len(measured), desc=_title(analysis, record), unit="cell", disable=None)
        with bar, _resumable(kept, cells, measured):
            for index, found, used in pieces:
                piece = {name: np.asarray(one, order="C") for name, one in found.items()}  # as it would be read again
                if kept is not None:
                    kept.keep(index, cells[index], piece)
                    if used and used != size:
                        kept.batch = size = used
                measured[cells[index]] = piece
                bar.update()
        variables = analysis.assemble({cell: measured[cell] for cell in cells}, subject)
    return Result(xr.Dataset(dict(variables)), record)


def _check(analysis: object, subject: object, workers: int, engine: str, batch: int | str) -> None:
    if not isinstance(analysis, Analysis):
        raise TypeError(
            f"run takes a question, then its subject: run(HeatMap(), trial); {type(analysis).__name__} came."
        )
    kinds = subjects_of(type(analysis))
    if kinds and not isinstance(subject, kinds):
        check_subject(subject, kinds[0], type(analysis).__name__)
    if engine != "here":
        raise ValueError(f'engine is "here" (this machine, in {workers} processes); {engine!r} came.')
    if workers < 1 or (batch != "auto" and (not isinstance(batch, int) or batch < 1)):
        raise ValueError(
            f'workers is at least 1 and batch at least 1 or "auto"; workers={workers}, batch={batch!r} came.'
        )


def _here(analysis: Analysis[S], subject: S, cells: list[NamedTuple], waiting: list[int], size: int) -> Iterator[Done]:
    for index in waiting:
        measure = partial(analysis.measure, cells[index], subject)
        piece, size = shrinking(measure, size, _largest(subject))
        yield index, piece, size


def _processes(
    analysis: Analysis[S], subject: S, cells: list[NamedTuple], waiting: list[int], size: int, workers: int
) -> Iterator[Done]:
    """Cells in the order they finish, from processes that share the threads; every worker gets the subject once."""
    from concurrent.futures import as_completed

    from loky import ProcessPoolExecutor
    from loky.process_executor import TerminatedWorkerError

    threads = max(1, torch.get_num_threads() // workers)
    pool = ProcessPoolExecutor(workers, initializer=_settle_in, initargs=(analysis, subject, threads))
    try:
        futures = [pool.submit(_in_worker, index, cells[index], size) for index in waiting]
        for future in as_completed(futures):
            done, warned = future.result()
            warn_again(warned)
            yield done
    except TerminatedWorkerError as error:
        raise RuntimeError(
            "A worker process died (killed, or out of memory). Finished cells are kept where a store was given: "
            "run again, with fewer workers or a smaller batch."
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=True)


_work: Callable[[Any, int], tuple[Measured, int]] | None = None  # in a worker process: how to measure a cell


def _settle_in(analysis: Analysis[Any], subject: Any, threads: int) -> None:
    global _work
    torch.set_num_threads(threads)
    largest = _largest(subject)

    def work(cell: Any, size: int) -> tuple[Measured, int]:
        return shrinking(lambda: analysis.measure(cell, subject), size, largest)

    _work = work


def _in_worker(index: int, cell: NamedTuple, size: int) -> tuple[Done, list[Warned]]:
    assert _work is not None
    with warnings_kept() as warned:
        piece, used = _work(cell, size)
    return (index, piece, used), warned


def _largest(subject: Any) -> int:
    """The batch size that "auto" stands for, of a subject."""
    subject = subject.trial if isinstance(subject, Masked) else subject
    if isinstance(subject, Trial):
        return automatic_size(subject.samples.plane, subject.classifier.device)
    return automatic_size(subject.plane, torch.device("cpu")) if isinstance(subject, Samples) else 256


class _resumable:
    """Tells, when a run is interrupted, what is kept and how to go on."""

    def __init__(self, store: Store | None, cells: list[NamedTuple], measured: dict[NamedTuple, Measured]) -> None:
        self.store, self.cells, self.measured = store, cells, measured

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if isinstance(error, KeyboardInterrupt):
            done = f"{len(self.measured)} of {len(self.cells)} cells were finished"
            kept = (
                f"and are kept in {self.store.folder}: run again with this store to go on."
                if self.store
                else "and are lost: give a store (--store FOLDER)."
            )
            error.add_note(f"Interrupted: {done} {kept}")


def _title(analysis: Analysis[Any], record: dict[str, Any]) -> str:
    return f"{type(analysis).__name__} of {described(record)}"
