"""What is given to treatments in place of what they take, and what they advise."""

import pytest
import torch

import fourierscope as fs
from fourierscope.fourier import Frequency
from fourierscope.treatments import attacks, corrupt, gaussian_noise, high_passed, low_passed, successful, treated

SAMPLES = fs.Samples(torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(0)), [0, 1, 0, 1])
TRIAL = fs.Trial(fs.Classifier(lambda images: images[:, 0, :2, 0]), SAMPLES)
WAVE = attacks.SingleWave(Frequency(1, 0), 0.0, 1, "linf", 0.1)


@pytest.mark.parametrize(
    "ask",
    [
        attacks.pgd,
        attacks.fgsm,
        attacks.deepfool,
        lambda given: attacks.band_pgd(given, 1, 2),
        attacks.low_frequency_pgd,
        attacks.wave_search,
        attacks.universal_wave,
        lambda given: attacks.wave_attack(given, WAVE),
        lambda given: attacks.foolbox_attack(given, None),
        lambda given: successful(given, SAMPLES),
        lambda given: treated(given, "fgsm", 0.1),
    ],
)
def test_an_attack_on_anything_but_a_trial_says_how_to_make_one(ask):
    with pytest.raises(TypeError, match=r"takes a Trial; Samples came. Write fs.Trial\("):
        ask(SAMPLES)


@pytest.mark.parametrize(
    "ask",
    [
        lambda given: corrupt(given, "fog", 1),
        lambda given: gaussian_noise(given, 0.1),
        lambda given: low_passed(given, 3),
        lambda given: high_passed(given, 3),
        WAVE,
        lambda given: successful(TRIAL, given),
        lambda given: fs.Pair(SAMPLES, given),
    ],
)
def test_what_holds_samples_is_told_from_samples(ask):
    for given in (TRIAL, attacks.wave_attack(TRIAL, WAVE)):
        with pytest.raises(TypeError, match=r"takes Samples; .* came\. Write its \.samples"):
            ask(given)


@pytest.mark.parametrize(
    ("norm", "said"),
    [
        (8 / 255, r"write the budget as eps=0\.03137\."),
        ("Linf", 'did you mean "linf"'),
        ("inf", 'did you mean "linf"'),
        ("L-infinity", 'did you mean "linf"'),
        ("L2", 'did you mean "l2"'),
        ("l1", r"'l1' came\.$"),
    ],
)
def test_another_norm_is_answered_with_what_was_probably_meant(norm, said):
    with pytest.raises(ValueError, match=said):
        attacks.pgd(TRIAL, norm)


def test_an_attack_without_labels_gives_advice_that_helps_an_attack():
    bare = fs.Trial(TRIAL.classifier, fs.Samples(SAMPLES.images))
    with pytest.raises(ValueError, match="own predictions") as told:
        attacks.pgd(bare)
    assert "HeatMap" not in str(told.value)
    labels = bare.classifier(bare.samples.batch()).argmax(1)  # as the advice says
    assert len(attacks.pgd(fs.Trial(bare.classifier, fs.Samples(SAMPLES.images, labels)), steps=2)) == 4
