"""What the questions about single frequencies and bands found, in sentences: a function for each analysis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from fourierscope.figures.form import number, ordered, words
from fourierscope.reports.phrases import location, stretches, valued
from fourierscope.results import Result


def frequency_gradient(result: Result) -> Iterator[str]:
    """Where the attributions lie, whether they add up, and how much of them amplitude tells already."""
    name = "attribution" if "attribution" in result else "sensitivity"
    plane, ring = result[name], ordered(result[f"{name}_by_radius"])
    most = ring[int(ring.values.argmax())]
    yield f"By radius, the {name} is largest at {location(most, ring)}: {valued(most)} over the whole ring."
    cell = _largest(plane)
    yield f"The single frequency of largest {name} is at {location(cell, plane)}: {valued(cell)}."
    if "total" in result:
        yield (
            f"All attributions of an image add up to {valued(result['total'])}; from the infill to the image the value "
            f"rises by {valued(result['rise'])}."
        )
    if "completeness_error" in result:
        left, steps = int(result["above_tolerance"]), number(float(result["steps_taken"]))
        told = f"; {left} images stay above the tolerance" if left else ""
        yield (
            f"The two differ by {valued(result['completeness_error'])} an image, by "
            f"{valued(result['largest_completeness_error'])} at most, after {steps} steps on average{told}."
        )
    agreement = valued(result["amplitude_agreement"])
    yield f"The control: its rank correlation with the amplitude of the images is {agreement}."
    if int(result["without_gradient"]):
        yield f"{int(result['without_gradient'])} images have no gradient: nothing is said of them."


def band_importance(result: Result) -> Iterator[str]:
    """Which bands matter most, alone and of being right; what they add up to; what amplitude would have said."""
    for name in ("importance", "accuracy_importance"):
        values = result[name]
        most = _largest(values)
        yield f"The {words(name)} is largest at {location(most, values)}: {valued(most)}."
    method = result.record["options"]["method"]
    if method == "shapley":
        yield (
            f"Over all bands the values add up to the rise from images without frequencies, "
            f"{valued(result['empty_value'])}, to whole ones, {valued(result['whole_value'])}."
        )
    if "sampling_error" in result:
        yield f"They are sampled, with a standard error of at most {number(float(result['sampling_error'].max()))}."
    control = result["amplitude_share"]
    most = _largest(control)
    yield f"The control: amplitude is largest at {location(most, control)}, a share of {valued(most)}."


def frequency_shortcuts(result: Result) -> Iterator[str]:
    """How far the most dominant frequencies carry, and which classes they draw other images into."""
    own, others = (ordered(result[name]) for name in ("true_positives", "false_positives"))
    least = int(own["share"].values.argmin())
    share = number(100 * float(own["share"][least]))
    yield (
        f"With {share} % of the frequencies kept, images are taken for their own class, by the order, at a rate of "
        f"{_each(own[:, least])}."
    )
    yield f"They are taken for another class, when its frequencies are kept, at a rate of {_each(others[:, least])}."
    named = shortcuts(result)
    if not named:
        yield (
            f"At {share} % no class is known by its dominant frequencies, and draws images of others, significantly "
            "more than by random ones."
        )
    else:
        yield (
            f"Shortcuts: at {share} % the dominant frequencies of {', '.join(named)} both know the class and draw "
            "images of other classes into it, significantly more than random ones."
        )


def shortcuts(result: Result) -> list[str]:
    """The classes whose true and false positives at the least share lie above those of random frequencies, by their
    intervals.
    """
    found = []
    for name in map(str, result["images"]["class"].values):
        above = []
        for rate in ("class_true_positives", "class_false_positives"):
            place = {"class": name, "share": float(result[rate]["share"].min())}
            low = float(result[f"{rate}_low"].sel(place))
            above.append(low > float(result[f"{rate}_by_chance_high"].sel(place)))
        if all(above):
            found.append(name)
    return found


def insertion_deletion(result: Result) -> Iterator[str]:
    """The areas under the curves, and whether each order is better than the controls."""
    for mode in ("insertion", "deletion"):
        area = result[f"{mode}_area"]
        yield f"The area under the curve of {mode} is: {_each(area)}."
        values = result[f"{mode}_advantage"]
        low, high = (result[f"{mode}_advantage_{side}"].values for side in ("low", "high"))
        for chosen, says in (
            (low > 0, "significantly better"),
            (high < 0, "significantly worse"),
            ((low <= 0) & (high >= 0), "not significantly different"),
        ):
            if chosen.any():
                yield f"By {mode}, {says}: {stretches(values['comparison'].values, chosen)}."


def _each(values: xr.DataArray) -> str:
    """Values on an axis of words: `amplitude 0.4 (0.3 to 0.5), random 0.1 (0 to 0.2)`."""
    return ", ".join(f"{words(one[values.dims[0]].item())} {valued(one)}" for one in values)


def _largest(values: xr.DataArray) -> xr.DataArray:
    """The cell of largest value; of several with it, on a plane the one nearest to frequency zero, else the last."""
    cells = [values[tuple(place)] for place in np.argwhere(values.values == np.nanmax(values.values))]
    if values.dims != ("row", "column"):
        return cells[-1]
    return min(reversed(cells), key=lambda cell: np.hypot(float(cell["row"]), float(cell["column"])))
