"""The tracker: watches which frequencies a network has learned, in any training loop, and leaves the training alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from math import log10
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.results import Result
from fourierscope.subjects import fingerprint
from fourierscope.subjects.outputs import tensor_within
from fourierscope.training.unseen import bare, unseen
from fourierscope.training.views.linear import LinearView, ReadyRows

Array = npt.NDArray[Any]
_NUMBERS = {"cpu": 2**18, "other": 2**24}  # of the points asked at a time, by kind of device
_PER_DECADE = 20  # measured steps of the log schedule
_FEWEST_SHOWN = 3  # measured steps of a live picture
_MOST_SCALARS = 8  # bands of a view that a writer is given


class NetworkView(Protocol):
    """A view that asks the network itself, such as its accuracy on components of images."""

    @property
    def name(self) -> str: ...

    def ready(self, points: Tensor, values: Tensor) -> ReadyView:
        """The view made ready for these points and values."""


class ReadyView(Protocol):
    def measure(self, network: nn.Module) -> dict[str, Array]: ...

    def assemble(self, steps: Array, measured: list[dict[str, Array]]) -> dict[str, xr.DataArray]: ...


class Writer(Protocol):
    """Such as TensorBoard's SummaryWriter."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any: ...


class SpectralTracker:
    """Watches, at a few steps of any training loop, how far a network has come at each frequency of its targets.

    Give the network, probe points (n, ...) as the network takes them, and values: numbers (n, outputs), or class labels
    (n,), which become one-hot targets and are held against softmaxed answers (`outputs`). Then call `step(i)` in the
    loop, where i counts the steps taken so far: before the first step too, with 0. It measures at steps 0 to 10 and
    then some twenty times a decade ("log"), or every so many steps; `result()` gives all of it on named axes.

    The training stays the same, bit for bit: modes, buffers and random state are put back, no hook and no gradient is
    left. All linear views share one forward pass.

    Of each linear view NAME the result holds `NAME_error` over ("step", "NAME_frequency"), or the bands of that view
    (`filter_kept`, `kernel_modes`), `NAME_time_to_learn`, `NAME_area` (the mean of the capped error over log steps),
    `NAME_ordering` (Spearman), `NAME_target`, `NAME_noise_floor`, `NAME_usable`, and `NAME_coefficients` with the
    targets' own beside them. Bands whose targets do not stand out of the noise floor are NaN.

    2,000 images of 32 x 32 cost some four training steps of 128 each time they are asked. `live` draws the first view's
    error anew in a notebook; `writer` is given the errors of some bands.

    Source: Xu et al. (2019), equation 5, by the complex difference.
    """

    def __init__(
        self,
        network: nn.Module,
        points: Tensor,
        values: Tensor,
        views: Sequence[LinearView | NetworkView],
        schedule: Literal["log"] | int = "log",
        threshold: float = 0.3,
        outputs: Literal["auto", "raw", "softmax"] = "auto",
        writer: Writer | None = None,
        live: bool = False,
    ) -> None:
        _check(network, points, values, views)
        if schedule != "log" and (isinstance(schedule, str | bool) or schedule < 1):
            raise ValueError(f'schedule is "log", or every so many steps from 1 on; {schedule!r} came.')
        if outputs not in ("auto", "raw", "softmax"):
            raise ValueError(f"outputs are auto, raw or softmax; {outputs!r} came.")
        if not threshold > 0:
            raise ValueError(f"threshold is above 0; {threshold} came.")
        self._network, self._schedule, self._writer, self._live = bare(network), schedule, writer, live
        self._points = _placed(points, self._network)
        numbers = _NUMBERS["cpu" if self._points.device.type == "cpu" else "other"]
        self._batch = max(8, numbers // max(1, self._points[0].numel()))
        labels = not values.is_floating_point()
        self._softmax = outputs == "softmax" or (outputs == "auto" and labels)
        self.steps: list[int] = []
        """The steps that were measured."""
        self._measured: dict[str, list[dict[str, Array]]] = {one.name: [] for one in views}
        with unseen(self._network):
            width = self._answers().shape[1]
        targets = _targets(values.detach().cpu(), width)
        self._linear: dict[str, ReadyRows] = {}
        self._asking: dict[str, ReadyView] = {}
        for one in views:
            if hasattr(one, "ready"):
                self._asking[one.name] = one.ready(self._points, values)
            else:
                self._linear[one.name] = ReadyRows.of(one, points, targets, threshold)
        self._display: Any = None  # where the live picture stands
        self._record = {
            "views": [repr(one) for one in views],
            "schedule": schedule,
            "threshold": threshold,
            "outputs": "softmax" if self._softmax else "raw",
        }

    def step(self, i: int) -> bool:
        """Say that `i` steps have been taken; whether this was a step to measure. A step that was measured is left."""
        if not self._is_due(i):
            return False
        self.measure(i)
        return True

    def measure(self, i: int) -> None:
        """Measure now, whatever the schedule says. Raises ValueError where the steps do not ascend, or answers fail."""
        if self.steps and i <= self.steps[-1]:
            if i == self.steps[-1]:
                return
            raise ValueError(f"Steps ascend: {i} came after {self.steps[-1]}.")
        with unseen(self._network):
            found: dict[str, dict[str, Array]] = {}
            if self._linear:
                answers = self._answers()
                if not bool(torch.isfinite(answers).all()):
                    raise ValueError(
                        f"The answers to the probe are NaN or infinite at step {i}: the training diverged."
                    )
                found = {name: one.measure(answers) for name, one in self._linear.items()}
            found |= {name: one.measure(self._network) for name, one in self._asking.items()}
        for name, one in found.items():
            self._measured[name].append(one)
        self.steps.append(i)
        self._tell(i)

    def result(self) -> Result:
        """All that was measured so far. Raises ValueError where nothing was."""
        if not self.steps:
            raise ValueError("Nothing was measured yet: call step(i) in the training loop, from step(0) on.")
        steps = np.array(self.steps)
        several: dict[str, ReadyRows | ReadyView] = {**self._linear, **self._asking}
        found: dict[str, xr.DataArray] = {}
        for name, one in several.items():
            found |= one.assemble(steps, self._measured[name])
        return Result(xr.Dataset(found), self._full_record())

    def state_dict(self) -> dict[str, Any]:
        """What was measured, to be kept in a checkpoint beside the network: plain numbers and tensors."""
        measured = {
            name: [
                {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in one.items()} for one in several
            ]
            for name, several in self._measured.items()
        }
        return {"steps": list(self.steps), "measured": measured}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept. Raises ValueError for that of a tracker with other views."""
        if set(state["measured"]) != set(self._measured):
            raise ValueError(
                f"This tracker's views are {', '.join(self._measured)}; a state of {', '.join(state['measured'])} came."
            )
        self.steps = list(state["steps"])
        for name, several in state["measured"].items():
            self._measured[name] = [{key: value.numpy() for key, value in one.items()} for one in several]

    def _is_due(self, i: int) -> bool:
        if i < 0:
            raise ValueError(f"Steps count from 0; {i} came.")
        if not self.steps:
            return True
        last = self.steps[-1]
        if i <= last:
            return False
        if self._schedule != "log":
            return i // int(self._schedule) > last // int(self._schedule)
        return i <= 10 or last <= 0 or int(_PER_DECADE * log10(i)) > int(_PER_DECADE * log10(last))

    def _answers(self) -> Tensor:
        """The network's answers (n, outputs) to the probe, in float64 on the processor."""
        parts = [tensor_within(self._network(part)) for part in self._points.split(self._batch)]
        answers = torch.cat(parts).double()
        answers = answers[:, None] if answers.ndim == 1 else answers.flatten(1)
        return (answers.softmax(1) if self._softmax else answers).cpu()

    def _tell(self, step: int) -> None:
        """Errors to the writer, where one was given; the picture to the notebook, where it is watched."""
        if self._writer is not None:
            for name, one in self._linear.items():
                error, places = self._measured[name][-1]["error"], one.rows.places
                for place in np.flatnonzero(one.usable)[:_MOST_SCALARS]:
                    tag = f"fourierscope/{name}/{one.rows.axis} {places[place]}"
                    self._writer.add_scalar(tag, float(error[place]), step)
        if self._live and len(self.steps) >= _FEWEST_SHOWN:
            from fourierscope.training.live import shown

            self._display = shown(self.result(), self._display)

    def _full_record(self) -> dict[str, Any]:
        subject = {"name": type(self._network).__name__, "digest": fingerprint(self._network)}
        versions = {name: version(name).split("+")[0] for name in ("fourierscope", "torch", "numpy")}
        return {"analysis": type(self).__name__, "options": self._record, "subject": subject, "versions": versions}


def _check(network: object, points: object, values: object, views: object) -> None:
    if not isinstance(network, nn.Module):
        raise TypeError(f"A tracker watches a torch module; {type(network).__name__} came.")
    if not isinstance(points, Tensor) or not isinstance(values, Tensor):
        raise TypeError(f"points and values are tensors; {type(points).__name__} and {type(values).__name__} came.")
    if len(points) != len(values) or not len(points) or values.ndim > 2:
        raise ValueError(
            f"Each point has one value, (n,) or (n, outputs); {tuple(points.shape)} and {tuple(values.shape)} came."
        )
    several = list(views) if isinstance(views, list | tuple) else []
    names = [getattr(one, "name", "") for one in several]
    if not several or "" in names or len(set(names)) != len(names):
        raise ValueError(
            "views are a list of one view or more with different names, such as [views.Grid(), views.Projection()]; "
            f"{views!r} came."
        )


def _placed(points: Tensor, network: nn.Module) -> Tensor:
    """Points where the network is, in its own precision."""
    weights = next((one for one in network.parameters() if one.is_floating_point()), None)
    points = points.detach()
    points = points[:, None] if points.ndim == 1 else points
    if weights is None or not points.is_floating_point():
        return points
    return points.to(weights.device, weights.dtype)


def _targets(values: Tensor, width: int) -> Tensor:
    """Targets (n, outputs) of numbers, or of class labels as one-hot rows."""
    if not values.is_floating_point():
        if values.ndim != 1 or int(values.min()) < 0 or int(values.max()) >= width:
            raise ValueError(f"Class labels (n,) lie from 0 to {width - 1} for this network; others came.")
        return nn.functional.one_hot(values.long(), width).double()
    values = values[:, None] if values.ndim == 1 else values
    if values.shape[1] != width:
        raise ValueError(f"The network gives {width} outputs, and values have {values.shape[1]} columns.")
    return values.double()
