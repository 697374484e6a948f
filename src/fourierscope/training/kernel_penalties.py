"""Penalties on kernels, for a recipe or any loop: adjacent weights that differ, frequencies out of proportion."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from math import isfinite
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from fourierscope.fourier.kinds import came, check_numbers, is_number, listed
from fourierscope.theory.filters import Extension, adjacent_form, are_attainable, energy, roughness
from fourierscope.theory.kernel_bands import KernelBands, check_cuts
from fourierscope.treatments.kernels import first_convolution


class Penalty(Protocol):
    """What is added to the loss in view of a network's weights: one number, differentiable."""

    def __call__(self, network: nn.Module) -> Tensor: ...

    def trace(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class AdjacentWeights:
    """`weight` times the sum of squared differences of adjacent weights within the kernels of convolutions.

    "zero" extension counts the fall from a kernel's edge to nought too, and is then exactly the integral of |H|^2
    (4 sin^2 pi u + 4 sin^2 pi v); "interior" leaves constant kernels free. `relative` divides by the energy of a
    layer's kernels, which batch norm behind it would hide. Of a network, or of a convolution itself.

    Source: Wang et al. (2020), section 6, who name it without a formula; see `theory.filters.roughness`.
    """

    weight: float = 1e-3
    """What the sum is multiplied by."""
    layers: tuple[str, ...] = ()
    """Dotted names of convolutions; empty: the first one."""
    extension: Extension = "zero"
    """What lies beyond a kernel's edge: zeros, or nothing."""
    relative: bool = False
    """Divide by the energy of each layer's kernels."""

    def __post_init__(self) -> None:
        _check_weight(self.weight)
        adjacent_form(1, self.extension)

    def __call__(self, network: nn.Module) -> Tensor:
        layers = [named_convolution(network, name) for name in self.layers or (first_convolution(network),)]
        rough = [roughness(layer.weight, self.extension, self.relative) for layer in layers]
        return self.weight * torch.stack(rough).sum()

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


@dataclass(frozen=True)
class ProportionPenalty:
    """`weight` times how far the energy of a layer's kernels is from a proportion of low, mid and high frequencies.

    The Kullback-Leibler divergence of the layer's shares of energy from `target`, in nats. Scale does not matter to it.
    Raises ValueError for a target that no kernels of the layer's size can have together.

    Source: ours, a reading of Jia, Bao and Ma (2019), whose way of controlling the proportion is not public.
    """

    target: tuple[float, float, float]
    """Shares of energy, low, mid and high, that add up to 1."""
    weight: float = 1.0
    """What the divergence is multiplied by."""
    cuts: tuple[float, float] = (1 / 6, 1 / 3)
    """Where low becomes mid, and mid high: cycles per pixel."""
    layer: str = ""
    """Dotted name of the convolution; empty: the first one."""

    def __post_init__(self) -> None:
        check_target(self.target)
        check_cuts(self.cuts)
        _check_weight(self.weight)

    def __call__(self, network: nn.Module) -> Tensor:
        layer = named_convolution(network, self.layer or first_convolution(network))
        bands = bands_of(layer, self.cuts)
        check_attainable(tuple(self.target), bands)
        here = energy_shares(layer.weight, bands).clamp_min(1e-12)
        target = here.new_tensor(self.target)
        return self.weight * (torch.xlogy(target, target) - target * here.log()).sum()

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


def bands_of(layer: nn.Conv2d, cuts: tuple[float, float]) -> KernelBands:
    """The bands of a convolution's kernels."""
    (height, width), (down, along) = layer.kernel_size, layer.dilation
    return _bands((int(height), int(width)), (float(cuts[0]), float(cuts[1])), (int(down), int(along)))


@cache
def _bands(size: tuple[int, int], cuts: tuple[float, float], dilation: tuple[int, int]) -> KernelBands:
    return KernelBands(size, cuts, dilation)


@cache
def check_attainable(target: tuple[float, ...], bands: KernelBands) -> None:
    """Raises ValueError for shares of energy that kernels cannot have together."""
    if are_attainable(torch.tensor(target, dtype=torch.float64), bands.forms):
        return
    most = ", ".join(f"{float(one):.3f}" for one in bands.attainable)
    raise ValueError(
        f"Kernels of {bands.size} taps cannot have these shares of energy together: {target}. The most in each band, "
        f"one at a time, is {most}."
    )


def energy_shares(kernels: Tensor, bands: KernelBands) -> Tensor:
    """The shares (3,) of the energy of all kernels (o, i, h, w) together. Differentiable."""
    whole = torch.stack([energy(kernels, form).sum() for form in bands.forms])  # filters that are nought add nothing
    return whole / kernels.square().sum()


def check_target(target: tuple[float, ...]) -> None:
    """Raises TypeError or ValueError where a target is not three shares that add up to 1."""
    what = "A target is three numbers, the shares of low, mid and high, that add up to 1"
    shares = listed(target, what)
    if not all(is_number(one) for one in shares):
        raise TypeError(f"{what}; {came(target)} came.")
    if len(shares) != 3 or not (min(shares) >= 0 and abs(sum(shares) - 1) <= 1e-6):
        raise ValueError(f"{what}; {target} came.")


def _check_weight(weight: float) -> None:
    check_numbers(weight=weight)
    if not (isfinite(weight) and weight >= 0):
        raise ValueError(f"The weight of a penalty is a finite number from 0 on; {weight} came.")


def named_convolution(network: nn.Module, name: str) -> nn.Conv2d:
    """The convolution of that dotted name. Raises ValueError for another layer, and for kernels that are not in use."""
    if name and name not in dict(network.named_modules(remove_duplicate=False)):
        raise ValueError(f"{type(network).__name__} has no layer {name!r}.")
    parts = name.split(".")
    for end in range(len(parts)):
        holder = network.get_submodule(".".join(parts[:end]))
        if getattr(holder, "kernels_elsewhere", False):
            raise ValueError(
                f"The layer {name!r} stands in a {type(holder).__name__}, whose kernels in use are not those it holds: "
                "name another layer, or fold it first, fourierscope.training.folded(network)."
            )
    layer = network.get_submodule(name)
    if not isinstance(layer, nn.Conv2d):
        raise ValueError(f"The layer {name!r} is a {type(layer).__name__}; kernels are those of an nn.Conv2d.")
    return layer
