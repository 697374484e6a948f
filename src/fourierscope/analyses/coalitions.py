"""Coalitions: a classifier's answers to images of which only some frequencies are left, many of them in each batch.

One evaluator for all questions that keep or remove frequencies. Spectra are taken once, a coalition is a gain for each
conjugate pair, and any mix of images and coalitions fills the batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fourierscope.analyses.targets import Target, Value, targets_of, values_of
from fourierscope.fourier.pairs import Modulated, Pairs
from fourierscope.runs import Measured, batch_size, batches
from fourierscope.subjects import Classifier, Trial
from fourierscope.treatments.infills import Infills

_FORWARD = 2**26  # pixels that go through the classifier in a cell, so that it takes seconds to minutes
_HELD = 2**20  # pixels of the images of a cell, whose spectra lie in memory
_CELLS = 4000  # at most: large sets have larger cells


class Block(NamedTuple):
    """Images start..stop."""

    start: int
    stop: int


class Answers(NamedTuple):
    """The value of the class asked about, and the class predicted: both (...)."""

    values: Tensor
    predictions: Tensor


@dataclass(frozen=True)
class Coalitions:
    """Some images and a classifier, ready to be asked about any part of their frequencies.

    `targets` (n,) are the classes asked about, whose `value` is read off the logits. All lies on the classifier's
    device; answers come back on the processor.
    """

    classifier: Classifier
    modulated: Modulated
    targets: Tensor
    value: Value

    @classmethod
    def of(cls, trial: Trial, index: Tensor, infills: Infills, target: Target, value: Value) -> Coalitions:
        """Those of the samples at `index` (n,)."""
        places, device = index.tolist(), trial.classifier.device
        images = torch.cat([trial.samples.batch(one, one + 1) for one in places]).to(device)
        infill = torch.cat([infills.images(one, one + 1) for one in places]).to(device)
        size = batch_size(trial.samples.plane, device)
        found = [targets_of(target, trial, index[part], images[part]) for part in batches(len(images), size)]
        return cls(trial.classifier, Modulated.of(images, infill), torch.cat(found), value)

    def __len__(self) -> int:
        return len(self.modulated)

    @property
    def pairs(self) -> Pairs:
        return self.modulated.pairs

    @property
    def size(self) -> int:
        """How many images go through the classifier at a time."""
        return batch_size(self.pairs.plane, self.modulated.infill.device)

    def answers(self, index: Tensor, gains: Callable[[slice], Tensor]) -> Answers:
        """The answers (r,) to the images at `index` (r,), each under its own gains.

        `gains` gives those (b, pairs) of some rows of `index`, so that they never lie in memory all at once.
        """
        values, predictions = [], []
        with torch.no_grad():
            for rows in batches(len(index), self.size):
                logits = self.classifier(self.images(index[rows], gains(rows)))
                values.append(values_of(self.value, logits, self.targets[index[rows]]).cpu())
                predictions.append(logits.argmax(1).cpu())
        return Answers(torch.cat(values), torch.cat(predictions))

    def under(self, gains: Tensor) -> Answers:
        """The answers (k, n) of all images under each of some gains (k, pairs)."""
        index, which = torch.arange(len(self)).repeat(len(gains)), torch.arange(len(gains)).repeat_interleave(len(self))
        found = self.answers(index, lambda rows: gains[which[rows]])
        return Answers(*(one.unflatten(0, (len(gains), len(self))) for one in found))

    def images(self, index: Tensor, gains: Tensor) -> Tensor:
        """The images (b, c, h, w) at `index` (b,) under gains (b, pairs), one for all channels."""
        gains = gains.to(self.modulated.infill)
        return self.modulated.rows(index).images(gains[:, None])

    def amplitude(self) -> Tensor:
        """The amplitude (n, pairs) of what gains can move, in each bin: the root of its power, summed over channels."""
        return self.modulated.power(shared=True)[:, 0].sqrt().double().cpu()


def blocks(trial: Trial, forwards: int) -> Iterator[Block]:
    """All images in cells, where each image goes through the classifier `forwards` times."""
    plane, count = trial.samples.plane, len(trial.samples)
    pixels = plane.height * plane.width
    fitting = min(_HELD // pixels, _FORWARD // (pixels * max(1, forwards)))
    for part in batches(count, max(1, fitting, -(-count // _CELLS))):
        yield Block(part.start, part.stop)


def shares(sizes: Tensor, pairs: Pairs) -> Tensor:
    """The share (n, pairs) of each bin in the sum over the plane of sizes (n, pairs) from 0 on; 0 where all are 0."""
    whole = sizes @ pairs.bins.to(sizes)
    return sizes / torch.where(whole > 0, whole, 1.0)[:, None]


def joined(measured: Mapping[Any, Measured], name: str) -> npt.NDArray[Any]:
    """What the cells measured under a name, all images (the last axis) in their order."""
    return np.concatenate([piece[name] for piece in measured.values()], axis=-1)
