"""Filters: laws, and the square filters as index sets of an unshifted spectrum."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fourierscope.fourier import Frequency, Plane, to_spectrum, wave
from fourierscope.fourier.filters import (
    apply,
    band_pass,
    high_pass,
    is_hermitian,
    low_pass,
    mirrored,
    square_high_pass,
    square_low_pass,
)

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4), (1, 5), (32, 32), (31, 31)]


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 9), st.booleans())
def test_low_and_high_add_up_and_the_edge_belongs_to_high_unless_inclusive(height, width, radius, inclusive):
    plane = Plane(height, width)
    low, high = low_pass(plane, radius, inclusive), high_pass(plane, radius, inclusive)
    assert torch.equal(low + high, torch.ones(height, width))
    for row in plane.rows().tolist():
        for column in plane.columns().tolist():
            square = row * row + column * column
            kept = square <= radius**2 if inclusive else square < radius**2
            assert low[plane.position(Frequency(row, column))] == kept


def test_a_band_is_what_lies_between_two_edges():
    plane = Plane(9, 6)
    assert torch.equal(low_pass(plane, 2) + band_pass(plane, 2, 4) + high_pass(plane, 4), torch.ones(9, 6))
    assert float(band_pass(plane, 4, 2).abs().max()) == 0


@pytest.mark.parametrize("size", SIZES)
def test_low_and_high_parts_of_images_add_up_to_them(size):
    images, plane = noise(2, 3, *size), Plane(*size)
    torch.testing.assert_close(apply(images, low_pass(plane, 2.5)) + apply(images, high_pass(plane, 2.5)), images)


def low_side(n, bandwidth):
    """The bandwidth lowest indices of a shifted side, zero in the middle of them."""
    return set(range(n)) if bandwidth >= n else {(k - bandwidth // 2 + n // 2) for k in range(bandwidth)}


def high_side(n, bandwidth):
    """The shifted indices of the `bandwidth` cells around the middle of an unshifted side, as the paper describes."""
    if bandwidth >= n:
        return set(range(n))
    first = n // 2 - bandwidth // 2 if n % 2 == 0 else (n + 1) // 2 - bandwidth // 2
    return {(unshifted + n // 2) % n for unshifted in range(first, first + bandwidth)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bandwidth", [1, 3, 5, 7, 27, 31, 99])
def test_the_square_low_pass_is_the_centred_square_of_the_shifted_spectrum(size, bandwidth):
    expected = np.zeros(size)
    for i in low_side(size[0], bandwidth):
        for j in low_side(size[1], bandwidth):
            expected[i, j] = 1
    np.testing.assert_array_equal(square_low_pass(Plane(*size), bandwidth).numpy(), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bandwidth", [1, 3, 5, 7, 27, 31, 99])
def test_the_square_high_pass_is_the_centred_square_of_the_unshifted_spectrum(size, bandwidth):
    pair = tuple(bandwidth + n % 2 for n in size)
    expected = np.zeros(size)
    for i in high_side(size[0], pair[0]):
        for j in high_side(size[1], pair[1]):
            expected[i, j] = 1
    found = square_high_pass(Plane(*size), pair)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert is_hermitian(found)


def test_the_high_pass_of_the_paper_keeps_its_published_share_and_removes_a_cross():
    plane = Plane(32, 32)
    gain = square_high_pass(plane, 27)
    assert int(gain.sum()) == 729
    assert float(gain.mean()) == pytest.approx(0.7119, abs=5e-5)
    assert not torch.equal(gain, 1 - square_low_pass(plane, 5))
    rows, columns = plane.rows().abs() >= 3, plane.columns().abs() >= 3
    assert torch.equal(gain.bool(), rows[:, None] & columns[None, :])


def test_the_widest_high_pass_removes_only_the_axes():
    plane = Plane(32, 32)
    gain = square_high_pass(plane, 31)
    assert torch.equal(gain == 0, (plane.rows() == 0)[:, None] | (plane.columns() == 0)[None, :])
    assert float(gain.mean()) == pytest.approx(0.9385, abs=5e-5)


def test_white_noise_keeps_the_share_of_bins():
    images = noise(400, 1, 32, 32)
    share = apply(images, square_high_pass(Plane(32, 32), 27)).square().sum((1, 2, 3)) / images.square().sum((1, 2, 3))
    error = float(share.std() / len(share) ** 0.5)
    assert abs(float(share.mean()) - 729 / 1024) < 3 * error
    assert error < 0.002


@pytest.mark.parametrize("bandwidth", [2, 4, 16, 30])
def test_even_bandwidths_on_an_even_side_are_refused(bandwidth):
    for square in (square_low_pass, square_high_pass):
        with pytest.raises(ValueError, match="not symmetric on a side of 32"):
            square(Plane(32, 32), bandwidth)


def test_bandwidths_fit_each_side_by_its_parity():
    with pytest.raises(ValueError, match="even bandwidth"):
        square_high_pass(Plane(31, 31), 27)
    with pytest.raises(ValueError, match="side of 9"):
        square_high_pass(Plane(9, 6), 3)
    assert is_hermitian(square_high_pass(Plane(9, 6), (4, 3)))
    assert is_hermitian(square_low_pass(Plane(9, 6), (5, 3)))
    assert int(square_low_pass(Plane(9, 6), (5, 3)).sum()) == 15
    with pytest.raises(ValueError, match="whole number from 1 on"):
        square_low_pass(Plane(8, 8), 0)


@pytest.mark.parametrize("square", [square_low_pass, square_high_pass])
def test_a_bandwidth_of_the_whole_side_is_the_identity(square):
    for size in SIZES:
        assert torch.equal(square(Plane(*size), 2 * max(size) + 1), torch.ones(size))
        assert torch.equal(square(Plane(*size), size), torch.ones(size))


@pytest.mark.parametrize("size", [(8, 8), (9, 6), (7, 4)])
def test_a_filter_keeps_the_waves_inside_and_removes_those_outside(size):
    plane, gain = Plane(*size), low_pass(Plane(*size), 2)
    for frequency in plane.waves():
        given = wave(plane, frequency)
        torch.testing.assert_close(apply(given, gain), gain[plane.position(frequency)] * given)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_filtering_keeps_the_dtype_and_the_given_images(dtype):
    images = noise(2, 1, 8, 8).to(dtype)
    before = images.clone()
    assert apply(images, low_pass(Plane(8, 8), 2)).dtype == dtype
    assert torch.equal(images, before)


@pytest.mark.parametrize("size", SIZES)
def test_images_without_anything_in_the_band_become_nothing(size):
    for images in (torch.full((2, 3, *size), 0.3), torch.zeros(2, 3, *size)):
        assert float(apply(images, high_pass(Plane(*size), 1)).abs().max()) < 1e-6


def test_filtered_images_are_never_clipped():
    images = (noise(1, 1, 16, 16) > 0).double()
    kept = apply(images, high_pass(Plane(16, 16), 1))
    assert float(kept.min()) < -0.3
    assert float(kept.square().sum()) == pytest.approx(float((images - images.mean()).square().sum()))


def test_a_gain_of_its_own_for_each_image_broadcasts():
    plane, images = Plane(8, 8), noise(2, 3, 8, 8)
    gains = torch.stack([low_pass(plane, 2), high_pass(plane, 2)])[:, None]
    expected = torch.stack([apply(images[0], gains[0, 0]), apply(images[1], gains[1, 0])])
    torch.testing.assert_close(apply(images, gains), expected)


def test_gains_that_do_not_fit_are_refused():
    images, uneven = noise(1, 1, 8, 8), torch.ones(8, 8)
    uneven[1, 2] = 0
    with pytest.raises(ValueError, match="differs between a frequency and its partner"):
        apply(images, uneven)
    with pytest.raises(ValueError, match="A gain is real"):
        apply(images, torch.ones(8, 8, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"\(8, 8\)"):
        apply(images, torch.ones(8, 9))


@pytest.mark.parametrize("size", SIZES)
def test_mirrored_puts_each_value_at_the_partner(size):
    plane, values = Plane(*size), noise(2, *size)
    for frequency in plane.waves():
        here, there = plane.position(frequency), plane.position(plane.partner(frequency))
        assert torch.equal(mirrored(values)[:, there[0], there[1]], values[:, here[0], here[1]])
    torch.testing.assert_close(mirrored(to_spectrum(values)), to_spectrum(values).conj())


def test_a_mask_of_even_width_around_zero_is_not_hermitian():
    mask = torch.zeros(8, 8)
    mask[2:6, 2:6] = 1
    assert not is_hermitian(mask)
