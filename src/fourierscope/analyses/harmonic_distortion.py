"""Harmonic distortion: how much a network bends a single wave, layer by layer, on closed circles of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fourierscope.analyses.circles import answers_round, random_circle, turning_wave
from fourierscope.analyses.layer_heat_map import stages
from fourierscope.analyses.scores import activations_of
from fourierscope.fourier import Frequency, Plane
from fourierscope.results import Axes, count, mean, share
from fourierscope.runs import Analysis, Measured, Part, batch_size, batches, check_kinds
from fourierscope.subjects import Trial
from fourierscope.theory.harmonics import Tones, angles, energies, spectral_centroid, tone_energies, total_distortion

_PIXELS = 2**23  # of the images of a cell, so that it takes seconds
_SIDE = 12  # points of each of two circles: tones of order 10 and above fall onto those that are read
_STILL = 1e-10  # of the energy of the activations: a layer that moves less shows its rounding alone


class Directions(NamedTuple):
    """The random directions of one image."""

    image: int


@dataclass(frozen=True)
class HarmonicDistortion(Analysis[Trial]):
    """How much each layer bends a single wave: harmonics, total distortion and centroid on closed circles of images.

    Each image goes round image + norm (u cos t + v sin t), at `points` angles t. u and v are the quadratures of one
    wave, the same in each channel, so that its phase turns once round; or two random directions, other ones for each
    image. A linear layer answers with the first harmonic alone. The circle is closed, so nothing leaks, and it is never
    clipped. Energies of harmonics are means over a layer's units; shares and ratios are taken image by image.

    With a `second` wave both are added and turned independently, 12 x 12 angles, and the tones at the sum, the
    difference and twice the frequencies are held against those of the waves. Phases tell these tones apart, not the
    pixels of a feature map: padding, strides and pooling do no harm, and no two tones coincide.

    The result holds `harmonics`, shares of the energy of a layer's variation, over ("layer", "harmonic") up to
    points / 4; over ("layer",) `distortion`, `centroid`, and `higher_harmonics`, the share above, which tells whether
    harmonics alias; and with a second wave `intermodulation_sum`, `intermodulation_difference`, `second_harmonics`.

    Rounding sets a floor: about 1e-6 of the size of the activations in float32, 1e-2 in bfloat16.

    Source: Mehmeti-Göpel et al. (2021), "Ringing ReLUs"; Karantzas et al. (2022), Fig. 1. Different here: circles of
    images (theirs are paths of parameters, and one window on an activation function); the score, total distortion, is
    that of audio engineering.
    """

    frequency: tuple[int, ...] = (2, 1)
    """Row and column frequency of the wave whose phase turns, in cycles per image; empty: two random directions."""
    second: tuple[int, ...] = ()
    """Row and column frequency of a second wave, for intermodulation; empty: none."""
    norm: float = 4.0
    """L2 norm of the wave in each channel, on [0, 1] pixels: the radius of the circle; of each of two waves."""
    points: int = 64
    """Number of points on the circle."""
    layers: tuple[str, ...] = ()
    """Dotted names of layers, and output for the outputs; empty: the network's stages and its output."""
    seed: int = 0
    """Seed of the random directions."""

    def __post_init__(self) -> None:
        check_kinds(self)
        for name in ("frequency", "second"):
            value = getattr(self, name)
            if len(value) not in (0, 2) or any(not isinstance(one, int | np.integer) for one in value):
                raise ValueError(f"{name} is two whole numbers, such as (2, 1), or empty; {value!r} came.")
        if self.second and not self.frequency:
            raise ValueError(f"A second wave needs a first: give frequency beside second={self.second}.")
        if not (isfinite(self.norm) and self.norm > 0):
            raise ValueError(f"norm is a finite number above 0; {self.norm} came.")
        if not isinstance(self.points, int | np.integer) or self.points < 8:
            raise ValueError(f"points is a whole number from 8 on; {self.points!r} came.")
        if len(set(self.layers)) != len(self.layers):
            raise ValueError(f"layers are different names; {self.layers} came.")

    def cells(self, trial: Trial, /) -> Iterable[NamedTuple]:
        plane = trial.samples.plane
        for _ in self._paths(plane, range(1), trial.samples.channels):  # so that a wrong frequency is told first
            pass
        with activations_of(trial.classifier, self._layers(trial)) as heard, torch.no_grad():
            heard(trial.samples.batch(0, 1))
        for part in batches(len(trial.samples), max(1, _PIXELS // (plane.height * plane.width * self.points))):
            yield Part(part.start, part.stop)

    def measure(self, part: Part, trial: Trial, /) -> Measured:
        plane, device, layers = trial.samples.plane, trial.classifier.device, self._layers(trial)
        size = batch_size(plane, device)
        found: dict[str, list[Tensor]] = {}
        with torch.no_grad(), activations_of(trial.classifier, layers) as heard:
            for few in batches(part.stop - part.start, max(1, size // self.points)):
                chosen = range(part.start + few.start, part.start + few.stop)
                images = trial.samples.batch(chosen.start, chosen.stop)
                for kind, offsets in self._paths(plane, chosen, trial.samples.channels):
                    answers = answers_round(heard, images, offsets, device, size)
                    found.setdefault(kind, []).append(torch.stack([_PARTS[kind](one).cpu() for one in answers]))
        measured = {kind: torch.cat(pieces, dim=1).numpy() for kind, pieces in found.items()}  # (layers, n, ...)
        _check_moves(measured, layers)
        return measured

    def assemble(self, measured: Mapping[Part, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        layers, shown = np.array(self._layers(trial)), self.points // 4
        energy = np.concatenate([piece["harmonics"] for piece in measured.values()], axis=1)  # (layers, n, harmonics)
        shares = energy[..., 1:] / energy[..., 1:].sum(-1, keepdims=True)
        coefficients = torch.from_numpy(energy).sqrt()
        each, axes = Axes({"layer": layers}), Axes({"layer": layers, "harmonic": np.arange(1, shown + 1)})
        where = f"round circles of L2 norm {self.norm:g} in each channel, not clipped."
        says = f"Total harmonic distortion: root of the energy above harmonic 1 over the energy of harmonic 1, {where}"
        found = mean("distortion", total_distortion(coefficients).numpy(), each, "1", says)
        says = f"Share of the energy of a layer's variation at each harmonic, {where}"
        found |= share("harmonics", shares[..., :shown].swapaxes(1, 2), axes, says)
        says = f"Share of the energy of a layer's variation above harmonic {shown}, {where}"
        found |= share("higher_harmonics", shares[..., shown:].sum(-1), each, says)
        says = f"Centroid of the harmonics of a layer's variation, weighted by energy, {where}"
        found |= mean("centroid", spectral_centroid(coefficients).numpy(), each, "1", says)
        if self.second:
            tones = np.concatenate([piece["tones"] for piece in measured.values()], axis=1)
            found |= self._intermodulation(Tones(*np.moveaxis(tones, -1, 0)), each)
        return found | count(len(trial.samples))

    def _intermodulation(self, energy: Any, axes: Axes) -> dict[str, xr.DataArray]:
        """Energies (layers, n) of tones relative to that of the two waves."""
        told = {
            "intermodulation_sum": (energy.sum, "the sum of the frequencies"),
            "intermodulation_difference": (energy.difference, "the difference of the frequencies"),
            "second_harmonics": (energy.doubled, "twice the frequencies"),
        }
        first, second = (f"({row}, {column})" for row, column in (self.frequency, self.second))
        found: dict[str, xr.DataArray] = {}
        for name, (one, where) in told.items():
            says = f"Energy at {where} {first} and {second}, over that at both; waves of L2 norm {self.norm:g}."
            found |= mean(name, one / energy.fundamental, axes, "1", says)
        return found

    def _layers(self, trial: Trial) -> list[str]:
        return list(self.layers) or stages(trial)

    def _paths(self, plane: Plane, chosen: range, channels: int) -> Iterator[tuple[str, Tensor]]:
        """What is added to the chosen images, (b or 1, p, c or 1, h, w): a circle, and the torus of two waves."""
        turns = angles(self.points)
        if not self.frequency:
            chances = [self.chance(Directions(image), "directions") for image in chosen]
            circles = [random_circle(plane, channels, turns, chance) for chance in chances]
            yield "harmonics", self.norm * torch.stack(circles)
            return
        first = Frequency(*self.frequency)
        yield "harmonics", self.norm * turning_wave(plane, first, turns)[None, :, None]
        if self.second:
            second, turns = Frequency(*self.second), angles(_SIDE)
            if plane.representative(first) == plane.representative(second):
                raise ValueError(f"frequency and second are two waves; {first} and {second} are one on {plane}.")
            one, other = turning_wave(plane, first, turns), turning_wave(plane, second, turns)
            yield "tones", self.norm * (one[:, None] + other).flatten(0, 1)[None, :, None]


def _harmonics(answers: Tensor) -> Tensor:
    """Energies (b, harmonics) of activations (b, units, p), mean over units."""
    return energies(answers).mean(1).double()


def _tones(answers: Tensor) -> Tensor:
    """Energies (b, tones) of activations (b, units, p p), mean over units."""
    found = tone_energies(answers.unflatten(-1, (_SIDE, _SIDE)))
    return torch.stack([one.mean(1).double() for one in found], dim=-1)


_PARTS = {"harmonics": _harmonics, "tones": _tones}


def _check_moves(measured: Measured, layers: list[str]) -> None:
    """Raises ValueError where energies (layers, n, ...) are no numbers, or a layer does not move round a circle."""
    sound = np.all([np.isfinite(one).all((1, 2)) for one in measured.values()], axis=0)
    if not sound.all():
        broken = ", ".join(layer for layer, one in zip(layers, sound, strict=True) if not one)
        raise ValueError(f"The activations of {broken} are NaN or infinite on the circles of some images.")
    energy = measured["harmonics"]
    still = (energy[..., 1:].sum(-1) <= _STILL * energy[..., 0]).sum(1)
    if still.any():
        told = ", ".join(f"{layer} ({one} images)" for layer, one in zip(layers, still, strict=True) if one)
        raise ValueError(
            f"Round the circles of some images nothing but rounding moves in {told}: leave these layers out, or take a "
            "larger norm."
        )
