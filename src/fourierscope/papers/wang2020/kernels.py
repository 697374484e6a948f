"""First-layer kernels: which frequencies they pass, how smooth they are, and which networks have any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn

from fourierscope.analyses import KernelSpectrum
from fourierscope.papers.exhibit import Made, Reading
from fourierscope.papers.making import Making, NotTried
from fourierscope.papers.reading import at
from fourierscope.results import Axes, mean_size
from fourierscope.runs import Analysis, Measured
from fourierscope.subjects import Classifier, Trial
from fourierscope.theory.filters import Extension, adjacent_form, energy
from fourierscope.training import AdjacentWeights
from fourierscope.treatments.kernels import first_convolution

BANDS = ("low", "mid", "high")
SMOOTHNESS = ", smoothness"
_EXTENSIONS: tuple[Extension, ...] = ("zero", "interior")
_NULL = {"smoke": 2000, "small": 20_000, "full": 20_000}


@dataclass(frozen=True)
class KernelSmoothness(Analysis[Trial]):
    """How far adjacent weights of the first convolution's kernels differ, in proportion to their energy.

    Over ("extension",): `roughness`, the sum of squared differences over the energy of all kernels (`AdjacentWeights`,
    relative), with zeros beyond the edge or within the kernel alone, and `white`, what random kernels have on average.
    `filter_roughness` is the mean over filters, each over its own energy, zeros beyond, with bounds; filters that are
    nought are left out. `gain` is the root mean square of the filters' sums of weights, their gain at frequency zero.

    Source: Wang et al. (2020), section 6, who speak of smooth kernels and of adjacent weights that are close.
    """

    def measure(self, cell: Any, trial: Trial, /) -> Measured:
        network = trial.classifier.network
        assert isinstance(network, nn.Module)
        layer = network.get_submodule(first_convolution(network))
        assert isinstance(layer, nn.Conv2d)
        kernels = layer.weight.detach().double().cpu()
        forms = [adjacent_form((kernels.shape[2], kernels.shape[3]), one) for one in _EXTENSIONS]
        whole = [float(AdjacentWeights(1.0, extension=one, relative=True)(network).detach()) for one in _EXTENSIONS]
        sizes = kernels.square().sum((1, 2, 3))
        alive = sizes > 1e-12 * sizes.max()
        return {
            "roughness": np.array(whole),
            "white": np.array([float(one.diagonal().mean()) for one in forms]),
            "filters": (energy(kernels[alive], forms[0]).sum(1) / sizes[alive]).numpy(),
            "gain": torch.stack([kernels.sum((2, 3)).square().sum(1).mean().sqrt()]).numpy(),
        }

    def assemble(self, measured: Mapping[Any, Measured], trial: Trial, /) -> Mapping[str, xr.DataArray]:
        (piece,) = measured.values()
        axes = Axes({"extension": np.array(_EXTENSIONS)})
        says = "Squared differences of adjacent weights over the energy of all first kernels, by what lies beyond them."
        told = "Mean over first filters of their squared differences of adjacent weights, zeros beyond, over the energy"
        gain = Axes({}).array(piece["gain"][0], "1", "Root mean square of the first filters' gains at frequency zero.")
        return {
            "roughness": axes.array(piece["roughness"], "1", says),
            "white": axes.array(piece["white"], "1", "The same of random kernels, on average."),
            "gain": gain,
            **mean_size("filter_roughness", piece["filters"], Axes({}), "1", f"{told} of each. White has 4."),
        }


def with_kernels(making: Making) -> Callable[[str], Classifier]:
    """The classifier of a role, if it is a module with a convolution. Raises NotTried with the reason where not."""

    def found(role: str) -> Classifier:
        classifier = making.classifier(role)
        if not isinstance(classifier.network, nn.Module):
            raise NotTried(f"{classifier.name} is a plain function, which shows no kernels")
        try:
            first_convolution(classifier.network)
        except ValueError as error:
            raise NotTried(str(error).rstrip(".")) from None
        return classifier

    return found


def ask_kernels(making: Making, name: str, trial: Trial) -> None:
    """Ask which frequencies first kernels pass, and how smooth they are."""
    assert isinstance(trial.classifier.network, nn.Module)
    first = first_convolution(trial.classifier.network)
    making.ask(name, KernelSpectrum((first,), null=_NULL[making.budget]), trial, shared="kernels")
    making.ask(f"{name}{SMOOTHNESS}", KernelSmoothness(), trial, shared="kernels")


def roughness(made: Made, name: str) -> Reading:
    """The mean roughness of first filters, with its bounds over filters."""
    result = made[f"{name}{SMOOTHNESS}"]
    return at(result, "filter_roughness", {})._replace(n=filters(made, name))


def filters(made: Made, name: str) -> int:
    """How many filters the first layer has."""
    return int(made[name].dataset.sizes["rank"])
