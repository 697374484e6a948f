"""A classifier owns its normalisation, leaves the network as it was, and understands or refuses its outputs."""

import collections
import types
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from fourierscope.subjects import Classifier, Samples, Trial


def small(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9, 5)).eval()


def images(count=4, channels=3):
    return torch.rand(count, channels, 5, 5, generator=torch.Generator().manual_seed(1))


def channel_means(pictures):
    return pictures.mean((2, 3))


@pytest.mark.parametrize(
    "mean",
    [
        (0.5, 0.4, 0.3),
        [0.5, 0.4, 0.3],
        np.array([0.5, 0.4, 0.3], np.float64),
        torch.tensor([0.5, 0.4, 0.3], dtype=torch.float64).view(1, 3, 1, 1),
    ],
    ids=lambda one: type(one).__name__,
)
def test_normalisation_is_that_of_the_formula(mean):
    classifier = Classifier(channel_means, mean=mean, std=0.25)
    assert classifier.mean == (0.5, 0.4, 0.3)
    expected = (images() - torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1)) / 0.25
    assert torch.allclose(classifier(images()), expected.mean((2, 3)), atol=1e-6)


@pytest.mark.parametrize("one", [0.5, 1, np.float32(0.5), torch.tensor(0.5)])
def test_one_number_normalises_all_channels(one):
    assert Classifier(channel_means, mean=one, std=one).mean == (float(one),)


def test_without_normalisation_images_arrive_as_they_are():
    classifier = Classifier(channel_means)
    assert torch.equal(classifier(images()), channel_means(images()))
    assert classifier.provenance.startswith("none")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"mean": 0.5}, ValueError, "together"),
        ({"mean": 0.5, "std": 0}, ValueError, "above 0"),
        ({"mean": 0.5, "std": (0.1, -1, 0.1)}, ValueError, "above 0"),
        ({"mean": float("nan"), "std": 1}, ValueError, "finite"),
        ({"mean": (0.1, 0.2), "std": (0.1, 0.2, 0.3)}, ValueError, "same channels"),
        ({"mean": (), "std": ()}, ValueError, "finite number"),
        ({"mean": "imagenet", "std": "imagenet"}, TypeError, "'imagenet' came"),
        ({"precision": "float64"}, ValueError, "'float64' came"),
    ],
)
def test_other_options_are_refused(options, error, says):
    with pytest.raises(error, match=says):
        Classifier(channel_means, **options)


@pytest.mark.parametrize(
    ("network", "says"), [(3, "int came"), (nn.Identity, "build one"), (Classifier(channel_means), "already")]
)
def test_what_is_no_network_is_refused(network, says):
    with pytest.raises(TypeError, match=says):
        Classifier(network)


@pytest.mark.parametrize("given", [torch.zeros(3, 5, 5), torch.zeros(2, 3, 5, 5, dtype=torch.uint8)])
def test_what_is_no_batch_of_images_is_refused(given):
    with pytest.raises(ValueError, match="floating-point images"):
        Classifier(channel_means)(given)


def test_images_of_other_channels_are_told_with_what_can_be_done():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    with pytest.raises(RuntimeError) as caught:
        Classifier(network, "grey")(torch.rand(2, 3, 8, 8))
    said = "So said grey of images of shape (2, 3, 8, 8) (n, c, h, w). The network takes 1 channel, and the images "
    assert caught.value.__notes__ == [f"{said}have 3. If that is why, give images of as many channels."]


def test_a_mean_for_other_channels_is_refused():
    with pytest.raises(ValueError, match="Images have 1 channels"):
        Classifier(channel_means, mean=(0.1, 0.2, 0.3), std=1)(images(channels=1))


@pytest.mark.parametrize("mean", [None, 0.0])
def test_a_network_that_changes_its_input_does_no_harm(mean):
    given = images()
    Classifier(lambda pictures: pictures.zero_().mean((2, 3)), mean=mean, std=None if mean is None else 1.0)(given)
    assert torch.equal(given, images())


def test_a_network_in_train_mode_is_asked_in_eval_mode_and_given_back():
    network = small().train()
    network[1].eval()
    kept = network[1].running_mean.clone()
    with pytest.warns(UserWarning, match="train mode"):
        first = Classifier(network)(images())
    assert network.training
    assert network[0].training
    assert not network[1].training
    assert torch.equal(network[1].running_mean, kept)
    assert torch.equal(first, small()(images()))


def test_the_mode_is_given_back_after_an_error():
    network = small().train()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(RuntimeError):
            Classifier(network)(images(channels=1))
    assert all(module.training for module in network.modules())


Named = collections.namedtuple("Named", ["logits", "auxiliary"])


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda logits: logits,
        lambda logits: logits.double(),
        lambda logits: (logits, 3),
        lambda logits: [logits],
        lambda logits: {"logits": logits},
        lambda logits: {"out": logits, "aux": None},
        lambda logits: types.SimpleNamespace(logits=logits),
        lambda logits: Named(logits, logits * 0),
    ],
)
def test_logits_are_found_in_every_usual_kind_of_output(wrapped):
    found = Classifier(lambda pictures: wrapped(channel_means(pictures)))(images())
    assert torch.allclose(found.float(), channel_means(images()))


@pytest.mark.parametrize(
    ("output", "error", "says"),
    [
        (torch.zeros(4), ValueError, r"shape \(4,\) came for 4 images"),
        (torch.zeros(3, 5), ValueError, "for 4 images"),
        (torch.zeros(4, 1), ValueError, "one column"),
        (torch.zeros(4, 5, 2, 2), ValueError, "embeddings, detectors"),
        (torch.full((4, 5), torch.nan), ValueError, "4 of 4 images"),
        (torch.zeros(4, 5, dtype=torch.complex64), TypeError, "real numbers"),
        ({"boxes": torch.zeros(4, 5)}, TypeError, "keys: boxes"),
        ([], TypeError, "returned list"),
        (None, TypeError, "NoneType"),
        (np.zeros((4, 5)), TypeError, "ndarray"),
    ],
)
def test_other_outputs_are_refused_with_what_came(output, error, says):
    with pytest.raises(error, match=says):
        Classifier(lambda pictures: output)(images())


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_images_take_the_kind_of_the_weights(kind):
    network = small().to(kind)
    found = Classifier(network, mean=0.5, std=0.25)(images())
    assert torch.allclose(found.double(), small().double()((images().double() - 0.5) / 0.25), atol=0.1)
    assert Classifier(small())(images().double()).dtype == torch.float32


def test_low_precision_is_near_and_is_told_as_float32():
    low, full = Classifier(small(), precision="bfloat16")(images()), Classifier(small())(images())
    assert low.dtype == torch.float32
    assert not torch.equal(low, full)
    assert torch.allclose(low, full, atol=0.05)


def test_gradients_pass_to_the_images():
    given = images().requires_grad_()
    Classifier(small(), mean=0.5, std=0.5)(given).sum().backward()
    assert given.grad.abs().sum() > 0


def test_a_device_without_number_is_the_one_where_the_network_lives():
    network = small()
    assert Classifier(network, device="cpu").network is network
    moved = Classifier(network, device="meta")
    assert moved.network is not network
    assert network[0].weight.device.type == "cpu"


class Scaled(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.network, self.scale = small(), scale

    def forward(self, pictures):
        return self.network(pictures * self.scale)


def test_the_digest_tells_weights_buffers_and_constants_apart():
    networks = [small(), small(1), Scaled(1.0), Scaled(255.0), Scaled(torch.tensor(1.0)), Scaled((1.0,))]
    buffered = small()
    buffered[1].running_mean += 1
    digests = [Classifier(network).trace()["digest"] for network in [*networks, buffered]]
    assert len(set(digests)) == len(digests)
    assert Classifier(small()).trace()["digest"] == digests[0]
    assert Classifier(small().train()).trace()["digest"] == digests[0]


def test_closures_are_told_apart_by_their_answers():
    def scaled(factor):
        return Classifier(lambda pictures: factor * channel_means(pictures), "scaled")

    samples = Samples(images())
    first, second = (Trial(scaled(factor), samples).trace()["classifier"] for factor in (1.0, 2.0))
    assert first["answers"] != second["answers"]


def test_layers_are_found_by_name_or_named():
    classifier = Classifier(small())
    assert classifier.module("3") is classifier.network[3]
    with pytest.raises(ValueError, match=r"no layer 'head'.*0, 1, 2"):
        classifier.module("head")
    with pytest.raises(ValueError, match="plain function"):
        Classifier(channel_means).module("head")


@pytest.mark.parametrize("device", [None, "cpu"])
def test_a_network_without_values_is_refused(device):
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2, device="meta"))
    with pytest.raises(ValueError, match=r"2 of 2 entries of the network \(1\.weight, \.\.\.\) lie on the meta device"):
        Classifier(network, device=device)
