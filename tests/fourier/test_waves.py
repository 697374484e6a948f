"""Waves against a slow second writing of the published basis, and the faults of other programs."""

from math import pi, sqrt

import numpy as np
import pytest
import torch

from fourierscope.fourier import Frequency, Plane, is_self_paired, quadratures, to_spectrum, wave

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4), (1, 5), (5, 1), (2, 2)]


def published(size, position):
    """sqrt(h w) times the inverse DFT of 0.5 + 0.5j at the first cell of a pair and 0.5 - 0.5j at the other."""
    height, width = size
    mirror = tuple((n - p) % n if n % 2 == 0 else n - 1 - p for n, p in zip(size, position, strict=True))
    first, second = min(position, mirror), max(position, mirror)
    coefficients = {first: 1.0} if first == second else {first: 0.5 + 0.5j, second: 0.5 - 0.5j}
    image = np.zeros(size, complex)
    for (i, j), coefficient in coefficients.items():
        for y in range(height):
            for x in range(width):
                turn = (i - height // 2) * y / height + (j - width // 2) * x / width
                image[y, x] += coefficient * np.exp(2j * pi * turn)
    assert np.abs(image.imag).max() < 1e-9
    return image.real / (height * width) * sqrt(height * width)


@pytest.mark.parametrize("size", [*SIZES, (12, 12)])
def test_every_wave_is_that_of_the_published_basis(size):
    plane = Plane(*size)
    for row in plane.rows().tolist():
        for column in plane.columns().tolist():
            frequency = Frequency(row, column)
            expected = published(size, plane.position(frequency))
            found = wave(plane, frequency).numpy()
            sign = np.sign(found[0, 0] * expected[0, 0]) if is_self_paired(plane, frequency) else 1
            np.testing.assert_allclose(sign * found, expected, atol=1e-12)


@pytest.mark.parametrize("size", [*SIZES, (31, 31), (32, 32), (224, 224)])
def test_every_wave_has_norm_one(size):
    plane = Plane(*size)
    waves = plane.waves()
    for frequency in waves[:: max(1, len(waves) // 200)]:
        assert float(torch.linalg.vector_norm(wave(plane, frequency))) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", [0.0, pi / 4, 1.0, 3 * pi / 4])
def test_a_wave_has_no_energy_outside_its_pair(size, phase):
    plane = Plane(*size)
    for frequency in plane.waves():
        power = to_spectrum(wave(plane, frequency, phase)).abs().square()
        pair = {plane.position(frequency), plane.position(plane.partner(frequency))}
        assert float(sum(power[place] for place in pair)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phase", [0.0, 1.0, -0.3])
def test_a_wave_is_the_cosine_it_says_it_is(size, phase):
    plane = Plane(*size)
    for frequency in plane.waves():
        pattern = np.array(
            [
                [
                    np.cos(2 * pi * (frequency.row * y / size[0] + frequency.column * x / size[1]) - phase)
                    for x in range(size[1])
                ]
                for y in range(size[0])
            ]
        )
        np.testing.assert_allclose(wave(plane, frequency, phase).numpy(), pattern / np.linalg.norm(pattern), atol=1e-9)


@pytest.mark.parametrize("size", [*SIZES, (16, 15)])
def test_both_quadratures_are_an_orthonormal_basis_of_all_images(size):
    plane = Plane(*size)
    basis = torch.stack(
        [wave(plane, one, phase).flatten() for one in plane.waves() for phase in quadratures(plane, one)]
    )
    assert basis.shape == (size[0] * size[1], size[0] * size[1])
    torch.testing.assert_close(basis @ basis.T, torch.eye(len(basis)).double(), atol=1e-5, rtol=0)


def test_a_frequency_and_its_partner_name_the_same_wave():
    plane = Plane(9, 6)
    for frequency in plane.waves():
        assert torch.equal(wave(plane, frequency), wave(plane, plane.partner(frequency)))


@pytest.mark.parametrize("count", [2, 3, 8])
def test_phases_are_evenly_spread_over_half_a_turn_so_none_repeats_another_with_its_sign_turned(count):
    plane = Plane(8, 8)
    phases = quadratures(plane, Frequency(1, 2), count)
    np.testing.assert_allclose(phases, pi / 4 + pi / count * np.arange(count))
    waves = torch.stack([wave(plane, Frequency(1, 2), phase).flatten() for phase in phases])
    overlap = (waves @ waves.T).abs() - torch.eye(count)
    assert float(overlap.max()) < 0.99


@pytest.mark.parametrize("count", [2, 3, 8, 10])
def test_a_self_paired_wave_never_becomes_rounding_noise_in_any_phase(count):
    plane = Plane(8, 8)
    for frequency in [Frequency(0, 0), Frequency(-4, 0), Frequency(0, -4), Frequency(-4, -4)]:
        for phase in quadratures(plane, frequency, count):
            torch.testing.assert_close(wave(plane, frequency, phase).abs(), torch.full((8, 8), 1 / 8).double())


@pytest.mark.parametrize("phase", [pi / 2, -pi / 2, 3 * pi / 2])
def test_the_vanishing_quadrature_is_refused(phase):
    plane = Plane(8, 7)
    with pytest.raises(ValueError, match="only one quadrature"):
        wave(plane, Frequency(-4, 0), phase)
    assert float(wave(plane, Frequency(1, 0), phase).norm()) == pytest.approx(1)


def test_the_wave_of_frequency_zero_at_norm_four_shifts_an_image_of_32_by_an_eighth():
    torch.testing.assert_close(
        4 * wave(Plane(32, 32), Frequency(0, 0)), torch.full((32, 32), 0.125).double(), atol=1e-15, rtol=0
    )


def test_the_largest_value_depends_on_phase_as_published():
    plane, frequency = Plane(32, 32), Frequency(8, 0)
    assert float(wave(plane, frequency).abs().max()) == pytest.approx(1 / 32)
    assert float(wave(plane, frequency, 0.0).abs().max()) == pytest.approx(sqrt(2) / 32)


def test_a_wave_of_a_large_plane_is_as_exact_as_one_of_a_small():
    plane = Plane(2000, 1)
    expected = [sqrt(2 / 2000) * np.cos(2 * pi * ((999 * y) % 2000) / 2000 - pi / 4) for y in range(2000)]
    np.testing.assert_allclose(wave(plane, Frequency(999, 0))[:, 0].numpy(), expected, atol=1e-13)
