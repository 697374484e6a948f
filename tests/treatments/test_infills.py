"""What stands in the place of a removed frequency: amplitudes, phases, origins, and whose chance it is."""

import pytest
import torch

from fourierscope.fourier import to_spectrum
from fourierscope.subjects import Samples
from fourierscope.treatments.infills import INFILLS, Infills

PLANES = [(6, 6), (5, 5), (4, 7), (7, 4)]


def samples_made(height, width, count=6):
    images = torch.rand((count, 3, height, width), generator=torch.Generator().manual_seed(3))
    return Samples(images, torch.arange(count) % 2)


@pytest.mark.parametrize("shape", PLANES, ids=str)
def test_zero_is_the_origin(shape):
    samples = samples_made(*shape)
    mean = samples.batch().mean((0, 2, 3))
    assert torch.allclose(Infills.of(samples).images(0, 2)[0, :, 0, 0], mean, atol=1e-6)
    assert not Infills.of(samples, origin="black").images(0, 2).any()


@pytest.mark.parametrize("shape", PLANES, ids=str)
@pytest.mark.parametrize("origin", ["mean", "black"])
def test_random_phase_has_the_mean_amplitude_of_the_set(shape, origin):
    samples = samples_made(*shape)
    infills = Infills.of(samples, "random-phase", origin)
    amplitude = to_spectrum(samples.batch() - infills.colour).abs().mean(0)
    found = to_spectrum(infills.images(0, 6) - infills.colour).abs()
    assert torch.allclose(found, amplitude.expand_as(found), atol=1e-5)


@pytest.mark.parametrize("shape", PLANES, ids=str)
def test_scrambled_has_the_own_amplitude_and_other_phases(shape):
    samples = samples_made(*shape)
    infills = Infills.of(samples, "scrambled")
    own, found = (to_spectrum(one - infills.colour) for one in (samples.batch(), infills.images(0, 6)))
    assert torch.allclose(found.abs(), own.abs(), atol=1e-5)
    assert not torch.allclose(found, own, atol=0.1)


def test_phases_are_turned_alike_in_all_channels():
    samples = samples_made(5, 6)
    infills = Infills.of(samples, "scrambled")
    own, found = (to_spectrum(one - infills.colour) for one in (samples.batch(), infills.images(0, 6)))
    turn = found / own
    assert torch.allclose(turn, turn[:, :1].expand_as(turn), atol=1e-3)


def test_black_keeps_brightness_above_zero():
    samples = samples_made(6, 6)
    for kind in ("random-phase", "scrambled"):
        assert (Infills.of(samples, kind, "black").images(0, 6).mean((2, 3)) > 0).all()


def test_another_image_is_never_the_own_and_each_is_used_once():
    samples = samples_made(4, 4)
    images, found = samples.batch(), Infills.of(samples, "other-image").images(0, 6)
    which = [[torch.equal(one, other) for other in images].index(True) for one in found]
    assert sorted(which) == list(range(6))
    assert all(place != other for place, other in enumerate(which))


@pytest.mark.parametrize("kind", INFILLS)
def test_the_infill_of_an_image_is_its_own(kind):
    samples = samples_made(5, 4)
    infills = Infills.of(samples, kind)
    assert torch.equal(infills.images(2, 4), infills.images(0, 6)[2:4])


@pytest.mark.parametrize("kind", [one for one in INFILLS if one != "zero"])
def test_draws_and_seeds_differ(kind):
    samples = samples_made(5, 4)
    first = Infills.of(samples, kind).images(0, 6)
    assert not torch.equal(first, Infills.of(samples, kind).images(0, 6, draw=1))
    assert not torch.equal(first, Infills.of(samples, kind, seed=1).images(0, 6))


@pytest.mark.parametrize("kind", INFILLS)
@pytest.mark.parametrize("seed", [2**60, -5])
def test_seeds_may_be_any_whole_number(kind, seed):
    assert torch.isfinite(Infills.of(samples_made(4, 4), kind, seed=seed).images(0, 6, draw=1)).all()


def test_unknown_words_and_a_lonely_image_are_refused():
    samples = samples_made(4, 4)
    with pytest.raises(ValueError, match="infill is one of zero, random-phase"):
        Infills.of(samples, "noise")
    with pytest.raises(ValueError, match="origin is mean"):
        Infills.of(samples, origin="grey")
    with pytest.raises(ValueError, match="two images or more"):
        Infills.of(samples.subset([0]), "other-image")
