"""Kernels whose frequencies are amplified by gains that learn, under noise on the gains: plain kernels in the end."""

from __future__ import annotations

import copy
from math import exp, isfinite, log

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from fourierscope.fourier.kinds import check_numbers, check_whole
from fourierscope.subjects import Classifier
from fourierscope.theory.filters import band_form
from fourierscope.treatments.kernels import plain_convolution

_ONE = log(exp(1.0) - 1)  # softplus of it is 1


class SpectralModulatedConv2d(nn.Module):
    """A convolution whose kernels are changed by one gain a ring of frequency, which learns, and noise while learning.

    The gains g are positive, begin at 1, and serve all kernels: the kernel is sum_b g_b Q_b w, with Q_b the exact form
    of the ring (`theory.filters.band_form`), that is, the response times g(|f|) cut back to the taps; the limit of a
    padded transform that is multiplied and cropped, without choosing its size. In train mode each step multiplies
    g_b by exp(noise xi_b), xi normal, from the global random state, as dropout does. In eval mode there is no noise,
    and `folded()` is a plain `nn.Conv2d` that answers alike. Rings are evenly spaced up to 1/2 cycle per pixel;
    the last reaches to the corners, in cycles per pixel of the maps, dilated kernels too. What learns is held as an
    offset from its start, so that weight decay leads gains back to 1 and noise back to its first strength. The
    convolution given is copied. Raises ValueError for kernels of one tap, which all gains would change alike.

    Source: ours, the filter side of "learnable modulation of frequency proportion with perturbation in the power
    spectrum" in the abstract of Jia, Bao and Ma (2019); what they did is not public.
    """

    forms: Tensor
    kernels_elsewhere = True  # those of the convolution within are not what images meet

    def __init__(self, convolution: nn.Conv2d, rings: int = 4, noise: float = 0.1, learn_noise: bool = False) -> None:
        super().__init__()
        check_whole(1, rings=rings)
        check_numbers(noise=noise)
        if not (isfinite(noise) and noise >= 0):
            raise ValueError(f"noise is finite and from 0 on; {noise} came.")
        if learn_noise and noise == 0:
            raise ValueError("Noise that learns begins above 0.")
        if isinstance(convolution, nn.Conv2d) and max(convolution.kernel_size) == 1:
            raise ValueError("Kernels of one tap pass all frequencies alike: give a convolution of more taps.")
        self.convolution = copy.deepcopy(plain_convolution(convolution))
        self.noise, weight = noise, self.convolution.weight
        (height, width), (down, across) = self.convolution.kernel_size, self.convolution.dilation
        edges = [place / (2 * rings) for place in range(rings)]
        ends: list[float | None] = [*edges[1:], None]
        spread = (down, across)
        taps = [band_form((height, width), low, high, spread) for low, high in zip(edges, ends, strict=True)]
        self.register_buffer("forms", torch.stack(taps).to(weight), persistent=False)
        self.raw_gains = nn.Parameter(weight.new_zeros(rings))
        self.raw_noise = nn.Parameter(weight.new_zeros(()), learn_noise) if noise else None

    @property
    def gains(self) -> Tensor:
        """The gain (rings,) of each ring, without noise."""
        return softplus(self.raw_gains + _ONE)

    def kernels(self) -> Tensor:
        """The kernels (o, i, h, w) in use: with noise in train mode, without in eval mode."""
        gains, plain = self.gains, self.convolution.weight
        if self.training and self.raw_noise is not None:
            gains = gains * torch.exp(self.noise * self.raw_noise.exp() * torch.randn_like(gains))
        form = torch.einsum("b,bpq->pq", gains, self.forms)
        return (plain.flatten(2) @ form).reshape(plain.shape)

    def forward(self, maps: Tensor) -> Tensor:
        answers: Tensor = torch.func.functional_call(self.convolution, {"weight": self.kernels()}, (maps,))
        return answers

    @torch.no_grad()
    def folded(self) -> nn.Conv2d:
        """A plain convolution that answers as this one does in eval mode."""
        made, mode = copy.deepcopy(self.convolution), self.training
        self.training = False
        made.weight.copy_(self.kernels())
        self.training = mode
        return made


def folded(network: nn.Module) -> nn.Module:
    """A copy of a network with plain convolutions in place of modulated ones; it answers alike in eval mode.

    A modulated one that stands in several places is one plain one in all of them. Raises TypeError for what is no
    module.
    """
    if not isinstance(network, nn.Module):
        hint = ": write folded(classifier.network)" if isinstance(network, Classifier) else ""
        raise TypeError(f"folded takes a network, a torch.nn.Module; a {type(network).__name__} came{hint}.")
    if isinstance(network, SpectralModulatedConv2d):
        return network.folded()
    made = copy.deepcopy(network)
    plain = {one: one.folded() for one in made.modules() if isinstance(one, SpectralModulatedConv2d)}
    for module in [one for one in made.modules() if one not in plain]:
        for name, part in module._modules.items():
            if isinstance(part, SpectralModulatedConv2d):
                module._modules[name] = plain[part]
    return made
