"""The live picture of a tracker in a notebook."""

from __future__ import annotations

from typing import Any

from fourierscope.figures import draw
from fourierscope.results import Result


def shown(result: Result, display: Any) -> Any:
    """Draw the error of the first view in the place of a display, or in a new one (None), which is returned.

    Raises ImportError without IPython, which every notebook brings.
    """
    from IPython.display import display as new_display  # type: ignore[import-not-found]

    figure = draw(result[next(name for name in result if name.endswith("_error"))])
    if display is None:
        return new_display(figure, display_id=True)
    display.update(figure)
    return display
