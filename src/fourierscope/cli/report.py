"""`fourierscope report`: results into one page."""

from __future__ import annotations

from pathlib import Path

from jsonargparse import ArgumentParser

from fourierscope.cli.ask import free
from fourierscope.cli.parsing import parsed
from fourierscope.reports import pairings, report
from fourierscope.results import load


def main(words: list[str]) -> int:
    """Put result files into one HTML page, and tell which lines of trade-off and which wins stand on it."""
    parser = ArgumentParser(prog="fourierscope report", description="Put results into one offline HTML page.")
    parser.add_argument("results", nargs="+", help="Files of results, such as heat.nc.")
    parser.add_argument("--out", default="report.html", help="The page.")
    parser.add_argument("--title", default="fourierscope report", help="Its title.")
    parser.add_argument("--overwrite", action="store_true", help="Replace the file --out if it exists.")
    given = parsed(parser, words)
    out = free(given.out, given.overwrite)
    results = [load(Path(one)) for one in given.results]
    pairs = pairings(results)
    print("".join(f"{one.says}\n" for one in pairs), end="")
    found = [one.found for one in pairs if one.found is not None]
    page = report([*results, *found], out, given.title, given.overwrite)
    print(f"Written: {page}")
    return 0
