"""The least masks, thousands at a time: projected gradient descent with a certificate for each mask.

A mask minimises  fidelity(gain) + sparsity * mean(gain^power)  over gains in [0, 1]. In shapes, r masks are looked for
at a time, each with gains for k channels (1 where all share them) and for every pair, which is a frequency and its
partner. `bins` tells how many bins, places of the plane, a pair has: 2, or 1 where a frequency is its own partner.
Slopes are by the gain of one bin.

On the box of gains the penalty is smooth, so the proximal step of the sum is a clipped gradient step. Every mask has
its own step length (Barzilai and Borwein), backtracks by itself until its objective falls, stops by itself, and leaves;
the next one of the queue takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import torch
from torch import Tensor

SUFFICIENT = 1e-4  # Armijo's share of the fall that the slope promises
STEPS = 400
"""Most evaluations of a mask, unless another number is asked for."""
_LONGEST, _SHORTEST = 1e12, 1e-12  # of a step
_SHORTENING = (0.5, 0.9)  # of a step that was refused


@dataclass(frozen=True)
class Evaluation:
    """A fidelity at some gains: `values` (r,), `slopes` (r, k, pairs) in each bin, and `kept` (r,), in [0, 1]."""

    values: Tensor
    slopes: Tensor
    kept: Tensor


class Objective(Protocol):
    """A fidelity of many items, each with gains (k, pairs) of its own."""

    bins: Tensor
    """Bins of each pair (pairs,)."""

    def hold(self, items: Tensor) -> None:
        """From now on be asked about these items (r,)."""

    def scale(self) -> Tensor:
        """How far a gain may move at once (r, k, pairs), up to a factor an item: a preconditioner above 0."""

    def evaluate(self, gains: Tensor) -> Evaluation:
        """The fidelity of the items held at gains (r, k, pairs)."""


@dataclass(frozen=True)
class Penalty:
    """sparsity * mean over the plane and its k gains of gain^power, with power at least 1."""

    sparsity: float
    power: float = 1.0

    def values(self, gains: Tensor, bins: Tensor) -> Tensor:
        """The penalty (r,) of gains (r, k, pairs)."""
        return self.sparsity * means(gains.pow(self.power) if self.power != 1 else gains, bins)

    def slopes(self, gains: Tensor, bins: Tensor) -> Tensor:
        """Its slope in each bin (r, k, pairs)."""
        each = self.price(gains, bins)
        return each * self.power * gains.pow(self.power - 1) if self.power != 1 else torch.full_like(gains, each)

    def price(self, gains: Tensor, bins: Tensor) -> float:
        """sparsity / number of gains on the whole plane: what a bin's gain costs."""
        return self.sparsity / (float(bins.sum()) * gains.shape[1])


@dataclass(frozen=True)
class Stop:
    """When a mask is done: certificate reached, objective at rest, or steps used up."""

    certificate: float = 0.05
    rest: float = 5e-5
    """Fall of the objective over `window` steps, as a share of the sparsity, below which a mask is at rest."""
    window: int = 25
    steps: int = STEPS


@dataclass(frozen=True)
class Masks:
    """Masks of items: rows of tensors."""

    items: Tensor
    gains: Tensor
    """(r, k, pairs) in [0, 1]."""
    objective: Tensor
    fidelity: Tensor
    kept: Tensor
    slopes: Tensor
    """Of the objective in each bin (r, k, pairs)."""
    certificate: Tensor
    steps: Tensor
    """Evaluations of the fidelity and its slope (r,)."""
    spent: Tensor
    """Whether the steps were used up before the certificate or rest was reached (r,)."""

    def rows(self, index: Tensor) -> Masks:
        return Masks(*(getattr(self, one.name)[index] for one in fields(self)))

    def with_rows(self, index: Tensor, other: Masks) -> Masks:
        """These masks, with those at `index` (r,) replaced by the other ones."""
        return Masks(*(getattr(self, one.name).index_copy(0, index, getattr(other, one.name)) for one in fields(self)))


@dataclass
class _Descent:
    """Masks on their way: rows of tensors, of which `slopes` are those of the objective in each bin."""

    items: Tensor
    gains: Tensor
    objective: Tensor
    fidelity: Tensor
    kept: Tensor
    slopes: Tensor
    aim: Tensor
    """Slopes to go down by: those here, joined with those that steps refused since have found beyond a kink."""
    length: Tensor
    steps: Tensor
    before: Tensor
    """The objective when the window began (r,)."""
    rested: Tensor
    scale: Tensor

    def rows(self, index: Tensor) -> _Descent:
        return _Descent(*(getattr(self, one.name)[index] for one in fields(self)))

    def joined(self, other: _Descent) -> _Descent:
        return _Descent(*(torch.cat([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self)))


def least_masks(
    objective: Objective,
    penalty: Penalty,
    start: Tensor,
    width: int,
    stop: Stop = Stop(),
    items: Tensor | None = None,
) -> Masks:
    """The least masks of `items` (all, unless given), ascending, from gains `start` (items, k, pairs) downwards.

    At most `width` are on their way at a time.
    """
    done: list[Masks] = []
    active: _Descent | None = None
    items = torch.arange(len(start), device=start.device) if items is None else items
    waiting = torch.arange(len(start), device=start.device)
    while active is not None or len(waiting):
        room = width - (0 if active is None else len(active.items))
        if len(waiting) and (active is None or room >= max(1, width // 4)):
            new, waiting = waiting[:room], waiting[room:]
            entered = _entered(objective, penalty, items[new], start[new])
            active = entered if active is None else active.joined(entered)
            objective.hold(active.items)
        assert active is not None
        finished = _finished(active, penalty, objective.bins, stop)
        if bool(finished.any()):
            done.append(_masks(active.rows(finished.nonzero().flatten()), penalty, objective.bins, stop))
            left = (~finished).nonzero().flatten()
            active = active.rows(left) if len(left) else None
            if active is not None:
                objective.hold(active.items)
            continue
        _step(active, objective, penalty, stop)
    return _in_order(done)


def certificates(gains: Tensor, slopes: Tensor, price: float) -> Tensor:
    """The largest KKT residual |m - clip(m - slope, 0, 1)| of each mask (r,), in units of a bin's price.

    At a least mask it is 0: the slope of the objective is 0 inside, at least 0 where a gain is 0, at most 0 where it
    is 1.
    """
    residual = (gains - (gains - slopes).clamp(0, 1)).abs()
    return residual.flatten(1).amax(1) / price


def means(gains: Tensor, bins: Tensor) -> Tensor:
    """Mean over the plane and the k gains (r,) of gains (r, k, pairs)."""
    return (gains * (bins / bins.sum()).to(gains)).sum(-1).mean(1)  # row by row: the same bits in every batch


def _entered(objective: Objective, penalty: Penalty, items: Tensor, gains: Tensor) -> _Descent:
    objective.hold(items)
    found = objective.evaluate(gains)
    value = found.values + penalty.values(gains, objective.bins)
    slopes = found.slopes + penalty.slopes(gains, objective.bins)
    scale = objective.scale()
    moved = scale * slopes.abs()
    length = 0.1 / moved.flatten(1).amax(1).clamp_min(1e-30)
    ones = torch.ones_like(items)
    return _Descent(
        items,
        gains,
        value,
        found.values,
        found.kept,
        slopes,
        slopes.clone(),
        length,
        ones,
        value.clone(),
        0 * ones,
        scale,
    )


def _step(now: _Descent, objective: Objective, penalty: Penalty, stop: Stop) -> None:
    """One step of every mask, in place: those that fall enough go there, the others shorten and turn their step."""
    bins = objective.bins
    tried = _tried(now, now.aim)
    moved = tried - now.gains
    found = objective.evaluate(tried)
    value = found.values + penalty.values(tried, bins)
    slopes = found.slopes + penalty.slopes(tried, bins)
    promised = _inner(moved, now.aim, bins)  # below 0
    noise = 2e-7 * now.objective.abs() if value.dtype == torch.float32 else 0.0
    falls = value <= now.objective + SUFFICIENT * promised + noise
    bent = _inner(moved, slopes - now.slopes, bins)
    longest = _inner(moved, moved / now.scale, bins) / bent.clamp_min(1e-30)
    longer = torch.where(bent > 0, longest, 4 * now.length).clamp(_SHORTEST, _LONGEST)
    excess = (value - now.objective - promised).clamp_min(1e-30)
    shorter = now.length * (-promised / (2 * excess)).clamp(*_SHORTENING)
    now.length = torch.where(falls, longer, shorter)
    at = falls[:, None, None]
    now.aim = torch.where(at, slopes, _turned(now, slopes, bins))
    now.gains, now.slopes = torch.where(at, tried, now.gains), torch.where(at, slopes, now.slopes)
    now.objective, now.kept = torch.where(falls, value, now.objective), torch.where(falls, found.kept, now.kept)
    now.fidelity = torch.where(falls, found.values, now.fidelity)
    now.steps = now.steps + 1
    turn = now.steps % stop.window == 0
    rested = now.before - now.objective <= stop.rest * penalty.sparsity
    now.rested = torch.where(turn, rested.long(), now.rested)
    now.before = torch.where(turn, now.objective, now.before)


def _tried(now: _Descent, aim: Tensor) -> Tensor:
    return (now.gains - now.length[:, None, None] * now.scale * aim).clamp(0, 1)


def _turned(now: _Descent, slopes: Tensor, bins: Tensor) -> Tensor:
    """What to go down by after a refused step: the joined slopes, or those here where the joined ones move no gain.

    A step that moves nothing loses nothing either: it would be taken, and made longer, for ever.
    """
    joined = _joined(now, slopes, bins)
    leads = _inner(_tried(now, joined) - now.gains, joined, bins) < 0
    return torch.where(leads[:, None, None], joined, now.slopes)


def _joined(now: _Descent, slopes: Tensor, bins: Tensor) -> Tensor:
    """The shortest slopes between `aim` and those of a refused step, as far as gains are free to follow them.

    Beyond a kink the slopes are others; what lies between the two goes down on both sides (a bundle of two).
    """
    free = ((now.gains > 0) | (now.aim < 0)) & ((now.gains < 1) | (now.aim > 0))
    apart = (now.aim - slopes) * free
    share = _inner(apart * now.scale, now.aim * free, bins) / _inner(apart * now.scale, apart, bins).clamp_min(1e-30)
    return now.aim - share.clamp(0, 1)[:, None, None] * (now.aim - slopes)


def _finished(now: _Descent, penalty: Penalty, bins: Tensor, stop: Stop) -> Tensor:
    certificate = certificates(now.gains, now.slopes, penalty.price(now.gains, bins))
    return (certificate <= stop.certificate) | (now.rested > 0) | (now.steps >= stop.steps)


def _masks(now: _Descent, penalty: Penalty, bins: Tensor, stop: Stop) -> Masks:
    certificate = certificates(now.gains, now.slopes, penalty.price(now.gains, bins))
    spent = (certificate > stop.certificate) & (now.rested == 0)
    return Masks(now.items, now.gains, now.objective, now.fidelity, now.kept, now.slopes, certificate, now.steps, spent)


def _in_order(done: list[Masks]) -> Masks:
    whole = Masks(*(torch.cat([getattr(one, f.name) for one in done]) for f in fields(Masks)))
    return whole.rows(whole.items.argsort())


def _inner(one: Tensor, other: Tensor, bins: Tensor) -> Tensor:
    """The inner product over the whole plane (r,) of values (r, k, pairs)."""
    return (one * other * bins.to(one)).sum(-1).sum(1)
