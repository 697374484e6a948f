"""The form of a picture, by the axes of its value, and the texts that go with it: said once for paper and page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

Array = npt.NDArray[Any]
Form = Literal[
    "plane", "planes", "curve", "curves", "dots", "points", "table", "cloud", "map", "maps", "pictures", "value"
]

PICTURES = ("picture", "state", "y", "x", "channel")
NOT_SIGNIFICANT = "not significant"
SIGNIFICANT = "significant (false discovery rate 5 %)"
_MOST_TICKS = 12
MOST_CURVES = 7  # words that become curves in one frame; more of them become a table
FEW_CURVES = 2  # words of each of several values that become curves in one frame; more of them become tables
_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_DRAWABLE = (
    '("row", "column"), a frequency plane; one axis of numbers, a curve; an axis of words and one of numbers, such as '
    f'("kept", "radius"), a curve for each word, or a table of many; one axis of words, a dot for each; '
    'an axis of words, which may come again, before a "coordinate" of two, places in a plane; an axis of words before '
    f'("row", "column"), a plane for each word; two axes of other numbers, a map, and a map for each of words; '
    f"{PICTURES} of uint8, pictures; no axis, a value"
)


def form_of(values: xr.DataArray) -> Form:
    """The form that draws these axes. Raises TypeError, or ValueError with the axes that can be drawn."""
    if not isinstance(values, xr.DataArray):
        raise TypeError(
            f'A picture is drawn of an xarray.DataArray, such as result["error"]; {type(values).__name__} came.'
        )
    if values.dims == PICTURES and values.dtype == np.uint8:
        return "pictures"
    if values.dtype.kind in "buif" and values.size:
        if values.dims == ():
            return "value"
        if values.dims[-2:] == ("row", "column") and _numeric(values, "row") and _numeric(values, "column"):
            if values.ndim == 2:
                return "plane"
            if values.ndim == 3 and _words(values, values.dims[0]):
                return "planes"
        if values.ndim == 2 and _is_map(values):
            return "map"
        if values.ndim == 3 and _words(values, values.dims[0]) and _is_map(values[0]):
            return "maps"
        if values.ndim == 1 and _numeric(values, values.dims[0]):
            return "curve"
        if values.ndim == 1 and _words(values, values.dims[0]):
            return "dots" if _beside(values, "against") is None else "points"
        if values.dims[1:] == ("coordinate",) and values.shape[1] == 2 and _words(values, values.dims[0]):
            return "cloud"
        if values.ndim == 2 and _words(values, values.dims[0]) and _numeric(values, values.dims[1]):
            return "curves" if values.shape[0] <= MOST_CURVES else "table"
    if str(values.name).endswith("_outcomes") and values.dims[-1:] in (("image",), ("image_byte",)):
        value = str(values.name).removesuffix("_outcomes")
        raise ValueError(f"{values.name} are outcomes of single images, kept for intervals: draw {value!r}.")
    raise ValueError(
        f"No picture is known for the axes {values.dims} of {values.dtype}, sizes {dict(values.sizes)}. "
        f"What can be drawn, with a coordinate on each axis: {_DRAWABLE}."
    )


def common_form(several: Sequence[xr.DataArray], names: Sequence[str]) -> Form:
    """The one form of several values that are drawn together. Raises ValueError where they differ."""
    if not several or len(several) != len(names):
        raise ValueError(
            f"Give one name for each value, and at least one; {len(several)} values and {len(names)} names came."
        )
    forms = [form_of(one) for one in several]
    drawn = ["curves" if form == "table" else form for form in forms]
    kinds = {
        (form, one.dims, one.attrs.get("units"), is_difference(one)) for form, one in zip(drawn, several, strict=True)
    }
    if len(kinds) > 1:
        told = "; ".join(f"{one.name} over {one.dims} in {one.attrs.get('units')}" for one in several)
        raise ValueError(
            f"Values are drawn together when axes and units agree, and all or none are differences; {told} came."
        )
    numbers = max(one.shape[-1] for one in several) if crowded(several) else 0
    return "table" if "table" in forms or 0 < numbers <= _MOST_TICKS else forms[0]


def crowded(several: Sequence[xr.DataArray]) -> bool:
    """Whether several values have so many curves each that their bands would hide each other in one frame."""
    return len(several) > 1 and all(form_of(one) == "curves" for one in several) and max(map(len, several)) > FEW_CURVES


def unfolded(several: Sequence[xr.DataArray], names: Sequence[str]) -> tuple[list[xr.DataArray], list[str]]:
    """Values with their names, where those with a plane or map for each word become as many, named by the word too."""
    planes, told = [], []
    for values, name in zip(several, names, strict=True):
        if form_of(values) not in ("planes", "maps"):
            planes.append(values)
            told.append(name)
            continue
        axis = str(values.dims[0])
        for place, word in enumerate(values.coords[axis].values):
            planes.append(values.isel({axis: place}, drop=True))
            told.append(f"{name}, {words(axis)}: {word}" if name else f"{words(axis)}: {word}")
    return planes, told


def against(values: xr.DataArray) -> xr.DataArray | None:
    """The values that stand across where these are drawn as points; None where there are none."""
    return None if _beside(values, "against") is None else values.coords[values.attrs["against"]]


def reached(values: xr.DataArray) -> Array | None:
    """For each point of a map's second axis the place along its first that is reached, or NaN; None where not told."""
    name = values.attrs.get("reached")
    if name is None or name not in values.coords or values.coords[name].dims != values.dims[1:]:
        return None
    return np.asarray(values.coords[name].values, dtype=float)


def within_numbers(values: xr.DataArray) -> xr.DataArray:
    """A map without the outermost points of its second axis at which there is no number at all."""
    known = np.flatnonzero(np.isfinite(np.asarray(values.values, dtype=float)).any(0))
    return values[:, known[0] : known[-1] + 1] if len(known) else values


def line_bounds(values: xr.DataArray) -> tuple[Array, Array] | None:
    """Bounds, of the values' shape, of the line through values that are drawn as points; None where there are none."""
    return None if _beside(values, "line") is None else bounds(values.coords[values.attrs["line"]])


def words(name: object) -> str:
    """A variable's name as words: `clean_loss` is clean loss, `error_ring` the mean error over the ring."""
    plain = str(name).replace("_", " ")
    return f"mean {plain.removesuffix(' ring')} over the ring" if plain.endswith(" ring") else plain


def label(values: xr.DataArray) -> str:
    """What the values are, with their unit: `error`, `loss (nat)`, `difference in error`."""
    name = words(values.name if values.name is not None else "value")
    return with_unit(f"difference in {name}" if is_difference(values) else name, values.attrs.get("units", "1"))


def common_label(several: Sequence[xr.DataArray]) -> str:
    """What several values are that share an axis: their label where they have one name, else `value`, with the unit."""
    if len({one.name for one in several}) > 1:
        return label(several[0].rename("value"))
    return label(several[0])


def whole(points: xr.DataArray) -> bool:
    """Whether these are whole numbers by their kind, such as steps and layers, between which there is nothing."""
    return points.dtype.kind in "iu"


def separate(points: xr.DataArray) -> bool:
    """Whether the points of an axis are things of their own, such as filters, that no line joins."""
    return points.attrs.get("separate") == "yes"


def axis_label(values: xr.DataArray, axis: str) -> str:
    """An axis with its unit: `row (cycles/image)`."""
    return with_unit(words(axis), values.coords[axis].attrs.get("units", "1"))


def with_unit(name: str, unit: object) -> str:
    """A name with its unit in brackets, unless the unit is 1 or the name itself."""
    return name if unit in ("1", "", None, name) else f"{name} ({unit})"


def number(value: float) -> str:
    """A number to three significant digits, whole ones whole, with a real minus sign: `0.310`, `17`, `4.75 x 10^-5`."""
    value = float(value)
    if not np.isfinite(value):
        return "unknown"
    if abs(value) < 1e6 and (value == int(value) or abs(value) >= 1000):
        plain = f"{value:.0f}"
    elif 1e-3 <= abs(value) < 1e6:
        plain = f"{value:#.3g}".rstrip(".")
    else:
        digits, power = f"{value:.2e}".split("e")
        plain = f"{digits} \u00d7 10{str(int(power)).translate(_RAISED)}"
    return plain.replace("-", "\u2212")


def is_difference(values: xr.DataArray) -> bool:
    """Whether these are paired differences of two results."""
    return values.attrs.get("difference") == "yes"


def is_signed(values: xr.DataArray) -> bool:
    """Whether what matters of these values is on which side of 0 they lie, and how far."""
    return values.attrs.get("signed") == "yes"


def bounds(values: xr.DataArray) -> tuple[Array, Array] | None:
    """Lower and upper bounds, of the values' shape; None where there are none."""
    found = [_beside(values, key) for key in ("low", "high")]
    if found[0] is None or found[1] is None or not np.isfinite(found[0]).any():
        return None
    return found[0].astype(float), found[1].astype(float)


def significant(values: xr.DataArray) -> npt.NDArray[np.bool_] | None:
    """Which cells of a difference are significant, of the values' shape; None where that is not marked."""
    marks = _beside(values, "marks")
    return None if marks is None else marks.astype(bool)


def count(values: xr.DataArray) -> int | None:
    """The number of images behind the values, where it stands beside them."""
    return int(values.coords["n"]) if "n" in values.coords and values.coords["n"].ndim == 0 else None


def counts(values: xr.DataArray) -> Array | None:
    """The number of images behind each value, of the values' shape, where they differ; None where not told."""
    return _beside(values, "counts")


def unmeasured(values: xr.DataArray) -> npt.NDArray[np.bool_] | None:
    """Which cells were not measured on any image; None where all were, or nobody says."""
    found = counts(values)
    return None if found is None or found.all() else found == 0


def hatching(values: xr.DataArray) -> tuple[Array, Array] | None:
    """Strokes through the cells of a plane that were not measured: columns and rows, a NaN between strokes; or None.

    Each cell has three of one direction, from its least row and column to its largest: its diagonal, one at each side.
    """
    where = unmeasured(values)
    if where is None:
        return None
    rows, columns = (np.asarray(values.coords[axis].values, dtype=float) for axis in ("row", "column"))
    high, wide = (half_step(one) for one in (rows, columns))
    strokes = np.array([[-1, -1, 1, 1], [-1, 0, 0, 1], [0, -1, 1, 0]])  # from x, y to x, y in half cells
    places = np.argwhere(where)
    x = columns[places[:, 1], None, None] + wide * strokes[None, :, [0, 2]]
    y = rows[places[:, 0], None, None] + high * strokes[None, :, [1, 3]]
    gap = np.full((len(places), len(strokes), 1), np.nan)
    return np.concatenate([x, gap], -1).ravel(), np.concatenate([y, gap], -1).ravel()


def half_step(points: Array) -> float:
    """Half of the distance of evenly spaced points; of a single one, a half."""
    return float((points[-1] - points[0]) / (len(points) - 1) / 2) if len(points) > 1 else 0.5


def interval(low: float, high: float) -> str:
    """Bounds in words: `0.1 to 0.3`."""
    return f"{number(low)} to {number(high)}"


def ordered(values: xr.DataArray) -> xr.DataArray:
    """The values with their axes of numbers ascending."""
    axes = [axis for axis in values.dims if _numeric(values, axis)]
    return values.sortby(axes) if axes else values


def edges(points: Array) -> tuple[float, float]:
    """The outer edges of bins centred on evenly spaced, ascending points."""
    half = half_step(points)
    return float(points[0] - half), float(points[-1] + half)


def ticks(points: Array) -> list[int | float] | None:
    """The points of an axis, where they are few enough to mark each; None where there are more."""
    return points.tolist() if len(points) <= _MOST_TICKS else None


def picture(pixels: Array) -> Array:
    """Pixels (h, w, channels) as they are shown: (h, w, 3) in colour, else (h, w), the mean of the channels."""
    return pixels if pixels.shape[-1] == 3 else pixels.mean(-1).round().astype(np.uint8)


def _beside(values: xr.DataArray, key: str) -> Array | None:
    name = values.attrs.get(key)
    if name is None or name not in values.coords or values.coords[name].shape != values.shape:
        return None
    return np.asarray(values.coords[name].values)


def _numeric(values: xr.DataArray, axis: object) -> bool:
    return (
        axis in values.coords
        and values.coords[axis].dtype.kind in "uif"
        and bool(np.isfinite(values.coords[axis]).all())
    )


def _is_map(values: xr.DataArray) -> bool:
    """Two axes of numbers; rows and columns the wrong way round are no map."""
    return set(values.dims) != {"row", "column"} and all(_numeric(values, axis) for axis in values.dims)


def _words(values: xr.DataArray, axis: object) -> bool:
    return axis in values.coords and values.coords[axis].dtype.kind in "UOT"
