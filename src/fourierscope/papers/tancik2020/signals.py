"""Random functions of one dimension whose spectrum falls as a power, and what learns them from some of their points."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.papers.rahaman2019.sines import rectifier_network
from fourierscope.papers.tancik2020.mappings import Mapping
from fourierscope.subjects import Fit
from fourierscope.theory.kernels.fourier_features import FourierFeatures, feature_angle
from fourierscope.theory.kernels.rectifier import deep_kernel

_LAYERS = 4  # linear ones, the last included


@dataclass(frozen=True)
class Signals:
    """Functions at even points of [0, 1), known at every `every`-th of them; and the network that learns them."""

    points: int = 256
    every: int = 8
    highest: int = 16
    """Frequencies below it alone are in a signal, in cycles per unit; 0: all that the points can tell."""
    width: int = 256
    steps: int = 1000
    learning_rate: float = 2e-3
    device: str = "cpu"

    @property
    def places(self) -> Tensor:
        """All points (n,), float64."""
        return torch.arange(self.points, dtype=torch.float64) / self.points

    def values(self, power: float, generator: torch.Generator) -> Tensor:
        """A signal (n,) from -1/2 to 1/2: the real part of normal coefficients times (1 + |frequency|)^-power."""
        frequencies = torch.fft.fftfreq(self.points, 1 / self.points, dtype=torch.float64).abs()
        sizes = (1 + frequencies) ** -power
        if self.highest:
            sizes = torch.where(frequencies < self.highest, sizes, torch.zeros_like(sizes))
        drawn = torch.randn(self.points, 2, generator=generator, dtype=torch.float64)
        signal = torch.fft.ifft(torch.view_as_complex(drawn) * sizes).real
        return (signal - signal.min()) / (signal.max() - signal.min()) - 0.5

    def kernel(self, mapping: Mapping | None) -> Tensor:
        """The tangent kernel (n, known) of a wide network behind a mapping, features of length 1; none: of (x, 1)."""
        places, known = self.places, self.places[:: self.every]
        if mapping is not None:
            angles = feature_angle(places[:, None] - known, *mapping)
            return deep_kernel(angles, _LAYERS - 1)
        turned, sizes = torch.atan2(torch.ones_like(places), places), torch.hypot(places, torch.ones_like(places))
        angles = (turned[:, None] - turned[:: self.every]).abs()
        return deep_kernel(angles, _LAYERS - 1) * sizes[:, None] * sizes[:: self.every]

    def fit(self, mapping: Mapping | None, values: Tensor) -> Fit:
        """The network behind a mapping that learns values (n,) at the known points."""
        inner: nn.Module = rectifier_network(1 if mapping is None else 2 * len(mapping.amplitudes), self.width, _LAYERS)
        if mapping is not None:
            amplitudes = mapping.amplitudes / mapping.amplitudes.norm()
            inner = nn.Sequential(FourierFeatures(mapping.frequencies.float(), amplitudes.float()), inner)
        known = self.places[:: self.every].float()
        return Fit(
            known,
            values[:: self.every].float(),
            inner.to(self.device),
            self.steps,
            self.learning_rate,
            name="signal",
        )

    def trace(self) -> dict[str, Any]:
        """What to record: all options but the device."""
        told = {key: value for key, value in asdict(self).items() if key != "device"}
        return {"name": f"signals at {self.points} points"} | told
