"""What the questions about defences found, in sentences of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fourierscope.figures.form import number
from fourierscope.reports.phrases import valued
from fourierscope.results import Result


def _averaging_defence(result: Result) -> Iterator[str]:
    yield from str(result["averaged"].attrs["told"]).splitlines()
    worst = result["redrawn"].isel(test=-1)
    yield f"By fresh draws of directions at the same images, {valued(worst)} are right under the worst."
    yield (
        f"The certified L2 radius of Gaussian smoothing as wide is {number(float(result['certified_radius']))} in the "
        f"mean; the longest change of the budget is {number(float(result['reach']))} long."
    )
    numb = int(result["without_gradient"])
    if numb:
        yield f"On {numb} of {int(result['n'])} images no gradient was found: being right there says nothing."


def _averaging_control(result: Result) -> Iterator[str]:
    yield from str(result["averaged"].attrs["told"]).splitlines()


def _region_crossings(result: Result) -> Iterator[str]:
    changed, random = (result["crossings"].sel(way=one) for one in ("changed", "random"))
    yield (
        f"On the way from an image to it under {result.record['options']['treatment']} lie {valued(changed)} of linear "
        f"regions; on a random way as long, {valued(random)}."
    )


DEFENCE_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {
    "AveragingControl": _averaging_control,
    "AveragingDefence": _averaging_defence,
    "RegionCrossings": _region_crossings,
}
"""The questions about defences, by their analyses."""
