"""Noise of one band: what reaches the classifier, and what it makes of it."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, to_spectrum, wave

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9)]


def noisy(size, n=20, channels=3):
    images = torch.rand(n, channels, *size, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(4, channels * size[0] * size[1], generator=torch.Generator().manual_seed(1))
    return fs.Trial(fs.Classifier(lambda given: given.flatten(1) @ weight.T), fs.Samples(images, torch.arange(n) % 4))


def heard(trial, question):
    """What the classifier sees in the cells: the images (n, c, h, w), then those of each band and bandwidth."""
    seen = []
    network = trial.classifier.network
    listening = fs.Trial(fs.Classifier(lambda images: (seen.append(images.clone()), network(images))[1]), trial.samples)
    for cell in list(question.cells(listening)):
        before = len(seen)
        question.measure(cell, listening)
        yield from seen[before:]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_has_the_norm_asked_for_and_lies_in_its_square(size, channels):
    question = fs.BandNoise(norm=2.0, bandwidths=(1, 3), clip=False)
    trial = noisy(size, 6, channels)
    seen, images = list(heard(trial, question)), trial.samples.batch()
    assert len(seen) == 5
    torch.testing.assert_close(seen[0], images)
    rows, columns = Plane(*size).rows().abs()[:, None], Plane(*size).columns().abs()[None, :]
    for place, (band, width) in enumerate([("low", 1), ("low", 3), ("high", 1), ("high", 3)]):
        noise = (seen[1 + place] - images).double()
        norms = torch.linalg.vector_norm(noise, dim=(-2, -1))
        torch.testing.assert_close(norms, torch.full_like(norms, 2.0), atol=1e-5, rtol=0)
        edge = [(side + 1 - width - side % 2) // 2 for side in size]
        inside = (
            (rows <= width // 2) & (columns <= width // 2)
            if band == "low"
            else (rows >= edge[0]) & (columns >= edge[1])
        )
        assert to_spectrum(noise).abs()[..., ~inside].max() < 1e-5
        assert (to_spectrum(noise).abs()[..., inside].mean((0, 1)) > 1e-3).all()


def test_the_draw_is_the_same_for_all_models_bands_batches_and_cells(monkeypatch):
    trial, question = noisy((8, 8), 23), fs.BandNoise(norm=1.0, bandwidths=(7,), clip=False)
    images = trial.samples.batch()
    whole = [one - images for one in heard(trial, question)]
    other = fs.Trial(fs.Classifier(lambda given: given.flatten(1)[:, :4]), trial.samples)
    for one, another in zip(whole, heard(other, question), strict=True):
        torch.testing.assert_close(one, another - images)
    monkeypatch.setattr("fourierscope.analyses.band_noise._PIXELS", 9 * 64)
    pieces = list(heard(trial, question))
    assert [len(one) for one in pieces] == [9, 9, 9, 9, 9, 9, 5, 5, 5]
    torch.testing.assert_close(torch.cat(pieces[1::3]) - images, whole[1])
    reseeded = list(heard(trial, fs.BandNoise(1.0, (7,), False, 1)))
    for one in (whole[1][0, 1], whole[1][1, 0], reseeded[1][0, 0] - images[0, 0]):
        assert not torch.allclose(whole[1][0, 0], one)


def test_low_and_high_of_nearly_the_whole_side_are_nearly_the_same_noise():
    trial = noisy((32, 32), 3)
    images = trial.samples.batch()
    low, high = (one - images for one in list(heard(trial, fs.BandNoise(bandwidths=(31,), clip=False)))[1:])
    cosine = (low * high).sum((-2, -1)) / 64
    assert cosine.min() > 0.9


@pytest.mark.parametrize("size", SIZES)
def test_from_the_longer_side_on_low_and_high_are_the_same_white_noise_and_it_is_said(size):
    trial, widths = noisy(size, 2), (1, 5, 7, 9, 11)
    seen = list(heard(trial, fs.BandNoise(1.0, widths, clip=False)))
    lows, highs = seen[1:6], seen[6:]
    white = [width for width, low, high in zip(widths, lows, highs, strict=True) if torch.equal(low, high)]
    assert white == [width for width in widths if width >= max(size)]
    told = " and ".join(map(str, white))
    says = fs.BandNoise(1.0, widths)(trial)["accuracy"].attrs["says"]
    assert says.endswith(f" At bandwidth {told} both bands hold all frequencies: that is plain white noise.")
    assert "white" not in fs.BandNoise(1.0)(trial)["accuracy"].attrs["says"]


@pytest.mark.parametrize("size", SIZES)
def test_bandwidth_none_is_the_clean_accuracy(size):
    trial = noisy(size)
    found = fs.BandNoise(norm=0.5)(trial)
    clean = float((trial.classifier(trial.samples.batch()).argmax(1) == trial.samples.labels).double().mean())
    assert found["accuracy"].dims == ("noise", "bandwidth")
    assert found["accuracy"].sel(bandwidth=0).values.tolist() == [clean, clean]
    assert float(found["clean_accuracy"]) == clean
    assert (found["accuracy_low"] <= found["accuracy"]).all()
    assert int(found["n"]) == 20


def test_clipping_takes_from_the_norm_and_not_clipping_does_not():
    trial = noisy((8, 8))
    free = fs.BandNoise(norm=2.0, clip=False)(trial)["effective_norm"].values
    clipped = fs.BandNoise(norm=2.0)(trial)["effective_norm"].values
    np.testing.assert_allclose(free[:, 1:], 2.0, atol=1e-5)
    assert (clipped[:, 1:] < 1.9).all()
    assert (free[:, 0] == 0).all()
    seen = list(heard(trial, fs.BandNoise(norm=2.0)))
    assert all(float(one.min()) >= 0 and float(one.max()) <= 1 for one in seen)


def test_a_classifier_that_hears_a_low_wave_is_hurt_by_low_noise_alone():
    plane = Plane(16, 16)
    pattern = wave(plane, Frequency(1, 0)).float()
    signs = torch.tensor([1.0, -1.0]).repeat(20)
    images = 0.5 + 0.05 * 16 * signs[:, None, None, None] * pattern
    samples = fs.Samples(images, (signs < 0).long())

    def network(given):
        strength = (given * pattern).sum((1, 2, 3))
        return torch.stack([strength, -strength], 1)

    found = fs.BandNoise(norm=4.0, bandwidths=(3, 7), clip=False)(fs.Trial(fs.Classifier(network), samples))["accuracy"]
    assert (found.sel(noise="high") == 1).all()
    assert (found.sel(noise="low", bandwidth=[3, 7]) < 0.95).all()


def test_the_default_bandwidths_are_those_of_the_paper_on_its_plane():
    assert fs.BandNoise()._bandwidths(Plane(32, 32)) == [3, 7, 11, 15, 19, 23, 27, 31]
    assert fs.BandNoise()._bandwidths(Plane(8, 9)) == [3, 7]
    assert fs.BandNoise()._bandwidths(Plane(3, 9)) == [1]
    assert len(fs.BandNoise()._bandwidths(Plane(224, 224))) == 8


@pytest.mark.parametrize(
    "options",
    [{"norm": 0.0}, {"norm": float("inf")}, {"bandwidths": (4,)}, {"bandwidths": (3, 3)}, {"bandwidths": (0,)}],
)
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.BandNoise(**options)


def test_two_models_compare_image_by_image():
    trial = noisy((8, 8))
    other = fs.Trial(fs.Classifier(lambda given: given.flatten(1)[:, :4]), trial.samples)
    question = fs.BandNoise(norm=1.0)
    first, second = question(trial), question(other)
    difference = (first - second)["accuracy"]
    np.testing.assert_allclose(difference.values, first["accuracy"].values - second["accuracy"].values)
    assert "accuracy_significant" in difference.coords
