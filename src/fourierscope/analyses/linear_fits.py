"""Fits that the linear law speaks of: gradient descent on a squared loss, and what the kernel at the start predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from fourierscope.subjects import Fit
from fourierscope.theory.kernels.linear_law import Modes, modes_of
from fourierscope.theory.kernels.tangent import tangent_kernel
from fourierscope.training.views.linear import LinearView, ReadyRows

_MOST = 4000  # answers whose kernel is solved
_SOME = 100  # points asked at a time


@dataclass(frozen=True)
class LinearFit:
    """A fit from one start: its tangent kernel (n outputs, n outputs) with modes, answers and targets (n, outputs)."""

    subject: Fit
    kernel: Tensor
    modes: Modes
    mean: Modes
    """Of the kernel (n, n) of one output, mean over all."""
    answers: Tensor
    targets: Tensor

    @classmethod
    def of(cls, subject: Fit, start: nn.Module) -> LinearFit:
        """Raises ValueError for a rate at which the kernel says that descent diverges."""
        answers, kernel = _answers(start, subject.points), tangent_kernel(start, subject.points).cpu()
        modes, count = modes_of(kernel), answers.shape[1]
        if subject.learning_rate >= modes.largest_rate:
            raise ValueError(
                f"By its tangent kernel gradient descent of {subject.name} diverges from the rate "
                f"{modes.largest_rate:.4g} on; {subject.learning_rate:g} came."
            )
        single = kernel.reshape(len(answers), count, len(answers), count).diagonal(dim1=1, dim2=3).mean(-1)
        mean = modes if count == 1 else modes_of(single)
        return cls(subject, kernel, modes, mean, answers, _targets(subject, count))

    def errors(self, view: LinearView, steps: npt.NDArray[Any], threshold: float) -> npt.NDArray[Any]:
        """The relative error (t, bands) that the linear law gives at steps (t,)."""
        ready = ReadyRows.of(view, self.subject.points, self.targets, threshold)
        ends = (self.answers.flatten(), self.targets.flatten())
        answers = self.modes.answers(*ends, self.subject.learning_rate, torch.tensor(steps))
        return np.stack([ready.measure(one.reshape(self.targets.shape))["error"] for one in answers])


def check_linear(subject: Fit) -> None:
    """Raises ValueError where the linear law does not speak of a fit, or its kernel would be too large."""
    if subject.optimiser != "sgd" or subject.classifies or subject.batch:
        loss = "cross-entropy" if subject.classifies else "squared"
        raise ValueError(
            "The linear law is one of gradient descent on a squared loss with all points in each step: "
            f'Fit(..., optimiser="sgd", loss="squared", batch=0); {subject.optimiser}, {loss} and batch '
            f"{subject.batch} came."
        )
    network = subject.fresh_network(0)
    if not any(one.requires_grad for one in network.parameters()):
        raise ValueError("No weight of this network learns (requires_grad is off): its tangent kernel is 0.")
    some = subject.points[:_SOME]
    outputs = _checked_outputs(subject, _answers(network, some))
    if len(subject.points) * outputs > _MOST:
        raise ValueError(
            f"At most {_MOST} answers have a kernel that is solved, points times outputs; {len(subject.points)} points "
            f"of {outputs} came. Take fewer points."
        )
    _check_one_network(network, some)


def _checked_outputs(subject: Fit, answers: Tensor) -> int:
    """The number of outputs of answers at some points. Raises ValueError where they do not fit the values."""
    if answers.ndim != 2:
        raise ValueError(f"The network answers (n, outputs); {tuple(answers.shape)} came for {len(answers)} points.")
    outputs = answers.shape[1]
    if subject.values.is_floating_point() and subject.values.shape[1] != outputs:
        raise ValueError(f"The network gives {outputs} outputs, and values have {subject.values.shape[1]} columns.")
    if not subject.values.is_floating_point() and int(subject.values.max()) >= outputs:
        raise ValueError(f"Labels lie from 0 to {outputs - 1} for this network; {int(subject.values.max())} came.")
    return outputs


def _check_one_network(network: nn.Module, points: Tensor) -> None:
    """Raises ValueError where the network that learns is not the one that is asked, as with dropout or batch norm."""
    place = next(network.parameters())
    with torch.no_grad(), torch.random.fork_rng(devices=[] if place.device.type == "cpu" else [place.device]):
        learning = network.train()(points.to(place)).double().cpu()
    asked = _answers(network, points)
    if not torch.allclose(learning, asked, rtol=1e-2, atol=1e-2 * float(asked.abs().max())):
        raise ValueError(
            "This network gives other answers while it learns (train mode) than when it is asked (eval mode), as "
            "dropout and batch norm do; the tangent kernel of one says nothing about the other. Leave these layers out."
        )


def _answers(network: nn.Module, points: Tensor) -> Tensor:
    """The answers (n, outputs) at points (n, ...), in float64 on the processor."""
    place = next(network.parameters())
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part.to(place)).double().cpu() for part in points.split(_SOME)])


def _targets(subject: Fit, outputs: int) -> Tensor:
    """The targets (n, outputs) of the squared loss, float64."""
    if subject.values.is_floating_point():
        return subject.values.double().cpu()
    return nn.functional.one_hot(subject.values.cpu(), outputs).double()
