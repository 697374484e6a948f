"""The fidelity of a network's answers to masked images, and its slopes by the gains: of images, or groups of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fourierscope.analyses.masks.fidelity import Loss
from fourierscope.analyses.masks.solver import Evaluation
from fourierscope.fourier import Plane
from fourierscope.fourier.pairs import Modulated, pairs_of
from fourierscope.runs import batch_size, batches
from fourierscope.subjects import Classifier, Trial
from fourierscope.treatments.attacks.gradients import slope_of
from fourierscope.treatments.infills import Infills

_FEW, _MOST, _PIXELS = 8, 32, 2**15  # images that go through a network together on a processor, and their pixels
_KEPT = 2**23  # pixels of the images of groups that are kept ready; more are made ready again at every evaluation
_FLOOR = 1e-3  # of the mean power: a frequency without power moves nothing, however far
_EVENING = 0.3  # 0: one step for all frequencies, 0.5: all move the image alike; networks with kinks end lowest between


@dataclass(frozen=True)
class Asked:
    """What masks are held against: a trial, the loss, targets, the infills of its samples, and how often drawn."""

    trial: Trial
    loss: Loss
    targets: Tensor | None
    """The class (n,) of each of the samples; None for what the classifier takes the whole image for."""
    infills: Infills
    draws: int = 1
    shared: bool = True
    """One gain for all channels, or one for each."""

    @property
    def gains(self) -> tuple[int, int]:
        """The shape (k, pairs) of one mask's gains."""
        return 1 if self.shared else self.trial.samples.channels, len(pairs_of(self.trial.samples.plane))


@dataclass(frozen=True)
class _Answers:
    """Losses (n,) of masked images, slopes (n, c, h, w) by the images, and which predictions (n,) are kept."""

    losses: Tensor
    slopes: Tensor
    kept: Tensor


@dataclass(frozen=True)
class Loaded:
    """Images ready to be masked, once for every draw of infills, with their targets and whole logits."""

    modulated: list[Modulated]
    targets: Tensor
    whole: Tensor

    def rows(self, index: Tensor) -> Loaded:
        return Loaded([one.rows(index) for one in self.modulated], self.targets[index], self.whole[index])


def predictions(trial: Trial) -> Tensor:
    """The class (n,) that the classifier takes each whole image for."""
    samples, classifier, found = trial.samples, trial.classifier, []
    with torch.no_grad():
        for part in batches(len(samples), batch_size(samples.plane, classifier.device)):
            found.append(classifier(samples.batch(part.start, part.stop)).argmax(1).cpu())
    return torch.cat(found)


class ImageObjective:
    """Every image is an item with a mask of its own."""

    def __init__(self, asked: Asked, places: Tensor) -> None:
        self._asked = asked
        self._all = loaded_images(asked, places)
        self._held = self._all
        self.bins = self._all.modulated[0].pairs.bins

    def hold(self, items: Tensor) -> None:
        self._held = self._all.rows(items)

    def scale(self) -> Tensor:
        return _scale(self._held.modulated[0].power(self._asked.shared))

    def evaluate(self, gains: Tensor) -> Evaluation:
        return _mean_of_draws(self._held, gains, self._asked)


class GroupObjective:
    """Every group of images is an item with one mask for all of them; its fidelity is the mean over the group.

    Many images stream: no more than a batch of them is held at a time. Few are made ready once.
    """

    def __init__(self, asked: Asked, groups: list[Tensor]) -> None:
        self._asked, self._groups = asked, groups
        self._held = list(range(len(groups)))
        plane, images = asked.trial.samples.plane, asked.draws * sum(len(one) for one in groups)
        few = images * plane.height * plane.width <= _KEPT
        self._ready = [list(self._loaded(one)) for one in groups] if few else None
        self.bins = pairs_of(asked.trial.samples.plane).bins

    def hold(self, items: Tensor) -> None:
        self._held = items.tolist()

    def scale(self) -> Tensor:
        return torch.stack([_scale(self._power(item)) for item in self._held])

    def evaluate(self, gains: Tensor) -> Evaluation:
        found = [self._of_group(one, item) for one, item in zip(gains, self._held, strict=True)]
        return Evaluation(*(torch.stack([getattr(one, name) for one in found]) for name in _PARTS))

    def _of_group(self, gains: Tensor, item: int) -> Evaluation:
        sums = [torch.zeros((), dtype=torch.float64), torch.zeros_like(gains, dtype=torch.float64)]
        kept = torch.zeros((), dtype=torch.float64)
        for loaded in self._parts(item):
            found = _mean_of_draws(loaded, gains.expand(len(loaded.targets), -1, -1), self._asked)
            sums = [sums[0] + found.values.double().sum(), sums[1] + found.slopes.double().sum(0)]
            kept = kept + found.kept.double().sum()
        return Evaluation(*((one / len(self._groups[item])).to(gains.dtype) for one in (*sums, kept)))

    def _power(self, item: int) -> Tensor:
        parts = (loaded.modulated[0] for loaded in self._parts(item))
        return torch.stack([one.power(self._asked.shared).sum(0) for one in parts]).sum(0)

    def _parts(self, item: int) -> Iterable[Loaded]:
        return self._loaded(self._groups[item]) if self._ready is None else self._ready[item]

    def _loaded(self, places: Tensor) -> Iterator[Loaded]:
        trial = self._asked.trial
        for part in places.split(batch_size(trial.samples.plane, trial.classifier.device)):
            yield loaded_images(self._asked, part)


_PARTS = ("values", "slopes", "kept")


def loaded_images(asked: Asked, places: Tensor) -> Loaded:
    """The images at `places` (n,), with the network's answers to them whole."""
    classifier = asked.trial.classifier
    images = asked.trial.samples.subset(places).batch().to(classifier.device)
    with torch.no_grad():
        whole = _logits(classifier, images)
    infills = (asked.infills.at(places, draw).to(images) for draw in range(asked.draws))
    targets = whole.argmax(1) if asked.targets is None else asked.targets[places].to(whole.device)
    return Loaded([Modulated.of(images, one) for one in infills], targets, whole)


def masked_logits(asked: Asked, places: Tensor, gains: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n, classes) of the images at `places` whole, and under gains (n, k, pairs), in the first draw."""
    whole, masked = [], []
    size = batch_size(asked.trial.samples.plane, asked.trial.classifier.device)
    for part, own in zip(places.split(size), gains.split(size), strict=True):
        loaded = loaded_images(asked, part)
        with torch.no_grad():
            masked.append(_logits(asked.trial.classifier, loaded.modulated[0].images(own)))
        whole.append(loaded.whole)
    return torch.cat(whole), torch.cat(masked)


def _mean_of_draws(loaded: Loaded, gains: Tensor, asked: Asked) -> Evaluation:
    """The fidelity of loaded images at gains (n, k, pairs), mean over the draws of their infills."""
    found = []
    for modulated in loaded.modulated:
        heard = _answers(asked, modulated.images(gains), loaded)
        found.append(Evaluation(heard.losses, modulated.slopes(heard.slopes, asked.shared), heard.kept))
    if len(found) == 1:
        return found[0]
    return Evaluation(*(torch.stack([getattr(one, name) for one in found]).mean(0) for name in _PARTS))


def _answers(asked: Asked, images: Tensor, loaded: Loaded) -> _Answers:
    with torch.enable_grad():
        given = images.detach().requires_grad_()
        logits = _logits(asked.trial.classifier, given)
        losses = asked.loss(logits, loaded.targets, loaded.whole)
        slopes = slope_of(losses, given)
    return _Answers(losses.detach(), slopes, (logits.detach().argmax(1) == loaded.whole.argmax(1)).float())


def _logits(classifier: Classifier, images: Tensor) -> Tensor:
    """Logits (n, classes) of images (n, c, h, w), asked in parts of one size always, of which the last is filled up.

    A network's kernels go other ways for other sizes; where the objective has kinks the last bit of a logit leads to
    another mask. So that a mask does not depend on those made beside it, every part has the same shape.
    """
    size = _together(images)
    found = []
    for part in images.split(size):
        filled = torch.cat([part, part[:1].expand(size - len(part), -1, -1, -1)])
        found.append(classifier(filled)[: len(part)])
    return torch.cat(found)


def _together(images: Tensor) -> int:
    """How many images go through a network at a time: on a processor as many whatever batch was asked for.

    An accelerator is kept busy instead; its kernels promise no bits.
    """
    pixels = images.shape[-1] * images.shape[-2]
    if images.device.type != "cpu":
        return min(batch_size(Plane(*images.shape[-2:]), images.device), max(_FEW, len(images)))
    return min(_MOST, max(_FEW, _PIXELS // pixels))


def _scale(power: Tensor) -> Tensor:
    """How far gains (..., k, pairs) may move at once: less where there is more to move."""
    exact = power.double()  # vectors and what is left of them have other last bits
    return (exact / exact.mean((-2, -1), keepdim=True).clamp_min(1e-30) + _FLOOR).pow(-_EVENING).to(power.dtype)
