"""Kernels tilted in frequency, against padded transforms, and by the laws of a form linear in its tilt."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.theory.filters import centroid, radius_form, response
from fourierscope.treatments import tilt_kernels

SIZES = [(3, 3), (5, 4), (1, 3), (2, 2), (7, 7)]
WHITE = (np.sqrt(2) + np.arcsinh(1)) / 6  # the mean of |f| over the plane, in cycles per pixel


def classifier(*size, norm=False, **options):
    torch.manual_seed(3)
    middle = [nn.BatchNorm2d(6)] if norm else []
    parts = [nn.Conv2d(3, 6, size, **options), *middle, nn.ReLU(), nn.Conv2d(6, 4, 3), nn.Flatten()]
    return fs.Classifier(nn.Sequential(*parts).double().eval(), "small", mean=0.4, std=0.2)


def kernels(one, layer="0"):
    return one.module(layer).weight.detach()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_taps_are_those_of_the_response_times_its_gain_on_a_wide_plane(size, dilation):
    given, side = classifier(*size, dilation=dilation), 256
    before = kernels(given).numpy()[:2]
    spread = np.zeros((2, 3, side, side))
    rows, columns = (np.arange(taps) * dilation for taps in size)
    spread[..., rows[:, None], columns] = before
    along = np.fft.fftfreq(side)
    radius, spectra = np.hypot(along[:, None], along), np.fft.fft2(spread)
    for tilt in (-1.0, -0.3, 0.5, 1.0):
        found = kernels(tilt_kernels(given, tilt)).numpy()[:2]
        wanted = np.fft.ifft2(spectra * (1 + tilt * (radius / WHITE - 1))).real[..., rows[:, None], columns]
        np.testing.assert_allclose(found, wanted, atol=5e-5)


@pytest.mark.parametrize("size", SIZES)
def test_no_other_kernel_in_these_taps_comes_nearer_to_the_response_that_is_asked(size):
    given, plane = classifier(*size), fs.Plane(65, 64)
    gain = 1 + 0.7 * (torch.hypot(plane.rows()[:, None] / 65, plane.columns()[None] / 64) / WHITE - 1)
    asked, found = response(kernels(given), plane) * gain, kernels(tilt_kernels(given, 0.7))

    def away(taps):
        return float((response(taps, plane) - asked).abs().square().sum())

    chance = torch.Generator().manual_seed(1)
    others = [found + 0.02 * torch.randn(found.shape, generator=chance, dtype=torch.float64) for _ in range(10)]
    assert all(away(found) < away(other) for other in others)
    assert away(found) < away(kernels(given))


@pytest.mark.parametrize("size", SIZES)
def test_the_centroid_of_every_filter_grows_with_the_tilt(size):
    given = classifier(*size)
    centroids = torch.stack([centroid(kernels(tilt_kernels(given, tilt))) for tilt in np.linspace(-1, 1, 9)])
    assert bool((centroids.diff(dim=0) > 0).all())


def test_no_tilt_changes_nothing_and_opposite_tilts_have_the_kernel_for_their_mean():
    given = classifier(3, 5)
    assert torch.equal(kernels(tilt_kernels(given, 0.0)), kernels(given))
    low, high = (kernels(tilt_kernels(given, tilt)) for tilt in (-0.6, 0.6))
    torch.testing.assert_close((low + high) / 2, kernels(given))
    assert float((high - low).abs().max()) > 0.05


def test_the_form_of_the_radius_holds_the_mean_frequency_and_shrinks_with_nothing():
    form = radius_form((3, 4))
    torch.testing.assert_close(form.diagonal(), torch.full((12,), WHITE, dtype=torch.float64))
    torch.testing.assert_close(form, form.T)
    values = torch.linalg.eigvalsh(form)
    assert float(values[0]) > 0
    assert float(values[-1]) < 0.5**0.5
    wide = radius_form((5, 7))
    places = torch.tensor([row * 7 + column for row in (0, 2, 4) for column in (0, 3, 6)])
    torch.testing.assert_close(radius_form(3, (2, 3)), wide[places][:, places])


def test_the_first_layer_is_tilted_and_energy_or_statistics_are_given_back():
    given = classifier(3, 3, norm=True)
    before = {name: one.clone() for name, one in given.network.state_dict().items()}
    some = fs.Samples(torch.rand(8, 3, 10, 12, generator=torch.Generator().manual_seed(2)))
    plain, same = tilt_kernels(given, 0.8), tilt_kernels(given, 0.8, "energy")
    again = tilt_kernels(given, 0.8, "batch-norm", samples=some)
    assert torch.equal(kernels(plain, "3"), kernels(given, "3"))
    assert not torch.equal(kernels(tilt_kernels(given, 0.8, layers=("3",)), "3"), kernels(given, "3"))
    torch.testing.assert_close(kernels(same).flatten(1).norm(dim=1), kernels(given).flatten(1).norm(dim=1))
    assert not torch.allclose(kernels(plain).flatten(1).norm(dim=1), kernels(given).flatten(1).norm(dim=1), rtol=0.02)
    assert torch.equal(kernels(again), kernels(plain))
    assert not torch.allclose(again.module("1").running_mean, given.module("1").running_mean)
    assert all(torch.equal(before[name], one) for name, one in given.network.state_dict().items())
    assert (plain.name, plain.mean) == ("small, kernels tilted by 0.8", given.mean)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"tilt": 1.2}, ValueError, r"from -1, towards low frequencies, to 1; 1\.2 came"),
        ({"tilt": float("nan")}, ValueError, "nan"),
        ({"tilt": "low"}, TypeError, "tilt is a number"),
        ({"tilt": 0.5, "normalise": "dc"}, ValueError, '"dc" is for smooth_kernels'),
        ({"tilt": 0.5, "normalise": "batch-norm"}, ValueError, "samples go with normalise"),
        ({"tilt": 0.5, "layers": ("2",)}, ValueError, "one tap"),
        ({"tilt": 0.5, "layers": "0"}, TypeError, "dotted names"),
    ],
)
def test_what_does_not_fit_is_refused(options, error, says):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 1)).eval()
    with pytest.raises(error, match=says):
        tilt_kernels(fs.Classifier(network), **options)
