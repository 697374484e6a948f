"""The proportion of low, mid and high frequencies in a layer's kernels, held while a network learns."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from fourierscope.theory.kernel_bands import BANDS, Rule, check_threshold
from fourierscope.training.kernel_penalties import ProportionPenalty, bands_of, check_target, energy_shares
from fourierscope.training.kernel_projections import assigned, free_weight, onto, onto_with_norms, projectors
from fourierscope.treatments.components import check_word

Mode = Literal["penalty", "basis", "projection", "initial"]
MODES: tuple[Mode, ...] = ("penalty", "basis", "projection", "initial")


class FrequencyProportion:
    """Holds the proportion of low, mid and high frequencies among the filters of a convolution that learns.

    `convolution` is changed: it is yours, and about to learn. `target` are shares of low, mid and high that make 1.

    "penalty": they are shares of energy, and `penalty()` is to be added to the loss: `weight` times the divergence of
    the layer's shares from them (`ProportionPenalty`, which a `Recipe` takes too).
    "basis": they are shares of filters, counted out exactly; each filter is the sum of kernels that have more than
    `threshold` of their energy in its band, and so has it always (`counted` tells it
    from a threshold of a half on): its weight is parametrised
    (`torch.nn.utils.parametrize`).
    "projection": likewise, but the weight is free, and `project()` is to be called after each step: it projects each
    filter onto its band's kernels and gives it the norm it had (`ProportionProjection`, which a `Recipe` takes).
    "initial": likewise at the start, and nothing after: the control.

    At the start each filter keeps its norm. Bands differ in how many kernels they hold (at 3 x 3 one, two and six of
    nine), so networks with several targets under "basis" and "projection" differ in free weights too.
    Raises ValueError for a target that does not add up, a threshold that is not from 0 to below 1, shares of energy
    that kernels of this size cannot have, bands that they cannot fill, and filters that have nothing at the frequencies
    of their band; TypeError for what are no numbers.

    Source: ours, a reading of the abstract of Jia, Bao and Ma (2019), "frequency proportion of filters"; how they
    measured and controlled it is not public.
    """

    def __init__(
        self,
        convolution: nn.Conv2d,
        target: tuple[float, float, float],
        mode: Mode = "penalty",
        cuts: tuple[float, float] = (1 / 6, 1 / 3),
        weight: float = 1.0,
        threshold: float = 0.5,
    ) -> None:
        check_word("mode", mode, MODES)
        check_target(target)
        check_threshold(threshold)
        if not isinstance(convolution, nn.Conv2d):
            raise TypeError(f"A proportion is held in an nn.Conv2d; a {type(convolution).__name__} came.")
        self._divergence = ProportionPenalty(target, weight, cuts)
        self.convolution, self.mode, self.bands = convolution, mode, bands_of(convolution, cuts)
        self.threshold = threshold
        if mode == "penalty":
            self.penalty()  # tells what cannot be reached
            return
        free_weight(convolution)
        filters = convolution.out_channels
        self.assigned = assigned(target, filters)
        self._onto = projectors(self.bands, tuple(target), filters, threshold).to(convolution.weight, copy=True)
        self.project(always=True)
        if mode == "basis":
            parametrize.register_parametrization(convolution, "weight", _Onto(self._onto), unsafe=True)

    def penalty(self) -> Tensor:
        """What to add to the loss; 0 unless the mode is penalty."""
        if self.mode != "penalty":
            return self.convolution.weight.new_zeros(())
        return self._divergence(self.convolution)

    @torch.no_grad()
    def project(self, always: bool = False) -> None:
        """After a step: each filter onto its band's kernels, with the norm it had; nothing in other modes."""
        if self.mode != "projection" and not always:
            return
        weight = self.convolution.weight
        weight.copy_(onto_with_norms(weight, self._onto))

    @torch.no_grad()
    def shares(self) -> Tensor:
        """The shares (3,) of the energy of all filters, low, mid and high, now."""
        return energy_shares(self.convolution.weight, self.bands)

    @torch.no_grad()
    def counted(self, rule: Rule | None = None) -> Tensor:
        """How many filters (3,) are low, mid and high, now: those with more than `threshold` of their energy there.

        Below a threshold of a half a filter may have that in several bands, and counts where most of its energy is of
        those. With a `rule` of `KernelBands.classes`, how many it calls so, which has bounds of its own: "relative" may
        call a filter mid that is held high. Filters that are nought are none of these, and without a rule so are those
        that have so much nowhere.
        """
        kernels = self.convolution.weight.double()
        kernels = kernels[kernels.flatten(1).any(1)]
        shares = self.bands.shares(kernels)
        if rule is None:
            most, bands = shares.max(1)
            return bands[most > self.threshold].bincount(minlength=len(BANDS))
        return self.bands.classes(shares, kernels.shape[1], rule).bincount(minlength=len(BANDS))


class _Onto(nn.Module):
    """A parametrisation: kernels (o, i, h, w) projected, filter by filter."""

    projectors: Tensor

    def __init__(self, projectors: Tensor) -> None:
        super().__init__()
        self.register_buffer("projectors", projectors)

    def forward(self, kernels: Tensor) -> Tensor:
        return onto(kernels, self.projectors)
