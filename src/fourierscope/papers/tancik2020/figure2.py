"""Figure 2: the kernel of a network behind Fourier features is stationary, and its spectrum is tuned by amplitudes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from fourierscope.figures import draw_together
from fourierscope.papers.exhibit import Check, Exhibit, Made, Picture, Reading
from fourierscope.papers.making import Making
from fourierscope.papers.reading import exact
from fourierscope.papers.tancik2020.mappings import FEATURES, mapping_named
from fourierscope.papers.tancik2020.signals import Signals
from fourierscope.results import Axes
from fourierscope.runs import Analysis, Measured
from fourierscope.theory.kernels.fourier_features import composed_spectrum
from fourierscope.theory.kernels.rectifier import deep_kernel
from fourierscope.training.learning_order import ordering, slope_of_times

POWERS = ("p=0", "p=0.5", "p=1", "p=1.5", "p=2", "p=inf")
_HIDDEN = 3
_FLAT = 1 - 1e-9


@dataclass(frozen=True)
class MappedSpectra(Analysis[Signals]):
    """Eigenvalues of the kernel of the features alone, and of a wide network behind them, by mapping and frequency.

    `features` and `network` over ("mapping", "frequency"), on as many points as signals have, exactly. Source: Tancik
    et al. (2020), section 4 and Fig. 2.
    """

    mappings: tuple[str, ...] = POWERS
    highest: int = 64
    """Frequencies from 1 to this one."""

    def measure(self, cell: Any, subject: Signals, /) -> Measured:
        kernels = {"features": torch.cos, "network": lambda angles: deep_kernel(angles, _HIDDEN)}
        held = [mapping_named(word, torch.Generator()) for word in self.mappings]
        return {
            name: np.stack(
                [composed_spectrum(kernel, *one, subject.points)[1 : self.highest + 1].numpy() for one in held if one]
            )
            for name, kernel in kernels.items()
        }

    def assemble(self, measured: Mapping[Any, Measured], subject: Signals, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        frequencies = np.arange(1, self.highest + 1)
        axes = Axes({"mapping": np.array(self.mappings), "frequency": frequencies}, {"frequency": "cycles/unit"})
        told = {
            "features": "Eigenvalue of the inner product of the features, of length 1.",
            "network": "Eigenvalue of the tangent kernel of a wide network of three hidden layers behind the features.",
        }
        return {name: axes.array(np.maximum(piece[name], 0), "1", says) for name, says in told.items()}


def _make(making: Making) -> None:
    making.ask("spectra", MappedSpectra(), Signals(points=1024))


def _draw(made: Made) -> list[Picture]:
    values = made["spectra"]["network"]
    logarithms = xr.DataArray(np.log10(values.variable), values.coords, name="log10_of_eigenvalue", attrs=values.attrs)
    says = "Logarithm (base 10) of the eigenvalue of a wide network's kernel behind Fourier features, by their power p."
    words = values["mapping"].values
    return [
        Picture("figure-2", says, draw_together([logarithms.sel(mapping=one, drop=True) for one in words], list(words)))
    ]


def _ratio(made: Made, name: str, mapping: str) -> float:
    """The eigenvalue of the highest feature over that of the lowest."""
    held = made["spectra"][name].sel(mapping=mapping)
    return float(held.sel(frequency=FEATURES) / held.sel(frequency=1))


def _flat(made: Made) -> Reading:
    held = made["spectra"]["features"].sel(mapping="p=0", frequency=slice(1, FEATURES)).values
    return exact(float(held.min() / held.max()), FEATURES)


def _order(made: Made) -> Reading:
    return exact(ordering(np.array([-_ratio(made, "network", one) for one in POWERS])), len(POWERS))


def _beyond(made: Made) -> Reading:
    """How much of a flat mapping's spectrum lies above its features."""
    held = made["spectra"]["network"].sel(mapping="p=0")
    return exact(float(held.sel(frequency=slice(FEATURES + 1, None)).max() / held.sel(frequency=1)), FEATURES)


def _slope(made: Made) -> Reading:
    held = made["spectra"]["network"].sel(mapping="p=inf", frequency=slice(8, 64))
    return exact(slope_of_times(held["frequency"].values, held.values), held.size)


EXHIBIT = Exhibit(
    number="2",
    title="The kernel behind Fourier features",
    claim="Fourier features make the kernel stationary, and their amplitudes set how wide its spectrum is.",
    source="section 4, Fig. 2",
    make=_make,
    draw=_draw,
    checks=(
        Check(
            "features alone, p = 0: least over largest eigenvalue of k = 1 to 16 (expected: holds)", _flat, low=_FLAT
        ),
        Check(
            "network behind features: Spearman correlation of p and how far k = 16 lies below k = 1 (expected: holds)",
            _order,
            low=0.95,
        ),
        Check(
            "network, p = 0: eigenvalue of k = 16 over that of k = 1, the bias tuned away (expected: holds)",
            lambda made: exact(_ratio(made, "network", "p=0"), FEATURES),
            low=0.5,
        ),
        Check(
            "network, p = 0: largest eigenvalue above k = 16 over that of k = 1, no sharp end (expected: holds)",
            _beyond,
            low=0.1,
        ),
        Check(
            "network, p = inf, a circle: slope of log eigenvalue on log k, 8 to 64 (expected: holds)",
            _slope,
            low=-2.3,
            high=-1.7,
        ),
    ),
)
