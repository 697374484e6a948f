"""Recipes: the learning rate, flips and noise; what is recorded; what is refused."""

import json

import pytest
import torch

from fourierscope.training import RECIPES, GaussianNoise, Recipe, recipe_named
from fourierscope.treatments import LinfPGD


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_learning_rate_rises_to_its_largest_and_falls_to_nothing():
    recipe = Recipe(learning_rate=0.4, warmup=0.2)
    assert recipe.rate(0.0) == 0
    assert recipe.rate(0.1) == pytest.approx(0.2)
    assert recipe.rate(0.2) == pytest.approx(0.4)
    assert recipe.rate(0.6) == pytest.approx(0.2)
    assert recipe.rate(1.0) == pytest.approx(0, abs=1e-12)
    assert Recipe(learning_rate=0.4, warmup=0).rate(0) == 0.4


def test_a_flip_mirrors_about_half_of_the_images_and_nothing_else():
    images = torch.rand(400, 3, 4, 5, generator=chance(1))
    columns = Recipe(flip_columns=True, flip_rows=False).flipped(images, chance())
    mirrored = (columns == images.flip(3)).flatten(1).all(1)
    same = (columns == images).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert 150 < int(mirrored.sum()) < 250
    rows = Recipe(flip_columns=False, flip_rows=True).flipped(images, chance())
    assert bool(((rows == images.flip(2)).flatten(1).all(1) ^ (rows == images).flatten(1).all(1)).all())
    assert torch.equal(Recipe(flip_columns=False).flipped(images, chance()), images)


def test_a_tint_moves_each_channel_of_each_image_as_a_whole():
    images = torch.full((500, 3, 4, 5), 0.5)
    moved = Recipe(tint=0.2).tinted(images, chance()) - 0.5
    assert bool((moved == moved[:, :, :1, :1]).all())
    offsets = moved[:, :, 0, 0]
    assert float(offsets.abs().max()) <= 0.2 + 1e-6
    assert float(offsets.std()) == pytest.approx(0.2 / 3**0.5, rel=0.05)
    assert abs(float(torch.corrcoef(offsets.T)[0, 1])) < 0.15
    dark = Recipe(tint=0.2).tinted(torch.zeros(50, 3, 4, 5), chance())
    assert float(dark.min()) == 0
    assert torch.equal(Recipe(tint=0.0).tinted(images, chance()), images)


def test_noise_has_its_standard_deviation_and_is_clipped():
    images = torch.full((50, 3, 16, 16), 0.5)
    noisy = GaussianNoise(lowest=0.1, highest=0.1)(lambda one: one, images, torch.zeros(50), chance())
    assert float((noisy - images).std()) == pytest.approx(0.1, rel=0.02)
    assert float((noisy - images).mean()) == pytest.approx(0, abs=0.003)
    loud = GaussianNoise(lowest=5, highest=5)(lambda one: one, images, torch.zeros(50), chance())
    assert (float(loud.min()), float(loud.max())) == (0, 1)
    assert bool((images == 0.5).all())


def test_the_noise_of_a_batch_has_one_standard_deviation_drawn_from_its_range():
    images, generator = torch.full((8, 3, 32, 32), 0.5), chance()
    noise = GaussianNoise(lowest=0.02, highest=0.1)
    drawn = torch.stack([(noise(lambda one: one, images, torch.zeros(8), generator) - 0.5) for _ in range(200)])
    sigma = drawn.std((1, 2, 3, 4))
    assert float(sigma.min()) < 0.03
    assert float(sigma.max()) > 0.09
    assert float(sigma.mean()) == pytest.approx(0.06, abs=0.006)
    within = drawn.std((2, 3, 4)) / sigma[:, None]  # every image of a batch alike
    assert float((within - 1).abs().max()) < 0.08


def test_a_recipe_records_every_option_in_plain_words():
    trace = recipe_named("adversarial").trace()
    assert json.loads(json.dumps(trace)) == trace
    assert trace["perturbation"] == {"kind": "LinfPGD", "eps": 8 / 255, "step": 2 / 255, "steps": 5}
    assert recipe_named("natural").trace()["perturbation"] is None
    assert recipe_named("gaussian").trace()["perturbation"] == {"kind": "GaussianNoise", "lowest": 0, "highest": 0.1}
    assert len({json.dumps(one.trace()) for one in RECIPES.values()}) == len(RECIPES)


def test_the_adversarial_recipe_trains_against_eight_levels():
    assert recipe_named("adversarial").perturbation == LinfPGD(eps=8 / 255, step=2 / 255, steps=5)


def test_an_unknown_recipe_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="natural, gaussian, adversarial; 'robust'"):
        recipe_named("robust")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"epochs": 0}, "epochs is at least 1"),
        ({"batch": 1}, "batch is at least 2"),
        ({"learning_rate": float("inf")}, "learning_rate is finite"),
        ({"warmup": 1.0}, "warmup lies from 0"),
        ({"tint": 1.5}, "tint lies from 0 to 1"),
        ({"momentum": 0.0}, "momentum lies above 0"),
        ({"weight_decay": -1.0}, "weight_decay is finite"),
    ],
)
def test_a_number_that_fits_no_training_is_refused(options, told):
    with pytest.raises(ValueError, match=told):
        Recipe(**options)


def test_noise_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="Standard deviations"):
        GaussianNoise(lowest=0.2, highest=0.1)
