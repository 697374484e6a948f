"""The whole curve of size against fidelity: masks at many sparsities, each begun at the one before, from both ends.

One sparsity means different things to networks whose logits differ in scale. At equal fidelity they are compared
fairly: by the size of the least mask found that loses no more than so much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fourierscope.analyses.masks.solver import Objective, Penalty, Stop, least_masks, means

ENDS = ("from all", "from none")


@dataclass(frozen=True)
class Path:
    """Sizes and fidelities (ends, sparsities, items) of masks along `sparsities`, ascending, and `whole` (items,).

    `whole` is the fidelity of unmasked images, `spent` (ends, sparsities, items) where steps were used up.
    """

    sparsities: tuple[float, ...]
    sizes: Tensor
    fidelities: Tensor
    whole: Tensor
    spent: Tensor

    def sizes_at(self, losses: tuple[float, ...]) -> Tensor:
        """The least size (ends, losses, items) of a mask found that loses no more than each of `losses`.

        A loss is the fidelity's rise over that of the unmasked image; no mask, of size 1, loses nothing. Sizes found,
        not interpolated: the least mask there is may be smaller than both ends.
        """
        rise = self.fidelities - self.whole
        enough = [torch.where(rise <= loss, self.sizes, torch.inf).amin(1).clamp_max(1) for loss in losses]
        return torch.stack(enough, 1)


def path(
    objective: Objective, penalty: Penalty, sparsities: tuple[float, ...], ones: Tensor, width: int, stop: Stop
) -> Path:
    """The path of all items, of gains like `ones` (items, k, pairs), which are all 1."""
    whole = _whole(objective, ones, width)
    ends = []
    for start, order in ((ones, sparsities), (torch.zeros_like(ones), sparsities[::-1])):
        gains, found = start, []
        for sparsity in order:
            masks = least_masks(objective, replace(penalty, sparsity=sparsity), gains, width, stop)
            gains = masks.gains
            found.append(torch.stack([means(gains, objective.bins), masks.fidelity, masks.spent.to(gains)]))
        ends.append(torch.stack(found if order is sparsities else found[::-1], 1))
    sizes, fidelities, spent = torch.stack(ends, 1)
    return Path(sparsities, sizes, fidelities, whole, spent > 0)


def _whole(objective: Objective, ones: Tensor, width: int) -> Tensor:
    found = []
    for part in torch.arange(len(ones), device=ones.device).split(width):
        objective.hold(part)
        found.append(objective.evaluate(ones[part]).values)
    return torch.cat(found)
