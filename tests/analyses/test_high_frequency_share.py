"""Shares of changes whose share is known."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Frequency, Plane, filters, wave


def changed(size, change, n=4, channels=3):
    before = torch.full((n, channels, *size), 0.5)
    return fs.Pair(fs.Samples(before), fs.Samples(before + change))


@pytest.mark.parametrize(("size", "bandwidth"), [((8, 8), 5), ((9, 9), 5), ((9, 6), 3), ((6, 9), 3), ((32, 32), 27)])
def test_a_low_shift_has_share_none_and_a_high_one_all(size, bandwidth):
    plane = Plane(*size)
    for frequency, expected in (((0, 0), 0.0), ((1, 0), 0.0), ((0, -1), 0.0), ((-3, -3), 1.0), ((0, -3), 0.0)):
        shift = 0.3 * wave(plane, Frequency(*frequency)).float()
        found = fs.HighFrequencyShare(bandwidth)(changed(size, shift))["share"]
        assert float(found) == pytest.approx(expected, abs=1e-6)  # (0, -3) is high along one side alone: a cross goes


@pytest.mark.parametrize("size", [(9, 9), (8, 9), (7, 8)])
def test_the_edge_of_the_square_is_where_the_paper_has_it(size):
    plane = Plane(*size)
    for row in range(size[0] // 2 - 1):
        for column in range(size[1] // 2 - 1):
            shift = 0.3 * wave(plane, Frequency(row, column)).float()
            edges = [(side + 1 - 3 - side % 2) / 2 for side in size]
            found = fs.HighFrequencyShare(3)(changed(size, shift))["share"]
            assert float(found) == pytest.approx(float(row >= edges[0] and column >= edges[1]), abs=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_white_noise_has_the_share_of_the_square(channels):
    noise = 0.05 * torch.randn(200, channels, 32, 32, generator=torch.Generator().manual_seed(0))
    found = fs.HighFrequencyShare()(changed((32, 32), noise.clamp(-0.5, 0.5), 200, channels))["share"]
    assert abs(float(found) - (27 / 32) ** 2) < 3 * (float(found["share_high"]) - float(found)) / 1.96
    assert float(found) == pytest.approx(0.712, abs=0.004)


def test_energies_are_summed_over_channels_and_ratios_averaged_over_images():
    plane = Plane(8, 8)
    low, high = wave(plane, Frequency(1, 0)).float(), wave(plane, Frequency(3, 3)).float()
    change = torch.zeros(2, 3, 8, 8)
    change[0, 0], change[0, 1] = 0.1 * low, 0.3 * high  # share .09 / .10
    change[1, 2] = 0.02 * low + 0.02 * high  # share one half, of a much smaller change
    found = fs.HighFrequencyShare(5)(changed((8, 8), change, 2))
    assert float(found["share"]) == pytest.approx((0.9 + 0.5) / 2, abs=1e-5)


def test_images_left_unchanged_are_left_out_and_counted():
    change = torch.zeros(5, 1, 8, 8)
    change[[1, 3]] = 0.2 * wave(Plane(8, 8), Frequency(3, 3)).float()
    found = fs.HighFrequencyShare(5)(changed((8, 8), change, 5, 1))
    assert (float(found["share"]), int(found["n"]), int(found["unchanged"])) == (pytest.approx(1.0), 2, 3)
    with pytest.raises(ValueError, match="None of the 5 images changed"):
        fs.HighFrequencyShare(5)(changed((8, 8), torch.zeros(5, 1, 8, 8), 5, 1))


def test_a_share_is_that_of_filtered_images():
    generator = torch.Generator().manual_seed(1)
    before, after = (fs.Samples(torch.rand(6, 3, 12, 9, generator=generator)) for _ in range(2))
    change = (after.images - before.images).double()
    high = filters.apply(change, filters.square_high_pass(Plane(12, 9), (5, 6)))
    expected = high.square().sum((1, 2, 3)) / change.square().sum((1, 2, 3))
    assert float(fs.HighFrequencyShare(5)(fs.Pair(before, after))["share"]) == pytest.approx(float(expected.mean()))


def test_a_bandwidth_that_does_not_fit_is_told_what_fits():
    with pytest.raises(ValueError, match="odd bandwidth from 1 to 7"):
        fs.HighFrequencyShare()(changed((8, 32), 0.1))
    with pytest.raises(ValueError, match="odd bandwidth from 1 to 25"):
        fs.HighFrequencyShare()(changed((27, 32), 0.1))
    with pytest.raises(ValueError, match="no high pass"):
        fs.HighFrequencyShare(1)(changed((1, 8), 0.1))
    for bandwidth in (0, 4, -1, 2.5):
        with pytest.raises(ValueError, match="odd whole number"):
            fs.HighFrequencyShare(bandwidth)
    plain = fs.HighFrequencyShare(25)(changed((27, 32), 0.1))["share"]
    assert float(plain) == pytest.approx(0.0, abs=1e-12)


def test_the_cut_into_cells_does_not_change_the_answer(monkeypatch):
    pair = changed((9, 6), 0.05 * torch.rand(23, 1, 9, 6, generator=torch.Generator().manual_seed(0)), 23, 1)
    whole = fs.HighFrequencyShare(3)(pair)
    monkeypatch.setattr("fourierscope.analyses.high_frequency_share._BLOCK_VALUES", 300)
    assert len(list(fs.HighFrequencyShare(3).cells(pair))) > 4
    for name in whole.dataset.data_vars:
        np.testing.assert_array_equal(fs.HighFrequencyShare(3)(pair).dataset[name].values, whole.dataset[name].values)
