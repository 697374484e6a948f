"""Mappings of a line by Fourier features, in a word: "p=0.5", "p=inf", "normal:8", or "none"."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from fourierscope.theory.kernels.fourier_features import power_amplitudes

FEATURES = 16
DISTRIBUTIONS = ("normal", "uniform", "laplace")


class Mapping(NamedTuple):
    """Frequencies and amplitudes (m,), float64."""

    frequencies: Tensor
    amplitudes: Tensor


def mapping_named(word: str, generator: torch.Generator) -> Mapping | None:
    """The mapping of a word. None for "none".

    "p=POWER": frequencies 1 to 16 with amplitudes b^-POWER. "DISTRIBUTION:SPREAD": 16 frequencies drawn from a normal,
    uniform or Laplace distribution of that standard deviation, around 0, amplitudes 1. Raises ValueError for others.
    """
    if word == "none":
        return None
    kind, sign, number = word.replace("=", ":").partition(":")
    if kind == "p" and sign:
        frequencies = torch.arange(1, FEATURES + 1, dtype=torch.float64)
        return Mapping(frequencies, power_amplitudes(frequencies, float(number)))
    if kind in DISTRIBUTIONS and sign:
        return Mapping(float(number) * _drawn(kind, generator), torch.ones(FEATURES, dtype=torch.float64))
    raise ValueError(f"A mapping is none, p=POWER, or one of {', '.join(DISTRIBUTIONS)} with :SPREAD; {word!r} came.")


def _drawn(kind: str, generator: torch.Generator) -> Tensor:
    """Frequencies (m,) of standard deviation 1; the same places of each distribution, so that they compare."""
    place = torch.rand(FEATURES, generator=generator, dtype=torch.float64).clamp(1e-9, 1 - 1e-9)
    if kind == "normal":
        return torch.special.ndtri(place)
    if kind == "uniform":
        return sqrt(12) * (place - 0.5)
    return -torch.sign(place - 0.5) * torch.log1p(-2 * (place - 0.5).abs()) / sqrt(2)
