"""Treatments by word and strength, the square filters as treatments, and the images on which an attack succeeded."""

import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Plane, filters
from fourierscope.treatments import TREATMENTS, successful, treated, treatment_named
from fourierscope.treatments.words import word_and_strength


def linear_trial(n=8, size=(8, 8), seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = 0.25 + 0.5 * torch.rand(n, 3, *size, generator=generator)
    weight = torch.randn(3, 3 * size[0] * size[1], generator=generator)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(weight.shape[1], 3))
    with torch.no_grad():
        network[1].weight.copy_(weight)
        network[1].bias.zero_()
    network.eval()
    return fs.Trial(fs.Classifier(network), fs.Samples(images, network(images).argmax(1)))


@pytest.mark.parametrize("word", [word for word in TREATMENTS if not word.startswith("corruption:")])
def test_every_word_changes_the_images_at_its_own_strengths_and_nothing_given(word):
    trial = linear_trial()
    images = trial.samples.images.clone()
    after = treated(trial, word, treatment_named(word).strengths[-2 if word.endswith("-pass") else -1])
    assert after.images.shape == images.shape
    assert torch.equal(after.labels, trial.samples.labels)
    assert torch.equal(trial.samples.images, images)
    if word.endswith("-pass"):
        after = treated(trial, word, 3.0)
    assert not torch.equal(after.images, images)


def test_every_corruption_has_a_word():
    trial = linear_trial(2)
    for name in ("fog", "contrast", "shot_noise"):
        expected = fs.treatments.corrupt(trial.samples, name, 3, seed=5)
        assert torch.equal(treated(trial, f"corruption:{name}", 3, seed=5).images, expected.images)
    assert {word.partition(":")[2] for word in TREATMENTS if ":" in word} == set(fs.treatments.CORRUPTIONS)


def test_the_seed_and_the_steps_reach_the_attack():
    trial = linear_trial()
    expected = fs.treatments.pgd(trial, "l2", 0.5, 3, seed=7)
    assert torch.equal(treated(trial, "pgd-l2", 0.5, 7, 3).images, expected.images)
    assert torch.equal(treated(trial, "pgd-linf", 0.1).images, fs.treatments.pgd(trial, "linf", 0.1, 20).images)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("corruption:fog:3", ("corruption:fog", 3.0)),
        ("pgd-linf:8/255", ("pgd-linf", 8 / 255)),
        ("gaussian-noise:0.1", ("gaussian-noise", 0.1)),
        ("patches:test", None),
        ("npz:/a/b.npz", None),
        ("cifar10-c:/data/set:fog:3", None),
    ],
)
def test_a_word_with_its_strength_is_told_from_samples(text, expected):
    assert word_and_strength(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("corruption:fog", "write corruption:fog:NUMBER"),
        ("pgd-linf", "eps"),
        ("corruption:fogg:3", "corruption:fog"),
        ("corruption:fogg", "corruption:fog"),
        ("pgd-linf:strong", "with its strength"),
        ("pgd-linf:8/0", "with its strength"),
        ("corruption", "no treatment"),
    ],
)
def test_a_treatment_that_cannot_be_read_is_told_how_to_write_it(text, said):
    with pytest.raises(ValueError, match=said):
        word_and_strength(text)


def test_a_bare_corruption_and_a_strength_in_the_wrong_place_are_told_the_right_words():
    with pytest.raises(ValueError, match=r"Did you mean corruption:fog\?$"):
        treatment_named("fog")
    with pytest.raises(ValueError, match="Did you mean corruption:fog:3"):
        word_and_strength("fog:3")
    with pytest.raises(ValueError, match="--treatment corruption:fog --strengths 3"):
        fs.Robustness("corruption:fog:3")


def test_words_steps_and_bandwidths_that_do_not_fit_are_refused():
    trial = linear_trial(2)
    for word, strength, steps, said in (
        ("pgd", 0.1, None, "Did you mean"),
        ("nonsense-all-over", 0.1, None, "Known: corruption:NAME"),
        ("fgsm", 0.1, 3, "goes no steps"),
        ("pgd-linf", 0.1, 0, "steps is a whole number"),
        ("low-pass", 2.5, None, "whole number"),
        ("low-pass", 4, None, "odd"),
        ("high-pass", 4, None, "odd"),
    ):
        with pytest.raises(ValueError, match=said):
            treated(trial, word, strength, 0, steps)


@pytest.mark.parametrize("size", [(8, 8), (9, 6)])
def test_filtered_samples_are_the_filtered_images_clipped(size):
    trial, plane = linear_trial(4, size), Plane(*size)
    images = trial.samples.batch()
    low = filters.apply(images, filters.square_low_pass(plane, 3)).clamp(0, 1)
    torch.testing.assert_close(treated(trial, "low-pass", 3).images, low)
    gain = filters.square_high_pass(plane, tuple(5 + side % 2 for side in size))
    high = filters.apply(images, gain) + images.mean((-2, -1), keepdim=True)
    torch.testing.assert_close(treated(trial, "high-pass", 5).images, high.clamp(0, 1))


def test_the_successful_images_are_those_turned_from_right_to_wrong():
    images = torch.full((5, 1, 4, 4), 0.5)
    images[:, 0, 0, 0] = torch.tensor([0.2, 0.2, 0.8, 0.8, 0.2])
    changed = images.clone()
    changed[:, 0, 0, 0] = torch.tensor([0.9, 0.1, 0.1, 0.7, 0.9])
    labels = torch.tensor([0, 0, 1, 0, 1])  # turned, kept right, turned, wrong already and after, turned right

    def network(given):
        return torch.stack([0.5 - given[:, 0, 0, 0], given[:, 0, 0, 0] - 0.5], 1)

    trial = fs.Trial(fs.Classifier(network), fs.Samples(images, labels))
    pair = successful(trial, fs.Samples(changed, labels))
    assert torch.equal(pair.before.images, images[[0, 2]])
    assert torch.equal(pair.after.images, changed[[0, 2]])
    assert torch.equal(successful(trial, fs.Samples(changed), 2).before.images, images[[0, 2]])
    with pytest.raises(ValueError, match="None of 3 rightly classified images"):
        successful(trial, trial.samples)


def test_a_single_step_is_told_in_the_singular():
    pgd = treatment_named("pgd-linf")
    assert "(1 step" in pgd.told(1)
    assert "(1 steps" not in pgd.told(1)
    assert "(2 steps" in pgd.told(2)
