"""What activation functions make of a sine: on a closed circle, on the article's window, averaged over shifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.harmonics import (
    activation_harmonics,
    activation_named,
    activation_tones,
    angles,
    relu_harmonics,
    total_distortion,
)
from fourierscope.theory.translations import averaged, mean_over_translations, one_layer_loss, translated_signal

Array = npt.NDArray[Any]

ACTIVATIONS = ("softplus", "tanh", "relu", "hardtanh")
REACHES = (0.2, 1.0, pi)
_SHOWN = 15  # harmonics in the picture
_FLOOR = -100.0  # decibels, below which nothing is shown
_POINTS, _STEP = 63, 0.2  # the article's window on the sine


@dataclass(frozen=True)
class Sine:
    """The stimulus, amplitude sin t: there are no images and no network in it."""

    amplitude: float

    def trace(self) -> dict[str, Any]:
        """What to record: the formula."""
        return {"name": f"{self.amplitude:g} sin t"}


@dataclass(frozen=True)
class ActivationHarmonics(Analysis[Sine]):
    """What four activation functions make of a sine.

    On a closed circle, where nothing leaks: `level` ("activation", "harmonic") in decibels of the first harmonic;
    `distortion`, total; `blue_shift`, the share of the energy of the variation above the first harmonic;
    `even_ratio`, the largest even harmonic over the first; and of two tones `sum_tone` and `difference_tone`, their
    energies over that of the tones. On the article's window `window_level` ("activation", "frequency"). `leakage` over
    ("way",) is the share of the energy of the sine alone, without any activation, that is told at other frequencies.
    `closed_form_error` is the largest distance of ReLU's sampled harmonics from the formula. Over ("reach",): the loss
    of a layer averaged over translations, by the formula less as measured (`formula_error`, of its variation), and how
    much it still varies (`variation`, of that without averaging).

    Source: Karantzas et al. (2022), section 2.1, Fig. 1 and section 3; window and step as in their code.
    """

    seed: int = 0
    """Seed of the layer whose loss is averaged."""

    def measure(self, cell: Any, sine: Sine, /) -> Measured:
        circle = {name: activation_harmonics(name, sine.amplitude) for name in ACTIVATIONS}
        tones = [activation_tones(name, sine.amplitude) for name in ACTIVATIONS]
        coefficients = torch.stack(list(circle.values()))
        energy = coefficients[:, 1:].square()
        found = {
            "level": _decibels(coefficients[:, 1 : _SHOWN + 1].abs().numpy()),
            "distortion": total_distortion(coefficients).numpy(),
            "blue_shift": (energy[:, 1:].sum(1) / energy.sum(1)).numpy(),
            "even_ratio": (coefficients[:, 2::2].abs().amax(1) / coefficients[:, 1].abs()).numpy(),
            "sum_tone": np.array([float(one.sum / one.fundamental) for one in tones]),
            "difference_tone": np.array([float(one.difference / one.fundamental) for one in tones]),
            "window_level": np.stack([_decibels(_windowed(name, sine.amplitude)) for name in ACTIVATIONS]),
            "leakage": np.array([_leaked(_windowed(None, sine.amplitude)), _leaked(_round(sine.amplitude))]),
            "closed_form_error": (activation_harmonics("relu") - relu_harmonics()).abs().max().numpy(),
        }
        return found | self._averages()

    def assemble(self, measured: Mapping[Any, Measured], sine: Sine, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        each, reach = Axes({"activation": np.array(ACTIVATIONS)}), Axes({"reach": np.array(REACHES)}, {"reach": "rad"})
        circle = Axes({"activation": np.array(ACTIVATIONS), "harmonic": np.arange(1, _SHOWN + 1)})
        turns = 2 * pi / (_POINTS * _STEP) * np.arange(1, piece["window_level"].shape[1] + 1)
        window = Axes({"activation": np.array(ACTIVATIONS), "frequency": turns}, {"frequency": "harmonics"})
        ways = Axes({"way": np.array(["window", "circle"])})
        told = {
            "level": (circle, "dB", f"Level of each harmonic on a closed circle; {_FLOOR:g} stands for less."),
            "window_level": (window, "dB", f"Level on the article's window of {_POINTS} points, step {_STEP}."),
            "distortion": (each, "1", "Total harmonic distortion."),
            "blue_shift": (each, "1", "Share of the energy of the variation above the first harmonic."),
            "even_ratio": (each, "1", "Largest even harmonic over the first one."),
            "sum_tone": (each, "1", "Energy at the sum of two tones over that of both tones."),
            "difference_tone": (each, "1", "Energy at the difference of two tones over that of both tones."),
            "leakage": (
                ways,
                "1",
                "Share of the sine's own energy that is told at other frequencies than its largest.",
            ),
            "closed_form_error": (Axes({}), "1", "Largest distance of ReLU's harmonics from the closed form."),
            "formula_error": (reach, "1", "Largest distance of formula and mean over translations, of the variation."),
            "variation": (reach, "1", "Deviation of the loss averaged over translations, over that of the loss."),
        }
        return {name: axes.array(piece[name], unit, says) for name, (axes, unit, says) in told.items()}

    def _averages(self) -> dict[str, Array]:
        """The loss of one layer averaged over translations: by the sinc, and as it is."""
        chance = self.chance(purpose="layer")
        signal = torch.randn(32, generator=chance, dtype=torch.float64)
        weights = torch.randn(8, 32, generator=chance, dtype=torch.float64) / 8

        def loss(by: torch.Tensor) -> torch.Tensor:
            return one_layer_loss(translated_signal(signal, by), weights, "relu")

        at = angles(1024)
        whole = loss(at)
        formula = torch.stack([averaged(whole, reach) for reach in REACHES])
        measured = torch.stack([mean_over_translations(loss, at[::64], reach) for reach in REACHES])
        error = (formula[:, ::64] - measured).abs().amax(1) / whole.std()
        return {"formula_error": error.numpy(), "variation": (formula.std(1) / whole.std()).numpy()}


def _windowed(name: str | None, amplitude: float) -> Array:
    """Amplitudes on the article's window, frequency zero left out; `name` None: of the sine itself."""
    values = amplitude * torch.sin(_STEP * torch.arange(_POINTS, dtype=torch.float64))
    response = values if name is None else activation_named(name)(values)
    return np.asarray((2 / _POINTS * torch.fft.rfft(response).abs()[1:]).numpy())


def _round(amplitude: float) -> Array:
    """Amplitudes of the sine on a closed circle of as many points."""
    return np.asarray((2 / _POINTS * torch.fft.rfft(amplitude * torch.sin(angles(_POINTS))).abs()[1:]).numpy())


def _leaked(amplitudes: Array) -> Array:
    energy = amplitudes**2
    return np.asarray(1 - energy.max() / energy.sum())


def _decibels(amplitudes: Array) -> Array:
    """Levels (..., k) of amplitudes (..., k) relative to the largest, from the floor on."""
    largest = amplitudes.max(-1, keepdims=True)
    return np.asarray(20 * np.log10(np.maximum(amplitudes / largest, 10 ** (_FLOOR / 20))))
