"""The reference classifiers inside the package: they load, they are what their facts say."""

import pytest
import torch

from fourierscope.subjects import Samples
from fourierscope.subjects.embedded import PHOTOGRAPHS, patches
from fourierscope.subjects.networks import network_named
from fourierscope.subjects.reference import reference, reference_facts, reference_names


def accuracy(name: str, samples: Samples) -> float:
    with torch.inference_mode():
        return float((reference(name)(samples.batch()).argmax(1) == samples.needed_labels()).float().mean())


PATCHES = ("natural", "gaussian", "adversarial")
CIFAR10 = tuple(
    f"cifar10-resnet20-{name}"
    for name in ("natural", "gaussian", "adversarial", "lowpass15", "highpass31", "autoaugment")
)


def test_references_are_those_of_patches_and_of_cifar10():
    assert set(reference_names()) == {*PATCHES, *CIFAR10}


@pytest.mark.parametrize("name", CIFAR10)
def test_a_reference_of_cifar10_tells_how_it_was_made_and_how_well_it_does(name):
    facts, classifier = reference_facts(name), reference(name)
    assert facts["samples"]["train"]["count"] == 50000
    assert facts["accuracy"]["clean"]["n"] >= 8000
    assert facts["accuracy"]["clean"]["low"] > 0.5
    front = facts["network"]["front"]
    assert ("pass" in name) == (front is not None)
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = classifier(images)
    assert logits.shape == (3, 10)
    assert classifier.trace()["digest"] != reference("natural").trace()["digest"]


def test_the_references_of_cifar10_take_little_room():
    from importlib.resources import files

    room = files("fourierscope") / "reference"
    assert sum(len((room / f"{name}.safetensors").read_bytes()) for name in CIFAR10) < 8e6


@pytest.mark.parametrize("name", ["natural", "gaussian", "adversarial"])
def test_a_reference_classifies_the_test_patches_as_well_as_its_facts_say(name):
    facts, tested = reference_facts(name), patches("test").subset(range(0, 2000, 7))
    counted = facts["accuracy"]["clean"]
    assert counted["n"] == 2000
    assert counted["low"] < counted["rate"] < counted["high"]
    assert accuracy(name, tested) == pytest.approx(counted["rate"], abs=0.06)


@pytest.mark.parametrize("name", ["natural", "gaussian", "adversarial"])
def test_a_reference_learned_the_patches_that_are_embedded(name):
    facts = reference_facts(name)
    assert facts["samples"]["train"]["digest"] == patches("train").digest
    assert facts["samples"]["test"]["digest"] == patches("test").digest
    assert facts["classes"] == list(PHOTOGRAPHS)


def test_robust_references_are_more_robust():
    measured = {name: reference_facts(name)["accuracy"] for name in PATCHES}
    assert measured["adversarial"]["attack"]["low"] > measured["natural"]["attack"]["high"] + 0.3
    assert measured["gaussian"]["noise"]["low"] > measured["natural"]["noise"]["high"]


def test_robust_references_of_cifar10_trade_clean_accuracy_for_noise_and_attacks():
    measured = {name: reference_facts(f"cifar10-resnet20-{name}")["accuracy"] for name in PATCHES}
    assert measured["natural"]["clean"]["low"] > measured["gaussian"]["clean"]["high"]
    assert measured["gaussian"]["noise"]["low"] > measured["natural"]["noise"]["high"] + 0.3
    assert measured["adversarial"]["attack"]["low"] > measured["natural"]["attack"]["high"] + 0.3
    assert measured["natural"]["attack"]["rate"] < 0.02


def test_a_reference_is_ready_to_be_asked():
    classifier = reference("natural")
    assert classifier.name == "reference:natural"
    assert classifier.mean == tuple(reference_facts("natural")["mean"])
    assert not any(module.training for module in classifier.network.modules())
    assert classifier.trace()["digest"] == reference("natural").trace()["digest"]
    assert classifier.trace()["digest"] != reference("gaussian").trace()["digest"]


def test_loading_leaves_the_global_random_state_alone():
    state = torch.random.get_rng_state()
    reference("natural")
    network_named("small", seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_an_unknown_reference_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"adversarial, cifar10.*, gaussian, natural; 'robust'"):
        reference("robust")


def test_a_reference_is_float32_whatever_torchs_default_is():
    expected, torchs = network_named("small", seed=2)[0].weight, torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        classifier, drawn = reference("natural"), network_named("small", seed=2)[0].weight
        logits = classifier(patches("test").batch(0, 2))
    finally:
        torch.set_default_dtype(torchs)
    assert {one.dtype for one in classifier.network.state_dict().values()} == {torch.float32, torch.int64}
    assert logits.dtype == torch.float32
    assert torch.equal(drawn, expected)
