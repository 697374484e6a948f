"""Projections of kernels, for a recipe or any loop: after each step a proportion of frequencies holds exactly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal, Protocol, get_args

import torch
from torch import Tensor, nn

from fourierscope.theory.kernel_bands import BANDS, KernelBands, check_cuts, check_threshold
from fourierscope.training.kernel_penalties import bands_of, check_attainable, check_target, named_convolution
from fourierscope.treatments.kernels import first_convolution

Held = Literal["filters", "energy"]
_ROUNDS = 60  # of Newton's method, of which a handful are taken where the target lies well within reach
_LEFT = 16  # roundings: a projection that leaves no more than these holds no frequency, but errors
_CLOSE = 1e-9  # of the shares of energy, before rounding to the weights' precision


class Projection(Protocol):
    """What is done to a network's weights after each step, in place."""

    def __call__(self, network: nn.Module) -> None: ...

    def trace(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class ProportionProjection:
    """Projects a layer's kernels so that low, mid and high frequencies have the proportion of `target`.

    "filters": the first filters are low, the next mid, the last high, by `counts`; each is projected onto the kernels
    that have more than `threshold` of their energy in its band, and given the norm that it had. "energy": all kernels
    together go to the nearest ones with these shares of energy, and get the norm that they had together. Whatever holds
    already stays as it is.

    Called with a network, or a convolution itself, it changes the weights in place. Raises ValueError for shares that
    kernels of the layer's size cannot have, or these kernels cannot be brought to, and for weights that are made anew
    in each pass.

    Source: ours, a reading of Jia, Bao and Ma (2019), whose way of controlling the proportion is not public.
    """

    target: tuple[float, float, float]
    """Shares low, mid and high that add up to 1: of filters, or of energy."""
    held: Held = "filters"
    """filters or energy."""
    cuts: tuple[float, float] = (1 / 6, 1 / 3)
    """Where low becomes mid, and mid high: cycles per pixel."""
    threshold: float = 0.5
    """Share of a filter's energy that lies in its band at least."""
    layer: str = ""
    """Dotted name of the convolution; empty: the first one."""

    def __post_init__(self) -> None:
        check_target(self.target)
        check_cuts(self.cuts)
        check_threshold(self.threshold)
        if self.held not in get_args(Held):
            raise ValueError(f"held is {' or '.join(get_args(Held))}; {self.held!r} came.")

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> None:
        layer = named_convolution(network, self.layer or first_convolution(network))
        bands, weight, target = bands_of(layer, self.cuts), free_weight(layer), tuple(self.target)
        if self.held == "energy":
            check_attainable(target, bands)
            weight.copy_(nearest(weight, bands.forms, target))
        else:
            weight.copy_(onto_with_norms(weight, projectors(bands, target, len(weight), self.threshold)))

    def trace(self) -> dict[str, Any]:
        """What to record: the kind and its options."""
        return {"kind": type(self).__name__, **asdict(self)}


def counts(target: tuple[float, ...], filters: int) -> Tensor:
    """How many of some filters (3,) are to be in each band: shares made whole, the largest remainders first."""
    wanted = torch.tensor(target, dtype=torch.float64) * filters
    whole = (wanted + 1e-9).floor()
    left = filters - int(whole.sum())
    whole[(wanted - whole).argsort(descending=True, stable=True)[:left]] += 1
    return whole.long()


def assigned(target: tuple[float, ...], filters: int) -> Tensor:
    """The band (filters,) of each filter, 0 to 2: low ones first."""
    return torch.repeat_interleave(torch.arange(len(BANDS)), counts(target, filters))


@cache
def projectors(bands: KernelBands, target: tuple[float, ...], filters: int, threshold: float) -> Tensor:
    """For each filter the projector (filters, h w, h w), float64, onto the kernels of its band.

    Raises ValueError where no kernel has so much of its energy in a band that is asked for.
    """
    chosen = assigned(target, filters)
    forms = []
    for band in range(len(BANDS)):
        basis = bands.basis(band, threshold) if band in chosen else bands.forms[0][:, :0]
        forms.append(basis @ basis.T)
    return torch.stack(forms)[chosen]


def onto(kernels: Tensor, forms: Tensor) -> Tensor:
    """Kernels (o, i, h, w) projected, filter by filter, by projectors (o, h w, h w)."""
    return torch.einsum("opq,oiq->oip", forms.to(kernels), kernels.flatten(2)).reshape(kernels.shape)


def onto_with_norms(kernels: Tensor, forms: Tensor) -> Tensor:
    """The same, and each filter with the norm that it had; one that is nought stays so.

    Raises ValueError for a filter of which nothing but rounding is left, for it has no nearest one in its band.
    """
    given = kernels.float() if kernels.dtype in (torch.float16, torch.bfloat16) else kernels
    found = onto(given, forms)
    size, left = (torch.linalg.vector_norm(one, dim=(1, 2, 3), keepdim=True) for one in (given, found))
    lost = (left <= _LEFT * torch.finfo(given.dtype).eps * size) & (size > 0)
    if bool(lost.any()):
        some = ", ".join(str(one) for one in lost.flatten().nonzero().flatten()[:8].tolist())
        raise ValueError(
            f"Filters {some} have nothing at the frequencies of their band, onto which they are to be projected: begin "
            "with other weights, such as random ones."
        )
    return (found * torch.where(size > 0, size / left, 0.0)).to(kernels)


def nearest(kernels: Tensor, forms: Tensor, target: tuple[float, ...]) -> Tensor:
    """The kernels (o, i, h, w) nearest to these that have the shares of energy `target` by forms (b, h w, h w), with
    the norm that these have together. Raises ValueError where there are none.

    With C_b = form - share, whose energy has to be 0, they are W A^-1, A = 1 + sum_b l_b C_b, at the l that minimise
    tr(W^T W A^-1) over positive A: convex, and its slope in l_b is minus the energy of W A^-1 by C_b.
    """
    taps = kernels.flatten(2).flatten(0, 1).double()  # (o i, h w)
    size = taps.norm()
    if not size > 0:
        raise ValueError("Kernels that are all nought have no shares of energy.")
    one = torch.eye(taps.shape[1], dtype=torch.float64, device=taps.device)
    gaps = forms.to(one)[:-1] - one.new_tensor(target[:-1]).view(-1, 1, 1) * one  # the last follows from them
    moments = taps.T @ taps / size**2
    turn = _descended(gaps, moments, one)
    found = taps @ torch.linalg.inv(one + torch.einsum("b,bpq->pq", turn, gaps))
    return (found * size / found.norm()).reshape(kernels.shape).to(kernels)


def _descended(gaps: Tensor, moments: Tensor, one: Tensor) -> Tensor:
    """The l (b,) at which tr(moments A^-1) is least, by Newton's method with steps halved where they go too far."""
    turn = gaps.new_zeros(len(gaps))
    height, inverse = _height(turn, gaps, moments, one)
    for _ in range(_ROUNDS):
        assert inverse is not None
        ways = inverse @ gaps @ inverse  # (b, p, p)
        slope = -torch.einsum("pq,bqp->b", moments, ways)
        if float(slope.abs().max()) <= _CLOSE * float((inverse @ inverse * moments).sum()):
            return turn
        bend = 2 * torch.einsum("pq,bqr,crp->bc", moments, ways, gaps @ inverse)
        step = -torch.linalg.lstsq((bend + bend.T) / 2, slope[:, None]).solution[:, 0]
        for _ in range(_ROUNDS):
            lower, there = _height(turn + step, gaps, moments, one)
            if there is not None and lower <= height + 1e-4 * float(slope @ step) + 1e-15:
                break
            step = step / 2
        else:
            break
        turn, height, inverse = turn + step, lower, there
    raise ValueError(
        "These kernels cannot be brought to the shares of energy that are asked for: they lie at the edge of what "
        "kernels can have, or there are too few kernels."
    )


def _height(turn: Tensor, gaps: Tensor, moments: Tensor, one: Tensor) -> tuple[float, Tensor | None]:
    """tr(moments A^-1) and A^-1; infinity and None where A is not positive."""
    lower, wrong = torch.linalg.cholesky_ex(one + torch.einsum("b,bpq->pq", turn, gaps))
    if int(wrong):
        return float("inf"), None
    inverse = torch.cholesky_inverse(lower)
    return float((moments * inverse).sum()), inverse


def free_weight(layer: nn.Conv2d) -> nn.Parameter:
    """The weight of a convolution. Raises ValueError where it is made anew in each pass, and no change would stay."""
    held = layer._parameters.get("weight")
    if held is None:
        raise ValueError(
            "The weight of this convolution is made anew in each pass, by a parametrisation or a hook: kernels that "
            "are projected are plain parameters."
        )
    return held
