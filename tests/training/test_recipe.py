"""Recipes: the learning rate, flips and noise; what is recorded; what is refused."""

import json

import pytest
import torch
from torch import nn

from fourierscope.training import (
    RECIPES,
    AdjacentWeights,
    Flips,
    FrequencyProportion,
    GaussianNoise,
    PowerSpectrumNoise,
    ProportionProjection,
    Recipe,
    recipe_named,
)
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


def test_a_constant_rate_rises_and_stays():
    recipe = Recipe(learning_rate=0.4, warmup=0.2, schedule="constant")
    assert [recipe.rate(one) for one in (0.0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([0, 0.2, 0.4, 0.4, 0.4])
    assert Recipe(learning_rate=0.4, warmup=0, schedule="constant").rate(0) == 0.4


def test_one_cycle_rises_from_a_twenty_fifth_along_half_a_cosine():
    recipe = Recipe(learning_rate=0.5, warmup=0.2, schedule="one-cycle")
    assert recipe.rate(0.0) == pytest.approx(0.02)
    assert recipe.rate(0.1) == pytest.approx((0.02 + 0.5) / 2)
    assert recipe.rate(0.2) == pytest.approx(0.5)
    assert recipe.rate(0.6) == pytest.approx(0.25)
    steps = torch.optim.lr_scheduler.OneCycleLR(
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 1.0), 0.5, 101, pct_start=0.2, div_factor=25,
        final_div_factor=1e12,
    )  # fmt: skip
    for turn in range(101):  # torch's own, which turns at a step and not between two
        assert steps.get_last_lr()[0] == pytest.approx(recipe.rate(turn / 100), abs=0.02)
        steps.optimizer.step()
        if turn < 100:
            steps.step()


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
    kinds = [one["kind"] for one in recipe_named("cifar10-autoaugment").trace()["augmentations"]]
    assert kinds == ["Crops", "Flips", "AutoAugment"]
    assert len({json.dumps(one.trace()) for one in RECIPES.values()}) == len(RECIPES)


def test_the_adversarial_recipe_trains_against_eight_levels():
    assert recipe_named("adversarial").perturbation == LinfPGD(eps=8 / 255, step=2 / 255, steps=5)


def test_an_unknown_recipe_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"natural, gaussian, adversarial, .*; 'robust'"):
        recipe_named("robust")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"epochs": 0}, "epochs is at least 1"),
        ({"batch": 1}, "batch is at least 2"),
        ({"learning_rate": float("inf")}, "learning_rate is finite"),
        ({"warmup": 1.0}, "warmup lies from 0"),
        ({"optimiser": "lion"}, "optimiser is sgd or adam"),
        ({"schedule": "steps"}, "schedule is cosine, one-cycle or constant"),
        ({"precision": "float16"}, "precision is float32, bfloat16 or auto"),
        ({"mixup": -0.1}, "mixup is finite"),
        ({"momentum": 0.0}, "momentum lies above 0"),
        ({"weight_decay": -1.0}, "weight_decay is finite"),
    ],
)
def test_a_number_that_fits_no_training_is_refused(options, told):
    with pytest.raises(ValueError, match=told):
        Recipe(**options)


def test_what_stands_in_the_wrong_place_of_a_recipe_is_told():
    with pytest.raises(TypeError, match=r"Flips is an augmentation: write Recipe\(augmentations="):
        Recipe(Flips())
    with pytest.raises(TypeError, match="augmentations is a tuple"):
        Recipe(augmentations=Flips())
    with pytest.raises(TypeError, match="A perturbation is noise or an attack"):
        Recipe("gaussian")
    with pytest.raises(TypeError, match=r"write perturbation=noise\.fixed\(\)"):
        Recipe(PowerSpectrumNoise())
    Recipe(PowerSpectrumNoise().fixed())


def test_what_holds_weights_stands_in_its_own_place_of_a_recipe():
    held = FrequencyProportion(nn.Conv2d(3, 4, 3), (0.2, 0.3, 0.5))
    for place in ("penalty", "projection"):
        with pytest.raises(TypeError, match=r"write penalty=ProportionPenalty\(\.\.\.\) or projection=Proportion"):
            Recipe(**{place: held})
    with pytest.raises(TypeError, match="ProportionProjection is a projection"):
        Recipe(penalty=ProportionProjection((0.2, 0.3, 0.5)))
    with pytest.raises(TypeError, match="AdjacentWeights is a penalty"):
        Recipe(projection=AdjacentWeights())
    with pytest.raises(TypeError, match="; a value of type FrequencyProportion came"):
        Recipe(held)


def test_noise_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="Standard deviations"):
        GaussianNoise(lowest=0.2, highest=0.1)
