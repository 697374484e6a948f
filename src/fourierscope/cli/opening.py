"""What a question is asked of, from words on the command line: a function for each kind of subject."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fourierscope.analyses.masks.reading import masked
from fourierscope.cli.fits import fit
from fourierscope.results import load
from fourierscope.runs import Analysis, subjects_of
from fourierscope.subjects import (
    Circle,
    Classifier,
    Fit,
    Masked,
    Pair,
    Samples,
    Training,
    Trial,
    open_classifier,
    open_samples,
)
from fourierscope.subjects.prepared import Spoken, own_word
from fourierscope.subjects.specification import remembering
from fourierscope.subjects.trained import described, untrained
from fourierscope.training import moments, recipe_named
from fourierscope.treatments import successful as turned_wrong
from fourierscope.treatments import treated, treatment_named
from fourierscope.treatments.words import check_steps, word_and_strength


def trial(
    classifier: str,
    samples: str,
    weights: str | None = None,
    mean: tuple[float, ...] | float | None = None,
    std: tuple[float, ...] | float | None = None,
    classes: int | None = None,
    device: str | None = None,
    precision: Spoken = "exact",
    limit: int | None = None,
    limit_seed: int = 0,
    size: int | None = None,
) -> Trial:
    """A classifier on samples.

    Args:
        classifier: reference:NAME, network:NAME[/low15], trained:PATH, torchvision:NAME, timm:NAME, hf:NAME, or
            path/to/file.py:function.
        samples: patches, digits, npz:PATH, folder:PATH, cifar10:test and other torchvision sets,
            cifar10-c:FOLDER:NAME:SEVERITY, imagenet-c:FOLDER:NAME:SEVERITY, or hf:NAME.
        weights: A .safetensors, .pt, .pth or .ckpt file (read without running anything), or official weights by name.
        mean: Subtracted from [0, 1] pixels inside the classifier, one number a channel, such as 0.5,0.5,0.5.
        std: Divided by after the mean is subtracted.
        classes: Number of classes, where the architecture must be told.
        device: cpu, cuda, cuda:1; empty: where the network is.
        precision: exact; fast or auto, quicker and checked; or float32, bfloat16 or float16 (autocast).
        limit: At most this many samples, each class in its share.
        limit_seed: Seed of that choice.
        size: Resize and crop the images to this many pixels a side.
    """
    asked = Trial(
        open_classifier(classifier, weights, channelwise(mean), channelwise(std), classes, device, own_word(precision)),
        open_samples(samples, limit, limit_seed, size),
    )
    if ".py:" in classifier and weights is None:
        print(f"No --weights given: {classifier} is asked with what its function gives it.", file=sys.stderr)
    return asked


def channelwise(value: tuple[float, ...] | float | None) -> tuple[float, ...] | None:
    """One number for all channels, as --mean 0.5 gives it, in a tuple."""
    return (value,) if isinstance(value, int | float) else value


def some_samples(samples: str, limit: int | None = None, limit_seed: int = 0, size: int | None = None) -> Samples:
    """Samples alone.

    Args:
        samples: patches, digits, npz:PATH, folder:PATH, cifar10:test and other torchvision sets,
            cifar10-c:FOLDER:NAME:SEVERITY, imagenet-c:FOLDER:NAME:SEVERITY, or hf:NAME.
        limit: At most this many samples, each class in its share.
        limit_seed: Seed of that choice.
        size: Resize and crop the images to this many pixels a side.
    """
    return open_samples(samples, limit, limit_seed, size)


def pair(
    before: str,
    after: str,
    classifier: str | None = None,
    weights: str | None = None,
    mean: tuple[float, ...] | float | None = None,
    std: tuple[float, ...] | float | None = None,
    classes: int | None = None,
    device: str | None = None,
    steps: int | None = None,
    treatment_seed: int = 0,
    successful: bool = False,
    limit: int | None = None,
    limit_seed: int = 0,
    size: int | None = None,
) -> Pair:
    """The same samples before and after a change.

    Args:
        before: The samples as they were: patches, digits, npz:PATH, folder:PATH, cifar10:test and other torchvision
            sets, cifar10-c:FOLDER:NAME:SEVERITY, imagenet-c:FOLDER:NAME:SEVERITY, or hf:NAME.
        after: A treatment with its strength (corruption:fog:3, gaussian-noise:0.1, pgd-linf:8/255; see fourierscope
            list), or the same samples, changed, in the same order, by a word as --before takes it.
        classifier: For attacks and --successful alone: reference:NAME, network:NAME[/low15], trained:PATH,
            torchvision:NAME, timm:NAME, hf:NAME, or path/to/file.py:function.
        weights: A .safetensors, .pt, .pth or .ckpt file (read without running anything), or official weights by name.
        mean: Subtracted from [0, 1] pixels inside the classifier, one number a channel, such as 0.5,0.5,0.5.
        std: Divided by after the mean is subtracted.
        classes: Number of classes, where the architecture must be told.
        device: cpu, cuda, cuda:1; empty: where the network is.
        steps: Steps of an attack that goes step by step; empty: the attack's own number.
        treatment_seed: Seed of the treatment's chance.
        successful: Only the images whose prediction the change turns from right to wrong.
        limit: At most this many samples, each class in its share.
        limit_seed: Seed of that choice.
        size: Resize and crop the images to this many pixels a side.
    """
    given, change = open_samples(before, limit, limit_seed, size), word_and_strength(after)
    asked = None
    if classifier is not None:
        _check_needed(change, successful)
        channels = channelwise(mean), channelwise(std)
        asked = Trial(open_classifier(classifier, weights, *channels, classes, device), given)
    if change is None:
        if steps is not None:
            raise ValueError(f"--steps is for attacks, and --after names samples; {steps} came.")
        changed = open_samples(after, limit, limit_seed, size)
    else:
        changed = _treated(asked, given, change, treatment_seed, steps)
    if not successful:
        return Pair(given, changed)
    if asked is None:
        raise ValueError("--successful asks a classifier about both sets of images: give --classifier.")
    return turned_wrong(asked, changed)


def _treated(asked: Trial | None, given: Samples, change: tuple[str, float], seed: int, steps: int | None) -> Samples:
    word, strength = change
    treatment = treatment_named(word)
    if asked is not None:
        return treated(asked, word, strength, seed, steps)
    if treatment.of_samples is None:
        raise ValueError(f"{word} is an attack on a classifier: give --classifier.")
    check_steps(word, steps)
    return treatment.of_samples(given, strength, seed)


def _check_needed(change: tuple[str, float] | None, successful: bool) -> None:
    """Raises ValueError where a classifier would have nothing to do."""
    if not successful and (change is None or treatment_named(change[0]).of_trial is None):
        raise ValueError("This change needs no classifier: leave --classifier out, or say --successful.")


def trial_with_masks(
    classifier: str,
    samples: str,
    masks: str,
    weights: str | None = None,
    mean: tuple[float, ...] | float | None = None,
    std: tuple[float, ...] | float | None = None,
    classes: int | None = None,
    device: str | None = None,
    precision: Spoken = "exact",
    limit: int | None = None,
    limit_seed: int = 0,
    size: int | None = None,
) -> Masked:
    """A classifier on samples that have masks.

    Args:
        classifier: As other questions take it; another one than the masks were made for is asked about their transfer.
        samples: The samples that the masks were made for: patches, digits, npz:PATH, folder:PATH, ...
        masks: The file of a result of `fourierscope mask` on these samples.
        weights: A .safetensors, .pt, .pth or .ckpt file (read without running anything), or official weights by name.
        mean: Subtracted from [0, 1] pixels inside the classifier, one number a channel, such as 0.5,0.5,0.5.
        std: Divided by after the mean is subtracted.
        classes: Number of classes, where the architecture must be told.
        device: cpu, cuda, cuda:1; empty: where the network is.
        precision: exact; fast or auto, quicker and checked; or float32, bfloat16 or float16 (autocast).
        limit: At most this many samples, each class in its share; as many as there are masks.
        limit_seed: Seed of that choice.
        size: Resize and crop the images to this many pixels a side.
    """
    held = load(masks)  # before the classifier, which may be large
    asked = trial(classifier, samples, weights, mean, std, classes, device, precision, limit, limit_seed, size)
    return masked(asked, held)


@remembering
def training(
    classifier: str,
    samples: str,
    recipe: str = "natural",
    epochs: int | None = None,
    weights: str | None = None,
    mean: tuple[float, ...] | float | None = None,
    std: tuple[float, ...] | float | None = None,
    device: str | None = None,
    limit: int | None = None,
    limit_seed: int = 0,
    size: int | None = None,
    tested: str | None = None,
) -> Training:
    """A classifier that is trained on samples, by a recipe.

    Args:
        classifier: network:small, network:resnet20, path/to/file.py:function, or another word of fourierscope list.
        samples: Labelled samples to learn: patches, digits, npz:PATH, folder:PATH, ...
        recipe: Name of a recipe; see fourierscope list.
        epochs: Another number of epochs than the recipe's.
        weights: Weights to start from, for classifiers that are not network:NAME.
        mean: Subtracted from [0, 1] pixels inside the classifier; empty, with std: measured on the samples.
        std: Divided by after the mean is subtracted.
        device: cpu, cuda, cuda:1; empty: where the network is.
        limit: At most this many samples, each class in its share.
        limit_seed: Seed of that choice.
        size: Resize and crop the images to this many pixels a side.
        tested: Images that are never learned, for questions that watch these too; limit and size hold for them as well.
    """
    given = open_samples(samples, limit, limit_seed, size)
    asked = None if tested is None else open_samples(tested, limit, limit_seed, size)
    chosen = recipe_named(recipe)
    chosen = chosen if epochs is None else replace(chosen, epochs=epochs)
    untaught, _ = to_be_trained(classifier, given, weights, (mean, std), device)
    return Training(untaught, given, chosen, asked)


def to_be_trained(
    classifier: str,
    samples: Samples,
    weights: str | None,
    normalisation: tuple[Any, Any],
    device: str | None,
    seed: int = 0,
) -> tuple[Classifier, dict[str, Any] | None]:
    """A classifier to be trained on samples, and its description where it is a network of this package.

    Mean and std that are not given are measured on the samples, but for classifiers of libraries, which state theirs.
    """
    mean, std = normalisation
    own = mean is not None or ".py:" in classifier
    mean, std = moments(samples) if mean is None and std is None else (channelwise(mean), channelwise(std))
    kind, _, name = classifier.partition(":")
    if kind == "network" and weights is None:
        network = described(name, samples.channels, int(samples.needed_labels().max()) + 1)
        return Classifier(untrained(network, seed), name, mean, std, device), network
    if kind == "network":
        raise ValueError(f"{classifier} starts from weights drawn by --seed; --weights {weights} came.")
    stated = (mean, std) if own else (None, None)
    return open_classifier(classifier, weights, stated[0], stated[1], device=device), None


def circle(
    width: float = 1.0,
    frequencies: tuple[int, ...] = (1, 3, 4),
    amplitudes: tuple[float, ...] = (0.3, 0.3, 0.3),
) -> Circle:
    """A density of bumps on the circle that is to be learned.

    Args:
        width: h of the bumps exp(-(x - w)^2 / h^2), in radians.
        frequencies: Of the target's waves, in cycles per circle, such as 1,3,10.
        amplitudes: Of each wave, relative to the even density, such as 0.3,0.3,0.3.
    """
    return Circle(width, tuple(frequencies), tuple(amplitudes))


_OPENERS: dict[type, Callable[..., Any]] = {
    Trial: trial,
    Samples: some_samples,
    Pair: pair,
    Masked: trial_with_masks,
    Training: training,
    Circle: circle,
    Fit: fit,
}


def opener(analysis: type[Analysis[Any]]) -> Callable[..., Any]:
    """The function that opens the subject of an analysis, by the type it names: `Analysis[Trial]`."""
    for subject in subjects_of(analysis):
        if subject in _OPENERS:
            return _OPENERS[subject]
    raise TypeError(
        f"{analysis.__name__} names no subject that the command line can open: write class X(Analysis[Trial])."
    )
