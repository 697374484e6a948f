"""Heat maps of layers: how far the activations of each move when one wave is added to the images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.heat_map import HeatMap
from fourierscope.analyses.scores import activations_of
from fourierscope.analyses.wave_set import Tile, WaveSet, balanced_signs
from fourierscope.results import Axes, count, mean
from fourierscope.runs import Analysis, Measured, batch_size, batches, check_kinds
from fourierscope.subjects import Classifier, Trial

_MOST = 8  # layers that are chosen without being named


@dataclass(frozen=True)
class LayerHeatMap(Analysis[Trial]):
    """How far each layer's activations move under each Fourier wave, for several layers in one pass.

    Waves, signs and clipping are those of `HeatMap`. The score is the L2 norm of the change of all activations of a
    layer, mean over images; relative to the mean norm of the layer's clean activations, layers can be compared.

    The result holds `change` and `relative_change` over ("layer", "row", "column") with bounds; `profile`, the relative
    change over rings, over ("layer", "radius"); and `clean_norm` over ("layer",).

    Source: the published code of Yin et al. (2019), which divides each layer's map by its own largest value instead.
    """

    layers: tuple[str, ...] = ()
    """Dotted names of layers, and output for the outputs; empty: the network's stages and its output."""
    norm: float = 4.0
    """L2 norm of the wave in each channel, on [0, 1] pixels."""
    crop: int | None = None
    """Measure only the centred square of this odd side, in cycles per image."""
    stride: int = 1
    """Measure only multiples of this frequency in both directions."""
    clip: bool = True
    """Clip perturbed images to [0, 1]."""
    seed: int = 0
    """Seed of the random signs."""

    def __post_init__(self) -> None:
        check_kinds(self)
        self._set.check()
        if len(set(self.layers)) != len(self.layers):
            raise ValueError(f"layers are different names; {self.layers} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        with activations_of(trial.classifier, self._layers(trial)) as heard, torch.no_grad():
            heard(trial.samples.batch(0, 1))
        yield from self._set.tiles(trial.samples.plane, len(trial.samples))

    def measure(self, tile: Tile, trial: Trial, /) -> Measured:
        plane, device = trial.samples.plane, trial.classifier.device
        waves = self._set.stack(plane, tile).to(device)[:, 0]  # (w, h, w)
        signs = balanced_signs(
            len(trial.samples), trial.samples.channels, HeatMap(seed=self.seed).chance(purpose="signs")
        )
        size = batch_size(plane, device)
        changes, norms = [], []
        with torch.no_grad(), activations_of(trial.classifier, self._layers(trial)) as heard:
            for part in batches(tile.stop - tile.start, size):
                chosen = slice(tile.start + part.start, tile.start + part.stop)
                images, sign = trial.samples.batch(chosen.start, chosen.stop, device), signs[chosen].to(device)
                clean = heard(images)
                norms.append(torch.stack([torch.linalg.vector_norm(one, dim=1) for one in clean]).cpu())
                several = [
                    self._moved(heard, clean, self._set.added(images, sign, waves[few]))
                    for few in batches(len(waves), max(1, size // len(images)))
                ]
                changes.append(torch.cat(several, dim=1).cpu())
        found = {"change": torch.cat(changes, dim=-1).float().numpy()}  # (layers, w, b)
        finite = np.isfinite(found["change"]).all((1, 2)) & np.isfinite(torch.cat(norms, dim=-1).numpy()).all(1)
        if not finite.all():
            broken = ", ".join(one for one, sound in zip(self._layers(trial), finite, strict=True) if not sound)
            raise ValueError(f"The activations of {broken} are NaN or infinite for some images.")
        return found | ({"clean": torch.cat(norms, dim=-1).float().numpy()} if tile.first == 0 else {})

    def assemble(self, measured: Mapping[Tile, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        layers, plane, n = self._layers(trial), trial.samples.plane, len(trial.samples)
        clean = np.concatenate([piece["clean"] for tile, piece in measured.items() if tile.first == 0], axis=-1)
        changes = _gathered(measured, len(layers), len(self._set.frequencies(plane)), n)  # (layers, waves, n)
        scale = clean.astype(np.float64).mean(-1)[:, None, None]
        if (scale == 0).any():
            dead = ", ".join(layer for layer, one in zip(layers, scale, strict=True) if one == 0)
            raise ValueError(f"The clean activations of {dead} are all 0: leave these layers out.")
        relative, named = (changes / scale).astype(np.float32), {"layer": np.array(layers)}
        axes, each = _layered(self._set.axes(plane), layers, changes.shape[1]), Axes(named)
        says = f"mean over images, under a wave of L2 norm {self.norm:g} in each channel."
        found = mean(
            "change", changes.reshape(-1, n), axes, "activation", f"L2 change of a layer's activations, {says}"
        )
        told = f"L2 change of a layer's activations over the mean norm of the clean ones, {says}"
        found |= mean("relative_change", relative.reshape(-1, n), axes, "1", told)
        radii, weight = self._set.rings(plane)
        rings = Axes({**named, "radius": radii}, {"radius": "cycles/image"})
        found |= mean("profile", np.einsum("rw,lwn->lrn", weight, relative), rings, "1", f"Over rings: {told}")
        found |= mean("clean_norm", clean, each, "activation", "Mean L2 norm of a layer's clean activations.")
        return found | count(n)

    @property
    def _set(self) -> WaveSet:
        return WaveSet(self.norm, self.crop, self.stride, 1, self.clip)

    def _layers(self, trial: Trial) -> list[str]:
        return list(self.layers) or stages(trial)

    def _moved(self, heard: Any, clean: list[Tensor], changed: Tensor) -> Tensor:
        """The L2 change (layers, w, b) of each layer under each of some waves; `changed` is (w, b, c, h, w)."""
        moved = heard(changed.flatten(0, 1))
        return torch.stack(
            [
                torch.linalg.vector_norm(one.unflatten(0, changed.shape[:2]) - reference, dim=-1)
                for one, reference in zip(moved, clean, strict=True)
            ]
        )


def stages(trial: Trial) -> list[str]:
    """The stages of a network and its output: parts of parts, such as layer1 to layer4, else its parts with weights.

    Parts that the forward pass does not use are left out; of more than eight, eight are taken evenly.
    """
    network, prefix = trial.classifier.network, ""
    if not isinstance(network, nn.Module):
        return ["output"]
    parts = _weighty(network)
    while len(parts) == 1 and _weighty(next(iter(parts.values()))):
        ((name, inner),) = parts.items()
        prefix, parts = f"{prefix}{name}.", _weighty(inner)
    containers = [name for name, part in parts.items() if _weighty(part)]
    names = [prefix + name for name in (containers if len(containers) > 1 else parts)]
    used = [name for name in names if _is_used(trial.classifier, name, trial.samples.batch(0, 1))]
    places = np.linspace(0, len(used) - 1, min(len(used), _MOST)).round().astype(int)
    return [*(used[place] for place in places), "output"]


def _weighty(module: nn.Module) -> dict[str, nn.Module]:
    """The parts of a module that have weights, by name."""
    return {name: part for name, part in module.named_children() if next(part.parameters(), None) is not None}


def _is_used(classifier: Classifier, name: str, images: Tensor) -> bool:
    """Whether the forward pass uses a layer, with activations that a map can show."""
    try:
        with torch.no_grad(), activations_of(classifier, [name]) as heard:
            return bool(heard(images))
    except ValueError:
        return False


def _layered(axes: Axes, layers: list[str], waves: int) -> Axes:
    """The axes of a plane for each layer: outcome rows are those of the first layer's waves, then the second's, ..."""
    assert axes.index is not None
    index = axes.index[None] + waves * np.arange(len(layers))[:, None, None]
    return Axes({"layer": np.array(layers), **axes.coordinates}, axes.units, index)


def _gathered(measured: Mapping[Tile, Measured], layers: int, waves: int, n: int) -> npt.NDArray[Any]:
    """The changes of all tiles put together: (layers, waves, n)."""
    whole = np.empty((layers, waves, n), dtype=np.float32)
    for tile, piece in measured.items():
        whole[:, tile.first : tile.last, tile.start : tile.stop] = piece["change"]
    return whole
