"""The state of a training between epochs, in one file that holds tensors and JSON, and nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from fourierscope.results import written_whole
from fourierscope.runs import StoreError


class Checkpoint:
    """Weights, buffers and momentum after the last finished epoch of the training `record` tells of.

    One safetensors file, with the record and the number of finished epochs as JSON in its header, written whole or not
    at all. A file of another training is refused and left as it is.
    """

    def __init__(self, path: Path, record: Mapping[str, Any]) -> None:
        self.path = path
        self.record = json.loads(json.dumps(record))

    def keep(self, network: nn.Module, optimiser: torch.optim.Optimizer, done: int) -> None:
        """Write the state after `done` epochs."""
        held = {name: values.detach().cpu().clone().contiguous() for name, values in _state(network, optimiser).items()}
        header = {"training": json.dumps({"done": done, "record": self.record}, sort_keys=True)}
        written_whole(self.path, lambda draft: save_file(held, draft, header), overwrite=True)

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Put the state back into both, and the number of epochs that are done; 0 where there is no file yet.

        Raises StoreError where the file is of another training, damaged, or no checkpoint.
        """
        if not self.path.exists():
            return 0
        done, held = self._read()
        for _, parameter in _momentums(network):
            optimiser.state[parameter]["momentum_buffer"] = torch.empty_like(parameter)
        state = _state(network, optimiser)
        if {name: one.shape for name, one in state.items()} != {name: one.shape for name, one in held.items()}:
            raise StoreError(f"{self.path} does not hold this network's weights. Delete it, or choose another.")
        with torch.no_grad():
            for name, values in state.items():
                values.copy_(held[name])
        return done

    def _read(self) -> tuple[int, dict[str, Tensor]]:
        try:
            with safe_open(self.path, "pt") as file:
                header = json.loads((file.metadata() or {})["training"])
                done, record = int(header["done"]), header["record"]
                self._check(record)
                return done, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            told = f"{self.path} is no checkpoint, or damaged ({error})."
            raise StoreError(f"{told} Delete it, or choose another file.") from error

    def _check(self, record: Any) -> None:
        told = "; ".join(_differences(record, self.record))
        if told:
            raise StoreError(
                f"The checkpoint {self.path} belongs to another training: {told}. Nothing was changed; choose another "
                "file, or ask for the old training."
            )


def _state(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Every tensor of the training by name: those of the network, and the momentum of each parameter that learns."""
    held = {f"network/{name}": values for name, values in network.state_dict(keep_vars=True).items()}
    return held | {f"momentum/{name}": optimiser.state[one]["momentum_buffer"] for name, one in _momentums(network)}


def _momentums(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]


def _differences(old: Any, new: Any, place: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [one for key in keys for one in _differences(old.get(key), new.get(key), f"{place}.{key}".strip("."))]
    return [] if old == new else [f"{place} was {old} and is now {new}"]
