"""Weights from files, read without ever running what a file says; and fitted to a network, entry by entry."""

from __future__ import annotations

import argparse
import collections
import pathlib
import re
import zipfile
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from fourierscope.fourier.kinds import a_path

CHECKPOINTS = (".pt", ".pth", ".ckpt", ".th", ".bin", ".tar")
_NESTED = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "module",
    "classifier",
    "weights",
    "ema",
    "model_ema",
    "state_dict_ema",
    "ema_state_dict",
)
_PREFIXES = ("module.", "model.", "network.", "net.", "backbone.", "classifier.", "encoder.")
_NOT_WEIGHTS = ("n_averaged",)  # the step count that torch's AveragedModel keeps beside the weights
_ADVICE = (
    "Nothing in it was run. Where you trust the file, open it where it was made and save the weights alone: "
    "safetensors.torch.save_file(network.state_dict(), 'weights.safetensors')."
)


def read_weights(path: str) -> dict[str, Tensor]:
    """The entries of a state dict, by name, on the CPU, from `.safetensors` or a torch checkpoint (`.pt`, `.pth`, ...).

    A checkpoint may hold the state dict by itself or under one of the usual names (state_dict, model, ema, ...).
    It is read by `torch.load(weights_only=True)` with a short list of harmless extra types, and there is no way round.

    Raises FileNotFoundError, and ValueError with what the file is and what to do: for whole pickled networks,
    TorchScript, anything that names a function to run, other formats, web pages, cut-off files, weights that
    are not finite or no plain numbers (meta, sparse, quantised, of 8 bits), and checkpoints that hold several state
    dicts.
    """
    file = a_path(path)
    if not file.is_file():
        raise FileNotFoundError(f"There is no file of weights {path}.")
    suffix = file.suffix.lower()
    if suffix != ".safetensors" and suffix not in CHECKPOINTS:
        known = f".safetensors and {', '.join(CHECKPOINTS)}"
        raise ValueError(f"{file.name}: weights are read from {known}; {suffix or 'no suffix'} came. {_ADVICE}")
    _check_is_no_page(file)
    state = _safetensors(file) if suffix == ".safetensors" else _state_within(_checkpoint(file), file.name)
    _check_plain(state, file.name)
    _check_finite(state, file.name)
    return state


def load_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put the entries of `state` into `network`, in place. Every entry must find its place, and every place its entry.

    Prefixes that wrappers leave (`module.`, `_orig_mod.`, `model.`, ...) are stripped, as often as needed and only
    where needed. Only counters of batches (`num_batches_tracked`) may be missing.

    Raises ValueError with the missing, unexpected and differently shaped entries, and with those of another kind of
    number (complex, floating, whole), which would be rounded or cut; the network is unchanged then.
    """
    _check_plain(state, "The state dict")
    places = network.state_dict()
    fitted = _stripped(state, places)
    missing = [name for name in places if name not in fitted and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in fitted if name not in places]
    shaped = [name for name in fitted if name in places and fitted[name].shape != places[name].shape]
    if missing or unexpected or shaped:
        raise ValueError(_misfit(type(network).__name__, fitted, places, missing, unexpected, shaped))
    _check_kinds(type(network).__name__, fitted, places)
    network.load_state_dict(fitted, strict=False)


def _safetensors(file: pathlib.Path) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = load_file(str(file), device="cpu")
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"{file.name} is no readable safetensors file, or was cut off: {error}.") from error
    if not state:
        raise ValueError(f"{file.name} holds no weights.")
    return state


def _checkpoint(file: pathlib.Path) -> Any:
    if _is_torchscript(file):
        raise ValueError(f"{file.name} is a TorchScript archive: it holds code, and it is refused. {_ADVICE}")
    try:
        with torch.serialization.safe_globals(_harmless()):
            return torch.load(file, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a hostile or broken file may raise anything
        raise ValueError(_refusal(file.name, error)) from error


def _refusal(name: str, error: Exception) -> str:
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    if found:
        return (
            f"{name} holds more than weights: it names {found[1]}, and is refused. It is a whole pickled network, or a "
            f"checkpoint with other objects, or a file made to do harm. {_ADVICE}"
        )
    if "Unsupported operand" in str(error):
        return f"{name} is a plain pickle, which may run anything when it is read, and is refused. {_ADVICE}"
    said = (str(error).partition("WeightsUnpickler error:")[2] or str(error)).strip().partition("\n")[0]
    return f"{name} is no readable torch checkpoint, or was cut off: {type(error).__name__}: {said}"


def _is_torchscript(file: pathlib.Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("constants.pkl") or "/code/" in name for name in archive.namelist())


def _harmless() -> list[Any]:
    """Types that checkpoints carry beside their weights, and that run nothing: options, paths, numbers of NumPy."""
    arrays = [np.ndarray, np.dtype, *{type(np.dtype(kind)) for kind in "?bBhHiIlLqQefd"}]
    built: list[Any] = []
    for name in ("scalar", "_reconstruct"):
        function = getattr(import_module("numpy._core.multiarray"), name)
        built += [(function, f"numpy._core.multiarray.{name}"), (function, f"numpy.core.multiarray.{name}")]
    paths: list[Any] = []
    for home in ("pathlib", "pathlib._local"):  # read as pure paths: those of another system are no trouble then
        for name, kind in (("Posix", pathlib.PurePosixPath), ("Windows", pathlib.PureWindowsPath)):
            paths += [(kind, f"{home}.{name}Path"), (kind, f"{home}.Pure{name}Path")]
    boxes = [(_without_default, "collections.defaultdict"), dict, list, int, float]
    return [argparse.Namespace, *boxes, *arrays, *built, *paths]


def _without_default(*_default: Any) -> collections.OrderedDict[Any, Any]:
    """What a defaultdict is read as: torch fills only plain mappings."""
    return collections.OrderedDict()


def _check_is_no_page(file: pathlib.Path) -> None:
    with file.open("rb") as stream:
        head = stream.read(256).lstrip()
    if head.lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        begins = head[:40].decode("latin-1")
        raise ValueError(
            f"{file.name} is a web page, not weights: it begins with {begins!r}. The download gave a page (a log-in, a "
            "warning, an error) instead of the file: fetch it again."
        )
    if head.startswith(b"version https://git-lfs"):
        raise ValueError(f"{file.name} is a pointer of Git LFS, not weights: run `git lfs pull` where it came from.")


def _state_within(loaded: Any, name: str, depth: int = 3) -> dict[str, Tensor]:
    if _is_state(loaded):
        return dict(loaded)
    if isinstance(loaded, Mapping) and depth:
        nested = [key for key in _NESTED if isinstance(loaded.get(key), Mapping) and loaded[key]]
        if len(nested) == 1:
            return _state_within(loaded[nested[0]], name, depth - 1)
        if nested:
            several = f"{len(nested)} sets of weights, under {', '.join(nested)}"
            raise ValueError(f"{name} holds {several}: save the one you mean by itself.")
        raise ValueError(f"{name} holds no state dict; it holds {', '.join(map(str, list(loaded)[:8])) or 'nothing'}.")
    raise ValueError(f"{name} holds {type(loaded).__name__}, not a state dict (names and tensors).")


def _is_state(loaded: Any) -> bool:
    if not isinstance(loaded, Mapping) or not loaded:
        return False
    return all(isinstance(name, str) and isinstance(values, Tensor) for name, values in loaded.items())


def _check_finite(state: Mapping[str, Tensor], name: str) -> None:
    bad = [key for key, values in state.items() if values.is_floating_point() and not bool(values.isfinite().all())]
    if bad:
        raise ValueError(f"{name} holds weights that are NaN or infinite, in {_some(bad)}: this training went astray.")


def _check_plain(state: Mapping[str, Tensor], name: str) -> None:
    odd = [f"{key} ({_oddity(values)})" for key, values in state.items() if _oddity(values)]
    if odd:
        raise ValueError(
            f"{name} holds entries that are no plain numbers: {_some(odd)}. Save weights of 16 bits or more, dense and "
            "on the CPU."
        )


def _oddity(values: Tensor) -> str:
    """Why an entry cannot be put into a network as it is; nothing where it can."""
    if values.is_meta:
        return "on the meta device, without values"
    if values.layout != torch.strided:
        return "sparse"
    if values.is_quantized:
        return "quantised"
    return str(values.dtype).removeprefix("torch.") if values.is_floating_point() and values.itemsize < 2 else ""


def _check_kinds(network: str, state: Mapping[str, Tensor], places: Mapping[str, Tensor]) -> None:
    # averaged weights hold the counters of batches as means; no answer depends on them
    counted = [name for name in state if name in places and not name.endswith("num_batches_tracked")]
    other = [
        f"{name} ({_number(state[name])} for {_number(places[name])})"
        for name in counted
        if _number(state[name]) != _number(places[name])
    ]
    if other:
        raise ValueError(
            f"The weights are of another kind of number than {network} takes: {_some(other)}. Save them as they were "
            "trained, before any quantising or transforming."
        )


def _number(values: Tensor) -> str:
    if values.is_complex():
        return "complex"
    return "floating" if values.is_floating_point() else "whole"


def _stripped(state: Mapping[str, Tensor], places: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state under the network's own names, as far as prefixes explain the difference."""
    fitted = dict(state)
    while not any(name in places for name in fitted):
        bare = {
            name.replace("_orig_mod.", "", 1): values for name, values in fitted.items() if name not in _NOT_WEIGHTS
        }
        if bare.keys() == fitted.keys():
            prefix = next((one for one in _PREFIXES if all(name.startswith(one) for name in bare)), None)
            if prefix is None:
                break
            bare = {name.removeprefix(prefix): values for name, values in bare.items()}
        fitted = bare
    return fitted if any(name in places for name in fitted) else dict(state)


def _misfit(
    network: str,
    state: Mapping[str, Tensor],
    places: Mapping[str, Tensor],
    missing: list[str],
    unexpected: list[str],
    shaped: list[str],
) -> str:
    said = []
    if missing:
        said.append(f"missing: {_some(missing)}")
    if unexpected:
        said.append(f"unexpected: {_some(unexpected)}")
    if shaped:
        said.append(
            "of another shape: "
            + _some([f"{name} {tuple(state[name].shape)} for {tuple(places[name].shape)}" for name in shaped])
        )
    message = f"The weights do not fit {network}; " + "; ".join(said) + "."
    classes = {
        len(state[name]) for name in shaped if state[name].ndim and state[name].shape[1:] == places[name].shape[1:]
    }
    if not missing and not unexpected and len(classes) == 1 and len({name.rpartition(".")[0] for name in shaped}) == 1:
        return f"{message} Only the last layer differs: pass classes={classes.pop()}."
    return message + " Are these the weights of another architecture?"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
