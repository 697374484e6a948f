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
