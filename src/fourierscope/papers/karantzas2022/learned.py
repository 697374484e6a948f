"""The article's classifiers by their role: those that were given, or else those that an exhibit trains by itself."""

from __future__ import annotations

from dataclasses import replace

from fourierscope.papers.making import Making, NotTried
from fourierscope.subjects import Classifier
from fourierscope.subjects.trained import untrained
from fourierscope.training import Recipe, moments, recipe_named, train
from fourierscope.training.augmentations import Affine, Flips
from fourierscope.treatments import LinfPGD

ROLES = ("natural", "adversarial", "scale", "translation", "rotation")
EPS, STEPS = 0.06 * 0.226, 10
"""The published code's budget, 0.06 of normalised pixels of deviation 0.226, as one of [0, 1] pixels: 3.46 / 255."""

_NETWORKS = {"small": "resnet20", "full": "vgg11"}
_TAUGHT = {"small": ("scale", "translation", "rotation"), "full": ROLES}
_SMALL_EPOCHS = 8
_SHIPPED = "reference:cifar10-"
_CHANGES = {
    "scale": Affine(degrees=0, scale=(0.5, 1.5), translation=0),
    "translation": Affine(degrees=0, scale=(1, 1), translation=0.4),
    "rotation": Affine(degrees=180, scale=(1, 1), translation=0),
}
_CROPPED = Affine(degrees=0, scale=(1, 2), translation=0.2)  # stands for the code's crops by chance, for all networks
_FULL = Recipe(
    augmentations=(_CROPPED, Flips()), epochs=50, optimiser="adam", learning_rate=1e-3, schedule="one-cycle",
    warmup=0.1, weight_decay=0,
)  # fmt: skip


def network(making: Making, role: str) -> Classifier:
    """The classifier of a role: the one given or shipped, else one trained here, with a checkpoint in the folder.

    Raises NotTried with the reason where there is neither, or the one shipped is of images of another size.
    """
    try:
        found = making.classifier(role)
    except NotTried as error:
        if role not in _TAUGHT.get(making.budget, ()):
            raise
        if making.setting.learned is None:
            raise NotTried(f"{error}, nor training images to train one (--training npz:PATH)") from None
        return _taught(making, role)
    if found.name.startswith(_SHIPPED) and making.setting.samples.plane.shape != (32, 32):
        raise NotTried(f"{found.name} is of CIFAR-10, 32 x 32 pixels (--classifier {role}=... takes your own)")
    return found


def recipe_of(budget: str, role: str) -> Recipe:
    """How the classifier of a role is trained in a budget: the role's augmentation or attack, and the common rest."""
    base = replace(recipe_named("cifar10-natural"), epochs=_SMALL_EPOCHS) if budget == "small" else _FULL
    if role in _CHANGES:
        return replace(base, augmentations=(_CHANGES[role], *base.augmentations))
    attack = LinfPGD(EPS, EPS / 8, STEPS) if role == "adversarial" else None
    return replace(base, perturbation=attack)


def _taught(making: Making, role: str) -> Classifier:
    samples = making.training_samples()
    classes = int(samples.needed_labels().max()) + 1
    shape = {"name": _NETWORKS[making.budget], "channels": samples.channels, "classes": classes, "front": None}
    mean, std = moments(samples)
    untaught = Classifier(untrained(shape), role, mean, std, making.setting.device)
    checkpoint = making.folder.parent / "networks" / f"{role}.checkpoint"
    return train(untaught, samples, recipe_of(making.budget, role), checkpoint=checkpoint)
