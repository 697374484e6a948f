"""Networks with batch norm whose answers to components are known, or quick to make."""

import torch
from torch import nn

import fourierscope as fs


class Heard(nn.Module):
    """One number of each image: its brightness, and the strength of one wave with its sign."""

    def __init__(self, plane, frequency):
        super().__init__()
        self.pattern = fs.wave(plane, frequency).float()

    def forward(self, images):
        return images.mean((1, 2, 3))[:, None] + (images.mean(1) * self.pattern).sum((1, 2))[:, None]


def bright(size=(8, 8), frequency=(2, 1), count=40):
    """Grey images of one wave, the class its sign; told by a batch norm that learned the brightness of whole images.

    Of a component without brightness it names all alike, unless the batch norm takes the statistics of the batch.
    """
    plane = fs.Plane(*size)
    norm, head = nn.BatchNorm1d(1, affine=False), nn.Linear(1, 2)
    norm.running_mean.fill_(0.5)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        head.bias.copy_(torch.tensor([-1e-2, 0.0]))  # what is neither is of class 1
    frequency = fs.Frequency(*frequency)
    signs = torch.tensor([1.0, -1.0]).repeat(count // 2)
    images = 0.5 + 0.3 * signs[:, None, None, None] * fs.wave(plane, frequency).float()
    network = nn.Sequential(Heard(plane, frequency), norm, head).eval()
    return fs.Trial(fs.Classifier(network, "bright"), fs.Samples(images, (signs < 0).long(), "waves"))


def noisy(size=(7, 6), count=60, classes=3, normed=True, seed=0):
    """A random convolutional network on noise, labelled at random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6) if normed else nn.Identity(), nn.ReLU(),
            nn.Flatten(), nn.LazyLinear(classes),
        )  # fmt: skip
        for _ in range(3):
            network(torch.rand(20, 2, *size))
    images = torch.rand(count, 2, *size, generator=torch.Generator().manual_seed(seed + 1))
    classifier = fs.Classifier(network.eval(), f"network {seed}", mean=0.5, std=0.25)
    return fs.Trial(classifier, fs.Samples(images, torch.arange(count) % classes, "noise"))
