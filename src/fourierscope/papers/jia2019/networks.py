"""Changes of a network that is about to learn: of its stem, of where it leaves out pixels, of what it is shown."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.subjects.networks import FilteredInput
from fourierscope.training import BlurPool2d, FrequencyProportion, PowerSpectrumNoise, SpectralModulatedConv2d
from fourierscope.training.amplitude_noise import amplitude_noise
from fourierscope.treatments.anti_aliasing import without_strides
from fourierscope.treatments.kernels import first_convolution

_LOW_PASS = 15  # bandwidth of the front end of Yin et al. (2019), at 32 x 32
_NOISE = 0.3  # at the start, of gains and of amplitudes
_MOST = 0.6  # of amplitudes


def modulated(network: nn.Module) -> nn.Module:
    """Its first convolution has gains by frequency that learn, under noise whose strength learns too."""
    place, layer = _first(network)
    _put(network, place, SpectralModulatedConv2d(layer, noise=_NOISE, learn_noise=True))
    return network


def shown_noise(network: nn.Module) -> nn.Module:
    """It learns under noise on the amplitudes of its images, whose strengths by frequency learn to mislead it."""
    return NoisyInput(network)


def low_passed(network: nn.Module) -> nn.Module:
    """It sees the low frequencies of its images alone."""
    return FilteredInput(network, "low", _LOW_PASS)


def blurred_stem(network: nn.Module) -> nn.Module:
    """What its first convolution gives is blurred by three binomial taps each way."""
    place, layer = _first(network)
    _put(network, place, nn.Sequential(layer, BlurPool2d(3, stride=1)))
    return network


def pooled(network: nn.Module, pooling: type[nn.Module]) -> nn.Module:
    """Each convolution that leaves out pixels has stride 1 and a pooling behind it, made with `stride=`."""
    return without_strides(network, lambda stride: pooling(stride=stride))


def proportioned(network: nn.Module, target: tuple[float, float, float]) -> nn.Module:
    """The filters of its first convolution are of low, mid and high frequency by these counts, and stay so."""
    FrequencyProportion(_first(network)[1], target, "basis")
    return network


class NoisyInput(nn.Module):
    """A network shown images whose amplitudes are under noise while it learns, by strengths that learn against it.

    The noise is that of `PowerSpectrumNoise`, from the global random state, as dropout's; since phases and means stay
    it comes after normalisation as well as before, but it is not clipped. The gradient of the strengths is turned
    round, so that one optimiser makes the network better and the noise worse; weight decay draws the strengths to half
    of the most. In eval mode images come as they are.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.noise = PowerSpectrumNoise(strength=_NOISE, most=_MOST)
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            strengths: Tensor = _Reversed.apply(self.noise.strengths)  # type: ignore[no-untyped-call]
            with torch.autocast(images.device.type, enabled=False):
                images = amplitude_noise(images.float(), strengths).to(images.dtype)
        answers: Tensor = self.network(images)
        return answers


class _Reversed(torch.autograd.Function):
    """The identity, whose gradient has the other sign."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return -gradients[0]


def _first(network: nn.Module) -> tuple[str, nn.Conv2d]:
    place = first_convolution(network)
    layer = network.get_submodule(place)
    assert isinstance(layer, nn.Conv2d)
    return place, layer


def _put(network: nn.Module, place: str, layer: nn.Module) -> None:
    """A layer in the place of another."""
    parent, _, own = place.rpartition(".")
    setattr(network.get_submodule(parent), own, layer)
