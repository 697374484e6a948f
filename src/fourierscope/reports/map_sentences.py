"""What is told of maps whose frequencies were not all measured on all images, or are predicted from gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fourierscope.figures.form import counts
from fourierscope.reports.phrases import percent, valued
from fourierscope.results import Result, seen


def map_sentences(result: Result, name: str) -> Iterator[str]:
    """How many images are behind the cells of a map, and how what is predicted agrees with what was measured."""
    found, marks = counts(result[name]), seen(result.dataset, name)
    if found is not None and marks is not None:
        index = result.dataset[name].attrs.get("index")
        rows = np.arange(found.size) if index is None else np.unique(result.dataset[index], return_index=True)[1]
        marks = marks.reshape(found.size, -1)[rows]  # a frequency and its partner are one answer
        yield from _counted(found, marks, "looks" in result.dataset[name].attrs)
    if name == "predicted_error" and "agreement" in result:
        waves = int((result["measured_error_counts"].values > 0).sum())
        yield (
            f"This map is predicted from gradients, without clipping. In {waves} of its {result[name].size} cells the "
            f"error was measured too: rank correlation {valued(result['agreement'])}, mean distance "
            f"{valued(result['distance'])}."
        )


def _counted(found: np.ndarray[Any, Any], marks: np.ndarray[Any, Any], sequential: bool) -> Iterator[str]:
    lacking, images = int((found == 0).sum()), marks.shape[-1]
    if lacking:
        yield f"{lacking} of {found.size} cells were not measured and are hatched: nothing is said of them."
    if lacking < found.size and found[found > 0].min() < images:
        why = ", each until its interval was narrow enough or the run was stopped" if sequential else ""
        yield (
            f"The cells that were measured have {found[found > 0].min()} to {found.max()} of {images} images behind "
            f"them{why}: {percent(float(marks.mean()))} % of all answers."
        )
    if sequential:
        yield (
            "The intervals hold wherever a cell was stopped; the rates of those that stopped early lean outward a "
            "little."
        )
