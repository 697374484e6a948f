"""The engine of several processes on this machine, which outlives the death of any of them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

import torch

from fourierscope.runs.engines.engine import RETRIES, Job, Outcome, Task
from fourierscope.runs.warned import Warned, warn_again, warnings_kept

_ALL_LOST = 3  # cells given up before any was done: the rest would go the same way


class Processes:
    """Measures cells in `workers` processes that share the threads; each gets the subject once.

    A process that dies (killed, out of memory) takes the pool with it, and nobody can say which of the cells at work it
    was: those are tried again one by one, so that only a cell that dies by itself is given up.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def outcomes(self, task: Task, jobs: Sequence[Job]) -> Iterator[Outcome]:
        waiting, suspects, deaths, done, lost = deque(jobs), deque[Job](), Counter[int](), 0, 0
        while waiting or suspects:
            alone = bool(suspects)
            at_work: dict[Future[Any], Job] = {}
            for outcome in _until_a_death(task, 1 if alone else self.workers, suspects if alone else waiting, at_work):
                done += 1
                yield outcome
            for job in at_work.values():  # there when a process died, and only then
                deaths[job.number] += alone
                if deaths[job.number] <= RETRIES:
                    suspects.appendleft(job)
                    continue
                lost += 1
                yield Outcome(job.number, {}, 0, f"its process died {RETRIES + 1} times (killed, or out of memory)")
            if lost == _ALL_LOST and not done:
                raise RuntimeError(
                    f"Worker processes die on every cell ({lost} tried): too little memory for {self.workers} of them, "
                    "or something kills them. Run again with fewer workers or a smaller batch."
                )


def _until_a_death(task: Task, workers: int, waiting: deque[Job], at_work: dict[Future[Any], Job]) -> Iterator[Outcome]:
    """Outcomes until all jobs are done, or a process dies; then `at_work` holds the jobs that were begun."""
    from loky import ProcessPoolExecutor
    from loky.process_executor import TerminatedWorkerError

    threads = max(1, torch.get_num_threads() // workers)
    pool = ProcessPoolExecutor(workers, initializer=_settle_in, initargs=(task, threads))
    try:
        while waiting or at_work:
            while waiting and len(at_work) < workers:
                at_work[pool.submit(_in_worker, waiting[0])] = waiting[0]
                waiting.popleft()
            finished, _ = wait(at_work, return_when=FIRST_COMPLETED)
            for future in finished:
                outcome, warned = future.result()
                del at_work[future]
                warn_again(warned)
                yield outcome
    except TerminatedWorkerError:
        for future, job in list(at_work.items()):
            if future.done() and not future.exception():
                outcome, warned = future.result()
                del at_work[future]
                warn_again(warned)
                yield outcome._replace(number=job.number)
    finally:
        pool.shutdown(wait=True, kill_workers=True)


_work: Callable[[Job], Outcome] | None = None  # in a worker process: how to measure a cell


def _settle_in(task: Task, threads: int) -> None:
    global _work
    torch.set_num_threads(threads)
    _work = task.done


def _in_worker(job: Job) -> tuple[Outcome, list[Warned]]:
    assert _work is not None
    with warnings_kept() as warned:
        outcome = _work(job)
    return outcome, warned
