"""The nearest image that a classifier takes for something else: by its tangents (DeepFool), or on the way to one."""

from __future__ import annotations

from math import isfinite

import torch
from torch import Tensor

from fourierscope.fourier.kinds import check_whole
from fourierscope.subjects import Pair, Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import Outcome, attacked, labels_asked, predictions, renamed
from fourierscope.treatments.attacks.balls import in_box, lengths
from fourierscope.treatments.attacks.gradients import Network, slope_of

_BEYOND = 1e-4  # added to a gap between logits, as in the published code: a gap of 0 would stop the walk on the border


def deepfool(
    trial: Trial, steps: int = 50, overshoot: float = 0.02, candidates: int = 10, batch: int | None = None
) -> Samples:
    """The samples of a trial moved to the nearest border of their predicted class, and a little across, in [0, 1].

    Each step takes the logits for straight, goes to the nearest of the borders between the predicted class and the
    other most likely ones (`candidates` classes in all), and ends for an image when its class changes. The sum of its
    steps is lengthened by the share `overshoot`. No labels are needed: what is left is the classifier's own prediction.

    Raises ValueError for options out of range, NaN or infinite logits or gradients, and where no image has a gradient;
    warns where some have none.

    Source: Moosavi-Dezfooli et al. (2016), algorithm 2; the defaults and the 1e-4 added to each gap are those of the
    published code. We clip to [0, 1].
    """
    check_subject(trial, Trial, "deepfool")
    check_whole(1, steps=steps)
    check_whole(2, candidates=candidates)
    if not (isfinite(overshoot) and overshoot >= 0):
        raise ValueError(f"overshoot is a finite number from 0 on; {overshoot!r} came.")

    def attack(images: Tensor, classes: Tensor) -> Outcome:
        return _walk(trial.classifier, images, classes, (steps, overshoot, candidates))

    done = f"DeepFool, {steps} steps, overshoot {overshoot:g}"
    return attacked(trial, predictions(trial, batch), attack, done, batch)


def just_across(trial: Trial, after: Samples, halvings: int = 8, batch: int | None = None) -> Samples:
    """The samples of a trial on their straight way to attacked ones, only just misclassified: the smallest changes.

    `after` are the attacked samples. The way is halved so often; of an image that is misclassified at its end, the
    first point beyond the border is kept that halving finds, of others the end itself. Such points fool nobody who
    answers a little differently: a defence that is tried on them alone looks strong.

    Raises ValueError for samples that do not belong together or have no labels, and for no halving. Source: the
    evaluation of Lin et al. (2019), by foolbox 2, which looked for the smallest change; the straight way is ours.
    """
    check_subject(trial, Trial, "just_across")
    labels, pair = labels_asked(trial), Pair(trial.samples, after)
    check_whole(1, halvings=halvings)
    start, change = pair.before.batch(), pair.after.batch() - pair.before.batch()
    low, high = torch.zeros(len(labels)), torch.ones(len(labels))
    fooled = predictions(Trial(trial.classifier, after), batch) != labels
    for _ in range(halvings):
        middle = torch.where(fooled, (low + high) / 2, high)
        tried = trial.samples.changed((start + middle.view(-1, 1, 1, 1) * change).clamp(0, 1), "tried")
        across = predictions(Trial(trial.classifier, tried), batch) != labels
        high, low = torch.where(across, middle, high), torch.where(across, low, middle)
    return renamed(trial.samples, (start + high.view(-1, 1, 1, 1) * change).clamp(0, 1), f"{after.name}, just across")


def _walk(classifier: Network, images: Tensor, classes: Tensor, options: tuple[int, float, int]) -> Outcome:
    steps, overshoot, candidates = options
    felt = torch.zeros(len(images), dtype=torch.bool, device=images.device)
    moved, change = torch.zeros_like(images), torch.zeros_like(images)
    left = torch.arange(len(images), device=images.device)
    for _ in range(steps):
        step, here = _to_the_border(classifier, images[left] + change[left], classes[left], candidates)
        felt[left[~here]] = True  # whatever its gradient, it came across
        left, step = left[here], step[here]
        if not len(left):
            break
        felt[left] |= step.flatten(1).any(1)
        moved[left] += step
        change[left] = in_box(images[left], (1 + overshoot) * moved[left])
    return Outcome((images + change).clamp(0, 1), felt)


def _to_the_border(classifier: Network, images: Tensor, classes: Tensor, candidates: int) -> tuple[Tensor, Tensor]:
    """The steps (n, c, h, w) to the nearest tangent border, and which images (n,) are still in their class."""
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        logits = classifier(images)
        others = _rivals(logits, classes, candidates)  # (n, candidates - 1)
        gaps = logits.gather(1, others) - logits.gather(1, classes[:, None])
        slopes = torch.stack([slope_of(gap, images, again=True) for gap in gaps.unbind(1)])
    sizes = torch.stack([lengths(one) for one in slopes])  # (candidates - 1, n, 1, 1, 1)
    ways = (gaps.detach().abs().T.float().reshape(sizes.shape) + _BEYOND) / sizes  # infinite where there is no slope
    nearest = ways.argmin(0, keepdim=True)
    size, way = sizes.gather(0, nearest)[0], ways.gather(0, nearest)[0]
    slope = slopes.gather(0, nearest.expand(1, *images.shape))[0]
    return torch.where(size > 0, slope * (way / size), 0.0).nan_to_num(), logits.argmax(1) == classes


def _rivals(logits: Tensor, classes: Tensor, candidates: int) -> Tensor:
    """The most likely classes (n, candidates - 1) beside an image's own."""
    own = torch.nn.functional.one_hot(classes, logits.shape[1]).bool()
    count = min(candidates, logits.shape[1]) - 1
    return logits.detach().masked_fill(own, -torch.inf).topk(count, dim=1).indices
