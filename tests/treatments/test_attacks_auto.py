"""AutoAttack of pyautoattack on trials, where it is installed."""

import builtins

import numpy as np
import pytest
import torch
from trials_made import changes, deep_trial, fooled_labels

from fourierscope.treatments import apgd, auto_attack


@pytest.fixture
def library():
    return pytest.importorskip("pyautoattack")


def test_it_is_at_least_as_strong_as_our_own_and_leaves_all_as_it_was(library):
    trial = deep_trial(count=4)
    state, numbers = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    after = auto_attack(trial, eps=0.1)
    assert after.name == "made under AutoAttack standard linf eps 0.1, seed 0, on Sequential"
    assert float(changes(trial.samples, after).abs().max()) <= 0.1 + 1e-6
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numbers)  # noqa: NPY002
    assert all(one.grad is None for one in trial.classifier.network.parameters())
    ours = apgd(trial, eps=0.1, steps=20)
    assert int(fooled_labels(trial, after).sum()) >= int(fooled_labels(trial, ours).sum()) > 0
    assert torch.equal(auto_attack(trial, eps=0.1).images, after.images)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    plain = builtins.__import__

    def absent(name, *rest, **more):
        if name == "pyautoattack":
            raise ImportError(name)
        return plain(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ImportError, match=r'pip install "fourierscope\[attacks\]"'):
        auto_attack(deep_trial())


@pytest.mark.parametrize(
    ("options", "said"),
    [({"version": "plus"}, "version is"), ({"norm": "l1"}, "norm is"), ({"eps": 8}, "at most 1")],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        auto_attack(deep_trial(), **options)
