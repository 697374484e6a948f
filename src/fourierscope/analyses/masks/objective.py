"""The fidelity of a network's answers to masked images, and its slopes by the gains: of images, or groups of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fourierscope.analyses.masks.fidelity import Loss
from fourierscope.analyses.masks.solver import Evaluation
from fourierscope.fourier.pairs import Modulated, Pairs
from fourierscope.runs import batch_size, batches
from fourierscope.subjects import Classifier, Trial
from fourierscope.treatments.attacks.gradients import slope_of
from fourierscope.treatments.infills import Infills

_FEW = 8  # images: smaller batches are filled up to it
_FLOOR = 1e-3  # of the mean power: a frequency without power moves nothing, however far


@dataclass(frozen=True)
class Asked:
    """What masks are held against: a trial, the loss, targets (n,), the infills of its samples, and how often drawn."""

    trial: Trial
    loss: Loss
    targets: Tensor
    infills: Infills
    draws: int = 1
    shared: bool = True
    """One gain for all channels, or one for each."""

    @property
    def gains(self) -> tuple[int, int]:
        """The shape (k, pairs) of one mask's gains."""
        return 1 if self.shared else self.trial.samples.channels, len(Pairs(self.trial.samples.plane))


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

    Images stream: no more than a batch of them is held at a time.
    """

    def __init__(self, asked: Asked, groups: list[Tensor]) -> None:
        self._asked, self._groups = asked, groups
        self._held = list(range(len(groups)))
        self.bins = Pairs(asked.trial.samples.plane).bins

    def hold(self, items: Tensor) -> None:
        self._held = items.tolist()

    def scale(self) -> Tensor:
        return torch.stack([_scale(self._power(self._groups[item])) for item in self._held])

    def evaluate(self, gains: Tensor) -> Evaluation:
        found = [self._of_group(one, self._groups[item]) for one, item in zip(gains, self._held, strict=True)]
        return Evaluation(*(torch.stack([getattr(one, name) for one in found]) for name in _PARTS))

    def _of_group(self, gains: Tensor, places: Tensor) -> Evaluation:
        sums = [torch.zeros((), dtype=torch.float64), torch.zeros_like(gains, dtype=torch.float64)]
        kept = torch.zeros((), dtype=torch.float64)
        for part in self._parts(places):
            loaded = loaded_images(self._asked, part)
            found = _mean_of_draws(loaded, gains.expand(len(part), -1, -1), self._asked)
            sums = [sums[0] + found.values.double().sum(), sums[1] + found.slopes.double().sum(0)]
            kept = kept + found.kept.double().sum()
        return Evaluation(*((one / len(places)).to(gains.dtype) for one in (*sums, kept)))

    def _power(self, places: Tensor) -> Tensor:
        parts = (loaded_images(self._asked, part).modulated[0] for part in self._parts(places))
        return torch.stack([one.power(self._asked.shared).sum(0) for one in parts]).sum(0)

    def _parts(self, places: Tensor) -> tuple[Tensor, ...]:
        trial = self._asked.trial
        return places.split(batch_size(trial.samples.plane, trial.classifier.device))


_PARTS = ("values", "slopes", "kept")


def loaded_images(asked: Asked, places: Tensor) -> Loaded:
    """The images at `places` (n,), with the network's answers to them whole."""
    classifier = asked.trial.classifier
    images = asked.trial.samples.subset(places).batch().to(classifier.device)
    size = batch_size(asked.trial.samples.plane, classifier.device)
    with torch.no_grad():
        whole = torch.cat([_logits(classifier, part) for part in images.split(size)])
    infills = (asked.infills.at(places, draw).to(images) for draw in range(asked.draws))
    return Loaded([Modulated.of(images, one) for one in infills], asked.targets[places].to(whole.device), whole)


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
    """Logits (n, classes) of images (n, c, h, w), the same bits for an image whatever others are asked about with it.

    A network's kernels give an image the same bits in any batch but a very small one, which goes through others (seen
    below four images); where the objective has kinks the least difference leads to another mask.
    """
    count = len(images)
    if count >= _FEW:
        return classifier(images)
    filled = torch.cat([images, images[:1].expand(_FEW - count, -1, -1, -1)])
    return classifier(filled)[:count]


def _scale(power: Tensor) -> Tensor:
    """How far gains (..., k, pairs) may move at once: less where there is more to move."""
    return (power / power.mean((-2, -1), keepdim=True).clamp_min(1e-30) + _FLOOR).rsqrt()
