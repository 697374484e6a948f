"""Other ways to feed the same network: where one of them is clearly better, the way it is fed now is a mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fourierscope.subjects.classifier import Classifier
from fourierscope.subjects.outputs import logits_of

COMMON = {
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "CIFAR-10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "CIFAR-100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "MNIST": ((0.1307,), (0.3081,)),
    "half": ((0.5,), (0.5,)),
}
"""Normalisations in common use: mean and std for each channel, or one for all."""

SIGNIFICANT = 0.001  # p of the paired test below which an alternative counts
_SUSPECT = 0.01  # p below which it is told, though it may be chance among so many alternatives
_BETTER = 0.02  # gain in accuracy from which an alternative counts
_SENSIBLE = 0.1  # of the way from chance to perfection: what a rightly fed network surely reaches
_PILOT = 100  # images after which an alternative that is clearly worse is given up
_SLACK = 3  # images by which it may be behind then


@dataclass(frozen=True)
class Alternative:
    """Another way to feed the network: in words, what to do if it is the right one, and from images to its input."""

    says: str
    mend: str
    fed: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Better:
    """An alternative that seems better: its accuracy and the p of McNemar's exact test."""

    alternative: Alternative
    accuracy: float
    p: float


def alternatives(classifier: Classifier, channels: int) -> Iterator[Alternative]:
    """The ways to feed a classifier's network that are commonly mistaken for each other, all but the way it is fed."""
    mean, std = classifier.mean, classifier.std
    if mean is not None:
        mend = "The network seems to normalise by itself: leave mean and std out of Classifier."
        yield Alternative("without normalisation", mend, lambda images: images)
        mend = "mean and std seem to be meant for 0..255: divide both by 255."
        yield Alternative(
            "with images in 0..255, normalised as given", mend, lambda images: _normalised(images * 255, mean, std)
        )
    mend = "The network seems to want images in 0..255: write Classifier(network, mean=0, std=1 / 255)."
    yield Alternative("with images in 0..255", mend, lambda images: images * 255)
    for name, (other, spread) in COMMON.items():
        if len(other) in (1, channels) and not _same(mean, std, other, spread):
            wanted = f"write Classifier(network, mean={other}, std={spread})."
            mend = f"The network seems to want another normalisation: {wanted}"
            yield Alternative(f"with the normalisation of {name}", mend, _normalising(other, spread))
    if channels == 3:
        mend = (
            "These images seem to be BGR where the network wants RGB, or the other way round: write "
            "Samples(images[:, [2, 1, 0]], labels), or wrap the network in one that turns the channels."
        )
        yield Alternative("with channels reversed", mend, lambda images: _normalised(images.flip(1), mean, std))


def better(
    classifier: Classifier,
    batches: Sequence[tuple[Tensor, Tensor]],
    right: Tensor,
    alternative: Alternative,
    classes: int,
) -> Better | None:
    """The alternative, if it seems better than the way the network is fed; else None.

    `batches` are images and labels in random order, `right` (n,) says which of them are classified rightly now.
    Seems: McNemar's exact test on the same images at p < 0.01 (p < 0.001 is significant), two points of accuracy, and
    a tenth of the way from chance to perfection.
    """
    found = torch.zeros(0, dtype=torch.bool)
    for images, labels in batches:
        found = torch.cat([found, predictions(classifier, alternative.fed, images) == labels])
        if len(found) >= _PILOT and int(found.sum()) < int(right[: len(found)].sum()) - _SLACK:
            return None
    p, accuracy = mcnemar(right, found), float(found.float().mean())
    gain = accuracy - float(right.float().mean())
    if p >= _SUSPECT or gain < _BETTER or accuracy < 1 / classes + _SENSIBLE * (1 - 1 / classes):
        return None
    return Better(alternative, accuracy, p)


def predictions(classifier: Classifier, fed: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Classes (n,) on the CPU that the bare network gives to images (n, c, h, w) once `fed`; -1 where there is none."""
    with torch.no_grad(), classifier.evaluating():
        given = fed(images.to(classifier.device)).clone()
        outputs = classifier.network(given.to(classifier.input_dtype(given)))
        try:
            return logits_of(outputs, len(images)).argmax(1).cpu()
        except ValueError:  # a network fed wrongly may overflow
            return torch.full((len(images),), -1)


def as_given(classifier: Classifier) -> Callable[[Tensor], Tensor]:
    """The classifier's own normalisation, written a second time."""
    return lambda images: _normalised(images, classifier.mean, classifier.std)


def mcnemar(before: Tensor, after: Tensor) -> float:
    """p, two-sided, of McNemar's exact test for two rows of right and wrong (n,) on the same images."""
    from scipy.stats import binomtest

    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _normalising(mean: tuple[float, ...], std: tuple[float, ...]) -> Callable[[Tensor], Tensor]:
    return lambda images: _normalised(images, mean, std)


def _normalised(images: Tensor, mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> Tensor:
    if mean is None or std is None:
        return images
    return (images - images.new_tensor(mean).view(-1, 1, 1)) / images.new_tensor(std).view(-1, 1, 1)


def _same(
    mean: tuple[float, ...] | None, std: tuple[float, ...] | None, other: tuple[float, ...], spread: tuple[float, ...]
) -> bool:
    """Whether two normalisations do the same to images, to within a hundredth."""
    if mean is None or std is None:
        return False
    ends = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, max(len(mean), len(other)), 1, 1)
    return bool(torch.allclose(_normalised(ends, mean, std), _normalised(ends, other, spread), atol=0.01))
