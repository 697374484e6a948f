"""Components: they add up, count what the paper counts, and are rescaled as the words say and no further."""

import numpy as np
import pytest
import torch

from fourierscope.fourier import Plane, to_spectrum
from fourierscope.treatments.components import RESCALES, component_gain, components

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9), (7, 4), (32, 32)]


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(
    ("edge", "counts"), [("below", [45, 193, 437, 793, 995]), ("within", [49, 197, 441, 795, 999])]
)
def test_a_low_component_of_32_by_32_holds_as_many_frequencies_as_published_code_keeps(edge, counts):
    found = [int(component_gain(Plane(32, 32), radius, "low", edge).sum()) for radius in (4, 8, 12, 16, 20)]
    assert found == counts


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cut", [("below", "hard"), ("within", "hard"), ("below", "soft")])
def test_low_and_high_add_up_to_the_images(size, cut):
    images = noise(3, 2, *size)
    for radius in (1, 2, 2.5, 40):
        low, high = (components(images, radius, kept, *cut) for kept in ("low", "high"))
        torch.testing.assert_close(low + high, images, rtol=0, atol=1e-12 if "hard" in cut else 1e-7)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("edge", ["below", "within"])
def test_a_hard_component_is_the_disc_of_the_transform_written_out(size, edge):
    images, radius = noise(2, 1, *size), 3
    rows, columns = (np.fft.fftfreq(side) * side for side in size)
    distance = np.sqrt(rows[:, None] ** 2 + columns[None, :] ** 2)
    disc = distance < radius if edge == "below" else distance <= radius
    wanted = np.fft.ifft2(np.fft.fft2(images.numpy()) * disc)
    assert np.abs(wanted.imag).max() < 1e-12
    np.testing.assert_allclose(components(images, radius, "low", edge).numpy(), wanted.real, atol=1e-12)


def test_hard_components_share_out_the_energy_and_taking_one_twice_changes_nothing():
    images = noise(2, 3, 9, 6)
    low, high = (components(images, 2, kept) for kept in ("low", "high"))
    torch.testing.assert_close(low.square().sum() + high.square().sum(), images.square().sum())
    torch.testing.assert_close(components(low, 2, "low"), low)
    assert float(components(low, 2, "high").abs().max()) < 1e-12


def test_a_soft_edge_rings_less_between_two_steps():
    step = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
    step[..., 16:48] = 1
    found = {mask: components(step, 8, mask=mask)[..., 24:40] - 1 for mask in ("hard", "soft")}
    assert float(found["soft"].abs().max()) < 0.75 * float(found["hard"].abs().max())


def test_the_maximum_becomes_one_and_what_is_negative_stays_so():
    images = noise(4, 3, 8, 8)
    plain, scaled = (components(images, 2, "high", rescale=word) for word in ("none", "max"))
    torch.testing.assert_close(scaled.amax((1, 2, 3)), torch.ones(4, dtype=torch.float64))
    for one, other in zip(plain, scaled, strict=True):
        torch.testing.assert_close(one / one.max(), other)
    assert float(scaled.min()) < -0.3


def test_an_image_without_anything_above_zero_is_not_turned_round_by_its_maximum():
    images = -1 - noise(2, 3, 8, 8)
    assert torch.equal(components(images, 2, rescale="max"), components(images, 2))


def test_std_stretches_about_the_means_to_the_spread_of_the_image():
    images = noise(4, 3, 9, 6) * torch.tensor([0.2, 0.5, 1.0, 0.7])[:, None, None, None]
    means = images.mean((2, 3), keepdim=True)
    spread = (images - means).square().mean((1, 2, 3))
    for kept, wanted in (("low", means), ("high", 0 * means)):
        found = components(images, 2, kept, rescale="std")
        torch.testing.assert_close(found.mean((2, 3), keepdim=True), wanted, atol=1e-12, rtol=0)
        torch.testing.assert_close((found - wanted).square().mean((1, 2, 3)), spread)


def test_the_mean_is_restored_to_the_high_component_and_the_low_one_has_it():
    images = noise(2, 3, 8, 8)
    high = components(images, 2, "high", rescale="mean-restored")
    torch.testing.assert_close(high - images.mean((2, 3), keepdim=True), components(images, 2, "high"))
    assert torch.equal(components(images, 2, rescale="mean-restored"), components(images, 2))


@pytest.mark.parametrize("rescale", RESCALES)
@pytest.mark.parametrize("mask", ["hard", "soft"])
def test_an_empty_component_is_not_blown_up_and_all_stays_finite(rescale, mask):
    even = torch.full((2, 3, 8, 8), 0.3)
    even[1] = 0
    high = components(even, 2, "high", mask=mask, rescale=rescale)
    assert float((high - (even if rescale == "mean-restored" else 0)).abs().max()) < 1e-6
    for kept in ("low", "high"):
        assert bool(torch.isfinite(components(torch.rand(2, 3, 8, 8), 30, kept, rescale=rescale)).all())


def test_nothing_is_clipped_and_the_images_stay_as_they_are():
    images = (noise(2, 3, 8, 8) > 0.5).float()
    before = images.clone()
    low, high = (components(images, 3, kept) for kept in ("low", "high"))
    assert float(low.max()) > 1
    assert float(high.min()) < 0
    assert torch.equal(images, before)


def test_gradients_go_through_and_shifts_go_along():
    images = noise(1, 1, 8, 8).requires_grad_()
    components(images, 2, "high", rescale="std").sum().backward()
    assert images.grad is not None
    shifted = components(images.detach().roll((2, 3), (2, 3)), 2)
    torch.testing.assert_close(shifted, components(images.detach(), 2).roll((2, 3), (2, 3)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kept": "middle"}, "kept is low or high"),
        ({"edge": "<="}, "edge is below or within"),
        ({"mask": "round"}, "mask is hard or soft"),
        ({"rescale": "255"}, "none, max, std or mean-restored"),
        ({"radius": 0}, "above 0"),
        ({"mask": "soft", "edge": "within"}, "no edge"),
    ],
)
def test_what_has_no_meaning_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        components(**({"images": noise(1, 1, 8, 8), "radius": 2} | options))
    with pytest.raises(ValueError, match="n, c, h, w"):
        components(noise(8, 8), 2)


@pytest.mark.parametrize("size", SIZES)
def test_a_soft_gain_falls_with_the_radius_through_one_half(size):
    plane = Plane(*size)
    gain, radius = component_gain(plane, 2, mask="soft"), plane.radius()
    order = radius.flatten().argsort()
    assert bool((gain.flatten()[order].diff() <= 1e-6).all())
    assert bool((gain[radius >= 4] == 0).all())
    assert float(gain[plane.height // 2, plane.width // 2]) == 1
    torch.testing.assert_close(gain[radius == 2], torch.full_like(gain[radius == 2], 0.5))
    spectrum = to_spectrum(components(noise(1, 1, *size), 2, mask="soft"))
    torch.testing.assert_close(spectrum, to_spectrum(noise(1, 1, *size)) * gain)
