"""From masks to labelled values: of each item, and over all images with bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.masks.objective import Asked, masked_logits
from fourierscope.analyses.masks.path import ENDS, Path
from fourierscope.fourier import Plane
from fourierscope.fourier.bands import rings
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import Axes, estimated, mean, mean_of_sums, mean_size, rate, share, wilson

Array = npt.NDArray[Any]
OF_ITEMS = ("gains", "objective", "fidelity", "certificate", "steps", "spent", "kept")
OF_IMAGES = ("held", "right", "clean")
_UNITS = {"row": "cycles/image", "column": "cycles/image"}


def answered(asked: Asked, places: Tensor, gains: Tensor) -> dict[str, Tensor]:
    """Of each image at `places` (n,): whether its prediction is held under gains (n or 1, k, pairs), and is right."""
    whole, masked = masked_logits(asked, places, gains.expand(len(places), -1, -1))
    found = {"held": masked.argmax(1) == whole.argmax(1)}
    if asked.trial.samples.labels is not None:
        labels = asked.trial.samples.labels[places].to(whole.device)
        found |= {"right": masked.argmax(1) == labels, "clean": whole.argmax(1) == labels}
    return found


def told(found: Path, losses: tuple[float, ...]) -> dict[str, Tensor]:
    """A path as arrays with the items first."""
    sizes = found.sizes_at(losses)
    return {
        "path_size": found.sizes.permute(2, 0, 1),
        "path_loss": (found.fidelities - found.whole).permute(2, 0, 1),
        "path_spent": found.spent.permute(2, 0, 1),
        "size_at": sizes.permute(2, 0, 1),
    }


def of_masks(
    joined: Mapping[str, Array], items: Array, plane: Plane, says: str, tolerance: float
) -> dict[str, xr.DataArray]:
    """The masks and what is known of each: with bounds over them where they are those of images."""
    masks = _on_the_plane(joined["gains"], items, plane, says)
    each = _of_each(joined, items)
    if items.dtype.kind == "U":
        drawn = masks.ndim == 3
        return (
            {"mask": masks}
            | each
            | _of_groups(joined, items)
            | ({} if drawn else {"mean_mask": _mean_of_channels(masks)})
        )
    of_all = Axes({})
    axes = Axes({"row": masks["row"].values, "column": masks["column"].values}, _UNITS)
    whole = masks.values.reshape(len(items), -1, *plane.shape).mean(1, dtype=np.float64)
    found = mean_of_sums("mean_mask", whole.sum(0), (whole**2).sum(0), len(items), axes, "1", f"Mean of masks: {says}")
    found |= share("mean_size", joined["size"], of_all, "Mean size of the masks: the gain over the plane.")
    found |= mean("mean_fidelity", joined["fidelity"], of_all, "nat", "Mean fidelity of the masked images.")
    found |= mean("mean_steps", joined["steps"], of_all, "evaluations", "Mean number of evaluations of a mask.")
    reached = f"Share of masks whose certificate is at most {tolerance:g}: least ones, to that tolerance."
    found |= rate("certified", joined["certificate"] <= tolerance, of_all, reached)
    limited = "Share of masks that stopped at the step limit, neither certified nor at rest."
    found |= rate("spent_share", joined["spent"], of_all, limited)
    found |= _by_radius(whole, plane)
    for shown, hidden in _HIDES.items():
        found[shown].attrs["images"] = hidden
    return found | {"mask": masks} | each


def of_images(joined: Mapping[str, Array], under: str) -> dict[str, xr.DataArray]:
    """Whether predictions are kept, and right, over all images."""
    of_all = Axes({})
    found = rate("kept_share", joined["held"], of_all, f"Share of images whose prediction is kept under {under}.")
    found["kept_share"].attrs["images"] = "kept"
    if "right" in joined:
        found |= rate("accuracy", joined["right"], of_all, f"Share of images classified rightly under {under}.")
        found |= rate("clean_accuracy", joined["clean"], of_all, "Share of whole images classified rightly.")
    return found


def of_path(
    joined: Mapping[str, Array], items: Array, along: tuple[float, ...], losses: tuple[float, ...]
) -> dict[str, xr.DataArray]:
    """Sizes and losses along the path and at equal losses, mean over items."""
    by_sparsity = Axes({"end": np.array(ENDS), "sparsity": np.array(along)})
    by_loss = Axes({"end": np.array(ENDS), "loss": np.array(losses)}, {"loss": "nat"})
    says = {
        "path_size": "Mean size of the masks at each sparsity, begun at all frequencies or at none.",
        "path_loss": "Mean rise of the fidelity over that of unmasked images, at each sparsity.",
        "size_at": "Mean size of the least mask found that loses no more than this, from either end.",
    }
    along_axis = {name: np.moveaxis(joined[name], 0, -1) for name in (*says, "path_spent")}
    found = mean_size("path_size", along_axis["path_size"], by_sparsity, "1", says["path_size"])
    found |= mean("path_loss", along_axis["path_loss"], by_sparsity, "nat", says["path_loss"])
    found |= mean_size("size_at", along_axis["size_at"], by_loss, "1", says["size_at"])
    limited = "Share of masks along the path that stopped at the step limit."
    return found | share("path_spent", along_axis["path_spent"], by_sparsity, limited)


_HIDES = {
    "mean_mask": "mask",
    "mean_size": "size",
    "mean_fidelity": "fidelity",
    "mean_steps": "steps",
    "certified": "certificate",
    "spent_share": "spent",
    "gain": "objective",
}


def _on_the_plane(gains: Array, items: Array, plane: Plane, says: str) -> xr.DataArray:
    """Masks (item, row, column), or (item, channel, row, column) where each channel has its own."""
    values = Pairs(plane).spread(torch.from_numpy(gains)).numpy()
    coordinates = {"item": items}
    if values.shape[1] == 1:
        values = values[:, 0]
    else:
        coordinates["channel"] = np.arange(values.shape[1])
    coordinates |= {"row": plane.rows().numpy(), "column": plane.columns().numpy()}
    return Axes(coordinates, _UNITS).array(values, "1", says)


def _of_each(joined: Mapping[str, Array], items: Array) -> dict[str, xr.DataArray]:
    axes = Axes({"item": items})
    says = {
        "size": ("1", "Mean gain over the plane."),
        "kept": ("1", "Share of the item's images whose prediction is kept."),
        "fidelity": ("nat", "Fidelity of the masked images."),
        "objective": ("nat", "Fidelity plus penalty: what the mask minimises."),
        "certificate": ("1", "Largest residual of the conditions of optimality, in units of sparsity / gains."),
        "steps": ("evaluations", "Evaluations of the fidelity and its slope."),
        "spent": ("1", "1 where the mask stopped at the step limit, neither certified nor at rest; else 0."),
    }
    return {name: axes.array(1 * joined[name], unit, told) for name, (unit, told) in says.items()}


def _of_groups(joined: Mapping[str, Array], items: Array) -> dict[str, xr.DataArray]:
    """What each mask keeps of its images' predictions, with bounds, and how many images it is for."""
    axes, n = Axes({"item": items}), joined["images"]
    says = "Share of the item's images whose prediction is kept."
    found = estimated("kept", wilson(joined["kept"].astype(np.float64), n), axes, "1", says)
    return found | {"images": axes.array(n, "images", "Images that the mask is for.")}


def _by_radius(masks: Array, plane: Plane) -> dict[str, xr.DataArray]:
    bands = rings(plane)
    profile = bands.mean(torch.from_numpy(masks)).T.numpy()
    axes = Axes({"radius": np.array(bands.centres)}, {"radius": "cycles/image"})
    return mean("gain", profile, axes, "1", "Mean gain of the masks over the ring of this radius.")


def _mean_of_channels(masks: xr.DataArray) -> xr.DataArray:
    found = masks.mean("channel")
    found.attrs = masks.attrs | {"says": f"Mean over channels: {masks.attrs['says']}", "images": "mask"}
    return found
