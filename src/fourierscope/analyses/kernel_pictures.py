"""Pictures of kernels and of what they pass, for the eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor
from torch.nn.functional import interpolate

from fourierscope.analyses.masks.pictures import pictures, strips
from fourierscope.fourier import Plane
from fourierscope.results import Axes
from fourierscope.theory.filters import response

SIDE = 33
"""Side of the planes on which responses are shown, whatever the kernels' size."""
_PIXELS = 66
_SHOWN = 12


def kernel_pictures(kernels: Tensor, name: str) -> dict[str, xr.DataArray]:
    """Some of the filters (o, i, h, w), evenly along their order, above their spectra."""
    places = np.linspace(0, len(kernels) - 1, min(len(kernels), _SHOWN)).round().astype(int)
    chosen = kernels[places]
    spectra = response(chosen, Plane(SIDE, SIDE)).abs().square().sum(1, keepdim=True).sqrt()
    spectra = (spectra / spectra.amax((1, 2, 3), keepdim=True)).expand(-1, 3, -1, -1)
    shown = chosen if chosen.shape[1] == 3 else _strongest(chosen)
    shown = 0.5 + 0.5 * shown / shown.abs().amax((1, 2, 3), keepdim=True)
    states = [interpolate(one, (_PIXELS, _PIXELS), mode="nearest") for one in (shown, spectra.contiguous())]
    ranks = [str(place + 1) for place in places]
    some = "All" if len(chosen) == len(kernels) else f"{len(chosen)} of"
    says = (
        f"{some} {len(kernels)} filters of {name}, in the order of their centroids, the lowest first: those of rank "
        f"{', '.join(ranks)}. Each kernel is stretched by itself about grey; its spectrum, the magnitude of its "
        "response, by itself from black for 0 to white, with frequency zero in the middle and half a cycle per pixel "
        "at the sides."
    )
    words = [f"rank {rank}" for rank in ranks]
    return {"kernels": pictures(strips(states), ["kernel", "spectrum"], says, words)}


def kernel_plane(words: Mapping[str, npt.NDArray[Any]]) -> Axes:
    """The axes of a plane of frequencies in cycles per pixel, for each word of an axis where one is given."""
    steps = Plane(SIDE, SIDE).rows().numpy() / SIDE
    return Axes({**words, "row": steps, "column": steps}, {"row": "cycles/pixel", "column": "cycles/pixel"})


def _strongest(kernels: Tensor) -> Tensor:
    """The slice of most energy of each filter, three times, as grey (o, 3, h, w)."""
    best = kernels.square().sum((2, 3)).argmax(1)
    return kernels[torch.arange(len(kernels)), best][:, None].expand(-1, 3, -1, -1).contiguous()
