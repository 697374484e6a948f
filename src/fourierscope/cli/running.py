"""The options of a run, which all questions share, and what is done with them."""

from __future__ import annotations

from typing import Any, Literal

from jsonargparse import ArgumentParser, Namespace

from fourierscope.results import Result
from fourierscope.runs import Analysis, Shared, run, run_share


def add_options(parser: ArgumentParser, command: str) -> None:
    """Where the result goes, and how its cells are measured."""
    running = parser.add_argument_group("The run")
    running.add_argument("--out", type=str, default=f"{command}.nc", help="The result's file.")
    running.add_argument("--overwrite", action="store_true", help="Replace the file --out if it exists.")
    running.add_argument(
        "--store", type=str | None, default=None, help="A folder of finished cells: run again to go on."
    )
    running.add_argument("--workers", type=int, default=1, help="Number of processes.")
    running.add_argument("--batch", type=int | None, default=None, help="Images at a time; empty: automatic.")
    running.add_argument(
        "--keep-going", action="store_true", help="An error in a cell fails that cell alone; the others go on."
    )
    running.add_argument(
        "--time-limit", type=float | None, default=None, help="Begin no cell after so many seconds, where holes may be."
    )
    running.add_argument(
        "--share",
        type=str | None,
        default=None,
        help="Measure share i of n alone, such as 0/8, into a --store that all shares have; no result is made.",
    )


def check_options(given: Namespace) -> None:
    """Raises ValueError where options of a run do not go together."""
    if given.share is not None and given.store is None:
        raise ValueError("--share measures into a folder that all shares have: give --store FOLDER.")
    if given.share is not None and given.time_limit is not None:
        raise ValueError("--share and --time-limit do not go together: a share is measured whole, or interrupted.")


def outcome(question: Analysis[Any], subject: Any, given: Namespace) -> Result | Shared:
    """The result of a run, or what a share of it has done."""
    batch: int | Literal["auto"] = given.batch or "auto"
    if given.share is not None:
        return run_share(question, subject, given.store, given.share, given.workers, batch, given.keep_going)
    return run(
        question,
        subject,
        given.store,
        given.workers,
        batch=batch,
        keep_going=given.keep_going,
        time_limit=given.time_limit,
    )


def share_told(shared: Shared, given: Namespace) -> str:
    """What is said after a share."""
    left = shared.cells - shared.kept
    then = (
        f"{left} are left to other shares"
        if left
        else "all are there, and the same command without --share makes the result"
    )
    measured = f"Share {given.share}: {shared.done} cells measured"
    return f"{measured}; {given.store} holds {shared.kept} of {shared.cells}: {then}."
