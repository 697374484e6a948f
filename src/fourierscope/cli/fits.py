"""A fit from words on the command line: points and values of a file, and a network of a file or a word."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

from fourierscope.subjects import Fit
from fourierscope.subjects.classifier_files import made_by
from fourierscope.theory.kernels.rectifier import TwoLayers


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
    made = _network(network, points.shape[1] if points.ndim == 2 else 1)
    return Fit(points, values, made.to(device or "cpu"), steps, learning_rate, optimiser, name=Path(data).stem)


def _arrays(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Points and values of a file, nothing in it run. Raises ValueError where it has none."""
    held = np.load(path, allow_pickle=False)
    if not isinstance(held, np.lib.npyio.NpzFile):
        raise ValueError(f"{path} holds one array; a fit takes a .npz file with `points` and `values`.")
    with held:
        if not {"points", "values"} <= set(held.files):
            raise ValueError(f"{path} holds {', '.join(held.files) or 'nothing'}; a fit takes `points` and `values`.")
        found = [torch.from_numpy(np.ascontiguousarray(held[name])) for name in ("points", "values")]
    points, values = (one.float() if one.is_floating_point() else one for one in found)
    return points, values


def _network(word: str, inputs: int) -> nn.Module:
    kind, _, name = word.rpartition(":")
    if kind.endswith(".py"):
        made = made_by(Path(kind), name)
        if not isinstance(made, nn.Module):
            raise TypeError(f"{word} returns no torch module but {type(made).__name__}.")
        return made
    if kind == "two-layers" and name.isdigit():
        return TwoLayers(inputs, int(name), scale=100.0)
    if kind == "relu" and name.isdigit() and int(name):
        return nn.Sequential(nn.Linear(inputs, int(name)), nn.ReLU(), nn.Linear(int(name), 1, bias=False))
    raise ValueError(f"A network is path/to/file.py:function, two-layers:NEURONS or relu:NEURONS; {word!r} came.")
