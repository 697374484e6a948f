"""The convolutions of a network: which there are, what comes into each, and what they answer on edges that meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from fourierscope.fourier import to_spectrum
from fourierscope.subjects import Classifier
from fourierscope.treatments.kernels import check_folded


def convolutions(classifier: Classifier, names: tuple[str, ...] = ()) -> dict[str, nn.Conv2d]:
    """The named convolutions of a network; without names all of more than one tap, in the order of its modules.

    Raises TypeError for a plain function, ValueError for a layer that is no `nn.Conv2d` or has one tap, where there is
    none, and for a network with modulated convolutions that were not folded.
    """
    if not isinstance(classifier.network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function, which shows no kernels: give a torch.nn.Module.")
    check_folded(classifier.network)
    if names:
        found = {name: classifier.module(name) for name in names}
    else:
        every = classifier.network.named_modules()
        found = {name: one for name, one in every if isinstance(one, nn.Conv2d) and max(one.kernel_size) > 1}
    if not found:
        raise ValueError(f"{classifier.name} has no nn.Conv2d of more than one tap, so there are no kernels to show.")
    for name, layer in found.items():
        if not isinstance(layer, nn.Conv2d):
            raise ValueError(f"The layer {name!r} is a {type(layer).__name__}; kernels are shown of an nn.Conv2d.")
        if max(layer.kernel_size) == 1:
            raise ValueError(
                f"The kernels of {name!r} have one tap, which passes all frequencies alike: name convolutions of more "
                "taps, or no layers for all of these."
            )
    return {name: layer for name, layer in found.items() if isinstance(layer, nn.Conv2d)}


def kernels_of(layer: nn.Conv2d) -> Tensor:
    """The kernels (o, i / groups, h, w) of a convolution, float32, on the CPU: a copy."""
    return layer.weight.detach().float().cpu().clone()


@contextmanager
def inputs_of(
    classifier: Classifier, layers: Mapping[str, nn.Conv2d]
) -> Iterator[Callable[[Tensor], dict[str, Tensor]]]:
    """From images to what comes into each convolution (n, i, h, w) at its last use, by name.

    Raises ValueError for a layer that the forward pass does not use.
    """
    heard: dict[str, Tensor] = {}

    def listener(name: str) -> Callable[[Any, Any], None]:
        return lambda _module, given: heard.__setitem__(name, given[0].detach().float().clone())

    def inputs(images: Tensor) -> dict[str, Tensor]:
        heard.clear()
        classifier.outputs(images)
        for name in layers:
            if name not in heard:
                raise ValueError(f"The layer {name!r} of {classifier.name} is not used in its forward pass.")
        return heard

    hooks = [layer.register_forward_pre_hook(listener(name)) for name, layer in layers.items()]
    try:
        yield inputs
    finally:
        for hook in hooks:
            hook.remove()


def answer_power(layer: nn.Conv2d, inputs: Tensor) -> Tensor:
    """The power (n, h, w), centred, of all a convolution's answers to inputs (n, i, h, w) less their means.

    The answers are taken at every pixel, on edges that meet, without stride or bias, so that the frequencies of inputs
    are those of answers.
    """
    inputs = inputs - inputs.mean((2, 3), keepdim=True)
    rows, columns = (
        torch.arange(side + (taps - 1) * step, device=inputs.device) % side
        for side, taps, step in zip(inputs.shape[2:], layer.kernel_size, layer.dilation, strict=True)
    )
    kernels = layer.weight.detach().to(inputs)
    wrapped = inputs[..., rows, :][..., columns]
    answers = nn.functional.conv2d(wrapped, kernels, dilation=layer.dilation, groups=layer.groups)
    return to_spectrum(answers).abs().square().sum(1)
