"""Accuracy on low-passed and high-passed images, as the pass band grows. Yin et al. (2019), section 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.scores import check_labels, score_named
from fourierscope.fourier import Plane
from fourierscope.fourier.filters import apply, high_pass, low_pass, square_high_pass, square_low_pass
from fourierscope.results import Axes, count, rate
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Trial

KEPT = ("low", "high")


class Pass(NamedTuple):
    """One filter: what it keeps, and its radius or bandwidth."""

    kept: str
    size: float


@dataclass(frozen=True)
class PassCurve(Analysis[Trial]):
    """Accuracy on images of which only low or only high frequencies are kept, as the cut-off moves.

    Radial: low keeps radius < size, high the rest. Square: the filters of Yin et al., where low keeps a centred square
    of side `size` and high a square of that side around the highest frequency (which removes a cross; on odd sides one
    more than `size`). Filtered images are never clipped.

    The result holds `accuracy` over ("kept", "radius" or "bandwidth"), with bounds and n, and `clean_accuracy`.

    Source: Yin et al. (2019), section 3 and Fig. 1, asked of a network as it is (trained on whole images).
    """

    shape: Literal["radial", "square"] = "radial"
    """radial, or square as in Yin et al."""
    sizes: tuple[int, ...] = ()
    """Radii in cycles per image, or odd bandwidths; empty: some twelve of them up to the whole plane."""
    keep_mean: bool = False
    """Let the high part keep each image's mean colour, so that it stays near the range of images."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if self.shape not in ("radial", "square"):
            raise ValueError(f"shape is radial or square; {self.shape!r} came.")
        if any(not isinstance(size, int | np.integer) for size in self.sizes):
            raise ValueError(f"sizes are whole numbers; {self.sizes} came.")
        if any(size < 1 for size in self.sizes) or len(set(self.sizes)) != len(self.sizes):
            raise ValueError(f"sizes are different numbers from 1 on; {self.sizes} came.")
        if self.shape == "square" and any(size % 2 == 0 for size in self.sizes):
            raise ValueError(f"Bandwidths of square filters are odd; sizes={self.sizes} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_labels(score_named("error"), trial)
        yield Pass("all", 0)
        for kept in KEPT:
            for size in self._sizes(trial.samples.plane):
                yield Pass(kept, size)

    def measure(self, cell: Pass, trial: Trial, /) -> Measured:
        plane, device, labels = trial.samples.plane, trial.classifier.device, trial.samples.needed_labels()
        gain = self._gain(plane, cell).to(device)
        right = []
        with torch.no_grad():
            for part in batches(len(trial.samples), batch_size(plane, device)):
                images = trial.samples.batch(part.start, part.stop).to(device)
                kept = images if cell.kept == "all" else apply(images, gain)
                right.append(trial.classifier(kept).argmax(1).cpu() == labels[part])
        return {"right": torch.cat(right).numpy()}

    def assemble(self, measured: Mapping[Pass, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        sizes = self._sizes(trial.samples.plane)
        outcomes = np.stack([np.stack([measured[Pass(kept, size)]["right"] for size in sizes]) for kept in KEPT])
        name = "radius" if self.shape == "radial" else "bandwidth"
        axes = Axes({"kept": np.array(KEPT), name: np.array(sizes)}, {name: "cycles/image"})
        says = f"Share of images classified rightly with only frequencies below (low) or above (high) this {name} kept."
        clean = measured[Pass("all", 0)]["right"]
        found = rate("accuracy", outcomes, axes, says)
        found |= rate("clean_accuracy", clean, Axes({}), "Share of unfiltered images classified rightly.")
        return found | count(len(trial.samples))

    def _sizes(self, plane: Plane) -> list[int]:
        if self.sizes:
            return sorted(self.sizes)
        if self.shape == "square":
            side = min(plane.shape)
            step = max(1, round(side / 24)) * 2
            return list(range(1, max(side, 2), step))
        most = int(plane.radius().max()) + 1
        return sorted({max(1, round(most ** (step / 11))) for step in range(12)})

    def _gain(self, plane: Plane, cell: Pass) -> Tensor:
        gain = torch.ones(plane.shape) if cell.kept == "all" else self._filter(plane, cell)
        if self.keep_mean and cell.kept == "high":
            gain[plane.height // 2, plane.width // 2] = 1
        return gain

    def _filter(self, plane: Plane, cell: Pass) -> Tensor:
        if self.shape == "radial":
            return (low_pass if cell.kept == "low" else high_pass)(plane, cell.size)
        size = int(cell.size)
        if cell.kept == "low":
            return square_low_pass(plane, size)
        return square_high_pass(plane, (size + plane.height % 2, size + plane.width % 2))
