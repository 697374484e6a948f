"""The engine of a cluster: Ray's, on one machine or many."""

from __future__ import annotations

import builtins
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from fourierscope.runs.engines.engine import ALL_LOST, GIVEN_UP, RETRIES, AtWork, Job, Outcome, Task
from fourierscope.runs.engines.ray_session import session
from fourierscope.runs.engines.ray_worker import Answer, Worker, order_of, warn_here

_MADE_OF_MORE = (UnicodeError, ExceptionGroup)  # errors that no text alone can be made into
_PATIENCE = 60.0  # seconds without any worker, after which that is told


@dataclass(frozen=True)
class Cluster:
    """Measures cells on a cluster of Ray (extra `ray`), each worker a process that builds the subject once.

    Workers get words, numbers and arrays, never pickled networks: a classifier must have been opened by a word. Each
    checks, before it measures, that what it built has the record that was made here. A worker that dies, alone or with
    its node, is replaced, and its cell is tried again elsewhere.
    """

    workers: int = 1
    """Processes at work at a time; where the cluster has room for fewer, those go on alone."""
    address: str | None = None
    """HOST:PORT or "auto" of a cluster to join; None starts one on this machine, and stops it after the run."""
    gpus_per_worker: float = 0.0
    """GPUs that each worker has for itself: 1, or a fraction such as 0.25 for four workers on each."""
    cpus_per_worker: int = 1
    """Cores that each worker has for itself."""

    def __post_init__(self) -> None:
        if self.workers < 1 or self.cpus_per_worker < 1:
            came = f"workers={self.workers}, cpus_per_worker={self.cpus_per_worker}"
            raise ValueError(f"workers and cpus_per_worker are whole numbers from 1 on; {came} came.")
        gpus = self.gpus_per_worker
        if not (isfinite(gpus) and gpus >= 0 and (gpus <= 1 or gpus == int(gpus))):
            raise ValueError(f"gpus_per_worker is a fraction from 0 to 1, or a whole number; {gpus} came.")
        if self.address is not None and (not self.address or "://" in self.address):
            raise ValueError(f'address is HOST:PORT or "auto"; {self.address!r} came.')

    @contextmanager
    def opened(self, task: Task) -> Iterator[AtWork]:
        _check_gpus(task.subject, self.gpus_per_worker)
        order = order_of(task, self.cpus_per_worker)  # what cannot be sent is told before anything is started
        with session(self.address, self.workers * self.cpus_per_worker, _bytes_within(order)) as ray:
            _check_room(ray, self.cpus_per_worker, self.gpus_per_worker)
            crew = _Crew(ray, self, ray.put(order))
            try:
                yield crew
            finally:
                crew.leave()


class _Crew:
    """The workers of one run: those that are building the subject, those that are idle, and those at a cell."""

    def __init__(self, ray: Any, cluster: Cluster, order: Any) -> None:
        self._ray, self._size, self._order = ray, cluster.workers, order
        room = {"num_cpus": cluster.cpus_per_worker, "num_gpus": cluster.gpus_per_worker}
        self._kind = ray.remote(Worker).options(**room, max_restarts=0, max_task_retries=0)
        self._building: dict[Any, Any] = {}  # what a worker has promised, and the worker
        self._busy: dict[Any, tuple[Any, Job]] = {}
        self._idle: list[Any] = []
        self._failed_starts = 0

    def outcomes(self, task: Task, jobs: Sequence[Job]) -> Iterator[Outcome]:
        waiting, deaths, done, lost = deque(jobs), Counter[int](), 0, 0
        while waiting or self._busy:
            self._hire(len(waiting) + len(self._busy))
            while waiting and self._idle:
                self._give(waiting.popleft(), task.batch)
            promise = self._first()
            if promise in self._building:
                self._arrives(promise)
                continue
            worker, job = self._busy.pop(promise)
            try:
                answer = Answer(*self._ray.get(promise))
            except self._ray.exceptions.RayError as error:
                self._gone(worker, error)
                deaths[job.number] += 1
                if deaths[job.number] <= RETRIES:
                    waiting.append(job)
                    continue
                lost += 1
                yield Outcome(job.number, {}, 0, GIVEN_UP)
            else:
                self._idle.append(worker)
                done += 1
                yield _outcome(job, answer)
            if lost == ALL_LOST and not done:
                raise RuntimeError(
                    f"Workers die on every cell ({lost} tried): too little memory on their nodes, or something kills "
                    "them. Run again with fewer workers or a smaller batch."
                )

    def leave(self) -> None:
        """Let all workers go."""
        for worker in (*self._idle, *self._building.values(), *(one for one, _ in self._busy.values())):
            self._ray.kill(worker)

    def _hire(self, wanted: int) -> None:
        """Have as many workers as there is work for, at most as many as were asked for."""
        for _ in range(min(self._size, wanted) - len(self._idle) - len(self._busy) - len(self._building)):
            worker = self._kind.remote(self._order)
            self._building[worker.ready.remote()] = worker

    def _give(self, job: Job, batch: int) -> None:
        worker = self._idle.pop()
        before = [{name: np.asarray(one) for name, one in piece.items()} for piece in job.before]
        self._busy[worker.done.remote(job.number, repr(job.cell), before, batch)] = worker, job

    def _first(self) -> Any:
        """The first promise that is kept, or broken."""
        while True:
            alone = not self._busy
            kept, _ = self._ray.wait([*self._busy, *self._building], timeout=_PATIENCE if alone else None)
            if kept:
                return kept[0]
            warnings.warn(
                "The cluster has no room for a worker yet: it is busy, or nodes are lost. Waiting.", stacklevel=2
            )

    def _arrives(self, promise: Any) -> None:
        """A worker has built the subject, or says why not, or is dead. Raises ValueError and RuntimeError then."""
        worker = self._building.pop(promise)
        try:
            refusal = self._ray.get(promise)
        except self._ray.exceptions.RayError as error:
            self._gone(worker, error)
            self._failed_starts += 1
            if self._failed_starts > RETRIES * self._size:
                raise RuntimeError(f"Workers die before they have built the subject: {_line(error)}") from error
            return
        if refusal:
            self._ray.kill(worker)
            raise ValueError(refusal)
        self._failed_starts = 0
        self._idle.append(worker)

    def _gone(self, worker: Any, error: Exception) -> None:
        """A worker is dead, or out of reach, and then it must not go on. Raises the error where it is a mistake."""
        if isinstance(error, self._ray.exceptions.RayTaskError):
            raise error
        self._ray.kill(worker)


def _outcome(job: Job, answer: Answer) -> Outcome:
    warn_here(answer.warned)
    if answer.error:
        kind, _, text = answer.error.partition(": ")
        known = getattr(builtins, kind, None)
        plain = isinstance(known, type) and issubclass(known, Exception) and not issubclass(known, _MADE_OF_MORE)
        raise known(text) if plain and known else RuntimeError(answer.error)
    copied = {name: np.array(one) for name, one in answer.measured.items()}  # what came lies in Ray's memory
    return Outcome(job.number, copied, answer.batch, answer.failure)


def _check_gpus(subject: Any, gpus: float) -> None:
    """Raises ValueError where a classifier is on a GPU, and its workers would have none."""
    subject = getattr(subject, "trial", subject)
    device = getattr(getattr(subject, "classifier", None), "device", None)
    if device is not None and device.type != "cpu" and not gpus:
        raise ValueError(
            "The classifier is on a GPU, and workers on a cluster have only what they are given: say gpus_per_worker "
            "(--gpus-per-worker), 1 or a fraction such as 0.25."
        )


def _check_room(ray: Any, cpus: int, gpus: float) -> None:
    """Raises ValueError where no node could ever hold a worker."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(one.get("CPU", 0) >= cpus and one.get("GPU", 0) >= gpus for one in nodes):
        told = "; ".join(f"{one.get('CPU', 0):g} cores, {one.get('GPU', 0):g} GPUs" for one in nodes)
        raise ValueError(f"No node has room for a worker of {cpus} cores and {gpus:g} GPUs. There are: {told}.")


def _bytes_within(plain: Any) -> int:
    """How many bytes the arrays in plain data hold."""
    if isinstance(plain, np.ndarray):
        return plain.nbytes
    if isinstance(plain, dict):
        plain = list(plain.values())
    return sum(map(_bytes_within, plain)) if isinstance(plain, list | tuple) else 0


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
