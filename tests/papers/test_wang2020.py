"""Wang et al. (2020) made again: its networks, its labels, how checks read curves, and all of it in few steps."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.exhibit import Made
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.paper import made_again
from fourierscope.papers.wang2020 import audit, figure2, figure3, figure4, figure5, learned, table1
from fourierscope.papers.wang2020.learned import LEARNED, Learner, training_of
from fourierscope.papers.wang2020.networks import network_of
from fourierscope.papers.wang2020.readings import last, lead

PAPER = paper_named("wang2020")
EVEN, ODD = fs.Plane(32, 32), fs.Plane(9, 14)


def making(tmp_path, budget="smoke", **options):
    return Making(Setting(budget, fs.open_samples("patches:test", limit=40), {}, **options), tmp_path / "figure-3")


@pytest.fixture
def quick(monkeypatch):
    """Everything on few images, in one or two epochs."""
    monkeypatch.setitem(LEARNED, "smoke", learned.Learned(40, 30, 20, 1, 3e-3, 1, "float32", 2))
    monkeypatch.setitem(figure3._IMAGES, "smoke", 40)
    monkeypatch.setitem(figure3._EPOCHS, "smoke", (1, 2))
    monkeypatch.setitem(figure4._BATCHES, "smoke", (10, 40))
    monkeypatch.setitem(table1._LEARNED, "smoke", (4,))
    for one in (figure2, audit):
        monkeypatch.setitem(one._IMAGES, "smoke", 20)
    monkeypatch.setitem(audit._RADII, "smoke", (4, 8))


def test_every_exhibit_of_curves_is_made_checked_and_drawn(quick, tmp_path):
    roles = {"natural": fs.open_classifier("reference:natural")}
    setting = Setting("smoke", fs.open_samples("patches:test", limit=40), roles)
    curves = [PAPER.exhibit(one) for one in ("2", "3", "4", "5", "6", "table 1", "audit")]  # kernels: a file of theirs
    outcomes = list(made_again(PAPER, curves, setting, tmp_path / "out"))
    assert [one.not_tried for one in outcomes] == [""] * len(curves)
    assert all(one.pictures for one in outcomes)
    assert all(one.reading is not None or one.why for outcome in outcomes for one in outcome.checked)


def test_a_making_is_known_again_and_no_network_learns_twice(quick, tmp_path, monkeypatch):
    setting = Setting("smoke", fs.open_samples("patches:test", limit=40), {})
    few = [PAPER.exhibit(one) for one in ("3", "4")]
    first = list(made_again(PAPER, few, setting, tmp_path / "out"))
    monkeypatch.setattr("fourierscope.analyses.component_learning.train", None)
    again = list(made_again(PAPER, few, setting, tmp_path / "out"))
    assert [one.reused for one in again] == [4, 2]
    for one, other in zip(first, again, strict=True):
        assert str([held.reading for held in one.checked]) == str([held.reading for held in other.checked])


def test_without_training_images_the_larger_budgets_say_so(tmp_path):
    with pytest.raises(NotTried, match="no training images"):
        training_of(making(tmp_path, "small"), Learner())


def test_images_of_another_shape_are_not_learned(tmp_path):
    with pytest.raises(NotTried, match="one shape"):
        training_of(making(tmp_path, learned=fs.open_samples("digits", limit=20)), Learner())


@pytest.mark.parametrize("budget", ["smoke", "small", "full"])
def test_networks_name_images_with_and_without_batch_norm(budget):
    for plane in (EVEN, ODD):
        for normed in (False, True):
            network = network_of(budget, plane, 3, 7, normed).eval()
            assert any(isinstance(one, nn.BatchNorm2d) for one in network.modules()) == normed
            assert network(torch.rand(2, 3, *plane.shape)).shape == (2, 7)


def test_weights_are_drawn_by_xaviers_rule_and_leave_chance_alone():
    state = torch.random.get_rng_state()
    first, again = network_of("full", EVEN, 3, 10), network_of("full", EVEN, 3, 10)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), again.parameters(), strict=True))
    layers = [one for one in first.modules() if isinstance(one, nn.Conv2d)]
    assert len(layers) == 33  # 31 of 3 x 3, and two shortcuts
    for layer in layers:
        outgoing, incoming, *size = layer.weight.shape
        bound = (6 / ((outgoing + incoming) * np.prod(size))) ** 0.5
        assert float(layer.weight.abs().max()) == pytest.approx(bound, rel=0.1)
        assert float(layer.bias.abs().max()) == 0


def test_dropout_stands_before_the_last_layer():
    network = network_of("small", EVEN, 3, 10, dropout=True)
    assert isinstance(network[-2], nn.Dropout)
    assert isinstance(network[-1], nn.Linear)
    plain = network_of("small", EVEN, 3, 10)
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(network.eval()(images), plain.eval()(images))


def test_heuristics_reach_the_recipe(tmp_path):
    asked = making(tmp_path)
    recipe = training_of(asked, Learner(50, mixup=0.5, attacked=True, component=("high", 4))).recipe
    assert (recipe.batch, recipe.mixup, recipe.optimiser, recipe.schedule) == (50, 0.5, "adam", "constant")
    assert recipe.perturbation.eps == 8 / 255
    assert [one.trace()["kept"] for one in recipe.augmentations] == ["high"]
    plain = training_of(asked, Learner()).recipe
    assert (plain.perturbation, plain.augmentations, plain.weight_decay) == (None, (), 0)


def test_shuffled_labels_are_as_many_of_each_class_and_nothing_else_changes():
    samples = fs.open_samples("patches:train", limit=60)
    other = figure3.shuffled(samples)
    assert torch.equal(other.images, samples.images)
    assert torch.equal(other.labels.bincount(), samples.labels.bincount())
    assert float((other.labels == samples.labels).float().mean()) < 0.4


def test_numbers_are_read_off_the_last_epoch_with_their_count(tmp_path):
    samples = fs.open_samples("patches:train", limit=30)
    training = fs.Training(
        fs.Classifier(network_of("smoke", EVEN, 3, 10)), samples, fs.training.Recipe(epochs=2), samples.limited(20)
    )
    result = fs.ComponentLearning((4, 8), probe=25)(training)
    made = Made({"one": result})
    curve = result["high_accuracy_test"]
    reading = last(made, "one", "high", 8)
    assert reading.value == float(curve[2, -1])
    assert (reading.low, reading.high) == tuple(
        float(curve.coords[f"high_accuracy_test_{end}"][2, -1]) for end in ("low", "high")
    )
    assert reading.n == 20
    assert last(made, "one", "low", split="train").n == 25
    assert last(made, "one", "low").value == float(result["low_accuracy_test"][0, -1])
    assert np.isnan(lead(made, "one", 4).low)


def test_printed_numbers_stand_beside_ours_for_each_heuristic():
    assert set(figure5._PRINTED) <= set(figure5.HEURISTICS)
    assert {len(one) for one in figure5._PRINTED.values()} == {9}
