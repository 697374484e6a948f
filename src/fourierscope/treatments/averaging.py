"""Post-averaging: a classifier answers with the average over points around its input. A test-time defence that fails.

Source: Lin et al. (2019), section 3, and their published code. What such an average does to waves is told by
`theory.averaging`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from fourierscope.fourier.kinds import check_numbers, check_whole
from fourierscope.subjects import Classifier
from fourierscope.theory.averaging import RADII, sample_count
from fourierscope.treatments.chance import streams
from fourierscope.treatments.components import check_word
from fourierscope.treatments.hyperplanes import nearest_hyperplanes, output_layer

Drawing = Literal["random", "fixed", "approx"]
Units = Literal["pixel", "normalised"]
Vote = Literal["softmax", "logit", "hard"]
SoftVote = Literal["softmax", "logit"]  # those that have gradients


def post_average(
    classifier: Classifier,
    radius: float,
    directions: int = 15,
    drawing: Drawing = "random",
    units: Units = "pixel",
    vote: Vote = "softmax",
    radii: Sequence[float] = RADII,
    antithetic: bool = True,
    include_input: bool = True,
    per_input: bool = False,
    seed: int = 0,
    layer: str | None = None,
    chunk: int = 256,
) -> Classifier:
    """A classifier that answers with the average of another over points around each image, up to an L2 `radius`.

    From an image x it asks about x + share * radius * v for each of `radii` and of the `directions` unit vectors v,
    their opposites (`antithetic`; else as many further directions) and x itself (`include_input`): 6 K + 1 = 91 points
    unless told otherwise, none clipped to [0, 1], as published. The answers are put together by `vote`: "softmax", the
    logarithm of the mean probabilities; "logit", the mean logits; "hard", the share of points that have each class,
    which has no gradient.

    `drawing`: "random", each image's own, even on the sphere; "fixed", the same for all images, drawn once; "approx",
    towards and away from the nearest hyperplanes a = 0 of the units of `layer` (a linear layer or convolution by name;
    None: the last linear layer), by distances |a| / |weights| and the gradients of |a|. Random ones are drawn anew each
    time; with `per_input` they follow from `seed` and the image's content, so that neither the batch nor the order of
    asking changes an answer.

    `units`: "pixel", or "normalised", in which the radius is of images after the classifier's own normalisation, as
    published (6 for CIFAR-10, 30 for ImageNet; there with ImageNet's deviations for both).

    Answers can be differentiated with respect to images, but for directions, which count as constants. `chunk` is the
    most points that are asked at a time, but for one of each image of a batch, also where gradients are taken. The
    classifier given stays as it is, and serves the new one.

    Raises TypeError for what is no classifier, and numbers that are not whole; ValueError for words and numbers out of
    range, "normalised" without a std, and "approx" without a fitting layer, or with more directions than it has units.

    Source: Lin et al. (2019), section 3. Different here: any units and radii, batches, gradients, images' own chance,
    hyperplanes of any layer.
    """
    if not isinstance(classifier, Classifier):
        raise TypeError(f"post_average takes a Classifier; {type(classifier).__name__} came.")
    check_average(radius, directions, drawing, units, vote, seed)
    around = Around(radius, directions, drawing, tuple(radii), antithetic, include_input)
    if units == "normalised" and classifier.std is None:
        raise ValueError(f'{classifier.name} does not normalise, so there are no normalised units: say units="pixel".')
    check_whole(1, chunk=chunk)
    hyperplanes = output_layer(classifier, layer, directions) if drawing == "approx" else ""
    scale = (1.0,) if units == "pixel" or classifier.std is None else classifier.std
    averaged = _Averaged(classifier, around, vote, scale, (per_input, seed, hyperplanes, chunk))
    name = f"{classifier.name} averaged over {around.count} points within {radius:g} ({units}, {drawing}, {vote})"
    return Classifier(averaged, name, device=str(classifier.device))


@dataclass(frozen=True)
class Around:
    """The points around an image: how far, along how many directions, drawn how.

    Raises ValueError for numbers out of range and unknown words.
    """

    radius: float
    directions: int
    drawing: Drawing
    radii: tuple[float, ...]
    antithetic: bool
    include_input: bool

    def __post_init__(self) -> None:
        if not (isfinite(self.radius) and self.radius >= 0):
            raise ValueError(f"radius is a finite number from 0 on; {self.radius!r} came.")
        sample_count(self.directions, self.radii)
        if self.drawing not in get_args(Drawing):
            raise ValueError(f"drawing is {', '.join(get_args(Drawing))}; {self.drawing!r} came.")
        if self.drawing == "approx" and not self.antithetic:
            raise ValueError("Directions to hyperplanes go both ways: antithetic=True.")

    @property
    def count(self) -> int:
        """How many points answer for an image."""
        return sample_count(self.directions, self.radii) - (not self.include_input)

    @property
    def drawn(self) -> int:
        """How many directions are drawn."""
        return self.directions if self.antithetic else 2 * self.directions

    def places(self) -> list[tuple[int, float]]:
        """Each point as a direction and a signed distance along it; the input itself is (0, 0.0)."""
        signs = (1, -1) if self.antithetic else (1,)
        own = [(0, 0.0)] if self.include_input else []
        ways = range(self.drawn)
        return own + [(way, sign * one * self.radius) for one in self.radii for sign in signs for way in ways]


class _Averaged(nn.Module):
    """The network behind an averaged classifier; holds the given one's network, so that its weights count as its own.

    It is in eval mode by itself, and its network in whatever mode it was given.
    """

    def __init__(
        self,
        classifier: Classifier,
        around: Around,
        vote: Vote,
        scale: tuple[float, ...],
        how: tuple[bool, int, str, int],
    ) -> None:
        super().__init__()
        self.training = False  # not by eval(), which would reach the network given
        if isinstance(classifier.network, nn.Module):
            self.network = classifier.network
        self.classifier, self.around, self.vote, self.scale = classifier, around, vote, scale
        self.per_input, self.seed, self.layer, self._chunk = how
        self._chance = np.random.default_rng(self.seed)

    def extra_repr(self) -> str:
        """The points, which belong to the record."""
        return str(self.around)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, classes) of images (n, c, h, w)."""
        if not len(images):
            return self.classifier(images)
        ways = self._scaled(self._directions(images))  # (n or 1, directions, c, h, w)
        places = self.around.places()
        size = max(1, self._chunk // len(images))
        parts = [places[one : one + size] for one in range(0, len(places), size)]
        again = torch.is_grad_enabled() and len(parts) > 1
        answers = []
        for part in parts:
            if again:  # answers are worked out a second time for their gradient, so that one part is held at a time
                answers.append(checkpoint(self._answers, images, ways, part, use_reentrant=False))
            else:
                answers.append(self._answers(images, ways, part))
        return _voted(torch.cat(answers, 1), self.vote)

    def _answers(self, images: Tensor, ways: Tensor, places: list[tuple[int, float]]) -> Tensor:
        """The classifier's logits (n, points, classes) at some points around each image."""
        chosen = torch.tensor([way for way, _ in places], device=images.device)
        far = torch.tensor([one for _, one in places], dtype=images.dtype, device=images.device)
        points = images[:, None] + far[:, None, None, None] * ways[:, chosen]  # (n, points, c, h, w)
        return self.classifier(points.flatten(0, 1)).unflatten(0, points.shape[:2])

    def _directions(self, images: Tensor) -> Tensor:
        """Unit vectors (n or 1, directions, c, h, w) in the units of the radius."""
        shape, count = tuple(images.shape[1:]), self.around.drawn
        if self.around.drawing == "approx":
            slopes = nearest_hyperplanes(self.classifier, self.layer, images, self.around.directions)
            return _unit(self._scaled(slopes))  # the gradient in those units
        if self.around.drawing == "fixed":
            drawn = np.random.default_rng(self.seed).standard_normal((1, count, *shape), dtype=np.float32)
        elif self.per_input:
            own = streams(images.detach().float(), f"post average {count}", self.seed)
            drawn = np.stack([one.standard_normal((count, *shape), dtype=np.float32) for one in own])
        else:
            drawn = self._chance.standard_normal((len(images), count, *shape), dtype=np.float32)
        return _unit(torch.from_numpy(drawn).to(images))

    def _scaled(self, ways: Tensor) -> Tensor:
        """Directions (n, directions, c, h, w) from the units of the radius to pixels."""
        return ways * ways.new_tensor(self.scale).view(-1, 1, 1)


def _unit(ways: Tensor) -> Tensor:
    """Vectors (n, directions, c, h, w) of L2 norm 1; 0 where there is none."""
    sizes = torch.linalg.vector_norm(ways.flatten(2), dim=2)[..., None, None, None]
    return torch.where(sizes > 0, ways / sizes.clamp(min=torch.finfo(ways.dtype).tiny), 0.0)


def _voted(answers: Tensor, vote: Vote) -> Tensor:
    """Logits (n, classes) of answers (n, points, classes)."""
    if vote == "logit":
        return answers.mean(1)
    if vote == "hard":
        return nn.functional.one_hot(answers.argmax(2), answers.shape[2]).to(answers.dtype).mean(1)
    shares: Tensor = answers.log_softmax(2).logsumexp(1)
    return shares - float(np.log(answers.shape[1]))


def check_average(radius: float, directions: int, drawing: Drawing, units: Units, vote: Vote, seed: int) -> None:
    """Raises TypeError for what are no numbers, ValueError for numbers out of range and unknown words."""
    check_numbers(radius=radius)
    check_whole(0, seed=seed)
    Around(radius, directions, drawing, RADII, antithetic=True, include_input=True)
    for name, word, known in (("units", units, get_args(Units)), ("vote", vote, get_args(Vote))):
        check_word(name, word, known)
