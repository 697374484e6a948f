"""What masks are held against: laws of random and borrowed masks, on odd, even and oblong planes."""

import pytest
import torch
from masked_made import PLANES, drawn, gains

from fourierscope.analyses.masks.controls import (
    cosines,
    donors,
    energy,
    misses,
    overlaps,
    permuted,
    permuted_to_energy,
)
from fourierscope.fourier import Frequency, Plane
from fourierscope.fourier.pairs import Pairs


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def pair_gains(size, **options):
    return Pairs(Plane(*size)).gathered(gains(size, **options))


def falling(size, n, channels=1):
    """Power (n, channels, pairs) that falls with the radius as that of photographs does."""
    pairs = Pairs(Plane(*size))
    radius = pairs.gathered(pairs.plane.radius()).float()
    return drawn(n, channels, len(pairs), seed=5).square() / (1 + radius) ** 2


@pytest.mark.parametrize("size", PLANES)
@pytest.mark.parametrize("channels", [1, 3])
def test_random_masks_have_exactly_the_size_and_the_gains_of_the_mask(size, channels):
    pairs, given = Pairs(Plane(*size)), pair_gains(size, channels=channels)
    found = permuted(given, pairs, chance())
    torch.testing.assert_close(pairs.means(found), pairs.means(given), atol=1e-6, rtol=0)
    torch.testing.assert_close(found.sort(-1).values, given.sort(-1).values, atol=0, rtol=0)
    assert (found != given).float().mean() > 0.2
    zero = pairs.frequencies.index(Frequency(0, 0))
    torch.testing.assert_close(found[..., zero], given[..., zero], atol=0, rtol=0)
    alone = pairs.bins == 1
    torch.testing.assert_close(found[..., alone].sort(-1).values, given[..., alone].sort(-1).values, atol=0, rtol=0)


def test_gains_at_self_paired_frequencies_move_too():
    pairs = Pairs(Plane(8, 6))
    given = torch.arange(len(pairs)).float().expand(200, 1, -1)
    moved = (permuted(given, pairs, chance()) != given).float().mean((0, 1))
    alone = (pairs.bins == 1) & torch.tensor([one != (0, 0) for one in pairs.frequencies])
    assert int(alone.sum()) == 3
    torch.testing.assert_close(moved[alone], torch.full((3,), 2 / 3), atol=0.12, rtol=0)


def test_channels_of_a_mask_are_moved_alike_and_images_are_not():
    pairs, given = Pairs(Plane(8, 7)), pair_gains((8, 7), n=2).expand(-1, 2, -1)
    found = permuted(given[:1].expand(2, -1, -1), pairs, chance())
    assert torch.equal(found[:, 0], found[:, 1])
    assert not torch.equal(found[0], found[1])


def test_every_frequency_is_as_likely_a_place():
    pairs, given = Pairs(Plane(5, 5)), torch.zeros(3000, 1, 13)
    given[..., 5] = 1
    places = permuted(given, pairs, chance())[:, 0].mean(0)
    zero = pairs.frequencies.index(Frequency(0, 0))
    assert places[zero] == 0
    torch.testing.assert_close(places[torch.arange(13) != zero], torch.full((12,), 1 / 12), atol=0.03, rtol=0)


@pytest.mark.parametrize("size", [(16, 16), (15, 15), (12, 17)])
@pytest.mark.parametrize("channels", [1, 3])
def test_random_masks_of_equal_energy_pass_as_much_to_a_thousandth(size, channels):
    pairs, given, power = Pairs(Plane(*size)), pair_gains(size, channels=channels), falling(size, 12, channels)
    found = permuted_to_energy(given, power, pairs, chance())
    target = energy(given, power, pairs)
    torch.testing.assert_close(energy(found, power, pairs), target, rtol=1.001e-3, atol=0)
    assert ((energy(permuted(given, pairs, chance()), power, pairs) - target).abs() / target).mean() > 0.02
    torch.testing.assert_close(found.sort(-1).values, given.sort(-1).values, atol=0, rtol=0)
    assert (found != given).float().mean() > 0.3


@pytest.mark.parametrize("size", [(16, 16), (15, 12)])
def test_a_loud_frequency_zero_makes_no_mask_near(size):
    pairs, given, power = Pairs(Plane(*size)), pair_gains(size), falling(size, 12)
    zero = pairs.frequencies.index(Frequency(0, 0))
    given[..., zero], quiet = 1, power.clone()
    power[..., zero], quiet[..., zero] = 1e4, 0
    found = permuted_to_energy(given, power, pairs, chance())
    torch.testing.assert_close(energy(found, quiet, pairs), energy(given, quiet, pairs), rtol=1.001e-3, atol=0)
    assert torch.equal(found[..., zero], given[..., zero])
    assert (misses(permuted(given, pairs, chance()), given, power, pairs)).mean() > 0.02
    assert misses(found, given, power, pairs).max() <= 1.001e-3


def test_how_far_energies_are_apart_is_over_the_larger_and_finite_for_masks_that_pass_nothing():
    pairs, (one, other), power = Pairs(Plane(6, 7)), (pair_gains((6, 7), seed=at) for at in (1, 2)), falling((6, 7), 12)
    rest = [place for place, frequency in enumerate(pairs.frequencies) if frequency != (0, 0)]
    slow = []
    for a, b, held in zip(one[:, 0], other[:, 0], power[:, 0], strict=True):
        first, second = (sum(float(g[at] ** 2 * held[at] * pairs.bins[at]) for at in rest) for g in (a, b))
        slow.append(abs(first - second) / max(first, second))
    torch.testing.assert_close(misses(one, other, power, pairs), torch.tensor(slow), rtol=1e-4, atol=1e-6)
    nothing = torch.zeros_like(one)
    assert (misses(nothing, one, power, pairs) == 1).all()
    assert (misses(nothing, nothing, power, pairs) == 0).all()


def test_the_one_mask_that_passes_as_much_is_found():
    pairs = Pairs(Plane(3, 3))  # frequency zero and four pairs
    given, power = torch.zeros(1, 1, 5), torch.tensor([[[1.0, 2.0, 4.0, 8.0, 16.0]]])
    given[..., 3] = 1
    for seed in range(5):  # no other place passes as much
        assert torch.equal(permuted_to_energy(given, power, pairs, chance(seed)), given)


def test_the_energy_that_passes_is_that_of_the_image_under_the_mask():
    from fourierscope.fourier.pairs import Modulated

    for size in PLANES:
        images = drawn(3, 2, *size)
        modulated, given = Modulated.of(images, torch.zeros(1, 2, 1, 1)), pair_gains(size, n=3, channels=2)
        shown = modulated.images(given).square().sum((1, 2, 3))
        torch.testing.assert_close(energy(given, modulated.power(False), modulated.pairs), shown, rtol=1e-4, atol=1e-5)


def test_cosines_and_overlaps_are_those_of_planes():
    for size in PLANES:
        pairs, (one, other) = Pairs(Plane(*size)), (gains(size, channels=2, seed=seed) for seed in (1, 2))
        flat = [pairs.gathered(part) for part in (one, other)]
        couples = list(zip(one, other, strict=True))
        slow = [float((a * b).sum() / (a.norm() * b.norm())) for a, b in couples]
        torch.testing.assert_close(cosines(*flat, pairs), torch.tensor(slow), atol=1e-5, rtol=0)
        slow = [float(((a > 0.2) & (b > 0.2)).sum() / ((a > 0.2) | (b > 0.2)).sum()) for a, b in couples]
        torch.testing.assert_close(overlaps(*flat, 0.2, pairs), torch.tensor(slow), atol=1e-6, rtol=0)


def test_empty_masks_are_alike_and_unlike_all_others():
    pairs, empty, full = Pairs(Plane(4, 5)), torch.zeros(1, 1, 11), torch.ones(1, 1, 11)
    for found in (lambda a, b: cosines(a, b, pairs), lambda a, b: overlaps(a, b, 0, pairs)):
        assert (found(empty, empty).item(), found(empty, full).item(), found(full, full).item()) == (1, 0, 1)


def test_lent_masks_are_those_of_other_images_of_the_class_and_of_another_class():
    labels, own = torch.tensor([0, 1, 2, 0, 1, 2, 0, 0]), torch.arange(8)
    found = donors(labels, own, chance(4))
    assert (labels[found.same] == labels).all()
    assert (found.same != own).all()
    assert (labels[found.other] != labels).all()
    assert not torch.equal(found.other, donors(labels, own, chance(5)).other)


def test_there_is_no_lender_where_an_image_finds_none():
    assert donors(torch.tensor([0, 0, 1]), torch.arange(3), chance()).same is None
    assert donors(torch.tensor([0, 0, 0]), torch.arange(3), chance()).other is None
    by_class = donors(torch.tensor([0, 1, 0, 1]), torch.tensor([0, 1, 0, 1]), chance())
    assert by_class.same is None
    assert by_class.other is not None
    assert donors(torch.tensor([0, 1]), torch.tensor([0, 0]), chance()).other is None
