"""Chance of treatments: it follows from seed, purpose and image, and from nothing else."""

import numpy as np
import pytest
import torch

from fourierscope.subjects import Samples
from fourierscope.treatments import chance, gaussian_noise


def some_images(count=5, channels=3, height=6, width=7):
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("drawn", [chance.uniform, chance.normal])
def test_the_chance_of_an_image_knows_neither_neighbours_nor_place(drawn):
    images = some_images()
    whole = drawn(images, "test", 0)
    assert torch.equal(drawn(images[3:4], "test", 0)[0], whole[3])
    assert torch.equal(drawn(images.flip(0), "test", 0).flip(0), whole)
    assert not torch.equal(whole[0], whole[1])


@pytest.mark.parametrize("drawn", [chance.uniform, chance.normal])
def test_seed_and_purpose_give_other_chance(drawn):
    images = some_images(1)
    held = [drawn(images, purpose, seed) for purpose, seed in (("a", 0), ("a", 1), ("a", -1), ("b", 0))]
    assert all(not torch.equal(held[i], held[j]) for i in range(4) for j in range(i))
    assert torch.equal(drawn(images, "a", 0), held[0])


def test_the_form_of_an_image_is_part_of_it():
    images = torch.zeros(1, 1, 4, 6)
    turned = chance.uniform(images.reshape(1, 1, 6, 4), "a", 0)
    assert not torch.equal(turned.flatten(), chance.uniform(images, "a", 0).flatten())


def test_memory_layout_and_the_sign_of_zero_do_not_matter():
    images = some_images(2)
    images[0, 0, 0, 0] = 0.0
    other = images.clone().contiguous(memory_format=torch.channels_last)
    other[0, 0, 0, 0] = -0.0
    assert torch.equal(chance.normal(images, "a", 0), chance.normal(other, "a", 0))


def test_uniform_and_normal_are_distributed_as_they_say():
    images = some_images(4, 3, 32, 32)
    evenly, normal = chance.uniform(images, "a", 0), chance.normal(images, "a", 0)
    assert evenly.shape == normal.shape == images.shape
    assert evenly.dtype == normal.dtype == torch.float32
    assert 0 <= float(evenly.min()) < 0.001
    assert 0.999 < float(evenly.max()) < 1
    assert abs(float(evenly.mean()) - 0.5) < 5 * 0.289 / 12288**0.5
    assert abs(float(normal.mean())) < 5 / 12288**0.5
    assert abs(float(normal.std()) - 1) < 5 / (2 * 12288) ** 0.5


def test_no_images_have_no_chance():
    assert chance.streams(some_images()[:0], "a", 0) == []
    assert chance.uniform(some_images()[:0], "a", 0).shape == (0, 3, 6, 7)


def test_other_numbers_than_float32_and_other_seeds_are_refused():
    with pytest.raises(TypeError, match=r"float32 images.*torch\.uint8 came"):
        chance.streams(torch.zeros(1, 1, 2, 2, dtype=torch.uint8), "a", 0)
    for seed in (0.5, "1", True):
        with pytest.raises(TypeError, match="A seed is a whole number"):
            chance.streams(some_images(), "a", seed)


def test_the_global_random_state_is_neither_read_nor_changed():
    images, (mine, other) = some_images(), (np.random.get_state(), torch.random.get_rng_state())  # noqa: NPY002
    before = chance.normal(images, "a", 0)
    assert torch.equal(torch.random.get_rng_state(), other)
    assert (np.random.get_state()[1] == mine[1]).all()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        assert torch.equal(chance.normal(images, "a", 0), before)


def test_gaussian_noise_has_its_deviation_and_is_clipped():
    samples = Samples(torch.full((4, 3, 32, 32), 0.5))
    added = gaussian_noise(samples, 0.1).images - 0.5
    assert abs(float(added[:1].std()) - 0.1) < 5 * 0.1 / (2 * 3072) ** 0.5
    loud = gaussian_noise(samples, 1.0).images
    assert (float(loud.min()), float(loud.max())) == (0, 1)


def test_a_deviation_in_levels_of_8_bits_is_refused_with_what_was_meant():
    with pytest.raises(ValueError, match="25/255"):
        gaussian_noise(Samples(torch.rand(1, 1, 4, 4)), 25)


def test_gaussian_noise_grows_in_proportion_and_is_that_of_uint8_too():
    levels = torch.randint(100, 150, (3, 1, 5, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    coarse, fine = Samples(levels, [2, 0, 1], "a", ["x", "y", "z"]), Samples(levels.float() / 255)
    one, two = (gaussian_noise(coarse, deviation, seed=4) for deviation in (0.01, 0.02))
    torch.testing.assert_close(two.images - coarse.batch(), 2 * (one.images - coarse.batch()), atol=1e-6, rtol=0)
    assert torch.equal(gaussian_noise(fine, 0.01, seed=4).images, one.images)
    assert one.name == "a with Gaussian noise of deviation 0.01, seed 4"
    assert (one.labels.tolist(), one.classes) == ([2, 0, 1], ("x", "y", "z"))
    assert torch.equal(gaussian_noise(coarse, 0).images, coarse.batch())
    assert torch.equal(coarse.images, levels)


def test_a_set_longer_than_a_batch_is_noisy_to_its_end(monkeypatch):
    from fourierscope.treatments import additive_noise

    samples = Samples(some_images(7))
    whole = gaussian_noise(samples, 0.1).images
    monkeypatch.setattr(additive_noise, "_BATCH", 3)
    assert torch.equal(gaussian_noise(samples, 0.1).images, whole)


@pytest.mark.parametrize("deviation", [-0.1, float("nan"), float("inf")])
def test_a_deviation_that_is_none_is_refused(deviation):
    with pytest.raises(ValueError, match="A deviation is finite and not below 0"):
        gaussian_noise(Samples(some_images()), deviation)
    with pytest.raises(TypeError, match="takes Samples; Tensor came"):
        gaussian_noise(some_images(), 0.1)
