"""How much each frequency of an image speaks for its class: gradient x input, integrated gradients, sensitivity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from scipy import stats

from fourierscope.analyses.band_sets import pair_axes
from fourierscope.analyses.coalitions import Block, Coalitions, blocks, joined, shares
from fourierscope.analyses.frequency_slopes import gradient_slopes, integrated_slopes, sensitivity
from fourierscope.analyses.targets import Target, Value, check_target, check_words, unit_of
from fourierscope.fourier import Plane, bands
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import Axes, count, mean, mean_of_sums, share
from fourierscope.runs import Analysis, Measured, check_kinds
from fourierscope.subjects import Trial
from fourierscope.treatments.infills import Infill, Infills, Origin
from fourierscope.treatments.infills import check_words as check_infill

Method = Literal["integrated", "gradient", "sensitivity"]
METHODS: tuple[str, ...] = get_args(Method)


@dataclass(frozen=True)
class FrequencyGradient(Analysis[Trial]):
    """How much each frequency of the images speaks for their class, by gradients; image by image, then averaged.

    integrated: integrated gradients along one gain for all frequencies, from the infill (0) to the image (1); over the
    plane they add up to the rise of the value. gradient: gradient x input at the image, which adds up to
    <gradient, image - infill>. sensitivity: the share of each frequency in the power of the gradient's spectrum, which
    does not ask how much of it the image has.

    The result holds `attribution` (or `sensitivity`) over ("row", "column"), the same at a frequency and its partner,
    with bounds; `attribution_by_radius`, its sums over rings; and for attributions `share`, the share of each frequency
    in the absolute attributions of an image, `total` (the sum over the plane) and `rise` (of the value, from the infill
    to the image). For integrated gradients `completeness_error` is the mean distance of the two.
    Beside every method stands the control: `amplitude_share`, where the images have their amplitude, and
    `amplitude_agreement`, the rank correlation of the method with it. `without_gradient` counts images whose gradient
    is 0 everywhere.

    Source: Sundararajan et al. (2017) for integrated gradients; Fourier sensitivity (2022), here with channels apart.
    """

    method: Method = "integrated"
    """integrated, gradient or sensitivity."""
    value: Value = "log-odds"
    """What is explained: log-odds, log-probability, logit or margin of the class."""
    target: Target = "label"
    """The class: label, or prediction (on the whole image)."""
    steps: int = 24
    """Steps of integrated gradients to begin with; tripled for images whose sum is off by more than the tolerance."""
    tolerance: float = 1e-3
    """How far the sum of integrated gradients may lie from the rise of the value."""
    most_steps: int = 648
    """Steps of integrated gradients at most; what error they leave is told."""
    infill: Infill = "zero"
    """Where the way begins: zero (the origin), random-phase, scrambled or other-image."""
    origin: Origin = "mean"
    """An image without frequencies: mean (the set's mean colour) or black."""
    seed: int = 0
    """Seed of the infill."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if self.method not in METHODS:
            raise ValueError(f"method is one of {', '.join(METHODS)}; {self.method!r} came.")
        check_words(self.value, self.target)
        check_infill(self.infill, self.origin)
        if not (isfinite(self.tolerance) and self.tolerance > 0):
            raise ValueError(f"tolerance is a finite number above 0; {self.tolerance} came.")
        whole = all(isinstance(one, int | np.integer) for one in (self.steps, self.most_steps))
        if not (whole and 1 <= self.steps <= self.most_steps):
            came = f"steps={self.steps}, most_steps={self.most_steps}"
            raise ValueError(f"steps is a whole number from 1 on, and most_steps one from steps on; {came} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        check_target(self.target, trial)
        return blocks(trial, 3 * (self.most_steps if self.method == "integrated" else 1))

    def measure(self, block: Block, trial: Trial, /) -> Measured:
        index = torch.arange(block.start, block.stop)
        infills = Infills.of(trial.samples, self.infill, self.origin, self.seed)
        coalitions = Coalitions.of(trial, index, infills, self.target, self.value)
        ends = coalitions.under(torch.tensor([[0.0], [1.0]]).expand(2, len(coalitions.pairs))).values.double()
        rise = ends[1] - ends[0]
        steps = torch.ones(len(index))
        if self.method == "integrated":
            found, _, steps = integrated_slopes(coalitions, rise, self.steps, self.tolerance, self.most_steps)
        else:
            found = (gradient_slopes if self.method == "gradient" else sensitivity)(coalitions)
        amplitude = coalitions.amplitude()
        held = shares(amplitude, coalitions.pairs)
        return {
            "found": found.T.numpy(),
            "rise": rise.numpy(),
            "steps": steps.numpy(),
            "agreement": agreement(found.abs().numpy(), amplitude.numpy()),
            "amplitude": held.sum(0)[:, None].numpy(),
            "squares": held.square().sum(0)[:, None].numpy(),
        }

    def assemble(self, measured: Mapping[Block, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        plane, n, axes = trial.samples.plane, len(trial.samples), pair_axes(trial.samples.plane)
        values = joined(measured, "found")  # (pairs, n)
        if self.method == "sensitivity":
            found = self._sensitivity(values, plane, axes)
        else:
            found = self._attribution(values, plane, axes) | self._sums(measured, values, plane)
        amplitude, squares = (joined(measured, name).sum(-1) for name in ("amplitude", "squares"))
        told = "Mean share of a frequency in the summed amplitude of what the image has beyond its infill: the control."
        found |= mean_of_sums("amplitude_share", amplitude, squares, n, axes, "1", told)
        told = "Rank correlation over the frequencies of the method's size with the amplitude, mean over images."
        found |= mean("amplitude_agreement", joined(measured, "agreement"), Axes({}), "1", told)
        without = xr.DataArray(int((values == 0).all(0).sum()))
        without.attrs = {"units": "images", "says": "Images whose gradient is 0 everywhere: nothing is said of them."}
        return found | {"without_gradient": without} | count(n)

    def _sensitivity(self, values: npt.NDArray[np.float64], plane: Plane, axes: Axes) -> dict[str, xr.DataArray]:
        says = f"Mean share of a frequency in the power of the gradient of the {self.value}, frequency zero left out."
        radii, sums = over_rings(values, plane)
        return share("sensitivity", values, axes, says) | share(
            "sensitivity_by_radius", sums, radii, f"Sum over the ring of this radius: {says}"
        )

    def _attribution(self, values: npt.NDArray[np.float64], plane: Plane, axes: Axes) -> dict[str, xr.DataArray]:
        unit, pairs = unit_of(self.value), Pairs(plane)
        way = "Integrated gradient" if self.method == "integrated" else "Gradient x input"
        says = f"{way} of the {self.value} of the {self.target} by frequency, mean over images."
        radii, sums = over_rings(values, plane)
        found = mean("attribution", values, axes, unit, says)
        found |= mean("attribution_by_radius", sums, radii, unit, f"Sum over the ring of this radius: {says}")
        found["attribution"].attrs["signed"] = "yes"
        told = "Mean share of a frequency in the sum of the absolute attributions of an image."
        return found | share("share", shares(torch.from_numpy(values.T).abs(), pairs).T.numpy(), axes, told)

    def _sums(
        self, measured: Mapping[Block, Measured], values: npt.NDArray[np.float64], plane: Plane
    ) -> dict[str, xr.DataArray]:
        unit, rise = unit_of(self.value), joined(measured, "rise")
        total = Pairs(plane).bins.numpy() @ values
        found = mean("total", total, Axes({}), unit, "Mean sum of the attributions over the whole plane.")
        found |= mean("rise", rise, Axes({}), unit, f"Mean rise of the {self.value} from the infill to the image.")
        if self.method == "gradient":
            return found
        error, steps = np.abs(total - rise), joined(measured, "steps")
        found |= mean(
            "completeness_error", error, Axes({}), unit, "Mean distance of the sum of the attributions from the rise."
        )
        alone = {
            "largest_completeness_error": (
                error.max(),
                unit,
                "Largest distance of the sum of the attributions from the rise.",
            ),
            "above_tolerance": (
                int((error > self.tolerance).sum()),
                "images",
                f"Images whose sum lies more than {self.tolerance:g} from the rise after {self.most_steps} steps.",
            ),
            "steps_taken": (steps.mean(), "steps", "Mean number of steps of the integral."),
        }
        return found | {
            name: xr.DataArray(one, attrs={"units": its, "says": told}) for name, (one, its, told) in alone.items()
        }


def over_rings(values: npt.NDArray[np.float64], plane: Plane) -> tuple[Axes, npt.NDArray[np.float64]]:
    """Sums (rings, n) of values (pairs, n) in each bin over rings of rounded radius, with their axis."""
    rings, pairs = bands.rings(plane), Pairs(plane)
    weight = (pairs.gathered(rings.gains) * pairs.bins).numpy()
    return Axes({"radius": np.array(rings.centres)}, {"radius": "cycles/image"}), weight @ values


def agreement(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The rank correlation (n,) of the rows of two arrays (n, m), Spearman's; 0 where a row is constant."""
    ranks = [stats.rankdata(one, axis=1) for one in (first, second)]
    ranks = [one - one.mean(1, keepdims=True) for one in ranks]
    spread = np.sqrt(np.square(ranks[0]).sum(1) * np.square(ranks[1]).sum(1))
    return np.asarray((ranks[0] * ranks[1]).sum(1) / np.where(spread > 0, spread, 1))
