"""The hyperplanes at which units of a layer change sign: which of them are near an image, and which way they lie."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fourierscope.subjects import Classifier


def output_layer(classifier: Classifier, layer: str | None, wanted: int) -> str:
    """The name of a linear layer or convolution of a classifier: that given, else the last linear one.

    Raises ValueError where there is none, where it is of another kind, and where it has fewer units than `wanted` (a
    convolution has as many as its outputs at all places, which is seen when it is asked).
    """
    if not isinstance(classifier.network, nn.Module):
        raise ValueError(f"{classifier.name} is a plain function: it has no layer whose hyperplanes could be near.")
    if layer is None:
        known = [name for name, one in classifier.network.named_modules() if isinstance(one, nn.Linear)]
        if not known:
            raise ValueError(f"{classifier.name} has no linear layer: name a convolution, layer=...")
        layer = known[-1]
    module = classifier.module(layer)
    if not isinstance(module, nn.Linear | nn.Conv2d):
        raise ValueError(f"layer is a linear layer or a convolution; {layer!r} is a {type(module).__name__}.")
    if isinstance(module, nn.Linear) and module.out_features < wanted:
        raise ValueError(
            f"{layer!r} has {module.out_features} units, so no more than {module.out_features} nearest hyperplanes; "
            f"directions={wanted} came. Name a wider layer, layer=..., or take fewer directions."
        )
    return layer


def nearest_hyperplanes(classifier: Classifier, layer: str, images: Tensor, count: int) -> Tensor:
    """The gradients (n, count, c, h, w) of |a| of the `count` units whose hyperplanes a = 0 are nearest to each image.

    The distance of a unit is |a| / |its weights|, as in the published code: in the space of the layer's own inputs.
    Gradients are constants to whoever differentiates further.

    Source: Lin et al. (2019), section 3 and the `approx` way of their code, there for the logits alone.
    """
    module = classifier.module(layer)
    held: list[Tensor] = []
    hook = module.register_forward_hook(lambda _, __, output: held.append(output.clone()))  # a ReLU may work in place
    try:
        with torch.enable_grad():
            images = images.detach().requires_grad_()
            classifier(images)
    finally:
        hook.remove()
    if len(held) != 1:
        raise ValueError(f"{layer!r} is asked {len(held)} times for one answer; it is asked once where it can be used.")
    with torch.enable_grad():
        units = held[0].flatten(1).abs()  # (n, units)
        if units.shape[1] < count:
            raise ValueError(f"{layer!r} has {units.shape[1]} units; {count} nearest hyperplanes were asked for.")
        distances = units.detach() / _sizes(module, held[0])
        nearest = distances.topk(count, dim=1, largest=False).indices
        chosen = units.gather(1, nearest).sum(0)  # (count,): each image's own unit
        slopes = [torch.autograd.grad(one, images, retain_graph=True)[0] for one in chosen.unbind()]
    return torch.stack(slopes, 1)


def _sizes(module: nn.Module, output: Tensor) -> Tensor:
    """The L2 norm (units,) of each unit's weights; outputs are (n, ..., units) if linear, else (n, channels, h, w)."""
    weight = module.weight
    assert isinstance(weight, Tensor)
    sizes = torch.linalg.vector_norm(weight.detach().flatten(1), dim=1)
    sizes, copies = sizes.clamp(min=torch.finfo(sizes.dtype).tiny), output[0].numel() // len(sizes)
    return sizes.repeat(copies) if isinstance(module, nn.Linear) else sizes.repeat_interleave(copies)
