"""What the question about densities on the circle found, in sentences of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import number
from fourierscope.reports.phrases import coordinate, valued
from fourierscope.results import Result


def _circle_flow(result: Result) -> Iterator[str]:
    rates, turn = result["rate"], result["turning_point"]
    yield (
        f"The linear law has its largest rate, 1/e, at frequency {number(float(turn))}; the rates are {_listed(rates)}."
    )
    area, order = result["area"].sel(flow="particles"), result["ordering"].sel(flow="particles")
    first = ", ".join(coordinate(area, int(place)) for place in np.argsort(area.values))
    if np.isfinite(float(order)):
        yield f"Particles learn the frequencies in the order {first}{_verdict(float(order))}."
    elif area.size > 1:
        yield "No order can be told: particles learn no frequency before another."
    error = result["error"]
    off = np.abs(error.sel(flow="particles") - error.sel(flow="linear law"))
    least, apart = result["least_density"], result["apart"]
    yield f"Their errors lie at most {number(float(off.max()))} from the linear law."
    yield (
        f"Their coefficients lie at most {number(float(apart.max()))} of the target's from those on the grid, where "
        f"the density is never below {valued(least[-1])} and the mass at most "
        f"{number(float(result['mass_error'][-1]))} from 1."
    )


def _verdict(order: float) -> str:
    if order > 0.999:
        return ": low frequencies first"
    return ": high frequencies first" if order < -0.999 else ": neither low nor high ones first"


def _listed(values: xr.DataArray) -> str:
    """Frequencies with their values: `1: 0.303, 3: 0.0500`."""
    return ", ".join(f"{coordinate(values, place)}: {number(float(values[place]))}" for place in range(values.size))


CIRCLE_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {"CircleFlow": _circle_flow}
