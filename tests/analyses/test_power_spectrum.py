"""Spectra of images whose spectrum is known."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Plane, to_images, to_spectrum

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4)]


def uniform(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def coloured(size, exponent, n=60):
    """Images in [0, 1] whose expected power is radius ** exponent, around grey."""
    white = torch.randn(n, 1, *size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    images = to_images(to_spectrum(white) * Plane(*size).radius().clamp(min=1) ** (exponent / 2))
    return fs.Samples((0.5 + 0.45 * images / images.abs().amax()).clamp(0, 1))


@pytest.mark.parametrize("size", SIZES)
def test_magnitude_and_power_are_those_of_a_slow_loop(size):
    images = uniform(5, 3, *size)
    found = fs.PowerSpectrum()(fs.Samples(images))
    magnitude, power = np.zeros(size), np.zeros(size)
    for image in images.double().numpy():
        for channel in image:
            spectrum = np.abs(np.fft.fftshift(np.fft.fft2(channel))) / np.sqrt(size[0] * size[1])
            magnitude += spectrum / 15
            power += spectrum**2 / 15
    np.testing.assert_allclose(found["magnitude"].values, magnitude, atol=1e-10)
    np.testing.assert_allclose(found["power"].values, power, atol=1e-10)
    assert found["power"].row.values.tolist() == Plane(*size).rows().tolist()
    assert found["power"].column.values.tolist() == Plane(*size).columns().tolist()
    assert (found["magnitude_low"] <= found["magnitude"]).all()
    assert int(found["n"]) == 5


@pytest.mark.parametrize("size", SIZES)
def test_power_adds_up_to_the_energy_of_the_images(size):
    images = uniform(5, 3, *size)
    found = fs.PowerSpectrum()(fs.Samples(images))
    assert float(found["power"].sum()) == pytest.approx(float(images.double().square().sum() / 15), rel=1e-6)


@pytest.mark.parametrize("size", [(32, 32), (31, 31), (32, 24)])
def test_white_noise_is_flat(size):
    found = fs.PowerSpectrum()(coloured(size, 0.0))
    assert float(found["slope_low"]) < 0 < float(found["slope_high"])
    assert abs(float(found["slope"])) < 0.1
    profile = found["profile"].values[1:]
    assert profile.max() / profile.min() < 1.5


@pytest.mark.parametrize("size", [(32, 32), (31, 31), (32, 24)])
@pytest.mark.parametrize("exponent", [-2.0, -1.0])
def test_the_slope_of_coloured_noise_lies_in_its_interval(size, exponent):
    found = fs.PowerSpectrum()(coloured(size, exponent))
    assert float(found["slope_low"]) - 0.02 < exponent < float(found["slope_high"]) + 0.02
    assert float(found["slope_high"]) - float(found["slope_low"]) < 0.3


@pytest.mark.parametrize("size", SIZES)
def test_the_profile_is_the_mean_over_rings(size):
    found = fs.PowerSpectrum()(fs.Samples(uniform(4, 1, *size)))
    ring = np.floor(Plane(*size).radius().numpy() + 0.5)
    for radius, value in zip(found["profile"].radius.values, found["profile"].values, strict=True):
        assert value == pytest.approx(found["power"].values[ring == radius].mean(), rel=1e-5)


def test_the_cut_into_cells_does_not_change_the_answer(monkeypatch):
    samples = fs.Samples(uniform(23, 2, 9, 6))
    whole = fs.PowerSpectrum()(samples)
    monkeypatch.setattr("fourierscope.analyses.power_spectrum._BLOCK_PIXELS", 500)
    assert len(list(fs.PowerSpectrum().cells(samples))) > 4
    for name in whole.dataset.data_vars:
        np.testing.assert_allclose(
            fs.PowerSpectrum()(samples).dataset[name].values, whole.dataset[name].values, rtol=1e-10
        )


def test_the_hann_window_removes_the_cross_that_borders_draw_and_the_mean():
    ramp = torch.linspace(0, 1, 32)[None, None, :, None].expand(3, 1, 32, 32).contiguous()
    plain, tapered = (fs.PowerSpectrum(window=window)(fs.Samples(ramp))["power"] for window in ("none", "hann"))
    far = {"row": slice(8, 15), "column": 0}
    assert float(tapered.sel(far).sum()) < 0.02 * float(plain.sel(far).sum())
    assert float(tapered.sum()) < float(plain.sum())
    flat = fs.PowerSpectrum(window="hann")(fs.Samples(torch.full((2, 1, 8, 8), 0.7)))
    assert float(flat["power"].max()) < 1e-10


def test_the_hann_window_keeps_the_energy_of_white_noise():
    samples = coloured((32, 32), 0.0)
    centred = samples.images.double() - samples.images.double().mean((-2, -1), keepdim=True)
    expected = float(centred.square().sum() / len(samples))
    assert float(fs.PowerSpectrum(window="hann")(samples)["power"].sum()) == pytest.approx(expected, rel=0.02)


def test_where_there_is_no_power_law_the_slope_says_why():
    for samples, said in (
        (fs.Samples(uniform(3, 1, 4, 4)), "three rings"),
        (fs.Samples(torch.full((3, 1, 16, 16), 0.5)), "above 0"),
    ):
        found = fs.PowerSpectrum()(samples)["slope"]
        assert np.isnan(float(found))
        assert said in found.attrs["says"]


def test_an_unknown_window_is_refused():
    with pytest.raises(ValueError, match="'box' came"):
        fs.PowerSpectrum(window="box")
