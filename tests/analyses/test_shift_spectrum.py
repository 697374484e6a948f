"""Spectra of changes that are known."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, wave
from fourierscope.results import load, ratio_interval

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4)]


def grey(size, n=6, channels=3):
    return torch.full((n, channels, *size), 0.5)


def noisy_pair(size, n=40, channels=1, seed=0):
    noise = 0.05 * torch.randn(n, channels, *size, generator=torch.Generator().manual_seed(seed))
    return fs.Pair(fs.Samples(grey(size, n, channels)), fs.Samples((0.5 + noise).clamp(0, 1)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frequency", [(1, 1), (0, 1), (2, -1), (-3, 0), (0, 0)])
def test_a_shift_by_one_wave_stands_at_its_pair_alone(size, frequency):
    plane = Plane(*size)
    one = Frequency(*frequency)
    before = fs.Samples(grey(size))
    after = fs.Samples(before.images + 0.8 * wave(plane, one).float())
    found = fs.ShiftSpectrum()(fs.Pair(before, after))
    expected = np.zeros(size)
    both = {plane.position(one), plane.position(plane.partner(one))}
    for place in both:
        expected[place] = 0.8 / np.sqrt(len(both))
    np.testing.assert_allclose(found["magnitude"].values, expected, atol=1e-6)
    assert float(found["norm"]) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_magnitude_and_profile_are_those_of_a_slow_loop(size, channels):
    pair = noisy_pair(size, 5, channels)
    found = fs.ShiftSpectrum()(pair)
    each = np.zeros((5, *size))
    for place, (first, second) in enumerate(zip(pair.before.images.numpy(), pair.after.images.numpy(), strict=True)):
        for one, other in zip(first, second, strict=True):
            spectrum = np.fft.fftshift(np.fft.fft2(other.astype(float) - one))
            each[place] += np.abs(spectrum) / np.sqrt(size[0] * size[1]) / channels
    np.testing.assert_allclose(found["magnitude"].values, each.mean(0), atol=1e-7)
    half = 2.7764451 * each.std(0, ddof=1) / np.sqrt(5)  # Student, 4 degrees of freedom
    np.testing.assert_allclose(found["magnitude_high"].values, each.mean(0) + half, atol=1e-6)
    ring = np.floor(Plane(*size).radius().numpy() + 0.5)
    for radius, value in zip(found["profile"].radius.values, found["profile"].values, strict=True):
        assert value == pytest.approx(each.mean(0)[ring == radius].mean(), rel=1e-5)
    assert found.dataset["profile_outcomes"].shape[-1] == 5


@pytest.mark.parametrize("size", [(32, 32), (31, 31), (24, 31)])
def test_white_noise_is_flat(size):
    found = fs.ShiftSpectrum()(noisy_pair(size, 60))
    ratio = found["low_high_ratio"]
    assert float(found["low_high_ratio_low"]) < 1.0 < float(found["low_high_ratio_high"])
    assert float(ratio) == pytest.approx(1.0, abs=0.03)
    profile = found["profile"].values[1:]
    assert profile.max() / profile.min() < 1.3


def test_the_ratio_is_that_of_the_mean_magnitudes_on_either_side_of_the_split():
    pair = noisy_pair((8, 8), 7)
    found = fs.ShiftSpectrum(split=3.0)(pair)
    radius, magnitude = Plane(8, 8).radius().numpy(), found["magnitude"].values
    expected = magnitude[(radius > 0) & (radius < 3)].mean() / magnitude[radius >= 3].mean()
    assert float(found["low_high_ratio"]) == pytest.approx(expected)
    assert found["low_high_ratio_low"] < found["low_high_ratio"] < found["low_high_ratio_high"]


def test_a_change_of_low_frequencies_has_a_larger_ratio_than_one_of_high():
    plane = Plane(16, 16)
    before = fs.Samples(grey((16, 16)))
    noise = torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    ratios = []
    for gain in (fs.fourier.filters.low_pass(plane, 6), fs.fourier.filters.high_pass(plane, 2)):
        after = fs.Samples((before.images + 0.02 * fs.fourier.filters.apply(noise, gain)).clamp(0, 1))
        ratios.append(float(fs.ShiftSpectrum()(fs.Pair(before, after))["low_high_ratio"]))
    assert ratios[0] > 2 > 1 > ratios[1]


def test_where_nothing_changed_the_ratio_says_so():
    samples = fs.Samples(grey((8, 8)))
    found = fs.ShiftSpectrum()(fs.Pair(samples, samples))["low_high_ratio"]
    assert np.isnan(float(found))
    assert "nothing changed" in found.attrs["says"]


@pytest.mark.parametrize("split", [-1.0, float("nan"), 1.0, 99.0])
def test_a_split_that_splits_nothing_is_refused(split):
    with pytest.raises(ValueError, match="split"):
        fs.ShiftSpectrum(split=split)(noisy_pair((8, 8)))


def test_the_cut_into_cells_does_not_change_the_answer(monkeypatch):
    pair = noisy_pair((9, 6), 23)
    whole = fs.ShiftSpectrum()(pair)
    monkeypatch.setattr("fourierscope.analyses.shift_spectrum._BLOCK_VALUES", 300)
    assert len(list(fs.ShiftSpectrum().cells(pair))) > 4
    cut = fs.ShiftSpectrum()(pair)
    for name in whole.dataset.data_vars:
        np.testing.assert_allclose(cut.dataset[name].values, whole.dataset[name].values, rtol=1e-10)


def test_pictures_show_before_after_and_the_change_around_grey(tmp_path):
    pair = noisy_pair((8, 8))
    held = load(fs.ShiftSpectrum()(pair).save(tmp_path / "shift.nc"))
    pictures = held["pictures"]
    assert pictures["state"].values.tolist() == ["before", "after", "change"]
    assert pictures.values[0, 0].max() == 128
    assert 255 in (pictures.values[0, 2].max(), 255 - pictures.values[0, 2].min())


def test_the_ratio_of_means_lies_in_its_interval_nineteen_times_of_twenty():
    generator, held = np.random.default_rng(0), 0
    for _ in range(400):
        second = generator.normal(2.0, 1.0, 30)
        first = 3.0 * second + generator.normal(0.0, 1.0, 30)
        _, low, high = ratio_interval(first, second)
        held += low < 3.0 < high
    assert 0.92 < held / 400 < 0.98
    assert np.isnan(ratio_interval(generator.normal(size=9), np.array([1.0, -1, 2, -2, 3, -3, 1, -1, 0.1])).low)
