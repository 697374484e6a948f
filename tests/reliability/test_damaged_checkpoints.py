"""Whatever happens to the bytes of a training's checkpoint, it is refused or the training ends as it would have."""

import random
import shutil

import pytest
import torch
from doors import SOAK
from stores_made import TRIAL
from test_damaged_stores import DAMAGES
from torch import nn

import fourierscope as fs
from fourierscope.training import Recipe, train
from fourierscope.training.checkpoint import Checkpoint

TRIED = 300 if SOAK else 2
RECIPE = Recipe(epochs=2, batch=8, learning_rate=0.05)


def learned(checkpoint, recipe=RECIPE):
    """The weights that a training ends with."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(36, 2), nn.BatchNorm1d(2))
    found = train(fs.Classifier(network), TRIAL.samples.subset(range(16)), recipe, checkpoint=checkpoint)
    return found.network.state_dict()


@pytest.fixture(scope="module")
def halfway(tmp_path_factory):
    """A checkpoint after the first of two epochs, and the weights after both."""
    folder, kept = tmp_path_factory.mktemp("halfway"), []
    with pytest.MonkeyPatch.context() as patch:
        keep = Checkpoint.keep
        patch.setattr(
            Checkpoint, "keep", lambda self, *given: (keep(self, *given), kept.append(self.path.read_bytes()))
        )
        weights = learned(folder / "whole")
    (folder / "half").write_bytes(kept[0])
    return folder / "half", weights


def same(state, other):
    return state.keys() == other.keys() and all(torch.equal(state[name], other[name]) for name in state)


def test_a_whole_one_goes_on_to_the_same_weights(tmp_path, halfway):
    shutil.copy(halfway[0], tmp_path / "kept")
    assert same(learned(tmp_path / "kept"), halfway[1])


def refusal(path, expected):
    """What a training refuses a checkpoint with; nothing where it goes on, which must be to the weights expected."""
    try:
        weights = learned(path)
    except fs.StoreError as error:
        return str(error)
    assert same(weights, expected)
    return ""


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused_and_left(tmp_path, halfway, damage):
    chance, whole, path = random.Random(damage), halfway[0].read_bytes(), tmp_path / "kept"
    for _ in range(TRIED):
        content = DAMAGES[damage](whole, chance)
        path.write_bytes(content)
        if told := refusal(path, halfway[1]):
            assert str(path) in told
            assert path.read_bytes() == content


def test_one_changed_weight_is_told(tmp_path, halfway):
    whole = halfway[0].read_bytes()
    (tmp_path / "kept").write_bytes(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
    with pytest.raises(fs.StoreError, match=r"kept is damaged.*seal"):
        learned(tmp_path / "kept")
