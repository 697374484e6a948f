"""A fit from words on the command line: points and values of a file, and a network of a file or a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from fourierscope.subjects import Fit
from fourierscope.subjects.classifier_files import made_by
from fourierscope.subjects.specification import remembering
from fourierscope.theory.kernels.rectifier import TwoLayers


@remembering
def fit(
    data: str,
    network: str,
    steps: int = 1000,
    learning_rate: float = 0.1,
    optimiser: Literal["adam", "sgd"] = "sgd",
    device: str | None = None,
) -> Fit:
    """A network that is fitted to values at points.

    Args:
        data: A NumPy file (.npz) with `points` (n, ...) and `values` (n,) or (n, outputs), floating-point numbers.
        network: path/to/file.py:function, which returns a torch module; two-layers:NEURONS, which hardly bends its
            tangent kernel; or relu:NEURONS, two linear layers with ReLU between, as torch draws them.
        steps: Steps of the optimiser.
        learning_rate: Of the optimiser.
        optimiser: sgd (plain gradient descent) or adam.
        device: cpu, cuda, cuda:1; empty: the processor.
    """
    points, values = _arrays(Path(data))
    if points.ndim > 2 and ".py:" not in network:
        raise ValueError(
            f"{network} takes points (n, d); {tuple(points.shape)} came. For others: path/to/file.py:function."
        )
    made = _network(network, points.shape[1] if points.ndim == 2 else 1)
    return Fit(points, values, _placed(made, device or "cpu"), steps, learning_rate, optimiser, name=Path(data).stem)


def _arrays(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Points and values of a file, nothing in it run. Raises ValueError where it has none."""
    try:
        held = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, BadZipFile):
        raise ValueError(f"{path} is no .npz file that NumPy reads; save one by np.savez.") from None
    if not isinstance(held, np.lib.npyio.NpzFile):
        raise ValueError(f"{path} holds one array; a fit takes a .npz file with `points` and `values`.")
    with held:
        if not {"points", "values"} <= set(held.files):
            raise ValueError(f"{path} holds {', '.join(held.files) or 'nothing'}; a fit takes `points` and `values`.")
        points, values = (_numbers(name, held[name]) for name in ("points", "values"))
    return points, values


def _numbers(name: str, array: npt.NDArray[Any]) -> torch.Tensor:
    """An array in float32, or in int64 where it holds whole numbers."""
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} are numbers; {array.dtype} came.")
    return torch.from_numpy(np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else np.int64))


def _placed(network: nn.Module, device: str) -> nn.Module:
    """The network on a device. Raises ValueError where there is none of that name."""
    try:
        return network.to(device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"There is no device {device!r} here: {str(error).splitlines()[0]}") from None


def _network(word: str, inputs: int) -> nn.Module:
    kind, _, name = word.rpartition(":")
    if kind.endswith(".py"):
        made = made_by(Path(kind), name)
        if not isinstance(made, nn.Module):
            raise TypeError(f"{word} returns no torch module but {type(made).__name__}.")
        return made
    if kind == "two-layers" and name.isdecimal():
        return TwoLayers(inputs, int(name), scale=100.0)
    if kind == "relu" and name.isdecimal() and int(name):
        return nn.Sequential(nn.Linear(inputs, int(name)), nn.ReLU(), nn.Linear(int(name), 1, bias=False))
    raise ValueError(f"A network is path/to/file.py:function, two-layers:NEURONS or relu:NEURONS; {word!r} came.")
