"""Trials whose images have masks, made by hand: networks that hear planted waves, gains drawn by chance."""

import torch

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, wave
from fourierscope.fourier.pairs import Pairs

PLANES = [(8, 8), (7, 7), (6, 9), (9, 6)]


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pictures(size, n=12, channels=2, classes=3):
    return fs.Samples((0.5 + 0.12 * drawn(n, channels, *size)).clamp(0, 1), torch.arange(n) % classes)


def logistic(size, channels=2, classes=3, seed=1):
    weight = 3.0 * drawn(classes, channels * size[0] * size[1], seed=seed)
    return fs.Classifier(lambda images: (images - 0.5).flatten(1) @ weight.T.to(images), name=f"logistic {seed}")


def gains(size, n=12, channels=1, sparse=0.6, seed=3):
    """Gains (n, channels, h, w), the same at partners, of which a share is 0."""
    pairs = Pairs(Plane(*size))
    made = torch.rand(n, channels, len(pairs), generator=torch.Generator().manual_seed(seed))
    return pairs.spread((made - sparse).clamp_min(0) / (1 - sparse))


def masked(size, n=12, seed=1, **others):
    trial = fs.Trial(logistic(size, seed=seed), pictures(size, n))
    return fs.Masked(trial, gains(size, n), **others)


def only(plane, *frequencies):
    """A mask (1, h, w) that is 1 at some frequencies and their partners."""
    found = torch.zeros(1, *plane.shape)
    for one in frequencies:
        for member in (one, plane.partner(one)):
            found[0][plane.position(member)] = 1
    return found


def hears(plane, *frequencies):
    """A classifier with a class for each of some frequencies, by how loud its wave is, and a last one for silence."""
    filters = torch.stack([wave(plane, one).float() for one in frequencies])

    def answers(images):
        heard = torch.einsum("nchw,fhw->nf", images, filters)
        return torch.cat([8 * heard, torch.full_like(heard[:, :1], 1.0)], 1)

    return fs.Classifier(answers, name="hears")


FIRST, SECOND = Frequency(2, 1), Frequency(1, -2)
