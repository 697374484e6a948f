"""What an attack climbs: the log odds of a mistake or a lead of logits, and slopes with respect to the images."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Network = Callable[[Tensor], Tensor]


def mistake_log_odds(logits: Tensor, labels: Tensor) -> Tensor:
    """log(p / (1 - p)) of the probability p (n,) that a classifier gives to all classes but the label's.

    It rises with the cross-entropy l, log(1 + exp(.)) of it, and along the same direction; unlike l it does not become
    flat where a classifier is so sure that its softmax rounds to 1, which would pass for robustness.
    """
    own = torch.nn.functional.one_hot(labels, logits.shape[1]).bool()
    return logits.masked_fill(own, -torch.inf).logsumexp(1) - logits[own]


def leads_of(logits: Tensor, classes: Tensor) -> Tensor:
    """How far (n,) the logit of each image's class is ahead of the best other; below 0 where another is predicted."""
    own = torch.nn.functional.one_hot(classes, logits.shape[1]).bool()
    leads = (logits[own] - logits.masked_fill(own, -torch.inf).amax(1)).float()
    return torch.where((logits.argmax(1) != classes) & (leads == 0), -torch.finfo(torch.float32).tiny, leads)


def slopes(classifier: Network, images: Tensor, labels: Tensor) -> Tensor:
    """The slope (n, c, h, w) of the log odds of a mistake; asks for the gradient of the images alone.

    Raises ValueError where the logits do not follow from the images by operations that can be differentiated, and where
    a slope is NaN or infinite.
    """
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        return slope_of(mistake_log_odds(classifier(images), labels), images)


def slope_of(values: Tensor, images: Tensor, again: bool = False) -> Tensor:
    """The slope (n, c, h, w) of values (n,), each of its own image; `again` keeps the graph for another.

    Raises ValueError as `slopes` does.
    """
    slope = None
    if values.requires_grad:
        slope = torch.autograd.grad(values.sum(), images, retain_graph=again, allow_unused=True)[0]
    if slope is None:
        raise ValueError(
            "The logits of this classifier carry no gradient with respect to the images, and one is needed here. Is "
            "its function under torch.no_grad, or does it detach or round? BandImportance needs none, nor does the "
            "attack wave_search."
        )
    if not bool(torch.isfinite(slope).all()):
        bad = int((~torch.isfinite(slope)).flatten(1).any(1).sum())
        raise ValueError(f"The gradients of {bad} of {len(slope)} images are NaN or infinite: they lead nowhere.")
    return slope
