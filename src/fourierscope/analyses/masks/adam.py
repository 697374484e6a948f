"""The article's own way to masks: Adam with clamping, and its stopping rule. For comparison with the solver.

Source: Karantzas et al. (2022), section 2.1, and their code: learning rate 0.2 is asked for, but its schedule never
leaves the first 0.5 %, so that 0.008 to 0.009 is what was used; a mask stops when for 300 steps, not in a row, its
prediction is kept and fidelity and size change by less than 1e-6 and 1e-5. The code compares the change of D^2, we that
of the fidelity asked for.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fourierscope.analyses.masks.solver import Masks, Objective, Penalty, certificates, means

RATE = 0.0085
"""The learning rate that the article's schedule reaches."""
MOMENTS = (0.95, 0.999)
QUIET, FIDELITY_REST, SIZE_REST = 300, 1e-6, 1e-5


def adam_masks(objective: Objective, penalty: Penalty, start: Tensor, steps: int, width: int) -> Masks:
    """Masks of all items from gains `start` (items, k, pairs), each as it is when its own rule or `steps` stop it."""
    items = torch.arange(len(start), device=start.device)
    done = [_block(objective, penalty, part, start[part], steps) for part in items.split(width)]
    names = Masks.__dataclass_fields__
    return Masks(*(torch.cat([getattr(one, name) for one in done]) for name in names))


def _block(objective: Objective, penalty: Penalty, items: Tensor, gains: Tensor, steps: int) -> Masks:
    objective.hold(items)
    bins = objective.bins
    first, second = torch.zeros_like(gains), torch.zeros_like(gains)
    quiet, used, running = torch.zeros_like(items), torch.zeros_like(items), torch.ones_like(items, dtype=torch.bool)
    fidelity = size = torch.full(items.shape, torch.inf, device=gains.device)
    for step in range(1, steps + 1):
        found = objective.evaluate(gains)
        now = means(gains, bins)
        rests = ((found.values - fidelity).abs() <= FIDELITY_REST) & ((now - size).abs() <= SIZE_REST)
        quiet = quiet + (rests & (found.kept == 1)).long()
        used = used + running.long()
        fidelity, size, running = found.values, now, running & (quiet < QUIET)
        if not bool(running.any()) or step == steps:
            break
        slopes = found.slopes + penalty.slopes(gains, bins)
        first, second = _moved(first, slopes, MOMENTS[0]), _moved(second, slopes.square(), MOMENTS[1])
        pace = first / (1 - MOMENTS[0] ** step) / ((second / (1 - MOMENTS[1] ** step)).sqrt() + 1e-8)
        gains = torch.where(running[:, None, None], (gains - RATE * pace).clamp(0, 1), gains)
    total = found.values + penalty.values(gains, bins)
    slopes = found.slopes + penalty.slopes(gains, bins)
    certificate = certificates(gains, slopes, penalty.price(gains, bins))
    return Masks(items, gains, total, found.values, found.kept, slopes, certificate, used, running)


def _moved(mean: Tensor, value: Tensor, keep: float) -> Tensor:
    return keep * mean + (1 - keep) * value
