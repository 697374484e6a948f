"""The numbers of the paper, as printed or read off its drawings; `printed.json` says how each was had."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr

from fourierscope.fourier import Plane


@cache
def printed(exhibit: str) -> Any:
    """The numbers of one exhibit, such as "figure 5". Raises KeyError for one without."""
    held = json.loads((files("fourierscope.papers.yin2019") / "printed.json").read_text(encoding="utf-8"))
    return held[exhibit]


def printed_map(model: str) -> xr.DataArray:
    """The map of Fig. 3 of one model over ("row", "column"), read off the picture; NaN where a marker hides a cell."""
    rows = printed("figure 3")["map"][model]
    plane = Plane(len(rows), len(rows[0]))
    axes = {"row": plane.rows().numpy(), "column": plane.columns().numpy()}
    coords = {name: xr.Variable((name,), values, {"units": "cycles/image"}) for name, values in axes.items()}
    values = np.array(rows, dtype=float)  # null becomes NaN
    return xr.DataArray(values, coords=coords, dims=("row", "column"), name="error", attrs={"units": "1"})
