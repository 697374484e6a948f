"""Values as results give them, made by hand."""

import numpy as np
import xarray as xr

from fourierscope.results import Axes, Result, count, rate

CYCLES = "cycles/image"


def plane_result(shift: float = 0.0, height: int = 5, width: int = 6, n: int = 40) -> Result:
    """Error over a plane, higher towards the right, from seeded outcomes."""
    generator = np.random.default_rng(0)
    chance = np.linspace(0.1, 0.6, width)[None, :, None] + shift
    outcomes = generator.random((height, width, n)) < chance
    axes = Axes(
        {"row": np.arange(height) - height // 2, "column": np.arange(width) - width // 2},
        {"row": CYCLES, "column": CYCLES},
    )
    return _result(rate("error", outcomes, axes, "Share of images classified wrongly.") | count(n))


def curve_result(n: int = 40) -> Result:
    """Accuracy of low and high passes over radii."""
    generator = np.random.default_rng(1)
    outcomes = generator.random((2, 4, n)) < np.array([[0.3, 0.5, 0.8, 0.9], [0.9, 0.6, 0.4, 0.2]])[:, :, None]
    axes = Axes({"kept": np.array(["low", "high"]), "radius": np.array([1, 2, 3, 4])}, {"radius": CYCLES})
    found = rate("accuracy", outcomes, axes, "Share right.")
    found |= rate("clean_accuracy", generator.random(n) < 0.9, Axes({}), "Share of unfiltered images right.")
    return _result(found | count(n))


def dots_result(shift: float = 0.0, n: int = 40) -> Result:
    """Accuracy by words, from seeded outcomes."""
    chance = np.array([0.2, 0.5, 0.8])[:, None] + shift
    outcomes = np.random.default_rng(2).random((3, n)) < chance
    axes = Axes({"corruption": np.array(["fog", "snow_fall", "jpeg"])})
    return _result(rate("accuracy", outcomes, axes, "Share right.") | count(n))


def points_result(shift: float = 0.0) -> Result:
    """The same against another value of the words."""
    found = dots_result(shift)
    found.dataset["depth"] = found.dataset["accuracy"].copy(data=np.array([0.7, 0.1, 0.4])).assign_attrs(units="m")
    for key in ("low", "high", "outcomes"):
        del found.dataset["depth"].attrs[key]
    found.dataset["accuracy"].attrs["against"] = "depth"
    return found


def table_result(shift: float = 0.0, words: int = 9, n: int = 40) -> Result:
    """Accuracy by many words and a few numbers."""
    outcomes = np.random.default_rng(3).random((words, 4, n)) < np.linspace(0.1, 0.9, words)[:, None, None] + shift
    axes = Axes({"corruption": np.array([f"kind_{one}" for one in range(words)]), "severity": np.array([1, 2, 3, 5])})
    return _result(rate("accuracy", outcomes, axes, "Share right.") | count(n))


def layers() -> xr.DataArray:
    """A plane for each of two layers."""
    planes = np.arange(60, dtype=float).reshape(2, 5, 6)
    coords = {"layer": ["first", "second"], "row": np.arange(5) - 2, "column": np.arange(6) - 3}
    attrs = {"units": "1", "says": "Change."}
    return xr.DataArray(planes, dims=("layer", "row", "column"), coords=coords, attrs=attrs, name="change")


def pictures() -> xr.DataArray:
    pixels = np.arange(2 * 2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 2, 3, 4, 3)
    return xr.DataArray(
        pixels,
        dims=("picture", "state", "y", "x", "channel"),
        coords={"state": ["clean", "under the wave"]},
        attrs={"units": "1/255", "says": "Pictures."},
    )


def _result(variables: dict[str, xr.DataArray]) -> Result:
    record = {
        "analysis": "Made",
        "options": {},
        "subject": {"classifier": {"name": "one"}, "samples": {"name": "s", "digest": "d"}},
    }
    return Result(xr.Dataset(variables), record)
