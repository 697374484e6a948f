"""Attacks of foolbox on trials, and ours beside them."""

import builtins

import numpy as np
import pytest
import torch
from test_attacks_projected import rounded, without_gradients
from trials_made import changes, deep_trial, fooled_labels, linear_trial

import fourierscope as fs
from fourierscope.treatments import foolbox_attack, pgd

MADE = [
    {"seed": 0, "eps": (0.01, 0.1), "steps": 10},
    {"seed": 1, "eps": (0.04, 0.6), "steps": 20},
    {"seed": 2, "size": (12, 12), "eps": (0.01, 0.15), "steps": 10},
    {"seed": 3, "size": (7, 10), "gain": 2.0, "eps": (0.01, 0.1), "steps": 5},
    {"seed": 4, "batchnorm": True, "channels": 1, "eps": (0.04, 0.25), "steps": 15},
]


@pytest.fixture
def foolbox():
    return pytest.importorskip("foolbox")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_accuracy_under_our_pgd_is_that_under_foolbox(foolbox, made, norm):
    made = dict(made)
    eps, steps = made.pop("eps")[norm == "l2"], made.pop("steps")
    trial = deep_trial(count=200, **made)
    theirs = {"linf": foolbox.attacks.LinfPGD, "l2": foolbox.attacks.L2PGD}[norm]
    attack = theirs(abs_stepsize=2.5 * eps / steps, steps=steps)
    ours = float(fooled_labels(trial, pgd(trial, norm, eps, steps)).double().mean())
    other = float(fooled_labels(trial, foolbox_attack(trial, attack, eps)).double().mean())
    assert 0.1 < ours < 0.9
    assert abs(ours - other) <= 0.02


def test_our_adapter_gives_what_foolbox_gives_without_it(foolbox):
    trial, attack = deep_trial(), foolbox.attacks.LinfBasicIterativeAttack(steps=4)
    model = foolbox.PyTorchModel(trial.classifier.network, (0, 1), "cpu", {"mean": 0.5, "std": 1 / 6})
    _, plain, _ = attack(model, trial.samples.batch(), trial.samples.labels, epsilons=0.05)
    adapted = foolbox_attack(trial, attack, 0.05)
    torch.testing.assert_close(adapted.images, plain)
    assert adapted.name == "made under foolbox LinfBasicIterativeAttack eps 0.05, seed 0"


def test_foolbox_neither_fills_gradients_nor_touches_the_global_chance(foolbox):
    trial = deep_trial(batchnorm=True)
    np.random.seed(7)  # noqa: NPY002
    state, numbers = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    foolbox_attack(trial, foolbox.attacks.LinfPGD(steps=2), 0.05)
    foolbox_attack(trial, foolbox.attacks.SpatialAttack(), None)
    assert all(one.grad is None and one.requires_grad for one in trial.classifier.network.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002


def test_what_foolbox_draws_follows_from_the_seed(foolbox):
    trial, attack = deep_trial(), foolbox.attacks.LinfPGD(steps=1)
    first, again, other = (foolbox_attack(trial, attack, 0.05, seed).images for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_smallest_change_of_foolbox_is_asked_for_without_a_budget(foolbox):
    trial, weight = linear_trial()
    after = foolbox_attack(trial, foolbox.attacks.L2DeepFoolAttack())
    logits = trial.classifier(trial.samples.batch())
    distance = changes(trial.samples, after).flatten(1).norm(dim=1)
    torch.testing.assert_close(
        distance, 1.02 * (logits[:, 0] - logits[:, 1]).abs() / weight.norm(), rtol=0.02, atol=1e-3
    )
    assert "the smallest change" in after.name


@pytest.mark.parametrize(("network", "said"), [(without_gradients, "carry no gradient"), (rounded, "zero for all")])
def test_a_classifier_without_a_gradient_is_refused_unless_the_attack_needs_none(foolbox, network, said):
    trial = fs.Trial(fs.Classifier(network), deep_trial().samples)
    with pytest.raises(ValueError, match=said):
        foolbox_attack(trial, foolbox.attacks.LinfBasicIterativeAttack(steps=2), 0.05)
    foolbox_attack(trial, foolbox.attacks.L2RepeatedAdditiveGaussianNoiseAttack(repeats=2), 0.5)


def test_what_is_no_attack_or_no_budget_is_refused(foolbox):
    with pytest.raises(TypeError, match="attack object of foolbox"):
        foolbox_attack(deep_trial(), foolbox.attacks.LinfPGD, 0.1)
    with pytest.raises(ValueError, match="eps is"):
        foolbox_attack(deep_trial(), foolbox.attacks.LinfPGD(), -1.0)
    bare = fs.Trial(deep_trial().classifier, fs.Samples(deep_trial().samples.images))
    with pytest.raises(ValueError, match="has no labels"):
        foolbox_attack(bare, foolbox.attacks.LinfPGD(), 0.1)


def test_without_foolbox_the_message_says_how_to_get_it(monkeypatch):
    really = builtins.__import__

    def without(name, *rest):
        if name == "foolbox":
            raise ImportError(name)
        return really(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"fourierscope\[attacks\]"):
        foolbox_attack(deep_trial(), None)
