"""The making of reference classifiers, on a tiny budget: the same files twice, with the facts about them."""

import json

import pytest
import torch
from safetensors.torch import load_file

from fourierscope.subjects import Classifier, Samples
from fourierscope.subjects.embedded import PHOTOGRAPHS, patches
from fourierscope.subjects.trained import untrained
from fourierscope.training import Budget, GaussianNoise, accuracy, make_reference, recipe_named

TINY = {"budget": Budget(limit=60, epochs=1)}


@pytest.mark.parametrize("name", ["natural", "adversarial"])
def test_the_same_call_gives_the_same_files(tmp_path, name):
    for folder in ("first", "second"):
        torch.manual_seed(len(folder))
        make_reference(name, tmp_path / folder, **TINY)
    for kind in ("safetensors", "json"):
        first, second = ((tmp_path / folder / f"{name}.{kind}").read_bytes() for folder in ("first", "second"))
        assert first == second


def test_a_reference_tells_how_it_was_made_and_how_well_it_does(tmp_path):
    classifier = make_reference("gaussian", tmp_path, **TINY)
    facts = json.loads((tmp_path / "gaussian.json").read_text())
    assert facts["recipe"] == recipe_named("gaussian").trace() | {"epochs": 1}
    assert facts["classes"] == list(PHOTOGRAPHS)
    assert facts["samples"]["train"]["digest"] == patches("train").limited(60).digest
    images = patches("train").limited(60).batch()
    assert facts["mean"] == pytest.approx(images.mean((0, 2, 3)).tolist(), abs=1e-4)
    assert facts["std"] == pytest.approx(images.std((0, 2, 3), correction=0).tolist(), abs=1e-4)
    assert set(facts["accuracy"]) == {"clean", "noise", "attack"}
    assert facts["accuracy"]["clean"] == accuracy(classifier, patches("test").limited(60))
    weights = load_file(tmp_path / "gaussian.safetensors")
    assert all(torch.equal(weights[name], one) for name, one in classifier.network.state_dict().items())


def test_other_files_of_that_name_are_kept_unless_told(tmp_path):
    (tmp_path / "natural.json").write_text("{}")
    with pytest.raises(FileExistsError, match=r"natural\.json"):
        make_reference("natural", tmp_path, **TINY)
    make_reference("natural", tmp_path, overwrite=True, **TINY)
    assert json.loads((tmp_path / "natural.json").read_text())["name"] == "natural"


def test_an_unknown_reference_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"natural, gaussian, adversarial, cifar10.*; 'robust'"):
        make_reference("robust", tmp_path)


def test_accuracy_counts_what_is_right_with_its_bounds():
    images = torch.zeros(240, 1, 4, 4)
    images[::4] = 1.0
    samples = Samples(images, [0, 1] * 120)  # the bright quarter is of class 0
    classifier = Classifier(lambda one: torch.stack([one.mean((1, 2, 3)), torch.full((len(one),), 0.5)], 1), "bright")
    found = accuracy(classifier, samples)
    assert found["rate"] == 0.75
    assert found["n"] == 240
    assert found["low"] == pytest.approx(0.6915, abs=1e-3)
    assert found["high"] == pytest.approx(0.8006, abs=1e-3)
    noisy = accuracy(classifier, samples, GaussianNoise(lowest=5, highest=5))
    assert noisy["under"] == {"kind": "GaussianNoise", "lowest": 5, "highest": 5}
    assert noisy["rate"] < 0.7


def test_a_reference_of_cifar10_is_made_from_the_sets_that_are_given(tmp_path):
    data = (patches("train").limited(64), patches("test").limited(20))  # stand-ins of the same shape
    made = make_reference("cifar10-resnet20-lowpass15", tmp_path, data, budget=Budget(epochs=1))
    facts = json.loads((tmp_path / "cifar10-resnet20-lowpass15.json").read_text())
    assert facts["network"]["front"] == {"kept": "low", "bandwidth": 15}
    assert facts["samples"]["train"]["digest"] == data[0].digest
    again = untrained(facts["network"])
    again.load_state_dict(load_file(tmp_path / "cifar10-resnet20-lowpass15.safetensors"))
    reread = Classifier(again.eval(), mean=facts["mean"], std=facts["std"])
    with torch.no_grad():
        torch.testing.assert_close(reread(data[1].batch()), made(data[1].batch()))


def test_a_reference_of_cifar10_without_its_sets_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not embedded: give its training and its test set"):
        make_reference("cifar10-resnet20-natural", tmp_path)
