"""Small classifiers and samples whose answers to attacks are known, or quick."""

from math import pi

import torch
from torch import nn

import fourierscope as fs


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def fooled_labels(trial, samples):
    """Which images (n,) the classifier does not give their label."""
    with torch.no_grad():
        return trial.classifier(samples.batch()).argmax(1) != trial.samples.labels


def changes(before, after):
    return after.batch() - before.batch()


def linear_trial(size=(5, 4), channels=2, count=6, seed=0, scale=1.0):
    """Two classes told apart by one direction; grey images far from 0 and 1; the weight difference (c, h, w) beside."""
    weight = scale * torch.randn(channels, *size, generator=chance(seed))

    def network(images):
        margin = (images * weight).sum((1, 2, 3)) - 0.5 * weight.sum()
        return torch.stack([-margin / 2, margin / 2], 1)

    images = 0.45 + 0.1 * torch.rand(count, channels, *size, generator=chance(seed + 1))
    labels = network(images).argmax(1)
    return fs.Trial(fs.Classifier(network), fs.Samples(images, labels)), weight


def deep_trial(size=(9, 8), channels=3, count=10, classes=4, seed=0, gain=6.0, batchnorm=False):
    """A random convolutional network, sure of itself, on random images labelled by its own predictions."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1),
            nn.BatchNorm2d(8) if batchnorm else nn.Identity(),
            nn.GELU(),
            nn.Conv2d(8, 8, 3, stride=2),
            nn.GELU(),
            nn.Flatten(),
            nn.LazyLinear(classes),
        ).eval()
        network(torch.zeros(1, channels, *size))
    classifier = fs.Classifier(network, mean=0.5, std=1 / gain)
    images = torch.rand(count, channels, *size, generator=chance(seed + 1))
    images = nn.functional.avg_pool2d(images, 3, 1, 1)
    images[0, :, :3], images[1, :, 4:] = 0.0, 1.0  # some pixels can only go one way
    with torch.no_grad():
        labels = classifier(images).argmax(1)
    return fs.Trial(classifier, fs.Samples(images, labels, "made", ["a", "b", "c", "d"][:classes]))


def hears(plane, frequency, threshold):
    """Class 1 where some channel has a wave of this frequency, class 0 else; by the slow formula of one bin."""
    rows, columns = torch.arange(plane.height)[:, None] / plane.height, torch.arange(plane.width)[None, :] / plane.width
    turn = 2 * pi * (frequency[0] * rows + frequency[1] * columns)

    def network(images):
        bin_ = torch.hypot((images * turn.cos()).sum((-2, -1)), (images * turn.sin()).sum((-2, -1)))
        heard = (bin_ / (plane.height * plane.width) ** 0.5).amax(1) - threshold
        return torch.stack([-heard, heard], 1)

    return network
