"""Kernels changed after training: smoothed, low-passed, tilted in frequency. A new classifier; none given changes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from fourierscope.fourier.kinds import check_numbers, listed
from fourierscope.subjects import Classifier, Samples
from fourierscope.theory.filters import band_basis, band_form, radius_form
from fourierscope.theory.kernel_bands import check_threshold
from fourierscope.treatments.batch_statistics import recalibrate
from fourierscope.treatments.components import check_word

Normalise = Literal["none", "dc", "energy", "batch-norm"]
NORMALISE: tuple[Normalise, ...] = ("none", "dc", "energy", "batch-norm")
_BATCH = 100  # images at most of a batch whose statistics are taken
_AROUND = 8  # neighbours of a weight


def smooth_kernels(
    classifier: Classifier,
    strength: float,
    normalise: Normalise = "none",
    layers: tuple[str, ...] = (),
    samples: Samples | None = None,
) -> Classifier:
    """A classifier whose kernels have `strength` times the sum of its eight neighbours added to each weight.

    Beyond the edges of a kernel its outermost weights are duplicated. `layers` are dotted names of convolutions, the
    first one of the network where none are named. Weights that several layers share change once, for all of them.

    As published ("none") this is no blur of unit gain: every filter's sum of weights, its gain at frequency zero, grows
    1 + 8 strength times, and all that follows sees other activations. "dc" divides by that; "energy" gives each filter
    its norm back; "batch-norm" leaves the weights so and estimates the statistics of all batch norms anew on `samples`.
    On 3 x 3 kernels the eigenvalues are 1 - strength + strength {9, 6, 6, 4, 0, 0, 0, 0, 0}: above a strength of 1
    what it damps comes out with another sign.

    Raises ValueError for a strength below 0 or not finite, other words, layers that are no convolutions, and samples
    without "batch-norm" or "batch-norm" without samples; TypeError for a plain function and values of other kinds.

    Source: Wang et al. (2020), section 6.2, Eq. 3, without retraining, first layer only. A public copy of it in PyTorch
    smooths the plane of filters and channels instead; here each kernel is smoothed by itself.
    """
    _check_kinds(classifier, layers)
    check_numbers(strength=strength)
    if not (isfinite(strength) and strength >= 0):
        raise ValueError(f"The strength of smoothing is a finite number from 0 on; {strength} came.")
    gain = 1 + _AROUND * strength if normalise == "dc" else 1.0
    name = f"{classifier.name}, kernels smoothed by {strength:g}"
    return _changed(
        classifier, lambda layer: _smoothed(layer.weight, strength) / gain, name, normalise, layers, samples
    )


def low_pass_kernels(
    classifier: Classifier,
    radius: float = 1 / 3,
    threshold: float = 0.5,
    normalise: Normalise = "none",
    layers: tuple[str, ...] = (),
    samples: Samples | None = None,
) -> Classifier:
    """A classifier whose kernels are projected onto those of low frequency: their sums of nearly low-passed kernels.

    Kept are the eigenvectors of the energy below `radius` cycles per pixel whose eigenvalue is above `threshold`: so
    every kernel that is left has more than that share of its energy there. Doing it twice is doing it once, which
    masking a padded spectrum and cropping is not. `normalise`, `layers` and `samples` are those of `smooth_kernels`,
    without "dc", for a projection has no one gain.

    Raises ValueError as `smooth_kernels` does, for a radius that is not above 0 up to 1/2, a threshold that is not from
    0 to below 1, and where no kernel of that size passes it.

    Source: Wang et al. (2020), section 6, who name the removal of high frequencies of kernels without numbers; the
    projection is ours.
    """
    _check_kinds(classifier, layers)
    check_numbers(radius=radius)
    if not 0 < radius <= 0.5:
        raise ValueError(f"radius is a frequency above 0 up to 1/2 cycle per pixel; {radius} came.")
    check_threshold(threshold)
    _check_no_one_gain(normalise)

    def projected(layer: nn.Conv2d) -> Tensor:
        kernels, size = layer.weight, _pair(layer.kernel_size)
        basis = band_basis(band_form(size, 0, radius, _pair(layer.dilation)), threshold).to(kernels)
        if not basis.shape[1]:
            raise ValueError(
                f"No {size[0]} x {size[1]} kernel has more than {threshold:g} of its energy below {radius:g} cycles "
                "per pixel: take a wider radius or a lower threshold."
            )
        return (kernels.flatten(2) @ basis @ basis.T).reshape(kernels.shape)

    share = "" if threshold == 0.5 else f", threshold {threshold:g}"
    name = f"{classifier.name}, kernels below {radius:g} cycles per pixel{share}"
    return _changed(classifier, projected, name, normalise, layers, samples)


def tilt_kernels(
    classifier: Classifier,
    tilt: float,
    normalise: Normalise = "none",
    layers: tuple[str, ...] = (),
    samples: Samples | None = None,
) -> Classifier:
    """A classifier whose kernels answer more to high frequencies and less to low ones (tilt > 0), or the reverse.

    The response at f is to be multiplied by 1 + tilt (|f| / c - 1), with c = .3826 cycles per pixel, the mean |f| of
    white kernels. Put is, in the taps that there are, what comes nearest to that in the mean square: exact, without
    padding, and linear in the tilt, so that opposite tilts have the kernel itself for their mean. The centroid of each
    filter never falls as the tilt grows. `tilt` is from -1 to 1, where the gain asked for is nowhere below 0;
    `normalise`, `layers` and `samples` are those of `smooth_kernels`, without "dc", for filters change by gains of
    their own.

    Raises ValueError as `smooth_kernels` does, and for kernels of one tap, which have no frequency.

    Source: ours.
    """
    _check_kinds(classifier, layers)
    check_numbers(tilt=tilt)
    if not -1 <= tilt <= 1:
        raise ValueError(f"The tilt of kernels is from -1, towards low frequencies, to 1; {tilt} came.")
    _check_no_one_gain(normalise)

    def tilted(layer: nn.Conv2d) -> Tensor:
        if layer.weight[0, 0].numel() == 1:
            raise ValueError("A kernel of one tap passes all frequencies alike: name layers of more taps to tilt.")
        form = radius_form(_pair(layer.kernel_size), _pair(layer.dilation)).to(layer.weight)
        kernels = layer.weight.flatten(2)
        return (kernels + tilt * (kernels @ form / form[0, 0] - kernels)).reshape(layer.weight.shape)

    return _changed(classifier, tilted, f"{classifier.name}, kernels tilted by {tilt:g}", normalise, layers, samples)


def _check_no_one_gain(normalise: Normalise) -> None:
    """Raises ValueError for "dc" where each filter's gain at frequency zero changes by its own."""
    if normalise == "dc":
        raise ValueError('This changes each kernel\'s gain at frequency zero by its own: "dc" is for smooth_kernels.')


def _check_kinds(classifier: Classifier, layers: tuple[str, ...]) -> None:
    """Raises TypeError for what is no classifier, and for names that are no list of them."""
    if not isinstance(classifier, Classifier):
        raise TypeError(f"Kernels are those of a Classifier; {type(classifier).__name__} came.")
    listed(layers, "layers are dotted names of convolutions, such as ('0', '3')")


def _smoothed(kernels: Tensor, strength: float) -> Tensor:
    """Kernels (o, i, h, w) with the weighted sum of all eight neighbours of each weight added, edges duplicated."""
    wide = nn.functional.pad(kernels.flatten(0, 1)[:, None], (1, 1, 1, 1), mode="replicate")
    around = nn.functional.avg_pool2d(wide, 3, stride=1) * (_AROUND + 1)
    return kernels + strength * (around.reshape(kernels.shape) - kernels)


def _changed(
    classifier: Classifier,
    change: Callable[[nn.Conv2d], Tensor],
    name: str,
    normalise: Normalise,
    layers: tuple[str, ...],
    samples: Samples | None,
) -> Classifier:
    """A copy of the classifier with its layers' kernels changed and then normalised, under a name that tells how."""
    check_word("normalise", normalise, NORMALISE)
    if (samples is None) != (normalise != "batch-norm"):
        raise ValueError(f'samples go with normalise="batch-norm", and with no other; {normalise!r} came.')
    if not isinstance(classifier.network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function: it has no kernels. Give a torch.nn.Module.")
    check_folded(classifier.network)
    network = copy.deepcopy(classifier.network)
    mean, std, device = classifier.mean, classifier.std, str(classifier.device)
    named = ", ".join([name, *[normalise] * (normalise != "none"), *[f"layers {' '.join(layers)}"] * bool(layers)])
    made = Classifier(network, named, mean, std, device, classifier.precision, classifier.provenance)
    changed: set[int] = set()  # weights, which layers may share
    for place in _chosen(made, layers):
        held = made.module(place)
        layer = plain_convolution(held)
        _replaced(network, held, layer)
        if id(layer.weight) in changed:
            continue
        changed.add(id(layer.weight))
        with torch.no_grad():
            found = change(layer)
            if normalise == "energy":
                found = found * (_norms(layer.weight) / _norms(found).clamp_min(1e-12))
            layer.weight.copy_(found)
    if samples is not None:
        recalibrate(network, _batches(made, samples))
    return made


def _replaced(network: nn.Module, held: nn.Module, layer: nn.Module) -> None:
    """The network, changed: a layer stands wherever another one stood."""
    for module in list(network.modules()):
        for own, child in module._modules.items():
            if child is held:
                module._modules[own] = layer


def check_folded(network: nn.Module) -> None:
    """Raises ValueError where a layer makes its kernels anew in each pass, so that those it holds are not in use."""
    for name, module in network.named_modules():
        if getattr(module, "kernels_elsewhere", False):
            raise ValueError(
                f"{name or type(module).__name__} is a {type(module).__name__}, whose kernels in use are not those it "
                "holds: fold it first, fourierscope.training.folded(network)."
            )


def plain_convolution(layer: nn.Module) -> nn.Conv2d:
    """A convolution with its weight as a plain parameter: itself, or a new one where the weight is parametrised.

    Removing a parametrisation from a copy takes it from the class that the copied layer still shares, hence a new one.
    Raises ValueError for what is no `nn.Conv2d`, where the weight is made by a hook, and where it is parametrised in a
    layer with a forward of its own, which a plain one would not have.
    """
    if not isinstance(layer, nn.Conv2d):
        raise ValueError(f"Kernels are those of an nn.Conv2d; a {type(layer).__name__} came.")
    if not parametrize.is_parametrized(layer, "weight"):
        if "weight" not in layer._parameters:
            raise ValueError("The weight of this convolution is made by a hook: remove it, as by remove_weight_norm.")
        return layer
    if type(layer).forward is not nn.Conv2d.forward:
        raise ValueError(
            f"This {type(layer).__name__} has a forward of its own and a parametrised weight: remove the "
            "parametrisation, as by torch.nn.utils.parametrize.remove_parametrizations."
        )
    weight, bias = layer.weight.detach(), layer.bias
    made = nn.utils.skip_init(  # weights at the start would be drawn from the global random state
        nn.Conv2d, layer.in_channels, layer.out_channels, _pair(layer.kernel_size), _pair(layer.stride), layer.padding,
        _pair(layer.dilation), layer.groups, bias is not None, layer.padding_mode,
        device=weight.device, dtype=weight.dtype,
    )  # fmt: skip
    assert isinstance(made, nn.Conv2d)
    with torch.no_grad():
        made.weight.copy_(weight)
        if bias is not None and made.bias is not None:
            made.bias.copy_(bias)
    made.training = layer.training
    return made


def first_convolution(network: nn.Module) -> str:
    """The dotted name of the first `nn.Conv2d` of a network, in the order of its modules; "" where it is one itself.

    Raises ValueError where there is none.
    """
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d):
            return name
    raise ValueError(f"{type(network).__name__} has no nn.Conv2d, so there are no kernels.")


def _chosen(classifier: Classifier, names: tuple[str, ...]) -> tuple[str, ...]:
    """The named convolutions, or the first one. Raises ValueError where the network itself is one."""
    assert isinstance(classifier.network, nn.Module)
    chosen = names or (first_convolution(classifier.network),)
    if "" in chosen:
        raise ValueError("This network is a single convolution: put it into an nn.Sequential.")
    return chosen


def _pair(sides: tuple[int, ...]) -> tuple[int, int]:
    return int(sides[0]), int(sides[1])


def _norms(kernels: Tensor) -> Tensor:
    return torch.linalg.vector_norm(kernels, dim=(1, 2, 3), keepdim=True)


def _batches(classifier: Classifier, samples: Samples) -> Iterator[Tensor]:
    """What the network sees of all samples, in batches of one size but for one image: their means count alike."""
    count = -(-len(samples) // _BATCH)
    for part in range(count):
        start, stop = part * len(samples) // count, (part + 1) * len(samples) // count
        images = samples.batch(start, stop).to(classifier.device)
        yield classifier.normalised(images).to(classifier.input_dtype(images))
