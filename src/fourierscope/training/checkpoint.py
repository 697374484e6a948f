"""The state of a training between epochs, in one file that holds tensors and JSON, and nothing that runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from fourierscope.results import written_whole
from fourierscope.runs import StoreError
from fourierscope.subjects.classifier import Precision
from fourierscope.subjects.trained import write_tensors


class Checkpoint:
    """Weights, buffers and the state of the optimiser after the last finished epoch of the training `record` tells of.

    One safetensors file, with the record and the number of finished epochs as JSON in its header, written whole or not
    at all. A file of another training is refused and left as it is.
    """

    def __init__(self, path: Path, record: Mapping[str, Any]) -> None:
        self.path = path
        self.record = json.loads(json.dumps(record))

    def keep(self, network: nn.Module, optimiser: torch.optim.Optimizer, done: int, precision: Precision) -> None:
        """Write the state after `done` epochs in that precision."""
        held = {name: values.detach().cpu().clone().contiguous() for name, values in _state(network, optimiser).items()}
        told = {"done": done, "precision": precision, "record": self.record}
        header = {"training": json.dumps(told | {"seal": _seal_of(told, held)}, sort_keys=True)}
        written_whole(self.path, lambda draft: write_tensors(held, draft, header), overwrite=True)

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Put the state back into both, and the number of epochs that are done; 0 where there is no file yet.

        Raises StoreError where the file is of another training, damaged, or no checkpoint.
        """
        if not self.path.exists():
            return 0
        told, held = self._read()
        for name, parameter in _learning(network):
            fresh = _fresh(optimiser, parameter)
            if any(f"{kind}/{name}" in held for kind in fresh):  # what never had a gradient has no state
                optimiser.state[parameter] |= fresh
        state = _state(network, optimiser)
        if _kinds(state) != _kinds(held):
            raise StoreError(f"{self.path} does not hold this network's weights. Delete it, or choose another.")
        if told.pop("seal", None) not in (None, _seal_of(told, held)):  # one from before there were seals has none
            raise StoreError(f"{self.path} is damaged (its seal does not fit). Delete it, or choose another file.")
        with torch.no_grad():
            for name, values in state.items():
                values.copy_(held[name])
        return int(told["done"])

    def precision(self) -> Precision | None:
        """The precision of the epochs that are done; None where there is no file yet."""
        return self._read()[0]["precision"] if self.path.exists() else None

    def _read(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What the header tells, and the tensors. Raises StoreError where either is not of this training."""
        try:
            with safe_open(self.path, "pt") as file:
                header = json.loads((file.metadata() or {})["training"])
                done, precision, record = int(header["done"]), header["precision"], header["record"]
                self._check(record)
                if precision not in get_args(Precision) or not 1 <= done <= self.record["recipe"]["epochs"]:
                    raise KeyError(f"no {precision!r} training of {done} epochs")
                held = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
                return header, held
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            told = f"{self.path} is no checkpoint, or damaged ({error})."
            raise StoreError(f"{told} Delete it, or choose another file.") from error

    def _check(self, record: Any) -> None:
        told = "; ".join(_differences(record, self.record))
        if told:
            raise StoreError(
                f"The checkpoint {self.path} belongs to another training: {told}. Nothing was changed: choose another "
                "file for the checkpoint (--checkpoint), delete this one, or ask for the old training."
            )


def _state(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Every tensor of the training by name: those of the network, and the optimiser's of each parameter that learns."""
    held = {f"network/{name}": values for name, values in network.state_dict(keep_vars=True).items()}
    for name, parameter in _learning(network):
        held |= {f"{kind}/{name}": values for kind, values in optimiser.state[parameter].items()}
    return held


def _seal_of(told: Mapping[str, Any], held: Mapping[str, Tensor]) -> str:
    """A digest of all that a checkpoint holds, for safetensors has none."""
    seal = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name in sorted(held):
        seal.update(name.encode())
        seal.update(held[name].contiguous().view(-1).view(torch.uint8).numpy().data)
    return seal.hexdigest()


def _kinds(state: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (one.shape, one.dtype) for name, one in state.items()}


def _fresh(optimiser: torch.optim.Optimizer, parameter: nn.Parameter) -> dict[str, Tensor]:
    """Room for what this optimiser keeps of a parameter."""
    if isinstance(optimiser, torch.optim.SGD):
        return {"momentum_buffer": torch.empty_like(parameter)}
    return {"step": torch.zeros(()), "exp_avg": torch.empty_like(parameter), "exp_avg_sq": torch.empty_like(parameter)}


def _learning(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]


def _differences(old: Any, new: Any, place: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [one for key in keys for one in _differences(old.get(key), new.get(key), f"{place}.{key}".strip("."))]
    if old == new:
        return []
    digests = all(isinstance(one, str) and len(one) == 64 for one in (old, new))
    return [f"{place} is another" if digests else f"{place} was {old} and is now {new}"]
