"""Scales: which colours stand for which values. Several pictures that are compared share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from fourierscope.figures.form import bounds, is_difference, is_signed

Array = npt.NDArray[Any]

# Viridis, even steps, readable by the colour-blind and in grey.
_SEQUENTIAL = ("#440154", "#472c7a", "#3b518b", "#2c718e", "#21908d", "#27ad81", "#5cc863", "#aadc32", "#fde725")
# ColorBrewer's PuOr, turned: purple below nought, orange above.
_DIVERGING = (
    "#2d004b",
    "#542788",
    "#8073ac",
    "#b2abd2",
    "#d8daeb",
    "#f7f7f7",
    "#fee0b6",
    "#fdb863",
    "#e08214",
    "#b35806",
    "#7f3b08",
)
_FEW = 200  # cells; with fewer, no cell is taken for an outlier
_STEPS = (1, 2, 5)
_MUCH = 3  # times, by which magnitudes of words differ that get a scale each
MOST_DOTS = 5000  # cells; on larger planes those that are not significant are greyed, without a dot each


@dataclass(frozen=True)
class Scale:
    """Colours for values from `low` to `high`: even steps, logarithmic, or diverging about 0 for differences.

    Signed values, of which the side of 0 matters, diverge too.
    """

    low: float
    high: float
    kind: Literal["even", "logarithmic", "difference"]

    @property
    def colours(self) -> tuple[str, ...]:
        return _DIVERGING if self.kind == "difference" else _SEQUENTIAL

    def exceeded(self, several: Sequence[xr.DataArray]) -> tuple[bool, bool]:
        """Whether some value lies below and above the scale."""
        values = _pooled(several)
        return bool((values < self.low).any()), bool((values > self.high).any())


def scale_of(several: Sequence[xr.DataArray]) -> Scale:
    """One scale for all these values: from the half percent of lowest to the half percent of highest."""
    values = _pooled(several)
    if any(is_difference(one) or is_signed(one) for one in several):
        reach = _robust(np.abs(values))[1] if np.any(values) else 1.0
        return Scale(-reach, reach, "difference")
    low, high = _robust(values)
    if low == high:
        return Scale(min(0.0, low), max(1.0, high), "even")
    if logarithmic(values):
        return Scale(low, high, "logarithmic")
    span = max(_least_span(several), 0.1 * max(abs(low), abs(high)))
    if high - low < span:
        return Scale(*_widened(low, high, span, _most(several)), "even")
    return Scale(low, high, "even")


def scales_of(several: Sequence[xr.DataArray]) -> list[Scale]:
    """The scale of each plane of these values, in the order in which they are unfolded: one for all, unless they hold a
    plane for each word and the magnitudes of the words differ much; then one for each word, which all values share.
    """
    if several[0].ndim < 3:
        return [scale_of(several)] * len(several)
    axis = str(several[0].dims[0])
    order = [word for one in several for word in one.coords[axis].values.tolist()]
    planes = {word: [one.sel({axis: word}) for one in several if word in one.coords[axis].values] for word in order}
    largest = [float(np.nanmax(np.abs(_pooled(held)), initial=0)) for held in planes.values()]
    if max(largest) <= _MUCH * min(largest):
        return [scale_of(several)] * len(order)
    scales = {word: scale_of(held) for word, held in planes.items()}
    return [scales[word] for word in order]


def _least_span(several: Sequence[xr.DataArray]) -> float:
    """What a scale spans at least, lest it paint chance: twice a typical interval; 0 where there are none."""
    widths = [np.asarray(high - low, dtype=float).ravel() for low, high in filter(None, map(bounds, several))]
    finite = np.concatenate([one[np.isfinite(one)] for one in widths]) if widths else np.empty(0)
    return 2 * float(np.median(finite)) if finite.size else 0.0


def _most(several: Sequence[xr.DataArray]) -> float:
    """The most that these values can be: 1 for shares, whose bounds too lie from 0 to 1; else without end."""
    shares = all(one.attrs.get("units") == "1" and _within_one(one) for one in several)
    return 1.0 if shares else np.inf


def _within_one(values: xr.DataArray) -> bool:
    held = [np.asarray(values.values, dtype=float), *(bounds(values) or ())]
    return all(bool(((one >= 0) & (one <= 1) | np.isnan(one)).all()) for one in held)


def _widened(low: float, high: float, span: float, most: float) -> tuple[float, float]:
    """A scale of that span around low..high, that begins at 0 rather than below where no value is negative, and ends at
    the most that the values can be.
    """
    start = min((low + high - span) / 2, most - span)
    start = max(0.0, start) if low >= 0 else start
    return start, min(start + span, most)


def logarithmic(values: Array) -> bool:
    """Whether values spread over orders of magnitude, most of them small: above 0, ratio over 30, median low."""
    finite = values[np.isfinite(values)]
    if finite.size < 3 or finite.min() <= 0:
        return False
    low, high = _robust(finite)
    return bool(high > 30 * low and np.median(finite) - low < 0.1 * (high - low))


def uneven(points: Array) -> bool:
    """Whether points of an axis, all above 0, lie so unevenly that a logarithmic axis shows them better."""
    if points.size < 4 or points.min() <= 0:
        return False
    gaps = np.diff(np.sort(points))
    return bool(gaps.max() > 4 * max(gaps.min(), 1e-12) and points.max() > 8 * points.min())


def logarithmic_told(text: str, is_logarithmic: bool) -> str:
    """The title of an axis or a bar, which says where it is logarithmic."""
    return f"{text}, log scale" if is_logarithmic else text


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round values from low to high for a logarithmic axis: decades, or 1, 2, 5 times a decade where few fit."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    whole = [10.0**one for one in decades if low <= 10.0**one <= high]
    if len(whole) >= 3:
        return whole
    return [step * 10.0**one for one in decades for step in _STEPS if low <= step * 10.0**one <= high]


def _pooled(several: Sequence[xr.DataArray]) -> Array:
    values = np.concatenate([np.asarray(one.values, dtype=float).ravel() for one in several])
    finite: Array = values[np.isfinite(values)]
    return finite


def _robust(values: Array) -> tuple[float, float]:
    if not values.size:
        return 0.0, 0.0
    if values.size < _FEW:
        return float(values.min()), float(values.max())
    low, high = np.percentile(values, (0.5, 99.5))
    return (float(low), float(high)) if high > low else (float(values.min()), float(values.max()))
