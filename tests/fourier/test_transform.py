"""Laws of the transform."""

import numpy as np
import pytest
import torch

from fourierscope.fourier import Plane, to_images, to_spectrum

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4), (1, 5), (32, 32), (31, 31)]


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("size", SIZES[:6])
def test_a_spectrum_is_the_slow_formula(size):
    image = noise(*size).numpy()
    height, width = size
    expected = np.zeros(size, complex)
    for i in range(height):
        for j in range(width):
            for y in range(height):
                for x in range(width):
                    turn = (i - height // 2) * y / height + (j - width // 2) * x / width
                    expected[i, j] += image[y, x] * np.exp(-2j * np.pi * turn)
    np.testing.assert_allclose(
        to_spectrum(torch.from_numpy(image)).numpy(), expected / np.sqrt(height * width), atol=1e-10
    )


@pytest.mark.parametrize("size", SIZES)
def test_energies_agree_in_both_domains(size):
    images = noise(2, 3, *size)
    torch.testing.assert_close(to_spectrum(images).abs().square().sum((-2, -1)), images.square().sum((-2, -1)))


@pytest.mark.parametrize("size", SIZES)
def test_to_images_is_the_inverse(size):
    images = noise(2, 3, *size)
    torch.testing.assert_close(to_images(to_spectrum(images)), images)


@pytest.mark.parametrize("size", SIZES)
def test_a_translation_turns_phases_and_keeps_magnitudes(size):
    image, plane = noise(*size), Plane(*size)
    moved = torch.roll(image, (2, 1), (0, 1))
    turn = 2 * plane.rows().double()[:, None] / size[0] + plane.columns().double()[None, :] / size[1]
    torch.testing.assert_close(to_spectrum(moved), to_spectrum(image) * torch.exp(-2j * torch.pi * turn))


def test_the_mean_stands_in_the_middle():
    spectrum = to_spectrum(torch.full((9, 6), 0.5, dtype=torch.float64))
    assert spectrum[4, 3].real == pytest.approx(0.5 * np.sqrt(54))
    spectrum[4, 3] = 0
    assert float(spectrum.abs().max()) < 1e-12


def test_half_precision_is_transformed_in_float32_and_whole_numbers_are_refused():
    assert to_spectrum(noise(8, 8).half()).dtype == torch.complex64
    assert to_spectrum(noise(8, 8)).dtype == torch.complex128
    with pytest.raises(TypeError, match=r"torch\.uint8"):
        to_spectrum(torch.zeros(8, 8, dtype=torch.uint8))


def test_a_spectrum_of_no_real_image_is_refused():
    spectrum = to_spectrum(noise(8, 8))
    spectrum[1, 2] += 1
    with pytest.raises(ValueError, match="not Hermitian"):
        to_images(spectrum)
