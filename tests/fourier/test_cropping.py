"""Cropping of spectra: constants, waves, real outputs, at every size."""

from math import pi

import numpy as np
import pytest
import torch
from scipy.signal import resample

from fourierscope.fourier import Frequency, Plane, to_spectrum, wave
from fourierscope.fourier.transform import cropped

SIZES = [(14, 14), (15, 9), (8, 13), (6, 10), (7, 7), (2, 3)]


def halves(size):
    return tuple(max(1, side // 2) for side in size)


def images(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("side", range(7, 57))
def test_a_constant_stays_a_constant(side):
    for size in ((side, side), (side, 11)):
        found = cropped(torch.full((1, 1, *size), 0.7, dtype=torch.float64), halves(size))
        torch.testing.assert_close(found, torch.full((1, 1, *halves(size)), 0.7).double())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", [0.3, pi / 4])
def test_waves_below_the_cut_are_the_same_waves_at_fewer_pixels(size, phase):
    small = halves(size)
    for frequency in Plane(*size).waves():
        row, column = frequency
        if 2 * abs(row) < small[0] and 2 * abs(column) < small[1]:
            found = cropped(wave_at(size, frequency, phase), small)
            torch.testing.assert_close(found, wave_at(small, frequency, phase))


@pytest.mark.parametrize("size", SIZES)
def test_waves_above_the_cut_are_gone(size):
    small, plane = halves(size), Plane(*size)
    for frequency in plane.waves():
        if 2 * abs(frequency.row) > small[0] or 2 * abs(frequency.column) > small[1]:
            found = cropped(wave(plane, frequency, 0.7).double(), small)
            assert float(found.abs().max()) < 1e-6


@pytest.mark.parametrize("size", SIZES)
def test_the_kept_spectrum_is_the_old_one_and_nothing_is_dropped_for_being_imaginary(size):
    given, small = images(2, *size), halves(size)
    old, new = to_spectrum(given), to_spectrum(cropped(given, small))
    scale = (np.prod(small) / np.prod(size)) ** 0.5
    for row in Plane(*small).rows().tolist():
        for column in Plane(*small).columns().tolist():
            rows = {row, -row} if 2 * row == -small[0] else {row}  # both lines at the new Nyquist frequency
            columns = {column, -column} if 2 * column == -small[1] else {column}
            there = [old[:, r + size[0] // 2, c + size[1] // 2] for r in rows for c in columns]
            here = new[:, row + small[0] // 2, column + small[1] // 2]
            torch.testing.assert_close(here, scale * torch.stack(there).mean(0))


@pytest.mark.parametrize("size", [(9, 9), (15, 9), (11, 7)])
def test_odd_sizes_are_those_of_scipy_whose_even_ones_add_both_nyquist_lines_up(size):
    given, small = images(1, *size), tuple(side // 2 // 2 * 2 + 1 for side in size)
    wanted = resample(resample(given[0].numpy(), small[0], axis=0), small[1], axis=1)
    np.testing.assert_allclose(cropped(given, small)[0].numpy(), wanted, atol=1e-12)
    line = torch.cos(2 * pi * 2 * torch.arange(9).double() / 9)[None, None]  # at the Nyquist frequency of four pixels
    np.testing.assert_allclose(2 * cropped(line, (1, 4))[0, 0].numpy(), resample(line[0, 0].numpy(), 4), atol=1e-12)


def test_sizes_that_are_no_smaller_ones_are_refused_and_the_same_size_changes_nothing():
    given = images(2, 6, 9)
    torch.testing.assert_close(cropped(given, (6, 9)), given)
    with pytest.raises(ValueError, match=r"images of 6 x 9 smaller.*\(7, 9\) came"):
        cropped(given, (7, 9))


def test_gradients_come_through():
    given = images(1, 6, 7).requires_grad_()
    cropped(given, (3, 3)).square().sum().backward()
    assert torch.isfinite(given.grad).all()


def wave_at(size, frequency, phase):
    """cos(2 pi (row y / h + column x / w) - phase) of amplitude 1."""
    row, column = Frequency(*frequency)
    y, x = (torch.arange(side).double() / side for side in size)
    return torch.cos(2 * pi * (row * y[:, None] + column * x) - phase)
