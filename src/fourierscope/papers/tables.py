"""The checks of an exhibit as a table for the terminal, for the page, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf, isfinite, log10
from typing import TYPE_CHECKING, Any

from fourierscope.papers.exhibit import ABOVE_ZERO, Beside, Checked, Made, Reading
from fourierscope.reports import Table

if TYPE_CHECKING:
    from fourierscope.papers.paper import Outcome

_VERDICTS = {"holds": "hold", "fails": "fail", "not tried here": "not tried here"}
UNSURE = (
    "A verdict goes by the value itself. It is unsure where the 95 % interval reaches over the bound: another draw of "
    "as many images or trainings might turn it. Where a claim says (expected: ...), that is what the paper or its "
    "theory leads one to expect."
)
_SMALL = 0.1
_NEAR = 0.01
_LARGE = 100
COLUMNS = ("verdict", "claim", "printed", "ours", "95 % interval", "n", "must lie in")


def check_table(checked: Sequence[Checked]) -> Table:
    """The checks, a row each; why some were not tried stands in the sentences above."""
    return Table("Checks", " ".join(untried(checked)), COLUMNS, tuple(_row(one) for one in checked))


def untried(checked: Sequence[Checked]) -> list[str]:
    """How many checks were not tried here, a sentence for each reason."""
    reasons = Counter(one.why for one in checked if one.reading is None)
    return [
        f"{count} {'check' if count == 1 else 'checks'} not tried here, because {why}."
        for why, count in reasons.items()
    ]


def left_out(made: Made) -> list[str]:
    """What was left out, a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in made.left_out.items():
        reasons.setdefault(why, []).append(name)
    return [f"Left out: {', '.join(names)}, because {why}." for why, names in reasons.items()]


def overview(outcomes: Sequence[Outcome]) -> Table:
    """How many checks of each exhibit hold, fail, and were not tried, and how many of these are unsure."""
    columns = ("exhibit", *_VERDICTS.values(), "what it shows")
    return Table("By exhibit", UNSURE, columns, tuple(_overview_row(one) for one in outcomes))


def beside_table(rows: Sequence[Beside]) -> Table:
    """Printed numbers beside ours."""
    columns = ("what", "printed", "ours", "95 % interval", "n", "ours minus printed")
    return Table("Printed numbers beside ours", "", columns, tuple(_compared(one) for one in rows))


def plain(table: Table) -> str:
    """A table as lines of text, with columns that stand under each other."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(table.columns))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def as_json(outcome: Outcome, budget: str) -> dict[str, Any]:
    """An exhibit's checks and printed numbers as plain values; what is not a finite number is null."""
    return {
        "exhibit": outcome.exhibit.heading,
        "claim": outcome.exhibit.claim,
        "budget": budget,
        "not tried": outcome.not_tried,
        "left out": dict(outcome.made.left_out),
        "checks": [_check_json(one) for one in outcome.checked],
        "printed beside ours": [
            {"what": one.what, "printed": one.printed, **_reading_json(one.ours)} for one in outcome.beside
        ],
    }


def verdict(checked: Checked) -> str:
    """The verdict in words; "unsure" where the interval reaches over the bound."""
    return f"{checked.verdict}, unsure" if checked.unsure else checked.verdict


def _overview_row(outcome: Outcome) -> tuple[str, ...]:
    counts = (_with_unsure(outcome.checked, word) for word in _VERDICTS)
    return (outcome.exhibit.heading, *counts, outcome.exhibit.title)


def _with_unsure(checked: Sequence[Checked], word: str, several: str = "") -> str:
    """How many have this verdict: `7`, or `7 (2 unsure)`."""
    having = [one for one in checked if one.verdict == word]
    unsure, told = sum(one.unsure for one in having), f"{len(having)} {several}".strip()
    return f"{told} ({unsure} unsure)" if unsure else told


def _row(one: Checked) -> tuple[str, ...]:
    read = ("", "", "") if one.reading is None else _reading(one.reading, one.check.high - one.check.low)
    return (verdict(one), one.check.says, one.check.printed, *read, _bounds(one.check.low, one.check.high))


def _compared(one: Beside) -> tuple[str, ...]:
    if one.ours is None:
        return (one.what, figures(one.printed), "not made", "", "", "")
    apart = one.ours.value - one.printed
    return (one.what, figures(one.printed), *_reading(one.ours), ("+" if apart >= 0 else "") + figures(apart))


def _reading(one: Reading, room: float = inf) -> tuple[str, str, str]:
    value, low, high = (figures(number, room) for number in one[:3])
    interval = f"{low} to {high}" if isfinite(one.low) and isfinite(one.high) else ""
    return value, interval, str(one.n) if one.n else ""


def figures(value: float, room: float = inf) -> str:
    """A number to three decimals, a small one to three figures, a large one whole; between near bounds as exactly as
    these, and more.
    """
    if 0 < room < _NEAR:
        return f"{value:.{round(-log10(room)) + 1}f}"
    if abs(value) >= _LARGE and room >= 1:
        return f"{value:.0f}"
    return f"{value:#.3g}" if 0 < abs(value) < _SMALL else f"{value:.3f}"


def _bounds(low: float, high: float) -> str:
    if high == inf:
        return "above 0" if low == ABOVE_ZERO else f"at least {low:g}"
    if low == -inf:
        return "below 0" if high == -ABOVE_ZERO else f"at most {high:g}"
    return f"{low:g} to {high:g}"


def _check_json(one: Checked) -> dict[str, Any]:
    check = one.check
    return {
        "claim": check.says, "printed": check.printed, "low": _number(check.low), "high": _number(check.high),
        "must lie in": _bounds(check.low, check.high),
        "verdict": one.verdict, "sure": one.sure, "unsure": one.unsure, "why": one.why, **_reading_json(one.reading),
    }  # fmt: skip


def _reading_json(one: Reading | None) -> dict[str, Any]:
    if one is None:
        return {"ours": None, "interval": None, "n": None}
    return {"ours": _number(one.value), "interval": [_number(one.low), _number(one.high)], "n": one.n}


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def counted(outcomes: Sequence[Outcome]) -> str:
    """How many checks hold, fail, and were not tried, and how many of these are unsure, in a sentence."""
    checked = [one for outcome in outcomes for one in outcome.checked]
    told = ", ".join(_with_unsure(checked, word, several) for word, several in _VERDICTS.items())
    return f"Of {len(checked)} checks: {told}."
