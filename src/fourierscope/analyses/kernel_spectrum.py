"""Which frequencies a network's convolution kernels pass, beside what kernels of their size can, and chance ones do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from fourierscope.analyses.convolutions import answer_power, convolutions, inputs_of, kernels_of
from fourierscope.analyses.kernel_pictures import SIDE, kernel_pictures, kernel_plane
from fourierscope.fourier import Plane
from fourierscope.fourier.kinds import number_of
from fourierscope.results import Axes, count, share
from fourierscope.runs import Analysis, Measured, Part, batch_size, batches, check_kinds
from fourierscope.runs.kinds import is_whole
from fourierscope.subjects import Trial
from fourierscope.theory.filters import centroid, orientation, response, singular_values
from fourierscope.theory.kernel_bands import BANDS, KernelBands, check_cuts, check_rule

Found = dict[str, xr.DataArray]
_PIXELS = 2**22  # of the images of a cell, so that it takes seconds
_COLOURS = {"grey": (1.0, 1.0, 1.0), "red-green": (1.0, -1.0, 0.0), "blue-yellow": (-1.0, -1.0, 2.0)}
_SINGULAR = {1: ("largest",), 2: ("largest", "smallest"), 3: ("largest", "median", "smallest")}


class Kernels(NamedTuple):
    """The kernels, of which the first layer's singular values take time."""


@dataclass(frozen=True)
class KernelSpectrum(Analysis[Trial]):
    """Which frequencies convolution kernels pass: low, mid or high, by count, by energy and by what images bring.

    Energies of bands are exact (`fourierscope.theory.filters`), in cycles per pixel of a layer's own input, on kernels
    as the network holds them, behind its normalisation. Of the plane, the bands low, mid and high cover .087, .262 and
    .651, and no 3 x 3 kernel has more than .553 of its energy in the low one; so a filter is classed by its shares
    *relative* to the areas, and random filters stand beside: the naive rule, the largest share, calls nearly all of
    them high. Filters that are nought are left out and counted.

    The result holds, of the first of the layers, over ("band",) `count_share`, `energy_share`, `input_share`, the
    share of its answers' energy on these images, their channels' means left out, with bounds; `relative_share`,
    beside the area; `attainable_share` and `null_rate`; over ("rank",), filters in the order of their centroids,
    `centroid`, `coherence`, `angle` and `opponency`, and over ("band", "rank") `filter_share`; over ("row",
    "column") `response`, and `singular_value` for the largest, the median and the smallest, where there are so
    many; `colour_share` of inputs with three channels; `kernels`, pictures. Of several layers, over ("band",
    "depth"), `count_by_layer`, `energy_by_layer` and `input_by_layer`. Frequencies of deeper layers are those of
    their inputs, and not of pixels.

    Source: Jia, Bao and Ma (2019), whose abstract speaks of the proportion of filters by frequency; how they measured
    it is not public, and these definitions are ours. Wang et al. (2020), section 6, for pictures of first kernels;
    Sedghi, Gupta and Long (2019) for singular values.
    """

    layers: tuple[str, ...] = ()
    """Dotted names of convolutions, the first shown one by one; empty: all of more than one tap."""
    cuts: tuple[float, ...] = (1 / 6, 1 / 3)
    """Where low becomes mid, and mid high: cycles per pixel."""
    rule: Literal["relative", "z-score", "arg-max"] = "relative"
    """What classes a filter: its share beside the area of the band, beside random filters, or as it stands."""
    null: int = 20_000
    """Number of random filters behind the null rates."""
    seed: int = 0
    """Seed of the random filters."""

    def __post_init__(self) -> None:
        check_kinds(self)
        check_rule(self.rule)
        check_cuts(tuple(self.cuts))
        if not is_whole(self.null, 1):
            raise ValueError(f"null is a whole number of filters from 1 on; {self.null} came.")
        if len(set(self.layers)) != len(self.layers):
            raise ValueError(f"layers are different names; {self.layers} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        layers = convolutions(trial.classifier, tuple(self.layers))
        for name, layer in layers.items():
            if not bool(kernels_of(layer).isfinite().all()):
                raise ValueError(f"The weights of layer {name} are not finite: leave this layer out, or train it anew.")
            if not bool((_norms(kernels_of(layer)) > 0).any()):
                raise ValueError(f"All kernels of {name} are nought: leave this layer out.")
        with inputs_of(trial.classifier, layers) as heard, torch.no_grad():
            heard(trial.samples.batch(0, 1))
        plane = trial.samples.plane
        yield Kernels()
        for part in batches(len(trial.samples), max(1, _PIXELS // (plane.height * plane.width))):
            yield Part(part.start, part.stop)

    def measure(self, cell: Kernels | Part, trial: Trial, /) -> Measured:
        layers = convolutions(trial.classifier, tuple(self.layers))
        if isinstance(cell, Kernels):
            first = next(iter(layers.values()))
            values = singular_values(kernels_of(first), Plane(SIDE, SIDE), first.groups, _pair(first.dilation))
            last = len(values) - 1
            return {"singular": values[sorted({0, last // 2, last})].numpy()}
        size, found = batch_size(trial.samples.plane, trial.classifier.device), []
        with torch.no_grad(), inputs_of(trial.classifier, layers) as heard:
            for part in batches(cell.stop - cell.start, size):
                given = heard(trial.samples.batch(cell.start + part.start, cell.start + part.stop))
                powers = [self._by_band(answer_power(layer, given[name])) for name, layer in layers.items()]
                found.append(torch.stack(powers).cpu())  # (layers, bands, b)
        return {"input": torch.cat(found, dim=-1).numpy()}

    def assemble(self, measured: Mapping[Any, Measured], trial: Trial, /) -> Found:
        layers = convolutions(trial.classifier, tuple(self.layers))
        energies = np.concatenate([one["input"] for cell, one in measured.items() if isinstance(cell, Part)], axis=-1)
        _check_heard(energies, list(layers))
        heard = energies / energies.sum(1, keepdims=True)
        told = [self._told(layer) for layer in layers.values()]
        name, first = next((f'layer "{name}"', layer) for name, layer in layers.items())
        found = self._of_filters(name, first)
        found = {"kernels": found.pop("kernels")} | self._shares(name, first, told[0]) | found
        axes = _bands()
        says = f"of the energy of what {name} answers to these images at {self._where()}, means left out."
        found |= share("input_share", heard[0], axes, f"Share {says}")
        if len(layers) > 1:
            found |= self._by_layer(list(layers), told, heard)
        return found | self._planes(name, first, measured[Kernels()]["singular"]) | count(len(trial.samples))

    def _by_band(self, power: Tensor) -> Tensor:
        """The sum (3, n) of powers (n, h, w) over each band, less frequency zero."""
        plane = Plane(*power.shape[-2:])
        radius = torch.hypot(plane.rows()[:, None] / plane.height, plane.columns() / plane.width)
        band = torch.bucketize(radius, torch.tensor(self.cuts), right=True)
        masks = torch.stack([(band == one) & (radius > 0) for one in range(len(BANDS))]).to(power)
        return torch.einsum("nhw,bhw->bn", power, masks)

    def _bands(self, layer: nn.Conv2d) -> KernelBands:
        first, second = self.cuts
        return KernelBands(_pair(layer.kernel_size), (float(first), float(second)), _pair(layer.dilation))

    def _told(self, layer: nn.Conv2d) -> tuple[Tensor, Tensor]:
        """How many filters (3,) are in each class, and the share (3,) of the energy of all in each band."""
        kernels, bands = _alive(kernels_of(layer)), self._bands(layer)
        shares = bands.shares(kernels).double()
        classes = bands.classes(shares, kernels.shape[1], self.rule)
        weights = _norms(kernels).square().double()
        return classes.bincount(minlength=len(BANDS)).double() / len(kernels), weights @ shares / weights.sum()

    def _where(self) -> str:
        return f"low, mid and high frequencies, with cuts at {self.cuts[0]:.3g} and {self.cuts[1]:.3g} cycles per pixel"

    def _shares(self, name: str, layer: nn.Conv2d, told: tuple[Tensor, Tensor]) -> Found:
        """What the first layer holds in each band, beside bounds and chance."""
        bands, channels, axes = self._bands(layer), layer.weight.shape[1], _bands()
        null = bands.null_rates(channels, self.rule, int(self.null), self.chance(purpose="null"))
        rule = "largest share" if self.rule == "arg-max" else f"{self.rule} share"
        size = f"{layer.kernel_size[0]} x {layer.kernel_size[1]}"
        values = {
            "count_share": (told[0], f"Share of the filters of {name} that are {self._where()}, by their {rule}."),
            "energy_share": (told[1], f"Share of the energy of all filters of {name} at {self._where()}."),
            "relative_share": (
                told[1] / bands.areas,
                f"Energy share of {name} over the area of the band: white has 1.",
            ),
            "attainable_share": (
                bands.attainable,
                f"The most that a {size} kernel can have of its energy in the band.",
            ),
            "null_rate": (
                null,
                f"Share of random {size} filters of {number_of(channels, 'channel')} that the rule puts there.",
            ),
        }
        dead = len(layer.weight) - len(_alive(kernels_of(layer)))
        none = {
            "dead_filters": xr.DataArray(dead, attrs={"units": "filters", "says": f"Filters of {name} that are 0."})
        }
        return {key: axes.array(one.numpy(), "1", says) for key, (one, says) in values.items()} | none

    def _of_filters(self, name: str, layer: nn.Conv2d) -> Found:
        """What each filter of the first layer holds, in the order of centroids, and their colours."""
        kernels, bands = _alive(kernels_of(layer)), self._bands(layer)
        middle = centroid(kernels)  # of the taps side by side, dilated ones too
        unit = "cycles/pixel" if max(layer.dilation) == 1 else "cycles/tap"
        order = middle.argsort(stable=True)
        kernels, points = kernels[order], orientation(kernels[order])
        axes = Axes({"rank": 1 + np.arange(len(kernels))}, separate=("rank",))
        where = f"of each filter of {name}, in the order of their centroids."
        found = {
            "centroid": axes.array(middle[order].numpy(), unit, f"Mean frequency by energy {where} White has .383."),
            "coherence": axes.array(
                points.coherence.numpy(), "1", f"How much of the energy lies in one direction, {where}"
            ),
            "angle": axes.array(
                points.angle.numpy(), "rad", f"Direction in frequency, atan2(row, column), of the energy {where}"
            ),
        }
        shares = Axes({"band": np.array(BANDS)} | dict(axes.coordinates), separate=axes.separate)
        says = f"Share of the energy at {self._where()}, {where}"
        found["filter_share"] = shares.array(bands.shares(kernels).T.numpy(), "1", says)
        if layer.in_channels == len(_COLOURS) and layer.groups == 1:
            found |= _colours(name, kernels, axes, where)
        return found | kernel_pictures(kernels, name)

    def _planes(self, name: str, layer: nn.Conv2d, singular: Any) -> Found:
        """The mean response of the first layer's filters, and the layer's singular values, over frequencies."""
        kernels = _alive(kernels_of(layer))
        unit = kernels / _norms(kernels)[:, None, None, None]
        power = response(unit, Plane(SIDE, SIDE), _pair(layer.dilation)).abs().square().sum(1).mean(0)
        says = f"Mean power response of the filters of {name}, each of energy 1: that of white filters is 1 everywhere."
        told = f"Singular values of {name} from channels to filters, by frequency: how far it stretches a wave."
        words = {"value": np.array(_SINGULAR[len(singular)])}
        return {
            "response": kernel_plane({}).array(power.numpy(), "1", says),
            "singular_value": kernel_plane(words).array(singular, "1", told),
        }

    def _by_layer(self, names: list[str], told: list[tuple[Tensor, Tensor]], heard: Any) -> Found:
        axes = Axes({"band": np.array(BANDS), "depth": 1 + np.arange(len(names))})
        listed = ", ".join(f'"{name}"' for name in names)
        where = f"at {self._where()} of its input, by its place among {listed}."
        counted, energy = (torch.stack([one[place] for one in told], 1).numpy() for place in (0, 1))
        found = {
            "count_by_layer": axes.array(counted, "1", f"Share of a layer's filters {where}"),
            "energy_by_layer": axes.array(energy, "1", f"Share of the energy of a layer's filters {where}"),
        }
        return found | share("input_by_layer", heard.swapaxes(0, 1), axes, f"Share of its answers' energy {where}")


def _bands() -> Axes:
    return Axes({"band": np.array(BANDS)})


def _pair(sides: tuple[int, ...]) -> tuple[int, int]:
    return int(sides[0]), int(sides[1])


def _norms(kernels: Tensor) -> Tensor:
    return torch.linalg.vector_norm(kernels, dim=(1, 2, 3))


def _alive(kernels: Tensor) -> Tensor:
    """Filters that are not nought beside the largest."""
    norms = _norms(kernels)
    return kernels[norms > 1e-6 * norms.max()]


def _colours(name: str, kernels: Tensor, axes: Axes, where: str) -> Found:
    """Where filters (o, 3, h, w) lie in colour: grey and two opponent directions, orthonormal."""
    directions = torch.nn.functional.normalize(torch.tensor(list(_COLOURS.values())), dim=1)
    energy = torch.einsum("kc,ochw->okhw", directions, kernels).square().sum((2, 3))  # (o, 3)
    told = "grey (1, 1, 1), red-green (1, -1, 0) and blue-yellow (-1, -1, 2) of its three channels: white has 1/3 each."
    opponent = 1 - energy[:, 0] / energy.sum(1)
    colours = Axes({"colour": np.array(list(_COLOURS))})
    return {
        "opponency": axes.array(opponent.numpy(), "1", f"Share of the energy that is not grey, {where} White has 2/3."),
        "colour_share": colours.array(
            (energy.sum(0) / energy.sum()).numpy(), "1", f"Share of the energy of {name} along {told}"
        ),
    }


def _check_heard(energies: Any, names: list[str]) -> None:
    """Raises ValueError where answers (layers, bands, n) hold no energy, or no finite one."""
    total = energies.sum(1)
    bad = [name for name, one in zip(names, total, strict=True) if not (np.isfinite(one) & (one > 0)).all()]
    if bad:
        raise ValueError(
            f"On some images the answers of {', '.join(bad)} do not vary, or are not finite: leave these layers or "
            "images out."
        )
