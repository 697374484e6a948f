"""The linear frequency principle: how far a two-layer ReLU network ends from what it predicts, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.results import Axes, bounded, mean_interval, size_interval
from fourierscope.runs import Analysis, Measured, Whole, check_kinds, is_count
from fourierscope.subjects import Fit
from fourierscope.theory import lfp
from fourierscope.theory.two_layer import Neurons, Start, draw, flat_kernel, predict, tangent_kernel
from fourierscope.training import fit

_SHARES = (8, 4, 2, 1)  # of the fit's own width, that are asked where no widths are named
_FEW = 100  # places of a curve in one dimension, on which marks still stand apart
_COVERED = {"uniform": 1, "normal": 2}  # times the size of weights, up to which biases reach beyond w . x

Array = npt.NDArray[Any]


class Drawn(NamedTuple):
    """One draw of a network of one width."""

    width: int
    draw: int


@dataclass(frozen=True)
class LinearPrinciple(Analysis[Fit]):
    """How far a two-layer ReLU network ends from what the linear frequency principle predicts, by its width.

    Of a `Fit` come points, values, the width of its network, and, for `answers="descent"`, how it descends. Its
    weights do not: nobody can read the law of a draw off it. Networks are drawn by the law in the options, in pairs of
    opposite output weights, so that they are 0 at the start. `kernel` answers are those after endless training in the
    tangent kernel of the drawn neurons, without any training. Plain gradient descent, for which the principle is made,
    takes the fit's rate at the fit's own width and rates inversely to the width at others, so that all of them go
    equally far; Adam takes the fit's at all.

    Over ("width",): `l2`, the root of the mean square over places of network - prediction, and `l1`, the mean of its
    size. `parts` over ("part", "width") says what they consist of, root mean squares of four differences that add up:
    `training`, descended - tangent kernel (of descent alone); `finite width`, tangent kernel - that of endless width;
    `dropped product`, the kernel with x . x' - without; `finite biases`, the latter - the prediction, for which biases
    are even on all of the line. `limit` is `l2` of endless width; `slope`, of log l2 on log width; `spread`, the
    standard deviation of the values. In one dimension, at some hundred places, and in two `answers` holds the
    functions: prediction, endless width, and the first draw of the largest width.

    Places lie within the data: evenly in one dimension, on a grid of the box around it in two, drawn from that box in
    more. Raises ValueError where the fit is not of numbers, one for each point (n, d), by a network
    nn.Sequential(nn.Linear(d, width), nn.ReLU(), nn.Linear(width, 1, bias=False)), where biases do not cover w . x,
    where plain descent diverges at the fit's rate, and as `theory.lfp.solve`.

    Source: Zhang et al. (2019), Fig. 1 and 2. Different here: the prediction in closed form, and the parts.
    """

    widths: tuple[int, ...] = ()
    """Numbers of neurons, even; empty: an eighth, a quarter, a half of the fit's own, and that."""
    answers: Literal["kernel", "descent"] = "kernel"
    """Of endless training in the tangent kernel; or after the fit's own steps."""
    weight: float = 3.0
    """Input weights: |w| even up to it, or the standard deviation of their coordinates."""
    amplitude: float = 0.1
    """Output weights: even up to it on both sides, or their standard deviation."""
    bias: float = 3.0
    """Biases: even up to it on both sides."""
    law: Literal["uniform", "normal"] = "uniform"
    """Of weights and output weights."""
    places: int = 1600
    """Number of places at which functions are compared; a square in two dimensions."""
    draws: int = 5
    """Number of networks of each width."""
    seed: int = 0
    """Seed of the draws."""

    def __post_init__(self) -> None:
        check_kinds(self)
        if self.answers not in ("kernel", "descent"):
            raise ValueError(f"answers is kernel or descent; {self.answers!r} came.")
        if not all(is_count(one, 2) and one % 2 == 0 for one in self.widths):
            raise ValueError(f"widths are even and at least 2, for neurons come in pairs; {self.widths} came.")
        if not (is_count(self.places, 4) and is_count(self.draws, 1)):
            raise ValueError(f"places is at least 4, draws at least 1; {self.places} and {self.draws} came.")
        self._start()

    def cells(self, subject: Fit, /) -> Iterable[NamedTuple]:
        width = _checked_width(subject)
        self._check_covered(subject)
        self._check_stable(subject, width)
        widths = sorted(set(self.widths) or {max(2, width // share // 2 * 2) for share in _SHARES})
        return [Whole(), *(Drawn(one, turn) for one in widths for turn in range(self.draws))]

    def measure(self, cell: Whole | Drawn, subject: Fit, /) -> Measured:
        points, columns = _data(subject)
        values = columns[:, 0]
        places = self._places(points)
        if isinstance(cell, Whole):
            predicted = lfp.solve(points, values, *self._start().moments(points.shape[1]))(places)
            whole, bare = (self._endless(points, values, places, product) for product in (True, False))
            found = {"predicted": predicted, "endless": whole, "bare": bare, "places": places}
            return {name: one.numpy() for name, one in found.items()}
        neurons = draw(self._start(), cell.width, points.shape[1], self.chance(cell, "neurons"))
        across, within = (tangent_kernel(neurons, one, points) for one in (places, points))
        kernel = predict(across, within, values).numpy()
        if self.answers == "kernel":
            return {"kernel": kernel}
        return {"kernel": kernel, "trained": _trained(neurons, subject, cell.draw, places).numpy()}

    def assemble(self, measured: Mapping[Whole | Drawn, Measured], subject: Fit, /) -> Mapping[str, xr.DataArray]:
        closed = measured[Whole()]
        drawn = {cell: piece for cell, piece in measured.items() if isinstance(cell, Drawn)}
        widths = np.array(list(dict.fromkeys(cell.width for cell in drawn)))
        kernel = _stacked(drawn, "kernel", len(widths))  # (widths, draws, places)
        network = _stacked(drawn, "trained", len(widths)) if self.answers == "descent" else kernel
        axes, n = Axes({"width": widths}, {"width": "neurons"}), self.draws
        apart = network - closed["predicted"]
        sizes = np.sqrt((apart**2).mean(-1))
        of = f"network less prediction, mean over draws, {n}."
        found = bounded("l2", size_interval(sizes), axes, "1", f"Root mean square over places of {of}", n)
        found |= bounded("l1", size_interval(abs(apart).mean(-1)), axes, "1", f"Mean size over places of {of}", n)
        found |= self._parts(network, kernel, closed, axes)
        if len(widths) > 1 and sizes.all():  # a difference of 0 has no slope
            slopes = np.polyfit(np.log(widths), np.log(sizes), 1)[0]
            says = f"Slope of log l2 on log width, mean over draws, {n} of each."
            found |= bounded("slope", mean_interval(slopes), Axes({}), "1", says, n)
        limit = np.sqrt(((closed["endless"] - closed["predicted"]) ** 2).mean())
        found["limit"] = Axes({}).array(limit, "1", "l2 of endlessly many neurons, trained without end.")
        spread = _data(subject)[1].std(correction=0).numpy()
        found["spread"] = Axes({}).array(spread, "1", "Standard deviation of the values.")
        return found | _answers(closed, network[-1, 0], int(widths[-1]))

    def _parts(self, network: Array, kernel: Array, closed: Measured, axes: Axes) -> dict[str, xr.DataArray]:
        parts = {"training": network - kernel} if self.answers == "descent" else {}
        parts |= {
            "finite width": kernel - closed["endless"],
            "dropped product": np.broadcast_to(closed["endless"] - closed["bare"], kernel.shape),
            "finite biases": np.broadcast_to(closed["bare"] - closed["predicted"], kernel.shape),
        }
        sizes = np.stack([np.sqrt((one**2).mean(-1)) for one in parts.values()])
        both = Axes({"part": np.array(list(parts)), **axes.coordinates}, axes.units)
        says = f"Root mean square over places of each part of network less prediction; mean over draws, {self.draws}."
        return bounded("parts", size_interval(sizes), both, "1", says, self.draws)

    def _endless(self, points: Tensor, values: Tensor, places: Tensor, product: bool) -> Tensor:
        """What endlessly many neurons give at places, after endless training."""
        across, within = (flat_kernel(one, points, self._start(), product) for one in (places, points))
        return predict(across, within, values)

    def _start(self) -> Start:
        return Start(self.weight, self.amplitude, self.bias, self.law)

    def _places(self, points: Tensor) -> Tensor:
        """Where functions are compared, (places, d)."""
        low, high = points.min(0).values, points.max(0).values
        if points.shape[1] > 2:
            drawn = torch.rand(self.places, points.shape[1], generator=self.chance(purpose="places")).to(points)
            return low + (high - low) * drawn
        side = self.places if points.shape[1] == 1 else isqrt(self.places)
        axes = [torch.linspace(float(a), float(b), side).to(points) for a, b in zip(low, high, strict=True)]
        return torch.cartesian_prod(*axes).reshape(-1, points.shape[1])

    def _check_stable(self, subject: Fit, width: int) -> None:
        """Raises ValueError where plain descent of the fit diverges in the tangent kernel of endless width."""
        if self.answers == "kernel" or subject.optimiser != "sgd" or subject.batch:
            return
        points, _ = _data(subject)
        largest = float(torch.linalg.eigvalsh(flat_kernel(points, points, self._start()))[-1])
        most = len(points) / (width * largest)
        if subject.learning_rate >= most:
            raise ValueError(
                f"Gradient descent of {width} neurons on these {len(points)} points diverges at rates above "
                f"{most:.3g}; the fit has {subject.learning_rate:.3g}. Take half of {most:.3g}."
            )

    def _check_covered(self, subject: Fit) -> None:
        """Raises ValueError where the kernel's closed form does not hold on the box around the data."""
        farthest = subject.points.abs().max(0).values.norm()
        needed = float(self.weight * farthest * _COVERED[self.law])
        if needed > self.bias * (1 + 1e-6):
            raise ValueError(
                f"Biases up to {self.bias:g} do not cover w . x, which reaches {needed:.3g} in the box around the "
                f"points, and the kernel has its closed form only there. Take bias={needed:.3g} or more, or less "
                "weight."
            )


def _checked_width(subject: Fit) -> int:
    """The number of neurons of the fit's network. Raises ValueError where it is no two-layer ReLU network."""
    network, points, values = subject.network, subject.points, subject.values
    layers = list(network) if isinstance(network, nn.Sequential) else []
    fits = [type(one) for one in layers] == [nn.Linear, nn.ReLU, nn.Linear] and points.ndim == 2
    if fits and values.is_floating_point() and values.shape[1] == 1:
        first, _, last = layers
        assert isinstance(first, nn.Linear)
        assert isinstance(last, nn.Linear)
        shapes = (first.in_features, last.in_features, last.out_features)
        if first.bias is not None and last.bias is None and shapes == (points.shape[1], first.out_features, 1):
            return first.out_features
    came = " ".join(str(network).split())
    raise ValueError(
        "LinearPrinciple takes a Fit of numbers, one for each point (n, d), by a network nn.Sequential(nn.Linear(d, "
        "width), nn.ReLU(), nn.Linear(width, 1, bias=False)), for which the principle has a closed form; points "
        f"{tuple(points.shape)}, values {tuple(values.shape)} of {values.dtype} and {came} came."
    )


def _data(subject: Fit) -> tuple[Tensor, Tensor]:
    """Points (n, d) and values (n, 1), in float64, where neurons are drawn."""
    return subject.points.double().cpu(), subject.values.double().cpu()


def _trained(neurons: Neurons, subject: Fit, seed: int, places: Tensor) -> Tensor:
    """What a network that starts with these neurons gives at places after the descent of the fit."""
    width, dimension = neurons.weights.shape
    network = nn.Sequential(
        nn.Linear(dimension, width, dtype=torch.float64),
        nn.ReLU(),
        nn.Linear(width, 1, bias=False, dtype=torch.float64),
    )
    own = _checked_width(subject) if subject.optimiser == "sgd" else width
    descent = Fit(
        *_data(subject),
        network,
        subject.steps,
        subject.learning_rate * own / width,
        subject.optimiser,
        "squared",
        subject.batch,
        partial(_placed, neurons=neurons),
        subject.name,
    )
    found: Tensor = fit(descent, seed)(places)[:, 0]
    return found.detach()


def _placed(network: nn.Module, neurons: Neurons) -> None:
    weights = (neurons.weights, neurons.biases, neurons.amplitudes[None])
    with torch.no_grad():
        for held, one in zip(network.parameters(), weights, strict=True):
            held.copy_(one)


def _stacked(drawn: Mapping[Drawn, Measured], name: str, widths: int) -> Array:
    """(widths, draws, places)"""
    rows = np.stack([piece[name] for piece in drawn.values()])
    return rows.reshape(widths, -1, rows.shape[-1])


def _answers(closed: Measured, network: Array, width: int) -> dict[str, xr.DataArray]:
    """The functions themselves over one or two axes of places; nothing in more dimensions."""
    dimension = closed["places"].shape[1]
    if dimension > 2:
        return {}
    few = slice(None, None, 1 if dimension > 1 else max(1, len(network) // _FEW))
    axes = {name: np.unique(column) for name, column in zip(("x", "y"), closed["places"][few].T, strict=False)}
    told = {"prediction": closed["predicted"], "endless width": closed["endless"], f"width {width}": network}
    values = np.stack([one[few].reshape([len(axis) for axis in axes.values()]) for one in told.values()])
    says = "The functions at places: predicted, of endlessly many neurons, and of one drawn network."
    return {"answers": Axes({"answer": np.array(list(told)), **axes}).array(values, "1", says)}
