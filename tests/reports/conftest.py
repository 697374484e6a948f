import pytest
import torch

import fourierscope as fs


def hears(plane, row, column, threshold):
    """A classifier of two classes that hears one frequency alone."""
    wave = fs.wave(plane, fs.Frequency(row, column)).float()

    def answers(images):
        heard = (images.mean(1) * wave).sum((-2, -1)).abs()
        return torch.stack([torch.zeros_like(heard), heard - threshold], 1)

    return answers


def made_samples(count=24, side=8, name="noise"):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(count, 3, side, side, generator=generator) * 0.5 + 0.25
    plane = fs.Plane(side, side)
    labels = hears(plane, 1, 0, 0.1)(images).argmax(1)
    return fs.Samples(images, labels, name)


@pytest.fixture(scope="session")
def hostile():
    return "</script><script>alert(1)</script><b>%{z}"


@pytest.fixture(scope="session")
def classifiers(hostile):
    plane = fs.Plane(8, 8)
    return [
        fs.Classifier(hears(plane, 1, 0, 0.1), "coarse"),
        fs.Classifier(hears(plane, 1, 0, 0.15), "medium"),
        fs.Classifier(hears(plane, 3, 2, 0.1), hostile),
    ]


@pytest.fixture(scope="session")
def samples():
    return made_samples()


@pytest.fixture(scope="session")
def maps(classifiers, samples):
    return [fs.HeatMap(norm=1.0)(fs.Trial(one, samples)) for one in classifiers]


@pytest.fixture(scope="session")
def curves(classifiers, samples):
    return [fs.PassCurve()(fs.Trial(one, samples)) for one in classifiers]


@pytest.fixture(scope="session")
def spectrum(samples):
    return fs.PowerSpectrum()(samples)


@pytest.fixture(scope="session")
def all_results(maps, curves, spectrum):
    return [*maps, *curves, spectrum]
