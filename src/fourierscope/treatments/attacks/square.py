"""Square attack: a black box that tries coloured squares at random places and keeps what helps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fourierscope.subjects import Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import batches, labels_asked, renamed
from fourierscope.treatments.attacks.balls import Ball
from fourierscope.treatments.attacks.gradients import Network, leads_of
from fourierscope.treatments.chance import streams

_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)  # of 10,000 queries, after which squares halve in area


def square_attack(
    trial: Trial,
    eps: float = 8 / 255,
    queries: int = 5000,
    share: float = 0.8,
    seed: int = 0,
    batch: int | None = None,
) -> Samples:
    """The samples of a trial under the Square attack in the L-infinity ball of `eps`, clipped to [0, 1]: no gradients.

    It starts from vertical stripes of +-eps and tries, `queries` times in all, a square of random place whose channels
    are set to +-eps; it keeps what lowers the lead of the label's logit, and ends for an image when another class is
    predicted. A square holds `share` of the pixels at first, and half as many after each of nine points, as published.
    The chance of an image is its own.

    Raises ValueError for numbers out of range and samples without fitting labels. Source: Andriushchenko et al. (2020),
    algorithms 1 and 2.
    """
    check_subject(trial, Trial, "square_attack")
    ball = Ball("linf", eps)
    if queries < 1 or not 0 < share <= 1:
        raise ValueError(f"queries is a whole number from 1 on, share in (0, 1]; {queries!r} and {share!r} came.")
    labels, found = labels_asked(trial), []
    with torch.no_grad(), trial.classifier.evaluating():
        for images, chosen in batches(trial, batch):
            own = labels[chosen].to(images.device)
            found.append(_searched(trial.classifier, images, own, (ball, queries, share, seed)).cpu())
    done = f"Square linf eps {eps:.4g}, {queries} queries, share {share:g}, seed {seed}, on {trial.classifier.name}"
    return renamed(trial.samples, torch.cat(found), done)


def side_of(query: int, queries: int, share: float, height: int, width: int) -> int:
    """The side of the square at a query, from 1 on, in pixels: at least 1, and it fits the image."""
    place = query * 10_000 // queries
    left = share / 2 ** sum(place > one for one in _HALVINGS)
    return int(min(max(round((left * height * width) ** 0.5), 1), height, width))


def _searched(classifier: Network, images: Tensor, labels: Tensor, how: tuple[Ball, int, float, int]) -> Tensor:
    ball, queries, share, seed = how
    chance = streams(images, "square attack", seed)
    stripes = np.stack([one.choice((-ball.eps, ball.eps), (*images.shape[1:2], 1, images.shape[3])) for one in chance])
    change = torch.from_numpy(stripes).to(images).expand_as(images).clone()
    lead = leads_of(classifier((images + change).clamp(0, 1)), labels)
    for query in range(1, queries):
        left = (lead >= 0).nonzero().flatten()
        if not len(left):
            break
        side = side_of(query, queries, share, *images.shape[2:])
        tried = change[left]
        for one, place in zip(tried, left.tolist(), strict=True):
            _paint(one, side, ball.eps, chance[place])
        leads = leads_of(classifier((images[left] + tried).clamp(0, 1)), labels[left])
        better = leads < lead[left]
        change[left[better]], lead[left[better]] = tried[better], leads[better]
    return (images + change).clamp(0, 1)


def _paint(change: Tensor, side: int, eps: float, chance: np.random.Generator) -> None:
    """Set a square of a change (c, h, w) to +-eps in each channel, in place."""
    row, column = (int(chance.integers(0, one - side + 1)) for one in change.shape[1:])
    colours: npt.NDArray[np.float64] = chance.choice((-eps, eps), change.shape[0])
    change[:, row : row + side, column : column + side] = torch.from_numpy(colours).to(change).view(-1, 1, 1)
