"""`fourierscope report`: results into one page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from fourierscope.cli.ask import free
from fourierscope.reports import report
from fourierscope.results import Result, load, trade_off


def main(words: list[str]) -> int:
    """Put result files into one HTML page; lines of trade-off are fitted where there are corruption profiles for it."""
    parser = ArgumentParser(prog="fourierscope report", description="Put results into one offline HTML page.")
    parser.add_argument("results", nargs="+", help="Files of results, such as heat.nc.")
    parser.add_argument("--out", default="report.html", help="The page.")
    parser.add_argument("--title", default="fourierscope report", help="Its title.")
    parser.add_argument("--overwrite", action="store_true", help="Replace the file --out if it exists.")
    given = parser.parse_args(words)
    out = free(given.out, given.overwrite)
    results = [load(Path(one)) for one in given.results]
    page = report([*results, *_lines(results)], out, given.title, given.overwrite)
    print(f"Written: {page}")
    return 0


def _lines(results: Sequence[Result]) -> Iterator[Result]:
    """The trade-off of each corruption profile against the one named natural, else the first given, of the same
    question on the same images, told as it is fitted. Pairs whose line is among the results are not fitted again.
    """
    held = [one.record["subject"]["classifiers"] for one in results if one.record["analysis"] == "TradeOff"]
    groups: dict[str, list[Result]] = {}
    for one in results:
        subject = one.record["subject"]
        if one.record["analysis"] == "CorruptionProfile" and "classifier" in subject:
            groups.setdefault(json.dumps([one.record["options"], subject["samples"]["digest"]]), []).append(one)
    for group in groups.values():
        natural = next((one for one in group if _name(one).endswith("natural")), group[0])
        for one in group:
            pair = [each.record["subject"]["classifier"] for each in (one, natural)]
            if one is not natural and pair not in held and pair[::-1] not in held:
                yield from _line(one, natural)


def _name(profile: Result) -> str:
    return str(profile.record["subject"]["classifier"]["name"])


def _line(profile: Result, natural: Result) -> Iterator[Result]:
    """The fitted line of one pair; nothing, and the reason told, where there is none."""
    pair = f"{_name(profile)} against {_name(natural)}"
    which = "the one named natural" if _name(natural).endswith("natural") else "the first profile given"
    try:
        yield trade_off(profile, natural)
    except ValueError as error:
        print(f"No line of trade-off, {pair}: {error}")
    else:
        print(f"Fitted: the trade-off of {pair}, {which}.")
