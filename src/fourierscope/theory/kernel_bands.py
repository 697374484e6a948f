"""Low, middle and high frequencies of kernels of one size: their forms, bounds, and the classes of filters by them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from fourierscope.fourier.kinds import came, check_numbers, is_number, listed
from fourierscope.theory.filters import (
    Size,
    attainable,
    band_area,
    band_basis,
    band_form,
    share,
    sides,
    white_share,
)

Rule = Literal["relative", "z-score", "arg-max"]
RULES: tuple[Rule, ...] = ("relative", "z-score", "arg-max")
BANDS = ("low", "mid", "high")
_DRAWN = 5000  # random filters at a time
_TIED = 1e-5  # bands that differ by less are alike: by as much float32 rounds shares over the areas of usual cuts


@dataclass(frozen=True)
class KernelBands:
    """Three bands of frequency for kernels of one size: below the first cut, between both, and up to the corners.

    `cuts` are in cycles per pixel, up to 1/2. Raises ValueError where they do not rise from above 0.
    """

    size: Size
    cuts: tuple[float, float] = (1 / 6, 1 / 3)
    dilation: Size = 1

    def __post_init__(self) -> None:
        check_cuts(self.cuts)

    @property
    def edges(self) -> tuple[tuple[float, float | None], ...]:
        """From where to where each band goes."""
        first, second = self.cuts
        return (0.0, first), (first, second), (second, None)

    @cached_property
    def forms(self) -> Tensor:
        """The form of each band (3, h w, h w); they add up to the identity."""
        return torch.stack([band_form(self.size, *edge, self.dilation) for edge in self.edges])

    @cached_property
    def areas(self) -> Tensor:
        """The area of each band (3,), the share that white noise has there."""
        return torch.tensor([band_area(*edge) for edge in self.edges], dtype=torch.float64)

    @cached_property
    def attainable(self) -> Tensor:
        """The largest share (3,) that any kernel can have in each band."""
        return torch.tensor([attainable(form) for form in self.forms], dtype=torch.float64)

    def shares(self, kernels: Tensor) -> Tensor:
        """The share (o, 3) of the energy of filters (o, i, h, w) in each band. Differentiable."""
        return torch.stack([share(kernels, form) for form in self.forms], dim=1)

    def white(self, channels: int) -> Tensor:
        """The exact mean and standard deviation (3, 2) of the shares of random filters."""
        return torch.tensor([white_share(form, channels) for form in self.forms], dtype=torch.float64)

    def basis(self, band: int, threshold: float = 0.5) -> Tensor:
        """Orthonormal kernels (h w, m) of a band. Raises ValueError where no kernel has so much of its energy there."""
        found = band_basis(self.forms[band], threshold)
        if not found.shape[1]:
            raise ValueError(
                f"No kernel of size {self.size} has more than {threshold:g} of its energy in the {BANDS[band]} band; "
                f"the most is {float(self.attainable[band]):.3f}."
            )
        return found

    def classes(self, shares: Tensor, channels: int, rule: Rule = "relative") -> Tensor:
        """The band (o,), 0 to 2, of filters with these shares (o, 3).

        "relative": where the share is largest beside the band's area. "z-score": where it lies most standard deviations
        above that of random filters of so many channels. "arg-max": where it is largest, which calls nearly every small
        kernel high, random ones too. Bands that tie to 1e-5, as those of a single weight do by the first two rules: the
        lowest of them. Raises ValueError for another word, and for shares that are NaN: filters that are
        nought are in no band.
        """
        check_rule(rule)
        shares = shares.double()
        if bool(shares.isnan().any()):
            raise ValueError("Some shares are NaN, as are those of filters that are nought: leave these filters out.")
        if rule == "relative":
            shares = shares / self.areas.to(shares)
        elif rule == "z-score":
            mean, deviation = self.white(channels).to(shares).T
            shares = torch.where(deviation > 0, (shares - mean) / deviation, 0.0)  # one tap has but one share
        tied = shares >= shares.amax(1, keepdim=True) - _TIED
        return tied.int().argmax(1)

    def null_rates(self, channels: int, rule: Rule, count: int, chance: torch.Generator) -> Tensor:
        """How many (3,) of `count` random filters a rule puts in each band, as shares."""
        found = torch.zeros(len(BANDS), dtype=torch.float64)
        height, width = sides(self.size, "size")
        for start in range(0, count, _DRAWN):
            drawn = torch.randn(min(_DRAWN, count - start), channels, height, width, generator=chance)
            found += self.classes(self.shares(drawn), channels, rule).bincount(minlength=len(BANDS))
        return found / count


def check_cuts(cuts: tuple[float, ...]) -> None:
    """Raises ValueError where two cuts do not rise from above 0 to at most 1/2 cycle per pixel."""
    what = "cuts are two frequencies that rise from above 0 to 1/2 cycle per pixel"
    given = listed(cuts, what)
    if not all(is_number(one) for one in given):
        raise TypeError(f"{what}; {came(cuts)} came.")
    if len(given) != 2 or not 0 < given[0] < given[1] <= 0.5:
        raise ValueError(f"{what}; {cuts} came.")


def check_threshold(threshold: float) -> None:
    """Raises TypeError or ValueError for what is no share from 0 to below 1."""
    check_numbers(threshold=threshold)
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold is a share of a kernel's energy, from 0 to below 1; {threshold} came.")


def check_rule(rule: str) -> None:
    """Raises ValueError for a rule that is none."""
    if rule not in RULES:
        raise ValueError(f"rule is {', '.join(RULES[:-1])} or {RULES[-1]}; {rule!r} came.")
