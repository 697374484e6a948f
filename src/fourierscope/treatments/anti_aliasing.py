"""Anti-aliasing of a trained network: whatever leaves out pixels does so behind a pooling. A new classifier."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Literal

from torch import nn

from fourierscope.subjects import Classifier
from fourierscope.treatments.components import check_word
from fourierscope.treatments.kernels import check_folded
from fourierscope.treatments.pooling import BlurPool2d, SpectralPool2d

Pooling = Literal["blur", "spectral"]
POOLINGS: tuple[Pooling, ...] = ("blur", "spectral")
Layer = nn.Conv2d | nn.MaxPool2d


def anti_aliased(classifier: Classifier, pooling: Pooling = "blur", taps: int = 3) -> Classifier:
    """A classifier in which each convolution and max pooling that leaves out pixels goes on without a stride, and a
    pooling leaves them out behind it.

    "blur": `BlurPool2d` of so many `taps`, which keeps the same pixels after a binomial mean, and so all sizes.
    "spectral": `SpectralPool2d`, which crops the spectrum; along a side that the stride does not divide the pixels left
    are as many as before, a little closer together than the stride. Weights stay as they are; what was learned with
    aliasing may need it, so look at clean accuracy first. Constant maps pass as before, but for padding with zeros.

    Layers are found as modules: `nn.Conv2d` and `nn.MaxPool2d`. Mean pooling, which is a blur, and pixels left out by a
    function or by slicing stay. A strided convolution is pooled before its batch norm and activation, which in Zhang's
    networks is done behind the activation.

    Raises ValueError for other words, layers with two different strides, max pooling that returns places or rounds up,
    layers with a forward of their own, and where nothing leaves out pixels; TypeError for a plain function.

    Source: Zhang (2019), section 3.2, and Grabinski et al. (2022), who train such networks; on a given one it is ours.
    """
    check_word("pooling", pooling, POOLINGS)
    if not isinstance(classifier, Classifier):
        raise TypeError(f"Layers are those of a Classifier; {type(classifier).__name__} came.")
    if not isinstance(classifier.network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function: it has no layers. Give a torch.nn.Module.")
    if pooling == "spectral" and taps != 3:
        raise ValueError('taps are those of "blur"; "spectral" has none.')
    check_folded(classifier.network)
    network = without_strides(copy.deepcopy(classifier.network), pooling_of(pooling, taps))
    name = f"{classifier.name}, anti-aliased ({f'blur of {taps} taps' if pooling == 'blur' else pooling})"
    mean, std, device = classifier.mean, classifier.std, str(classifier.device)
    return Classifier(network, name, mean, std, device, classifier.precision, classifier.provenance)


def pooling_of(pooling: Pooling, taps: int = 3) -> Callable[[int], nn.Module]:
    """What makes a pooling of a stride."""
    if pooling == "blur":
        return lambda stride: BlurPool2d(taps, stride)
    return lambda stride: SpectralPool2d(stride, rest=True)


def without_strides(network: nn.Module, made: Callable[[int], nn.Module]) -> nn.Module:
    """The network, changed: behind each layer that leaves out pixels stands what `made` gives of its stride.

    A layer that stands in two places is followed in both. Raises ValueError as `anti_aliased` does.
    """
    found = {name: one for name, one in network.named_modules() if isinstance(one, Layer) and _stride(one) != (1, 1)}
    if not found:
        raise ValueError(f"No convolution and no max pooling of this {type(network).__name__} leaves out pixels.")
    if "" in found:
        raise ValueError("This network is a single layer: put it into an nn.Sequential.")
    for name, layer in found.items():
        _check_fits(layer, name)
    others = {}
    for layer in found.values():
        stride = _stride(layer)[0]
        layer.stride = 1 if isinstance(layer, nn.MaxPool2d) else (1, 1)
        others[id(layer)] = nn.Sequential(layer, made(stride)).train(layer.training)
    for module in list(network.modules()):
        for own, child in list(module._modules.items()):
            if id(child) in others:
                module._modules[own] = others[id(child)]
    return network


def _check_fits(layer: Layer, name: str) -> None:
    """Raises ValueError for a layer whose pixels a pooling behind it cannot leave out in its place."""
    down, along = _stride(layer)
    if down != along:
        raise ValueError(f"{name} has two strides, {(down, along)}: poolings here have one.")
    if isinstance(layer, nn.MaxPool2d) and (layer.return_indices or layer.ceil_mode):
        raise ValueError(f"{name} returns places of maxima, or rounds sizes up: no pooling stands for that.")
    if type(layer).forward not in (nn.Conv2d.forward, nn.MaxPool2d.forward):
        raise ValueError(f"{name} is a {type(layer).__name__} with a forward of its own, which may go by its stride.")


def _stride(layer: Layer) -> tuple[int, int]:
    stride = layer.stride
    return (stride, stride) if isinstance(stride, int) else (int(stride[0]), int(stride[-1]))
