"""Conjugate pairs: laws on odd, even and oblong planes, and the slopes held against finite differences."""

import pytest
import torch

from fourierscope.fourier import Plane
from fourierscope.fourier.filters import apply, is_hermitian
from fourierscope.fourier.pairs import Modulated, Pairs

PLANES = [Plane(4, 4), Plane(5, 5), Plane(4, 6), Plane(6, 5), Plane(5, 8), Plane(1, 4), Plane(2, 1)]


def drawn(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_pairs_cover_the_plane(plane):
    pairs = Pairs(plane)
    assert pairs.bins.sum() == plane.height * plane.width
    for frequency, bins in zip(pairs.frequencies, pairs.bins, strict=True):
        assert bins == (1 if plane.partner(frequency) == frequency else 2)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_spread_values_are_hermitian_and_come_back(plane):
    pairs = Pairs(plane)
    values = drawn(2, len(pairs))
    whole = pairs.spread(values)
    assert is_hermitian(whole)
    assert torch.equal(pairs.gathered(whole), values)
    assert torch.allclose(pairs.means(values), whole.mean((-2, -1)))


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_modulated_images_are_the_filtered_ones(plane):
    pairs, images = Pairs(plane), drawn(3, 2, *plane.shape)
    gains = drawn(3, 2, len(pairs), seed=1)
    infill = drawn(3, 2, *plane.shape, seed=2)
    modulated = Modulated.of(images, infill)
    gain = pairs.spread(gains)
    by_filter = apply(images, gain) + apply(infill, 1 - gain)
    assert torch.allclose(modulated.images(gains), by_filter, atol=1e-12)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_slopes_are_the_finite_differences_of_each_bin(plane, shared):
    pairs, images = Pairs(plane), drawn(2, 3, *plane.shape)
    modulated = Modulated.of(images, drawn(1, 3, 1, 1, seed=3))
    weight = drawn(2, 3, *plane.shape, seed=4)
    gains = drawn(2, 1 if shared else 3, len(pairs), seed=5)
    slopes = modulated.slopes(weight, shared)  # of the function sum(weight * images), which is linear
    whole = lambda given: (weight * modulated.images(given)).sum((1, 2, 3))  # noqa: E731
    for place in range(len(pairs)):
        for channel in range(gains.shape[1]):
            moved = gains.clone()
            moved[:, channel, place] += 1
            found = (whole(moved) - whole(gains)) / pairs.bins[place]
            assert torch.allclose(found, slopes[:, channel, place], atol=1e-10)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_power_adds_up_to_the_energy_over_the_plane(plane):
    images = drawn(2, 3, *plane.shape)
    modulated = Modulated.of(images, torch.zeros(1, dtype=torch.float64))
    for shared in (True, False):
        whole = modulated.pairs.spread(modulated.power(shared)).sum((1, 2, 3))
        assert torch.allclose(whole, images.square().sum((1, 2, 3)))


def test_the_pairs_of_a_plane_are_looked_up_once_for_all_images(monkeypatch):
    images, gains = drawn(2, 1, 6, 7), torch.ones(2, 1, len(Pairs(Plane(6, 7))), dtype=torch.float64)
    found = Modulated.of(images, torch.zeros(1, dtype=torch.float64)).images(gains)
    for work in ("waves", "spread"):
        monkeypatch.setattr(Plane, work, lambda *_: pytest.fail("looked up again"))
    again = Modulated.of(images, torch.zeros(1, dtype=torch.float64))
    assert torch.equal(again.images(gains), found)
    assert again.pairs == Pairs(Plane(6, 7)) != Pairs(Plane(7, 6))


def test_all_gains_keep_the_image_and_none_leave_the_infill():
    images, infill = drawn(2, 3, 5, 6), drawn(2, 3, 1, 1, seed=6)
    modulated = Modulated.of(images, infill)
    ones = torch.ones(2, 1, len(modulated.pairs), dtype=torch.float64)
    assert torch.allclose(modulated.images(ones), images, atol=1e-12)
    assert torch.allclose(modulated.images(0 * ones), infill.expand_as(images), atol=1e-12)


def test_rows_may_come_in_any_order_and_twice():
    images = drawn(3, 1, 4, 5)
    modulated = Modulated.of(images, torch.zeros(1, dtype=torch.float64))
    gains = drawn(3, 1, len(modulated.pairs))
    index = torch.tensor([2, 0, 2])
    assert torch.equal(modulated.rows(index).images(gains[index]), modulated.images(gains)[index])


def test_values_that_differ_between_partners_are_refused():
    with pytest.raises(ValueError, match="and they differ"):
        Pairs(Plane(4, 4)).gathered(drawn(4, 4))
    with pytest.raises(ValueError, match=r"shape \(5, 4\)"):
        Pairs(Plane(4, 4)).gathered(drawn(5, 4))
