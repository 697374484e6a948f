"""The search for a least mask: down to rest, cut or shaken, down again, and the least of all kept.

Where a network has kinks, descent stops in one of many valleys, and at a kink before its end. A cut mask has lost every
gain that the objective would have lower; a shaken one has lost some by chance, and has all others lit a little. Where
the way down from there ends lower, it is taken. Certified masks are left alone. Shakes are the same for all masks, so
that none depends on which others are looked for with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial

import torch
from torch import Tensor

from fourierscope.analyses.masks.solver import Masks, Objective, Penalty, Stop, least_masks

_PIECE = 40  # evaluations of the way down from a cut or a shaken mask
_LOST, _LIT = 0.2, 0.2  # the share of gains that a shake takes away, and how bright at most it lights the others

Change = Callable[[Masks], Tensor]
"""From masks to gains (r, k, pairs) to go down from."""


@dataclass(frozen=True)
class Shakes:
    """Which gains stay at each shake (shakes, k, pairs), and how far the others are lit (shakes, k, pairs)."""

    staying: Tensor
    lit: Tensor

    @classmethod
    def of(cls, gains: tuple[int, ...], steps: int, generator: torch.Generator) -> Shakes:
        """Shakes of masks with gains (k, pairs): as many as half of the steps leave room for, beside two cuts."""
        shape = (max(0, steps // 2 // _PIECE - 2), *gains)
        staying = torch.rand(shape, generator=generator) >= _LOST
        return cls(staying, _LIT * torch.rand(shape, generator=generator))

    def changes(self) -> list[Change]:
        """What is done to masks, in turn: cut, shaken, and cut again."""
        return [_cut, *(partial(self._shaken, turn) for turn in range(len(self.lit))), _cut]

    def _shaken(self, turn: int, masks: Masks) -> Tensor:
        staying, lit = self.staying[turn].to(masks.gains), self.lit[turn].to(masks.gains)
        return masks.gains * staying + (1 - masks.gains) * lit


def searched(objective: Objective, penalty: Penalty, start: Tensor, width: int, stop: Stop, shakes: Shakes) -> Masks:
    """The least masks found of all items from gains `start` (items, k, pairs), in no more than `stop.steps` each.

    Of the steps that changes leave, half go before them and half after.
    """
    changes = shakes.changes() if stop.steps >= 4 * _PIECE else []
    left = stop.steps - _PIECE * len(changes)
    last = left // 2 if changes else 0
    found = least_masks(objective, penalty, start, width, replace(stop, steps=left - last))
    for change in changes:
        found = _improved(found, objective, penalty, width, replace(stop, steps=_PIECE), change)
    return _improved(found, objective, penalty, width, replace(stop, steps=last), _same) if changes else found


def _improved(found: Masks, objective: Objective, penalty: Penalty, width: int, stop: Stop, change: Change) -> Masks:
    """The masks, each replaced by the one below its changed self where that is less; certified ones are left alone."""
    rough = (found.certificate > stop.certificate).nonzero().flatten()
    if not len(rough):
        return found
    own = found.rows(rough)
    return found.with_rows(rough, _less(own, least_masks(objective, penalty, change(own), width, stop, own.items)))


def _cut(masks: Masks) -> Tensor:
    return masks.gains * (masks.slopes <= 0)


def _same(masks: Masks) -> Tensor:
    return masks.gains


def _less(one: Masks, other: Masks) -> Masks:
    """Of each two masks the one with the lower objective, with the steps of both, and how the later search ended."""
    lower = other.objective < one.objective
    chosen = {
        each.name: torch.where(lower.view(-1, *[1] * (before.ndim - 1)), getattr(other, each.name), before)
        for each in fields(Masks)
        for before in [getattr(one, each.name)]
    }
    return Masks(**chosen | {"steps": one.steps + other.steps, "spent": other.spent})
