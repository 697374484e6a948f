"""Classifiers that hear planted waves by a rule, so that what each frequency is worth to them is known."""

from typing import NamedTuple

import torch
from torch import nn

import fourierscope as fs

STRENGTH = 0.1  # of a planted wave, in L2 norm
LOUD = 5  # times as strong, of which no rule hears anything


class Planted(NamedTuple):
    """The trial, the two planted frequencies, and that of the louder wave."""

    trial: fs.Trial
    heard: tuple[fs.Frequency, fs.Frequency]
    loud: fs.Frequency


RULES = {
    "one": lambda first, second: first,
    "and": lambda first, second: torch.relu(first + second - 1),
    "or": lambda first, second: (first + second).clamp(max=1),
    "xor": lambda first, second: first + second - 2 * first * second,
    "product": lambda first, second: first * second,
}
"""Of how strongly each wave is there, 0 to 1, the log odds of class 1."""


def planted(plane, rule, count=3, channels=2):
    """Images that hold both waves, and a louder one with a sign by turns; classes by the rule. On small planes too."""
    waving = [one for one in plane.waves() if one != (0, 0)]
    heard, loud = (waving[0], waving[-1]), waving[-2]
    waves = [fs.wave(plane, one).float() for one in heard]

    def network(images):
        strengths = [(images.mean(1) * wave).sum((-2, -1)) / STRENGTH for wave in waves]
        worth = RULES[rule](*strengths)
        return torch.stack([torch.zeros_like(worth), worth], 1)

    sign = torch.tensor([1.0, -1.0]).repeat(count)[:count, None, None, None]
    images = 0.5 + STRENGTH * sum(waves) + sign * LOUD * STRENGTH * fs.wave(plane, loud).float()
    samples = fs.Samples(images.expand(-1, channels, -1, -1).contiguous(), torch.ones(count, dtype=torch.long))
    return Planted(fs.Trial(fs.Classifier(network), samples), heard, loud)


def smooth_trial(size=(7, 6), channels=3, count=5, classes=4, seed=0, activation=nn.Softplus):
    """A random convolutional network on random images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Conv2d(channels, 6, 3, padding=1), activation(), nn.Conv2d(6, 6, 3), activation(),
            nn.Flatten(), nn.LazyLinear(classes),
        ).eval()  # fmt: skip
        network(torch.zeros(1, channels, *size))
        for weight in network.parameters():
            weight.data.mul_(3)  # far from linear
    generator = torch.Generator().manual_seed(seed + 1)
    images = torch.rand(count, channels, *size, generator=generator)
    return fs.Trial(
        fs.Classifier(network, mean=0.5, std=0.1), fs.Samples(images, torch.arange(count) % classes, "made")
    )


def at(values, frequency):
    """What a map shows at a frequency."""
    return float(values.sel(row=frequency[0], column=frequency[1]))


def beside(values, *frequencies):
    """The largest size of a map anywhere but at some frequencies and their partners."""
    plane = fs.Plane(values.sizes["row"], values.sizes["column"])
    left = abs(values.copy())
    for one in frequencies:
        for each in (one, plane.partner(one)):
            left.loc[{"row": each[0], "column": each[1]}] = 0
    return float(left.max())
