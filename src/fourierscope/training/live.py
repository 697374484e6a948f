"""The live picture of a tracker in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fourierscope.training.tracker import SpectralTracker

_shown: dict[int, object] = {}  # the display of each tracker


def show(tracker: SpectralTracker) -> None:
    """Draw the error of the tracker's first view anew, in the place where it was drawn before.

    Raises ImportError without IPython, which every notebook brings.
    """
    from IPython.display import display  # type: ignore[import-not-found]
    from matplotlib import pyplot

    from fourierscope.figures import draw

    if len(tracker.steps) < 3:
        return
    result = tracker.result()
    figure = draw(next(values for name, values in result.dataset.data_vars.items() if str(name).endswith("_error")))
    held = _shown.get(id(tracker))
    if held is None:
        _shown[id(tracker)] = display(figure, display_id=True)
    else:
        held.update(figure)  # type: ignore[attr-defined]
    pyplot.close(figure)
