"""Networks by name: their shapes, sizes and seeds; the filter in front; files that tell their own network."""

import json

import pytest
import torch
from safetensors.torch import save_file

from fourierscope.fourier.filters import apply, square_high_pass, square_low_pass
from fourierscope.fourier.plane import Plane
from fourierscope.subjects import Classifier, open_classifier
from fourierscope.subjects.networks import NETWORKS, FilteredInput, network_named, small_network
from fourierscope.subjects.trained import described, trained, untrained, write_trained

WEIGHTS = {  # of 3 channels and 10 classes; He et al. give .27 and .85 million, Zagoruyko and Komodakis 36.5
    "small": 61_338,
    "resnet20": 272_474,
    "resnet56": 855_770,
    "resnet18": 11_173_962,
    "wrn-28-10": 36_479_194,
    "vgg11": 9_228_362,
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_network_has_as_many_weights_as_its_paper_says(name):
    with torch.device("meta"):
        network = NETWORKS[name](3, 10)
    assert sum(one.numel() for one in network.parameters()) == WEIGHTS[name]


@pytest.mark.parametrize("name", ["small", "resnet20", "resnet32", "resnet44", "vgg11"])
@pytest.mark.parametrize(("channels", "classes", "size"), [(3, 10, (32, 32)), (1, 4, (37, 34))])
def test_a_network_takes_images_of_its_channels_and_gives_its_classes(name, channels, classes, size):
    with torch.no_grad():
        assert network_named(name, channels, classes).eval()(torch.rand(2, channels, *size)).shape == (2, classes)


def test_the_small_network_takes_images_of_any_size():
    assert small_network(1, 4).eval()(torch.rand(2, 1, 9, 6)).shape == (2, 4)


def test_weights_follow_from_the_seed_and_leave_the_global_random_state_alone():
    state = torch.random.get_rng_state()
    first, again, other = (network_named("resnet20", seed=seed)[0].weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_an_unknown_network_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"small, resnet20, .*; 'resnet19'"):
        network_named("resnet19")
    with pytest.raises(ValueError, match=r"/low15.*'resnet20/mid3'"):
        described("resnet20/mid3", 3, 10)


@pytest.mark.parametrize(("kept", "bandwidth", "size"), [("low", 3, (8, 8)), ("high", 5, (8, 6)), ("high", 4, (9, 7))])
def test_a_front_end_lets_its_network_see_the_filtered_images(kept, bandwidth, size):
    images = torch.rand(3, 2, *size)
    made = FilteredInput(torch.nn.Identity(), kept, bandwidth)
    gain = (square_low_pass if kept == "low" else square_high_pass)(Plane(*size), bandwidth)
    torch.testing.assert_close(made(images), apply(images, gain))
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(made(images), apply(images, gain))


def test_a_network_behind_a_low_pass_does_not_hear_what_is_high():
    network = untrained(described("small/low3", 1, 4)).eval()
    images, generator = torch.rand(2, 1, 8, 8), torch.Generator().manual_seed(0)
    noise = torch.randn(2, 1, 8, 8, generator=generator)
    high = noise - apply(noise, square_low_pass(Plane(8, 8), 3))
    with torch.no_grad():
        torch.testing.assert_close(network(images), network(images + high), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(network(images), network(images + noise), atol=1e-3)


def test_a_trained_file_opens_as_the_classifier_that_was_written(tmp_path):
    network = described("small/high5", 1, 4)
    written = Classifier(untrained(network, seed=3).eval(), "one", mean=0.4, std=0.3)
    write_trained(tmp_path / "w.safetensors", written, {"network": network})
    opened = open_classifier(f"trained:{tmp_path / 'w.safetensors'}")
    images = torch.rand(2, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(opened(images), written(images))
    assert opened.name == "trained:w.safetensors"
    with pytest.raises(ValueError, match="comes with its weights"):
        open_classifier(f"trained:{tmp_path / 'w.safetensors'}", weights="x.safetensors")


@pytest.mark.parametrize(
    "header",
    [
        None,
        {"fourierscope": "no json"},
        {"fourierscope": "[1]"},
        {"fourierscope": json.dumps({"network": None, "mean": None, "std": None})},
        {"fourierscope": json.dumps({"network": {"name": "os.system", "channels": 1, "classes": 2, "front": None}})},
        {"fourierscope": json.dumps({"network": {"name": "small", "channels": 1, "classes": 2, "front": None}})},
        {"fourierscope": json.dumps({"network": {"name": "small", "channels": 1, "classes": -1, "front": None}})},
        {"fourierscope": json.dumps({"network": {"name": "small", "channels": 1, "classes": 10**13, "front": None}})},
        {"fourierscope": '{"network": {"name": "small", "channels": 1e999, "classes": 2, "front": null}}'},
        {"fourierscope": "[" * 100_000},
    ],
)
def test_a_file_that_does_not_tell_its_network_is_refused(tmp_path, header):
    save_file({"weight": torch.zeros(2)}, tmp_path / "w.safetensors", header)
    with pytest.raises(ValueError, match=r"does not tell|networks are"):
        trained(str(tmp_path / "w.safetensors"))


def test_a_trained_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file"):
        trained(str(tmp_path / "none.safetensors"))


def test_a_network_by_a_word_needs_its_normalisation_and_says_that_it_is_untrained():
    made = open_classifier("network:small/low3", mean=(0.5,), std=(0.25,), classes=4)
    assert made.name == "network:small/low3 untrained"
    with torch.no_grad():
        assert made(torch.rand(2, 1, 8, 8)).shape == (2, 4)
    with pytest.raises(ValueError, match="How must images be normalised"):
        open_classifier("network:resnet20")


def test_a_front_end_that_would_filter_nothing_is_refused():
    for kept, bandwidth in (("low", 99), ("high", 33), ("low", 33)):
        with pytest.raises(ValueError, match="filters nothing on images of"):
            FilteredInput(torch.nn.Identity(), kept, bandwidth)(torch.rand(1, 3, 32, 32))
    images = torch.rand(1, 3, 32, 32)
    assert not torch.equal(FilteredInput(torch.nn.Identity(), "low", 31)(images), images)
