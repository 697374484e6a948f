"""fourierscope shows which frequencies an image classifier uses, how it came to use them, and what breaks or mends it.

Names are imported when they are first used, so that `import fourierscope` takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fourierscope import analyses as analyses
    from fourierscope import fourier as fourier
    from fourierscope import papers as papers
    from fourierscope import theory as theory
    from fourierscope import treatments as treatments
    from fourierscope.analyses import *  # noqa: F403
    from fourierscope.analyses.masks.reading import masked as masked
    from fourierscope.figures import draw as draw
    from fourierscope.figures import draw_together as draw_together
    from fourierscope.fourier import Frequency as Frequency
    from fourierscope.fourier import Plane as Plane
    from fourierscope.fourier import to_images as to_images
    from fourierscope.fourier import to_spectrum as to_spectrum
    from fourierscope.fourier import wave as wave
    from fourierscope.reports import report as report
    from fourierscope.results import Result as Result
    from fourierscope.results import load as load
    from fourierscope.results import mask_wins as mask_wins
    from fourierscope.results import trade_off as trade_off
    from fourierscope.runs import CellsFailed as CellsFailed
    from fourierscope.runs import StoreError as StoreError
    from fourierscope.runs import run as run
    from fourierscope.runs import run_share as run_share
    from fourierscope.subjects import Circle as Circle
    from fourierscope.subjects import Classifier as Classifier
    from fourierscope.subjects import Fit as Fit
    from fourierscope.subjects import Masked as Masked
    from fourierscope.subjects import Pair as Pair
    from fourierscope.subjects import Samples as Samples
    from fourierscope.subjects import Training as Training
    from fourierscope.subjects import Trial as Trial
    from fourierscope.subjects import check as check
    from fourierscope.subjects import open_classifier as open_classifier
    from fourierscope.subjects import open_samples as open_samples
    from fourierscope.training import SpectralTracker as SpectralTracker
    from fourierscope.training import views as views

_PLACES = {
    "fourier": ("Frequency", "Plane", "to_images", "to_spectrum", "wave"),
    "results": ("Result", "load", "mask_wins", "trade_off"),
    "runs": ("CellsFailed", "StoreError", "run", "run_share"),
    "subjects": (
        "Circle",
        "Classifier",
        "Fit",
        "Masked",
        "Pair",
        "Samples",
        "Training",
        "Trial",
        "open_classifier",
        "open_samples",
        "check",
    ),
    "figures": ("draw", "draw_together"),
    "reports": ("report",),
    "training": ("SpectralTracker", "views"),
    "analyses.masks.reading": ("masked",),
}
_ROOMS = (
    "analyses",
    "figures",
    "fourier",
    "papers",
    "reports",
    "results",
    "runs",
    "subjects",
    "theory",
    "training",
    "treatments",
)


def __dir__() -> list[str]:
    """All public names, those of the analyses included: for completion."""
    analyses = importlib.import_module("fourierscope.analyses")
    asked = [name for name in vars(analyses) if name[:1].isupper()]
    return sorted([*_ROOMS, *asked, *(name for names in _PLACES.values() for name in names)])


def __getattr__(name: str) -> Any:
    for room, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(f"fourierscope.{room}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"fourierscope.{name}")
    if not name.startswith("_"):
        analyses = importlib.import_module("fourierscope.analyses")
        if hasattr(analyses, name):
            return getattr(analyses, name)
    raise AttributeError(f"fourierscope has no {name!r}")
