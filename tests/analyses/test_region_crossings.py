"""Borders of linear regions on the way to changed images: counted slowly, by layer, and beside a random way."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.training import SpectralModulatedConv2d
from fourierscope.treatments import pgd, post_average

TREATMENT = "pgd-linf:0.05"
LAYER = nn.Conv2d(1, 3, 3)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def trial(count=5, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 4 * 3, 12), nn.ReLU(), nn.Linear(12, 3)]
        network = nn.Sequential(*layers).eval()
    images = torch.rand(count, 1, 6, 5, generator=chance(seed + 1))
    classifier = fs.Classifier(network, "made", mean=0.5, std=0.2)
    with torch.no_grad():
        return fs.Trial(classifier, fs.Samples(images, classifier(images).argmax(1)))


def ended(first):
    return fs.Classifier(nn.Sequential(first, nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval())


def slowly(subject, start, end, points=20_000):
    """How often units change sides at many points of a line, by layer, in float64."""
    network = subject.classifier.network
    shares = torch.linspace(0, 1, points, dtype=torch.float64).view(-1, 1, 1, 1)
    held = (start.double() + shares * (end - start).double() - 0.5) / 0.2
    found = []
    for layer in network:
        layer = layer.double()
        if isinstance(layer, nn.ReLU):
            found.append(int((held.flatten(1) > 0).diff(dim=0).sum()))
        held = layer(held)
    network.float()
    return found


def test_borders_are_those_that_many_points_see():
    subject = trial()
    result = fs.RegionCrossings(TREATMENT)(subject)
    after = pgd(subject, eps=0.05)
    with torch.no_grad():
        seen = [slowly(subject, *ends) for ends in zip(subject.samples.images, after.images, strict=True)]
    assert result["by_layer"].sel(way="changed").values == pytest.approx(np.mean(seen, axis=0))
    assert float(result["crossings"].sel(way="changed")) == pytest.approx(np.sum(seen) / 5)
    assert np.sum(seen) > 15
    lengths = (after.images - subject.samples.images).flatten(1).norm(dim=1).numpy()
    expected = np.mean(np.sum(seen, axis=1) / lengths)
    assert float(result["per_length"].sel(way="changed")) == pytest.approx(expected, rel=1e-5)
    assert int(result["n"]) == 5
    assert int(result["without_gradient"]) == 0
    assert result["by_layer"]["layer"].values.tolist() == [1, 2]


def test_the_random_way_follows_from_the_seed_and_the_image():
    subject = trial()
    first, again = (fs.RegionCrossings(TREATMENT)(subject) for _ in range(2))
    assert first.dataset.equals(again.dataset)
    other = fs.RegionCrossings(TREATMENT, seed=1)(subject)
    assert not first["crossings"].sel(way="random").equals(other["crossings"].sel(way="random"))


def test_unchanged_images_are_left_out():
    subject = trial()
    with pytest.raises(ValueError, match="changed none of 5 images"):
        fs.RegionCrossings("gaussian-noise:0")(subject)
    flat = torch.cat([subject.samples.images[:2], torch.full((1, 1, 6, 5), 0.5)])
    result = fs.RegionCrossings("corruption:contrast:3")(fs.Trial(subject.classifier, fs.Samples(flat)))
    assert int(result["n"]) == 2


def test_it_is_told_on_a_page(tmp_path):
    page = fs.report([fs.RegionCrossings(TREATMENT)(trial())], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "on a random way as long" in page


def test_what_does_not_fit_is_refused():
    subject = trial()
    with pytest.raises(ValueError, match="treatment is written as"):
        fs.RegionCrossings("npz:a.npz")
    with pytest.raises(ValueError, match="steps is"):
        fs.RegionCrossings(TREATMENT, steps=0)
    with pytest.raises(TypeError, match="plain function"):
        fs.RegionCrossings()(fs.Trial(fs.Classifier(lambda images: images.flatten(1)[:, :3]), subject.samples))
    for told, network in [
        (r"GELU \(layer '0\.1'\) is not .* LineSpectrum\(method=\"sampled\"\)", nn.Sequential(LAYER, nn.GELU())),
        (r"Modulated.*: fold it first, fourierscope", SpectralModulatedConv2d(LAYER)),
        (r"another classifier's, as averages do, .*: ask the classifier within", post_average(subject.classifier, 1.0)),
    ]:
        whole = network if isinstance(network, fs.Classifier) else ended(network)
        with pytest.raises((TypeError, ValueError), match=told):
            fs.RegionCrossings(TREATMENT)(fs.Trial(whole, subject.samples))
    with pytest.raises(ValueError, match="no labels"):
        fs.RegionCrossings()(fs.Trial(subject.classifier, fs.Samples(subject.samples.images)))
