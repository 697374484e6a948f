"""What questions about kernels found, in sentences of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import number, words
from fourierscope.reports.phrases import valued
from fourierscope.results import Result

_NULL = {"relative": "relative to the area of the band", "z-score": "in standard deviations above random filters"}


def _kernel_spectrum(result: Result) -> Iterator[str]:
    rule = str(result.record["options"]["rule"])
    by = _NULL.get(rule, "as it stands")
    yield (
        f"By their largest share {by}, the filters are {_listed(result['count_share'])}; random filters of this size "
        f"are {_listed(result['null_rate'])}."
    )
    if rule == "arg-max":
        yield (
            "This rule says little: bands differ in area, so that it calls nearly every small kernel high, random ones "
            "too. The rule relative to the area does not."
        )
    relative = result["relative_share"]
    shares = ", ".join(f"{word} {number(float(one))}" for word, one in _by_word(relative))
    yield (
        f"Of the energy of all filters, the bands hold {_listed(result['energy_share'])}, which is {shares} times what "
        f"white filters hold; no kernel of this size can have more than {_listed(result['attainable_share'])}."
    )
    brought = ", ".join(f"{word} {valued(one)}" for word, one in _by_word(result["input_share"]))
    yield f"On these images the shares of the energy of its answers are {brought}."
    middle = result["centroid"]
    yield (
        f"The centroids of its {middle.size} filters run from {number(float(middle[0]))} to "
        f"{number(float(middle[-1]))} cycles per pixel, with the mean {number(float(middle.mean()))}; white filters "
        "have .383."
    )
    if "colour_share" in result:
        yield f"In colour, the energy is {_listed(result['colour_share'])}."
    if dead := int(result["dead_filters"]):
        yield f"{dead} filters are nought and left out."
    if "energy_by_layer" in result:
        low = result["energy_by_layer"].sel(band="low")
        most, least = int(low.values.argmax()), int(low.values.argmin())
        yield (
            f"Of {low.size} convolutions, number {most + 1} has the largest share of energy at low frequencies of its "
            f"input, {number(float(low[most]))}, and number {least + 1} the smallest, {number(float(low[least]))}."
        )


def _by_word(values: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    for place, word in enumerate(values[values.dims[0]].values):
        yield words(word), values[place]


def _listed(values: xr.DataArray) -> str:
    """Shares on an axis of words: `.56 low, .38 mid and .06 high`."""
    told = [f"{number(float(np.asarray(one)))} {word}" for word, one in _by_word(values)]
    return f"{', '.join(told[:-1])} and {told[-1]}"


KERNEL_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {"KernelSpectrum": _kernel_spectrum}
