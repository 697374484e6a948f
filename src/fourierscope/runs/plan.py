"""Which cells of a run are measured, which are waiting, and which failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fourierscope.runs.analysis import Analysis, Measured
from fourierscope.runs.engines import Job

_TOLD = 5  # failed cells that a message lists


class CellsFailed(RuntimeError):
    """Some cells of a run failed: `failed` says why, by cell. All others are measured, and kept where a store is."""

    def __init__(self, failed: Mapping[NamedTuple, str], cells: int, folder: Path | None, holes: bool) -> None:
        self.failed = dict(failed)
        told = "; ".join(f"{cell}: {why}" for cell, why in list(failed.items())[:_TOLD])
        more = f"; and {len(failed) - _TOLD} more" if len(failed) > _TOLD else ""
        kept = f"The others are kept in {folder}: run again to try" if folder else "Give a store to keep the others:"
        rest = f"{kept} these alone." if folder else f"{kept} a later run tries these alone."
        other = " With keep_going (--keep-going) the result is made without them." if holes else ""
        super().__init__(f"{len(failed)} of {cells} cells failed ({told}{more}). {rest}{other}")


class Share(NamedTuple):
    """One of several equal shares of a run's cells, numbered from 0."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Share:
        """A share in words, such as "0/8". Raises ValueError for anything else."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text) if isinstance(text, str) else None
        if not found or not int(found[1]) < int(found[2]):
            raise ValueError(f'A share is "i/n", i from 0 to n - 1, such as 0/8; {text!r} came.')
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class Plan:
    """The cells of a run in their order, what was measured of them so far, and what failed."""

    def __init__(
        self,
        analysis: Analysis[Any],
        cells: Sequence[NamedTuple],
        measured: Mapping[NamedTuple, Measured],
        share: Share | None = None,
    ) -> None:
        self.analysis, self.cells = analysis, list(cells)
        self.measured: dict[NamedTuple, Measured] = dict(measured)
        self.failed: dict[NamedTuple, str] = {}
        self.new: list[NamedTuple] = []
        self._settled: set[NamedTuple] = set()
        self._followed = {cell: analysis.follows(cell) for cell in self.cells}
        roots = [index for index, cell in enumerate(self.cells) if self._followed[cell] is None]
        mine = {self.cells[one] for one in (roots if share is None else roots[share.number :: share.of])}
        self.own = [index for index, cell in enumerate(self.cells) if self._first(cell) in mine]

    def ready(self) -> list[Job]:
        """Cells that can be measured now, with what they go on from; those that follow others wait for them."""
        found = []
        for index in self.own:
            cell, before = self.cells[index], self._followed[self.cells[index]]
            if cell in self.measured or cell in self.failed or cell in self._settled:
                continue
            if before in self._settled or before in self.failed:
                self._settled.add(cell)
            elif before is None or before in self.measured:
                given = self._given(cell)
                if given and self.analysis.settled(cell, given):
                    self._settled.add(cell)
                else:
                    found.append(Job(index, cell, given))
        return found

    @property
    def finished(self) -> int:
        """How many of this run's own cells need nothing more."""
        own = (self.cells[index] for index in self.own)
        return sum(cell in self.measured or cell in self.failed or cell in self._settled for cell in own)

    def takes(self, index: int, piece: Measured) -> None:
        """A cell is measured."""
        self.measured[self.cells[index]] = piece
        self.new.append(self.cells[index])

    def fails(self, index: int, why: str) -> None:
        """A cell failed, and is not tried again in this run."""
        self.failed[self.cells[index]] = why

    def in_order(self) -> dict[NamedTuple, Measured]:
        """All that was measured, in the order of the cells, whoever was done first."""
        return {cell: self.measured[cell] for cell in self.cells if cell in self.measured}

    def _given(self, cell: NamedTuple) -> tuple[Measured, ...]:
        before = self._followed[cell]
        return () if before is None else (*self._given(before), self.measured[before])

    def _first(self, cell: NamedTuple) -> NamedTuple:
        before = self._followed[cell]
        return cell if before is None else self._first(before)
