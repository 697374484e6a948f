"""The report: results as one HTML file that needs no network and trusts nothing that is written in them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from fourierscope.fourier.kinds import a_path, came, check_texts, listed
from fourierscope.reports.blocks import Block, blocks
from fourierscope.reports.changes import Finding
from fourierscope.reports.findings import findings
from fourierscope.reports.pairings import Pairing, pairings
from fourierscope.reports.questions import Question, questions
from fourierscope.reports.sheets import Sheet
from fourierscope.results import Result, described, written_whole

_SCRIPT = """"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const places = document.querySelectorAll("[data-figure]");
const drawn = new Set();
function show() {
  for (const place of places) {
    if (place.closest("details:not([open])")) continue;
    if (drawn.has(place)) { Plotly.Plots.resize(place); continue; }
    drawn.add(place);
    const figure = figures[Number(place.dataset.figure)];
    Plotly.newPlot(place, figure.data, figure.layout, {displayModeBar: false, responsive: true});
  }
}
show();
for (const fold of document.querySelectorAll("details.more")) fold.addEventListener("toggle", show);
window.addEventListener("beforeprint", show);
"""


_MAPS = ("HeatMap", "LayerHeatMap")  # whose pages say how a heat map is read


def report(
    results: Sequence[Result],
    path: str | Path,
    title: str = "fourierscope report",
    overwrite: bool = False,
    sheets: Sequence[Sheet] = (),
) -> Path:
    """Write the results as one HTML page that works offline, and the path of it.

    First the sheets, if there are any, such as exhibits of a paper; then what was found, in sentences; then a section
    for each question, with results of several classifiers side by side on one scale and their paired differences; then
    how to read it all. Outcomes image by image are left out. Corruption profiles bring the lines of their trade-off
    (`trade_off`) with them, and energies of masks their wins (`mask_wins`), each against the one named natural, else
    the first; pairs whose line or wins are given stay.

    Raises FileExistsError where something else stands at `path`, unless `overwrite`; ValueError without results and
    sheets.
    """
    if isinstance(results, Result):
        raise TypeError("A report is made of a list of results: write report([result], path).")
    results, sheets = listed(results, "A report is made of a list of results"), listed(sheets, "sheets are Sheets")
    if not results and not sheets:
        raise ValueError("A report needs at least one result; none came.")
    for one in results:
        if not isinstance(one, Result):
            raise TypeError(
                f"A report is made of Results, such as fs.HeatMap()(trial) or fs.load(path); {type(one).__name__} came."
            )
    for sheet in sheets:
        if not isinstance(sheet, Sheet):
            raise TypeError(f"sheets are Sheets; {came(sheet)} came.")
    check_texts(title=title)
    target = a_path(path)
    pairs = pairings(results)
    asked = questions([*results, *(one.found for one in pairs if one.found is not None)])
    text = _page([_noted(one, pairs) for one in asked], title, sheets)

    def write(draft: Path) -> None:
        draft.write_bytes(text.encode("utf-8", errors="replace"))  # half a character of an undecodable file name

    return written_whole(target, write, overwrite)


def _noted(question: Question, pairs: Sequence[Pairing]) -> Question:
    """A question whose note says which of its results could not be held against the natural one, and why."""
    missing = [one.says for one in pairs if one.found is None and any(one.result is held for held in question.results)]
    return replace(question, note=" ".join(filter(None, [question.note, *missing])))


def told(result: Result) -> list[str]:
    """What one result says, in the sentences of its report."""
    return [finding.says for question in questions([result]) for finding in findings(question)]


def _page(asked: list[Question], title: str, sheets: Sequence[Sheet]) -> str:
    from jinja2 import Environment, StrictUndefined

    figures: list[dict[str, Any]] = []
    said: dict[str, set[Finding]] = {}  # by samples
    sections = [
        _section(place, question, figures, said.setdefault(question.samples_digest, set()))
        for place, question in enumerate(asked, start=1)
    ]
    library = _plotly()
    text = files("fourierscope.reports").joinpath("page.html.jinja").read_text(encoding="utf-8")
    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(text)
    return template.render(
        title=title,
        sheets=sheets,
        sections=sections,
        holds_maps=any(one.analysis in _MAPS for one in asked),
        holds_radii=any(_in_cycles(one) for question in asked for one in question.results),
        holds_masks=any(one.analysis.startswith("Mask") for one in asked),
        versions=_versions(asked),
        policy=_policy(library, _SCRIPT),
        library=library,
        script=_SCRIPT,
        figures=json_in_html(figures),
    )


def _in_cycles(result: Result) -> bool:
    """Whether a result lies over frequencies of images."""
    return any(one.attrs.get("units") == "cycles/image" for one in result.dataset.coords.values())


def _section(place: int, question: Question, figures: list[dict[str, Any]], said: set[Finding]) -> dict[str, Any]:
    """What the template says of a question; its plotly figures are put at the end of `figures`, and known by place.

    Findings that an earlier question on the same samples gave, such as the clean accuracy, are not said twice.
    """
    found = [_placed(block, figures) for block in blocks(question)]
    first = {found[0]["heading"], f"difference in {found[0]['heading']}"} if found else set()
    news = [one for one in findings(question) if one not in said]
    said.update(news)
    held = [*question.results, *(pair.result for pair in question.differences)]
    return {
        "id": f"question-{place}",
        "heading": question.heading,
        "options": question.options,
        "note": question.note,
        "findings": _by_subject(news),
        "main": [one for one in found if one["heading"] in first],
        "more": [one for one in found if one["heading"] not in first],
        "records": [(described(one.record), json.dumps(one.record, indent=2, sort_keys=True)) for one in held],
    }


def _by_subject(found: Iterable[Finding]) -> list[tuple[str, int | None, list[str]]]:
    """The sentences, those about one subject together, with its number of images."""
    held: dict[tuple[str, int | None], list[str]] = {}
    for one in found:
        held.setdefault((one.about, one.images), []).append(one.says)
    return [(*about, sentences) for about, sentences in held.items()]


def _placed(block: Block, figures: list[dict[str, Any]]) -> dict[str, Any]:
    panels = []
    for panel in block.panels:
        place = None
        if panel.figure is not None:
            place = len(figures)
            figures.append(panel.figure)
        panels.append(
            {
                "name": panel.name,
                "alt": panel.alt,
                "place": place,
                "photos": panel.photos,
                "height": _height(panel.figure),
            }
        )
    return {"heading": block.heading, "says": block.says, "panels": panels, "wide": block.wide}


def _height(figure: dict[str, Any] | None) -> int:
    return 0 if figure is None else int(figure["layout"]["height"])


def _versions(asked: list[Question]) -> list[tuple[str, str]]:
    """The versions that made the results, and the one that made the page."""
    made = [one.record.get("versions", {}) for question in asked for one in question.results]
    told = {f"{name} {number}" for versions in made for name, number in versions.items()}
    return [
        ("results were made with", ", ".join(sorted(told))),
        ("this page was made with", f"fourierscope {version('fourierscope')}"),
    ]


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    text = str(get_plotlyjs()).replace("\r\n", "\n").replace("\r", "\n")  # as a browser reads it, for the digest
    if "</script" in text.lower() or "<!--" in text:
        raise RuntimeError(
            "This version of plotly cannot stand inside a page: its script holds an end tag. Use another version."
        )
    return text


def _policy(*scripts: str) -> str:
    """A content policy under which these scripts alone run, and nothing is fetched."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    kept_out = "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{kept_out}; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"


def json_in_html(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
