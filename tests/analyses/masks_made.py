"""Trials whose least masks are looked for: images and networks, smooth and with kinks."""

import torch

import fourierscope as fs
from fourierscope.analyses.masks.fidelity import loss_named
from fourierscope.analyses.masks.objective import Asked
from fourierscope.treatments.infills import Infills

PLANES = [(8, 8), (7, 7), (6, 9), (9, 6)]


def drawn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pictures(size, n=12, channels=2):
    return fs.Samples((0.5 + 0.12 * drawn(n, channels, *size)).clamp(0, 1), torch.arange(n) % 3)


def logistic(size, channels=2, classes=3, scale=3.0):
    weight = scale * drawn(classes, channels * size[0] * size[1], seed=1)
    return fs.Classifier(lambda images: (images - 0.5).flatten(1) @ weight.T.to(images), name="logistic")


def softplus_network(size, channels=2, bend=None):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = torch.nn.Sequential(
            torch.nn.Conv2d(channels, 6, 3, padding=1), bend or torch.nn.Softplus(5.0), torch.nn.Flatten(),
            torch.nn.Linear(6 * size[0] * size[1], 3),
        )  # fmt: skip
        layers[3].weight.data.mul_(6)
    return fs.Classifier(layers.eval(), name="softplus")


def asked_of(trial, fidelity="cross-entropy", infill="zero", shared=True, draws=1):
    with torch.no_grad():
        targets = trial.classifier(trial.samples.batch()).argmax(1)
    return Asked(trial, loss_named(fidelity), targets, Infills.of(trial.samples, infill), draws, shared)


def relu_network(size):
    return softplus_network(size, bend=torch.nn.ReLU())
