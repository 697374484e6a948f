"""A heat map by a plain loop over frequencies, the way of the script that most articles use: gatheluck/FourierHeatmap.

For each of the (h, w/2 + 1) frequencies of the half spectrum (so that in the columns of frequency 0 and w/2 both of a
pair are measured): a new DataLoader over the images, eight worker processes, batches of 512. Each image is opened and
made a tensor, gets the wave cos(2 pi (row y / h + column x / w)) of the norm, with a sign drawn for each channel, is
clipped and normalised. The network answers with its autograd graph kept; top-1 and top-5 error are averaged over
batches. Written from its description; what it does besides (configuration, progress, pictures) is left out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


@dataclass(frozen=True)
class Manner:
    """How the loop is made: as it is published, or with what is mended first."""

    batch: int = 512
    workers: int = 8
    graph: bool = True
    """Keep the autograd graph."""
    opened: bool = False
    """Images stay in memory as one tensor: no DataLoader at all."""


@dataclass(frozen=True)
class Subject:
    """What the loop is asked of: a network in eval mode, its normalisation, images (n, h, w, 3) uint8, labels (n,)."""

    network: nn.Module
    mean: list[float]
    std: list[float]
    images: npt.NDArray[np.uint8]
    labels: Tensor


def half_spectrum(side: int) -> list[tuple[int, int]]:
    """Row and column frequencies that the loop visits, for an even side: 544 at 32."""
    return [(row, column) for row in range(-(side // 2), side // 2) for column in range(side // 2 + 1)]


def plain_wave(side: int, row: int, column: int, norm: float) -> Tensor:
    """The loop's wave (h, w), by an inverse transform of one coefficient; a negative column names its partner's."""
    row, column = (-row, -column) if column < 0 else (row, column)
    spectrum = torch.zeros(side, side // 2 + 1)
    spectrum[row, column] = 1  # a negative row counts from the end, as in the transform
    made = torch.fft.irfft2(spectrum, s=(side, side))
    return norm * made / torch.linalg.vector_norm(made)


def error(subject: Subject, row: int, column: int, norm: float, manner: Manner) -> float:
    """The mean over batches of the top-1 error of one frequency."""
    added = AddWave(plain_wave(subject.images.shape[1], row, column, norm))
    batches = held(subject, added, manner.batch) if manner.opened else loaded(subject, added, manner)
    first: list[float] = []
    fifth: list[float] = []
    with torch.set_grad_enabled(manner.graph):
        for images, labels in batches:
            best = subject.network(images).topk(5, dim=1).indices
            hits = best == labels[:, None]
            first.append(1 - hits[:, :1].sum().item() / len(labels))
            fifth.append(1 - hits.sum().item() / len(labels))
    return sum(first) / len(first)


def loaded(subject: Subject, added: AddWave, manner: Manner) -> DataLoader[tuple[Tensor, int]]:
    """Batches of normalised images under the wave, from worker processes."""
    return DataLoader(Opened(subject, added), manner.batch, num_workers=manner.workers)


def held(subject: Subject, added: AddWave, size: int) -> list[tuple[Tensor, Tensor]]:
    """The same without worker processes, of images that are one tensor."""
    images = torch.from_numpy(subject.images).permute(0, 3, 1, 2).contiguous().float() / 255
    parts = zip(images.split(size), subject.labels.split(size), strict=True)
    return [(normalised(torch.stack([added(one) for one in part]), subject), labels) for part, labels in parts]


class AddWave:
    """Adds the wave to an image (c, h, w), each channel with a sign of its own, and clips to [0, 1]."""

    def __init__(self, wave: Tensor) -> None:
        self.wave = wave

    def __call__(self, image: Tensor) -> Tensor:
        signs = torch.tensor([random.choice((-1.0, 1.0)) for _ in image])
        return (image + signs[:, None, None] * self.wave).clamp(0, 1)


class Opened(Dataset[tuple[Tensor, int]]):
    """Images as a data set on disk gives them: a picture, made a tensor and changed whenever it is asked for."""

    def __init__(self, subject: Subject, added: AddWave) -> None:
        self.subject, self.labels, self.added = subject, subject.labels.tolist(), added

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        picture = np.array(Image.fromarray(self.subject.images[place]))
        image = torch.from_numpy(picture).permute(2, 0, 1).contiguous().float().div(255)
        return normalised(self.added(image), self.subject), self.labels[place]


def normalised(images: Tensor, subject: Subject) -> Tensor:
    """What the network sees of images (..., c, h, w)."""
    return (images - torch.tensor(subject.mean).view(-1, 1, 1)) / torch.tensor(subject.std).view(-1, 1, 1)
