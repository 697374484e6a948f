"""Networks that an exhibit trains by itself, each with a checkpoint in the folder of the paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from fourierscope.papers.making import Making
from fourierscope.subjects import Classifier, Pair
from fourierscope.subjects.trained import untrained
from fourierscope.training import Recipe, ShapedNoise, moments, recipe_named, train
from fourierscope.treatments import corrupt

_NETWORKS = {"small": "resnet20", "full": "wrn-28-10"}
_FILTERED_EPOCHS = {"small": 5, "full": 30}
_FOG_IMAGES, _FOG_SEVERITY = 2000, 3


def learned_behind_filter(making: Making, kept: Literal["low", "high"], bandwidth: int) -> Classifier:
    """A network that saw nothing but low or high frequencies, behind the filter it learned with."""
    recipe = replace(recipe_named("cifar10-natural"), epochs=_FILTERED_EPOCHS[making.budget])
    return _learned(making, f"{kept}-pass {bandwidth}", recipe, {"kept": kept, "bandwidth": bandwidth})


def learned_under_fog_noise(making: Making) -> Classifier:
    """A network that learned under noise with the mean spectrum of fog, by the recipe of the natural network."""
    samples = making.training_samples().limited(_FOG_IMAGES)
    noise = ShapedNoise.like(Pair(samples, corrupt(samples, "fog", _FOG_SEVERITY)))
    return _learned(making, "fognoise", replace(recipe_named("cifar10-natural"), perturbation=noise), None)


def _learned(making: Making, name: str, recipe: Recipe, front: dict[str, str | int] | None) -> Classifier:
    samples = making.training_samples()
    classes = int(samples.needed_labels().max()) + 1
    made = {"name": _NETWORKS[making.budget], "channels": samples.channels, "classes": classes, "front": front}
    mean, std = moments(samples)
    untaught = Classifier(untrained(made), name, mean, std, making.setting.device)
    checkpoint = making.folder.parent / "networks" / f"{name.replace(' ', '-')}.checkpoint"
    return train(untaught, samples, recipe, checkpoint=checkpoint)
