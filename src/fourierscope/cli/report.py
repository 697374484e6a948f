"""`fourierscope report`: results into one page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jsonargparse import ArgumentParser

from fourierscope.analyses.corruption_fit import trade_off
from fourierscope.analyses.mask_wins import mask_wins
from fourierscope.cli.ask import free
from fourierscope.reports import report
from fourierscope.results import Result, classifier_name, classifier_trace, load


def main(words: list[str]) -> int:
    """Put result files into one HTML page, with what compares two of them: lines of trade-off, wins of masks."""
    parser = ArgumentParser(prog="fourierscope report", description="Put results into one offline HTML page.")
    parser.add_argument("results", nargs="+", help="Files of results, such as heat.nc.")
    parser.add_argument("--out", default="report.html", help="The page.")
    parser.add_argument("--title", default="fourierscope report", help="Its title.")
    parser.add_argument("--overwrite", action="store_true", help="Replace the file --out if it exists.")
    given = parser.parse_args(words)
    out = free(given.out, given.overwrite)
    results = [load(Path(one)) for one in given.results]
    page = report([*results, *_comparisons(results)], out, given.title, given.overwrite)
    print(f"Written: {page}")
    return 0


class _Comparison(NamedTuple):
    """What is made of two results of one question: its name, how, and in words for when it is and is not."""

    made: str
    compare: Callable[[Result, Result], Result]
    done: str
    missing: str


_COMPARISONS = {
    "CorruptionProfile": _Comparison("TradeOff", trade_off, "Fitted: the trade-off", "No line of trade-off"),
    "MaskEnergy": _Comparison("MaskWins", mask_wins, "Counted: the wins", "No wins"),
}


def _comparisons(results: Sequence[Result]) -> Iterator[Result]:
    """Each result that compares, against the one named natural, else the first given, of the same question on the same
    images, told as it is made. Pairs whose comparison is among the results are not compared again.
    """
    made = {one.made for one in _COMPARISONS.values()}
    held = [_pair(one.record) for one in results if one.record["analysis"] in made]
    groups: dict[str, list[Result]] = {}
    for one in results:
        if one.record["analysis"] in _COMPARISONS and "classifier" in one.record["subject"]:
            groups.setdefault(_question(one.record), []).append(one)
    for group in groups.values():
        natural = next((one for one in group if _name(one).endswith("natural")), group[0])
        way = _COMPARISONS[group[0].record["analysis"]]
        for one in group:
            pair = [classifier_trace(each.record["subject"]) for each in (one, natural)]
            if one is not natural and (way.made, pair) not in held and (way.made, pair[::-1]) not in held:
                yield from _compared(way, one, natural)


def _question(record: dict[str, Any]) -> str:
    """What two results must share to be compared, as a text."""
    subject = record["subject"]
    masks = subject.get("masks", {}).get("options")
    return json.dumps([record["analysis"], record["options"], subject["samples"]["digest"], masks])


def _pair(record: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    return record["analysis"], record["subject"]["classifiers"]


def _name(result: Result) -> str:
    return classifier_name(result.record["subject"])


def _compared(way: _Comparison, one: Result, natural: Result) -> Iterator[Result]:
    """The comparison of one pair; nothing, and the reason told, where there is none."""
    pair = f"{_name(one)} against {_name(natural)}"
    which = "the one named natural" if _name(natural).endswith("natural") else "the first one given"
    try:
        yield way.compare(one, natural)
    except ValueError as error:
        print(f"{way.missing}, {pair}: {error}")
    else:
        print(f"{way.done} of {pair}, {which}.")
