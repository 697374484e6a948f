"""Figure 1: networks that were trained and tested on low or on high frequencies alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from fourierscope.analyses import PassCurve
from fourierscope.figures import Panel, draw, draw_panels
from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import at, between, outcomes, paired, within
from fourierscope.papers.yin2019.filtered_pictures import FilteredPictures
from fourierscope.papers.yin2019.learned import learned_behind_filter
from fourierscope.subjects import Classifier, Trial

Kept = Literal["low", "high"]

_IMAGES = {"smoke": 200, "small": 2000, "full": 10000}
_WIDTHS: dict[Kept, tuple[int, ...]] = {"low": (3, 7, 15), "high": (15, 23, 31)}
_TESTED = tuple(range(3, 32, 4))
_NAMES = tuple(f"{kept}-{width}" for kept, widths in _WIDTHS.items() for width in widths)


def _make(making: Making) -> None:
    making.needs_plane(32, 32)
    samples = making.samples(_IMAGES)
    making.ask("natural", PassCurve(shape="square", sizes=_TESTED), Trial(making.classifier("natural"), samples))
    making.ask("pictures", FilteredPictures(_WIDTHS["low"], _WIDTHS["high"]), samples)
    for kept, widths in _WIDTHS.items():
        for width in widths:
            name = f"{kept}-{width}"
            try:
                trial = Trial(_network(making, kept, width), samples)
                making.ask(name, PassCurve(shape="square", sizes=(width,)), trial)
            except NotTried as error:
                making.left_out[name] = str(error)


def _network(making: Making, kept: Kept, width: int) -> Classifier:
    if making.budget == "smoke":
        raise NotTried("smoke trains no networks: that takes minutes")
    return learned_behind_filter(making, kept, width)


def _draw(made: Made) -> list[Picture]:
    panels = []
    for kept in _WIDTHS:
        curves = [_tested(made, kept)]
        names = ["the natural network, filtered images"]
        if made.having(_NAMES):
            curves.append(_learned(made, kept))
            names.append("trained and tested on filtered images")
        panels.append(Panel(f"{kept} frequencies kept", curves, names))
    looks = (
        "Images through the filters. At high-pass bandwidth 15 the eye sees nearly uniform grey; stretched to unit "
        "variance, for display only, the pictures show what is left."
    )
    says = (
        "Accuracy with only low, or only high, frequencies kept, by the bandwidth of the square filter: networks that "
        "never saw anything else, beside one that was trained on whole images."
    )
    return [
        Picture("figure-1", says, draw_panels(panels)),
        Picture("figure-1-images", looks, draw(made["pictures"]["pictures"])),
    ]


def _tested(made: Made, kept: Kept) -> xr.DataArray:
    return made["natural"]["accuracy"].sel(kept=kept).drop_vars("kept")


def _learned(made: Made, kept: Kept) -> xr.DataArray:
    """The accuracies of the networks behind their filters, as one curve."""
    widths = [width for width in _WIDTHS[kept] if f"{kept}-{width}" in made.results]
    readings = [at(made[f"{kept}-{width}"], "clean_accuracy", {}) for width in widths]
    beside = {f"accuracy_{side}": ("bandwidth", [getattr(one, side) for one in readings]) for side in ("low", "high")}
    axis = xr.Variable(("bandwidth",), np.array(widths), {"units": "cycles/image"})
    attrs = {"units": "1", "low": "accuracy_low", "high": "accuracy_high"}
    values = [one.value for one in readings]
    return xr.DataArray(values, {"bandwidth": axis, **beside}, ("bandwidth",), name="accuracy", attrs=attrs)


def _tested_rises(kept: Kept, width: int, lower: int) -> Check:
    return Check(
        f"natural network, only {kept} frequencies kept: bandwidth {width} minus {lower}",
        lambda made: within(
            made["natural"], "accuracy", {"kept": kept, "bandwidth": width}, {"kept": kept, "bandwidth": lower}
        ),
        low=ABOVE_ZERO,
    )


def _learned_rises(kept: Kept, width: int, lower: int) -> Check:
    return Check(
        f"trained and tested on {kept} frequencies: bandwidth {width} minus {lower}",
        lambda made: between(made[f"{kept}-{width}"], made[f"{kept}-{lower}"], "clean_accuracy", {}),
        low=ABOVE_ZERO,
    )


def _gains(kept: Kept, width: int) -> Check:
    """Training behind the filter against testing behind it alone, on the same images."""

    def read(made: Made) -> Reading:
        own = outcomes(made[f"{kept}-{width}"], "clean_accuracy", {})
        return paired(own, outcomes(made["natural"], "accuracy", {"kept": kept, "bandwidth": width}))

    return Check(f"{kept} pass {width}: trained behind the filter minus tested behind it alone", read, low=ABOVE_ZERO)


def _above_chance(kept: Kept, width: int) -> Check:
    says = f"{kept} pass {width}: trained and tested behind the filter, twice as often right as chance (0.1)"
    return Check(says, lambda made: at(made[f"{kept}-{width}"], "clean_accuracy", {}), low=0.2)


EXHIBIT = Exhibit(
    number="1",
    title="Networks trained and tested on low-pass and high-pass filtered images",
    claim=(
        "Low frequencies alone carry much of what a network needs, and so do high frequencies alone, even where the "
        "eye sees nothing."
    ),
    source="section 3; the paper's is of ImageNet, with other bandwidths",
    make=_make,
    draw=_draw,
    checks=(
        _tested_rises("low", 15, 3),
        _tested_rises("high", 31, 15),
        _learned_rises("low", 7, 3),
        _learned_rises("low", 15, 7),
        _learned_rises("high", 23, 15),
        _learned_rises("high", 31, 23),
        *(_above_chance(kept, width) for kept, widths in _WIDTHS.items() for width in widths),
        *(_gains(kept, width) for kept, widths in _WIDTHS.items() for width in widths),
    ),
)
