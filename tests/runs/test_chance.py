"""Chance comes from the question alone; nothing outside is touched."""

import random
import warnings
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs


class Cell(NamedTuple):
    index: int


def drawn(generator):
    return torch.rand(5, generator=generator).tolist()


def test_chance_without_a_cell_is_the_same_for_all_and_differs_by_purpose_seed_and_cell():
    question = fs.HeatMap()
    assert drawn(question.chance(purpose="signs")) == drawn(question.chance(purpose="signs"))
    assert drawn(fs.HeatMap(norm=1.0, score="flips").chance(purpose="signs")) == drawn(question.chance(purpose="signs"))
    streams = [
        question.chance(),
        question.chance(purpose="signs"),
        fs.HeatMap(seed=1).chance(),
        question.chance(Cell(0)),
        question.chance(Cell(1)),
        question.chance(Cell(1), "signs"),
    ]
    assert len({tuple(drawn(one)) for one in streams}) == len(streams)


def test_a_question_without_a_seed_may_not_use_chance():
    with pytest.raises(TypeError, match="no field `seed`"):
        fs.PassCurve().chance()


def questions():
    return [
        fs.HeatMap(),
        fs.HeatMap(score="layer:0", phases=2),
        fs.PassCurve(),
        fs.PassCurve(shape="square"),
        fs.PowerSpectrum(window="hann"),
    ]


@pytest.mark.parametrize("question", questions(), ids=repr)
def test_a_question_changes_neither_global_chance_nor_network_nor_samples(question):
    network = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Dropout(), nn.Flatten(), nn.Linear(108, 3)
    )
    network.train()
    network[1].eval()
    modes = [module.training for module in network.modules()]
    weights = {name: values.clone() for name, values in network.state_dict().items()}
    given = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    images, labels = given.clone(), torch.arange(6) % 3
    samples = fs.Samples(images, labels)
    torch.manual_seed(3)
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        question(samples if isinstance(question, fs.PowerSpectrum) else fs.Trial(fs.Classifier(network), samples))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(values, weights[name]) for name, values in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())
    assert torch.equal(images, given)
    assert torch.equal(labels, torch.arange(6) % 3)


def test_no_question_leaves_gradients():
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 2)).eval()
    fs.HeatMap(score="loss")(fs.Trial(fs.Classifier(network), fs.Samples(torch.rand(3, 1, 4, 4), [0, 1, 0])))
    assert all(one.grad is None and one.requires_grad for one in network.parameters())
