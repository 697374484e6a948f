"""Augmentations by frequency: what each keeps and takes; images stay images, chance is the generator's."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from fourierscope.fourier import to_spectrum
from fourierscope.training import AmplitudeSwaps, HybridImages, NoiseOnSome, RandomFilters

ALL = [NoiseOnSome(), AmplitudeSwaps(), HybridImages(), RandomFilters()]
SHAPES = [(3, 8, 8), (1, 9, 6)]


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def calm(count, shape):
    """Images about middle grey, so that nothing is clipped."""
    return 0.5 + 0.02 * torch.randn(count, *shape, generator=chance(3))


@pytest.mark.parametrize("augmentation", ALL, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("shape", SHAPES)
def test_images_stay_images_and_follow_from_the_generator(augmentation, shape):
    images = torch.rand(12, *shape, generator=chance(3))
    held, state = images.clone(), torch.random.get_rng_state()
    first, again, other = (augmentation(images, chance(seed)) for seed in (1, 1, 2))
    assert (first.shape, first.dtype) == (images.shape, images.dtype)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(images, held)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert augmentation.trace()["kind"] == type(augmentation).__name__


@pytest.mark.parametrize("kind", [NoiseOnSome, AmplitudeSwaps, HybridImages])
def test_a_share_of_the_images_is_changed_and_the_others_are_left(kind):
    images = calm(600, (1, 4, 5))
    left = (kind(share=0.25)(images, chance()) == images).flatten(1).all(1)
    assert float(left.float().mean()) == pytest.approx(0.75, abs=0.06)
    assert torch.equal(kind(share=0.0)(images, chance()), images)


def test_noise_has_its_deviation_before_it_is_clipped():
    added = NoiseOnSome(1.0, 0.1)(torch.full((200, 3, 8, 8), 0.5), chance()) - 0.5
    assert float(added.std()) == pytest.approx(0.1, rel=0.02)
    assert abs(float(added.mean())) < 0.002


@pytest.mark.parametrize("shape", SHAPES)
def test_swapped_images_have_anothers_amplitudes_and_their_own_phases(shape):
    images = calm(5, shape)
    spectra, swapped = to_spectrum(images), to_spectrum(AmplitudeSwaps(1.0)(images, chance(1)))
    sources = []
    for one, own in zip(swapped, spectra, strict=True):
        distances = [float((one.abs() - other.abs()).abs().max()) for other in spectra]
        sources.append(int(np.argmin(distances)))
        assert min(distances) < 1e-5
        assert torch.allclose(one / one.abs(), own / own.abs(), atol=5e-3)
    assert sorted(sources) == list(range(5))
    assert sources != list(range(5))


def test_swaps_with_a_plain_image_give_no_noise():
    images = torch.stack([torch.full((3, 8, 8), 0.3), torch.full((3, 8, 8), 0.6)])
    swapped = AmplitudeSwaps(1.0)(images, chance())
    assert float(swapped.std((2, 3)).max()) < 1e-6


@pytest.mark.parametrize("shape", SHAPES)
def test_hybrids_have_their_own_low_and_anothers_high_frequencies(shape):
    images, hybrid = calm(5, shape), HybridImages(1.0, 0.7)
    side = np.exp(-1 / (2 * 0.7**2))
    line = np.array([side, 1, side]) / (1 + 2 * side)
    low = np.stack([[convolve(one.numpy(), np.outer(line, line), mode="nearest") for one in image] for image in images])
    assert np.allclose(hybrid.low(images), low, atol=1e-6)
    taken = hybrid(images, chance(1)).numpy() - low
    high = images.numpy() - low
    sources = [int(np.argmin([np.abs(one - other).max() for other in high])) for one in taken]
    assert sorted(sources) == list(range(5))
    assert sources != list(range(5))
    assert np.allclose(taken, high[sources], atol=1e-6)


def test_a_random_filter_is_one_of_each_image_and_all_its_channels():
    images = torch.full((4, 2, 7, 7), 0.5)
    images[:, :, 3, 3] += 0.1
    answer = (RandomFilters(3, 0.05)(images, chance()) - images)[:, :, 2:5, 2:5]
    flat = RandomFilters(3, 0.05)(torch.full((4, 2, 7, 7), 0.5), chance())[:, :, 2:5, 2:5] - 0.5
    taps = (answer - flat) / 0.1  # what one bright pixel adds
    assert torch.allclose(taps[:, 0], taps[:, 1], atol=1e-5)
    assert torch.allclose(flat[:, 0, 0, 0], 0.5 * taps[:, 0].sum((1, 2)), atol=1e-5)
    assert len({round(float(one), 4) for one in taps[:, 0, 1, 1]}) == 4


def test_taps_of_random_filters_have_the_deviation_of_an_even_draw():
    images = torch.full((4000, 1, 3, 3), 0.5)
    images[:, :, 1, 1] += 0.01
    flat = torch.full((4000, 1, 3, 3), 0.5)
    taps = (RandomFilters(1, 0.3)(images, chance()) - RandomFilters(1, 0.3)(flat, chance()))[:, 0, 1, 1] / 0.01 - 1
    inside = taps[taps.abs() < 0.9]
    assert float(inside.std()) == pytest.approx(0.3 / 3**0.5, rel=0.08)


@pytest.mark.parametrize(
    "made",
    [
        lambda: NoiseOnSome(1.5),
        lambda: NoiseOnSome(0.5, -1),
        lambda: AmplitudeSwaps(-0.1),
        lambda: HybridImages(0.5, 0),
        lambda: RandomFilters(2),
        lambda: RandomFilters(3, float("nan")),
    ],
)
def test_a_number_that_fits_no_augmentation_is_refused(made):
    with pytest.raises(ValueError, match="came"):
        made()
