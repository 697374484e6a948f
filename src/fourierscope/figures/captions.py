"""What stands above and below a figure on paper: the sentence on its values, which minus which, and how many images."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import xarray as xr

from fourierscope.figures.form import common_label, count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARK = "caption"  # tells a figure's own caption from a title that was given
_SIZE = 9
_LETTERS = 14  # of that size, to an inch
_LONGEST = 120  # letters in a line
_LINE = 0.15  # inches


def counted(text: str, several: Sequence[xr.DataArray]) -> str:
    """A text with the number of images behind values that share an axis, or the least and the most of them."""
    found = sorted({one for one in map(count, several) if one is not None})
    if not found or any(count(one) is None for one in several):
        return text
    told = f"n = {found[0]}" if len(found) == 1 else f"n = {found[0]} to {found[-1]}"
    return ", ".join(filter(None, (text, told)))


def counted_label(several: Sequence[xr.DataArray]) -> str:
    """What values are that share an axis, with the number of images behind them."""
    return counted(common_label(several), several)


def caption(several: Sequence[xr.DataArray]) -> str:
    """The sentence on values that have one in common, after which minus which they are; else nothing."""
    said, pairs = ({str(one.attrs.get(key, "")) for one in several} for key in ("says", "between"))
    return "\n".join(one.pop() for one in (pairs, said) if len(one) == 1 and one != {""})


def captioned(figure: Figure, text: str) -> None:
    """Set a caption above a figure, in lines that fit its width."""
    across = min(_LONGEST, max(30, int(_LETTERS * figure.get_figwidth())))
    lines = "\n".join(fill(line, across) for line in text.splitlines())
    figure.set_figheight(figure.get_figheight() + _LINE * (1 + lines.count("\n")))
    figure.suptitle(lines, x=0.02, ha="left", fontsize=_SIZE, color="#555555").set_gid(_MARK)


def uncaptioned(figure: Figure) -> None:
    """Take a figure's own caption away, where it stands beside a sentence that says more."""
    title = figure._suptitle  # type: ignore[attr-defined]
    if title is not None and title.get_gid() == _MARK:
        title.remove()
        figure._suptitle = None  # type: ignore[attr-defined]
