"""What linear views share: fixed rows, in bands, that answers are multiplied by and held against targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor

from fourierscope.training.learning_order import area_under_error, ordering, time_to_learn

Array = npt.NDArray[Any]
USABLE = 3.0  # times the noise floor
ROUNDING = 1e-6  # of the size of the targets: the floor of a transform that takes no sample of its points
_MOST_KEPT = 600  # rows whose coefficients are kept


class LinearView(Protocol):
    """A fixed linear map of answers and targets."""

    @property
    def name(self) -> str: ...

    def rows(self, points: Tensor, values: Tensor) -> Rows:
        """The rows for points (n, ...) and targets (n, outputs)."""


@dataclass(frozen=True)
class Rows:
    """Rows (r, n) that answers (n, outputs) are multiplied by, and what the bands are that they belong to.

    `band` (r,) tells each row's band; `places` (bands,) are numbers with a unit, in rising order, or words. `floor`
    (bands,) is how large a coefficient may come out by the chance of the sample, or by rounding.
    """

    matrix: Tensor
    band: Tensor
    axis: str
    places: Array
    unit: str
    floor: Array
    says: str
    attrs: dict[str, Any]


@dataclass(frozen=True)
class ReadyRows:
    """A linear view made ready for the points and targets it watches."""

    name: str
    rows: Rows
    targets: Tensor  # (r, outputs), what the rows make of the targets
    threshold: float

    @classmethod
    def of(cls, view: LinearView, points: Tensor, values: Tensor, threshold: float) -> ReadyRows:
        """The view for points (n, ...) and targets (n, outputs), which are put into float64."""
        held, points = values.detach().double().cpu(), points.detach().double().cpu()
        rows = view.rows(points[:, None] if points.ndim == 1 else points, held)
        return cls(view.name, rows, rows.matrix @ held.to(rows.matrix.dtype), threshold)

    def measure(self, answers: Tensor) -> dict[str, Array]:
        """Of answers (n, outputs): the relative error of each band, and its coefficients where rows are few."""
        found = self.rows.matrix @ answers.to(self.rows.matrix)
        norms = self._norms(found - self.targets) / self._norms(self.targets).clamp_min(1e-300)
        measured = {"error": norms.numpy()}
        if len(self.rows.matrix) <= _MOST_KEPT:
            measured["coefficients"] = _parts(found)
        return measured

    def _norms(self, coefficients: Tensor) -> Tensor:
        """The norm of each band's coefficients (r, outputs), over all outputs: (bands,)."""
        energy = coefficients.abs().square().sum(1)
        return torch.zeros(len(self.rows.places), dtype=torch.float64).index_add(0, self.rows.band, energy).sqrt()

    @property
    def usable(self) -> Array:
        """Bands (bands,) whose targets stand out of the noise floor."""
        found: Array = self._norms(self.targets).numpy() > USABLE * self.rows.floor
        return found

    def assemble(self, steps: Array, measured: list[dict[str, Array]]) -> dict[str, xr.DataArray]:
        """All that was measured at `steps`, on named axes, with times, areas and the ordering of usable bands."""
        error = np.stack([one["error"] for one in measured])  # (t, bands)
        usable = self.usable
        shown = np.where(usable, error, np.nan)
        times = np.where(usable, time_to_learn(error, steps, self.threshold), np.nan)
        area = area_under_error(shown, steps)
        found = self._of_bands(steps, shown, times, area) | self._of_targets(usable)
        found["ordering"] = xr.DataArray(
            ordering(times[usable]),
            attrs={"units": "1", "says": "Spearman correlation of frequency and time to learn; never learned: last."},
        )
        if "coefficients" in measured[0]:
            found["coefficients"] = self._coefficients(
                np.stack([one["coefficients"] for one in measured]).astype(np.float32), steps
            )
        return {f"{self.name}_{name}": one.rename(f"{self.name}_{name}") for name, one in found.items()}

    def _of_bands(self, steps: Array, error: Array, times: Array, area: Array) -> dict[str, xr.DataArray]:
        axis, (places, step) = self._axis, (self._places(), _step_axis(steps))
        told = f"{self.rows.says} Relative to the targets; 0: learned, 1: nothing yet."
        by_step = xr.DataArray(error, {"step": step, axis: places}, ("step", axis), attrs={"units": "1", "says": told})
        by_step = by_step if self.rows.places.dtype.kind in "uif" else by_step.transpose()
        says = f"First step at which the relative error lies below {self.threshold:g}; NaN: never, or not usable."
        reached = xr.DataArray(times, {axis: places}, (axis,), attrs={"units": "steps", "says": says})
        says = "Mean over the logarithm of 1 + step of the relative error, capped at 1."
        under = xr.DataArray(area, {axis: places}, (axis,), attrs={"units": "1", "says": says})
        by_step.attrs |= self.rows.attrs | {"reached": f"{self.name}_time_to_learn"}
        return {"error": by_step, "time_to_learn": reached, "area": under}

    def _of_targets(self, usable: Array) -> dict[str, xr.DataArray]:
        axis, places = self._axis, self._places()
        told = {
            "target": (self._norms(self.targets).numpy(), "Size of the targets' coefficients, over all outputs."),
            "noise_floor": (self.rows.floor, "Size that chance or rounding alone gives a coefficient."),
            "usable": (usable, f"Whether targets stand out of {USABLE:g} times the noise floor."),
        }
        return {
            name: xr.DataArray(value, {axis: places}, (axis,), attrs={"units": "1", "says": says})
            for name, (value, says) in told.items()
        }

    def _coefficients(self, found: Array, steps: Array) -> xr.DataArray:
        """Coefficients (t, r, outputs), of complex ones both parts along a last axis; the targets' own beside them."""
        dims: tuple[str, ...] = ("step", f"{self.name}_row", "output")
        coords: dict[str, Any] = {"step": _step_axis(steps)}
        if self.targets.is_complex():
            dims, coords = (*dims, "part"), coords | {"part": ["real", "imaginary"]}
        target = (dims[1:], _parts(self.targets).astype(np.float32))
        attrs = {"units": "1", "says": "Coefficients of the answers."}
        return xr.DataArray(found, coords, dims, attrs=attrs).assign_coords(
            {f"{self.name}_target_coefficients": target}
        )

    @property
    def _axis(self) -> str:
        """The view's own name for its axis: two views of one kind may have other frequencies."""
        return f"{self.name}_{self.rows.axis}"

    def _places(self) -> xr.Variable:
        return xr.Variable((self._axis,), self.rows.places, {"units": self.rows.unit})


def _parts(values: Tensor) -> Array:
    """Coefficients as real numbers: of complex ones both parts along a last axis."""
    held: Array = (torch.view_as_real(values) if values.is_complex() else values).numpy()
    return held


def _step_axis(steps: Array) -> xr.Variable:
    return xr.Variable(("step",), np.asarray(steps), {"units": "step"})
