"""The page of a paper: its exhibits with pictures and checks first, then the results behind them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from fourierscope.papers.paper import Budget, Outcome, Paper
from fourierscope.papers.tables import as_json, beside_table, check_table, counted, left_out, overview
from fourierscope.reports import Drawing, Sheet, report
from fourierscope.results import written_whole


def page_of(paper: Paper, budget_name: str, budget: Budget, outcomes: Sequence[Outcome], folder: Path) -> Path:
    """Write `report.html` and `checks.json` of these exhibits into the folder, and the page's path.

    A part of the exhibits has its own files, such as `report-3-5.html`, so that the page of all stays.
    """
    whole = len(outcomes) == len(paper.exhibits)
    part = "" if whole else "-" + "-".join(one.exhibit.number.replace(" ", "-") for one in outcomes)
    text = json.dumps([as_json(one, budget_name) for one in outcomes], indent=1, allow_nan=False) + "\n"

    def write(draft: Path) -> None:
        draft.write_text(text, encoding="utf-8")

    written_whole(folder / f"checks{part}.json", write, overwrite=True)
    first = Sheet(
        "Held against the paper", (f"Budget {budget_name}: {budget.says}", counted(outcomes)), (), (overview(outcomes),)
    )
    every = [result for one in outcomes for result in one.made.results.values()]
    results = list({json.dumps(one.record, sort_keys=True): one for one in every}.values())  # exhibits share some
    sheets = [first, *map(_sheet, outcomes)]
    return report(results, folder / f"report{part}.html", paper.title, overwrite=True, sheets=sheets)


def _sheet(outcome: Outcome) -> Sheet:
    exhibit = outcome.exhibit
    says = [f"{exhibit.title} ({exhibit.source}).", f"Claim: {exhibit.claim}"]
    if outcome.not_tried:
        return Sheet(exhibit.heading, (*says, f"Not in this budget, because {outcome.not_tried}."))
    says += left_out(outcome.made)
    drawings = tuple(Drawing(one.says, one.png) for one in outcome.pictures)
    tables = list(outcome.tables)
    tables += [check_table(outcome.checked)] * bool(outcome.checked)
    tables += [beside_table(outcome.beside)] * bool(outcome.beside)
    return Sheet(exhibit.heading, tuple(says), drawings, tuple(tables))
