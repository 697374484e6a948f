"""An exhibit: one published figure or table, what it claims in words, how it is made again, and checks in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isfinite, isnan, nextafter
from typing import TYPE_CHECKING, Literal, NamedTuple

from fourierscope.figures import png, uncaptioned
from fourierscope.papers.making import Making, NotTried
from fourierscope.reports import Table
from fourierscope.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUDGETS = ("smoke", "small", "full")
ABOVE_ZERO = nextafter(0.0, 1.0)  # the lower bound of a claim of "more": a difference of 0 does not hold
REAL = ("small", "full")  # budgets that ask networks of the paper's own data set
Verdict = Literal["holds", "fails", "not tried here"]


@dataclass(frozen=True)
class Made:
    """The results of an exhibit by name, and what was left out by name, with the reason."""

    results: Mapping[str, Result]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Result:
        """Raises NotTried, with the reason, where that result was left out."""
        if name in self.results:
            return self.results[name]
        raise NotTried(self.left_out.get(name, f"there is no result {name!r}"))

    def having(self, names: Sequence[str]) -> list[str]:
        """Those of the names that were made."""
        return [name for name in names if name in self.results]


class Reading(NamedTuple):
    """A number of ours with its 95 % bounds (NaN where there are none) and the number of images behind it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Checked:
    """A check that was tried: its verdict, the reading behind it, and why it could not be tried."""

    check: Check
    verdict: Verdict
    reading: Reading | None = None
    why: str = ""

    @property
    def sure(self) -> bool:
        """Whether the whole interval lies on the side of the verdict."""
        if self.reading is None or not (isfinite(self.reading.low) and isfinite(self.reading.high)):
            return False
        inside = [self.check.low <= one <= self.check.high for one in (self.reading.low, self.reading.high)]
        across = self.reading.low < self.check.low and self.reading.high > self.check.high
        return all(inside) if self.verdict == "holds" else not any(inside) and not across

    @property
    def unsure(self) -> bool:
        """Whether there is an interval, and it reaches over a bound."""
        return self.reading is not None and isfinite(self.reading.low) and not self.sure


@dataclass(frozen=True)
class Check:
    """A claim in words, how to read it off what was made, and the bounds (both included) within which it holds."""

    says: str
    read: Callable[[Made], Reading]
    low: float = -inf
    high: float = inf
    printed: str = ""
    """The number in the paper, as printed or read off; empty where the paper says it in words."""
    budgets: tuple[str, ...] = BUDGETS
    """The budgets that can try it."""

    def __post_init__(self) -> None:
        if not self.low <= self.high or (self.low, self.high) == (-inf, inf) or not set(self.budgets) <= set(BUDGETS):
            raise ValueError(f"A check can fail, within bounds in their order and budgets of {BUDGETS}; {self} came.")

    def tried(self, made: Made, budget: str) -> Checked:
        """The verdict: by the value itself, which holds on the bounds too."""
        if budget not in self.budgets:
            return Checked(self, "not tried here", why=f"that takes the budget {' or '.join(self.budgets)}")
        try:
            reading = self.read(made)
        except NotTried as error:
            return Checked(self, "not tried here", why=str(error))
        if isnan(reading.value):
            return Checked(self, "not tried here", why="there is no such number of what was made")
        return Checked(self, "holds" if self.low <= reading.value <= self.high else "fails", reading)


class Beside(NamedTuple):
    """A printed number beside ours; None where ours was not made."""

    what: str
    printed: float
    ours: Reading | None


@dataclass(frozen=True)
class Picture:
    """A drawing of an exhibit: the word for it in the file's name, a sentence on what is seen, and the figure."""

    name: str
    says: str
    figure: Figure

    def __post_init__(self) -> None:
        uncaptioned(self.figure)  # its own sentence would be said twice

    @cached_property
    def png(self) -> bytes:
        """The figure as a PNG file."""
        return png(self.figure)


def _nothing_printed(made: Made) -> list[Beside]:
    return []


def _no_table(made: Made) -> list[Table]:
    return []


@dataclass(frozen=True)
class Exhibit:
    """A published figure or table.

    `make` asks its questions through a `Making`, and raises NotTried where the budget has not what it takes. `draw`,
    `beside` and the checks read what was made. The paper's file says what its source leaves open, and what we chose.
    """

    number: str
    """Such as "3", "table 2", or "theorems"."""
    title: str
    claim: str
    """What the paper says that it shows."""
    source: str
    """Section of the paper."""
    make: Callable[[Making], None]
    draw: Callable[[Made], list[Picture]]
    checks: tuple[Check, ...] = ()
    beside: Callable[[Made], list[Beside]] = _nothing_printed
    """Printed numbers, each with ours."""
    tables: Callable[[Made], list[Table]] = _no_table
    """Tables of its own, in every budget."""

    @property
    def name(self) -> str:
        """`figure-3`, `table-2`: its folder and the beginning of its files."""
        return self.heading.lower().replace(" ", "-")

    @property
    def heading(self) -> str:
        return f"Figure {self.number}" if self.number[0].isdigit() else self.number.capitalize()
