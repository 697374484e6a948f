"""Pictures of what masks do, for the eye: an image, its mask, and what passes, stretched to be seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.subjects import Samples

STRETCHED = (
    "Under masks each picture is stretched by itself to all of black to white, for display only: what classifiers are "
    "asked about leaves [0, 1] and is never clipped."
)
_EXAMPLES = 6
MASKS = "Masks are centred planes, white where the gain is 1."


def examples(masks: xr.DataArray, samples: Samples) -> xr.DataArray:
    """Masks ("example", "row", "column") of some items of masks ("item", ...): the first of each class, or of all."""
    places, names = list(range(min(_EXAMPLES, len(samples)))), ["" for _ in range(len(samples))]
    if samples.labels is not None:
        labels = samples.labels.tolist()
        names = [f", {samples.classes[one] if samples.classes else f'class {one}'}" for one in labels]
        places = sorted({one: labels.index(one) for one in labels}.values())[:_EXAMPLES]
    shown = masks[places] if masks.ndim == 3 else masks[places].mean("channel")
    words = [f"image {place}{names[place]}" for place in places]
    found = shown.drop_vars("item").rename(item="example").assign_coords(example=words)
    attrs = masks.attrs | {"says": f"Some of the masks. {masks.attrs['says']}"}
    return found.assign_attrs(attrs)


def stretched(images: Tensor) -> Tensor:
    """Images (n, c, h, w), each from its least value at 0 to its largest at 1; an even one at 0.5."""
    low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
    return torch.where(high > low, (images - low) / (high - low).clamp_min(1e-12), 0.5)


def planes(gains: Tensor, channels: int) -> Tensor:
    """Masks (n, k, h, w) as grey images (n, channels, h, w)."""
    return gains.mean(1, keepdim=True).expand(-1, channels, -1, -1)


def strips(states: list[Tensor]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Images in [0, 1] (n, c, h, w) of each state as bytes (n, states, h, w, c)."""
    both = torch.stack([one.cpu() for one in states], 1).clamp(0, 1).mul(255).round().byte()
    return np.asarray(both.permute(0, 1, 3, 4, 2).numpy())


def pictures(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], states: list[str], says: str, words: Sequence[str] = ()
) -> xr.DataArray:
    """Strips as a value of a result, with a word for each picture where there are any."""
    axes = ("picture", "state", "y", "x", "channel")
    coords = {"state": states} | ({"picture": list(words)} if words else {})
    return xr.DataArray(pixels, dims=axes, coords=coords, attrs={"units": "1/255", "says": says})
