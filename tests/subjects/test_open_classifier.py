"""Classifiers by a word, with weights from files, and normalisation that is read or asked for, never guessed."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fourierscope.subjects import Classifier, Samples, Trial, open_classifier
from fourierscope.subjects.torchvision_import import torchvision_module

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
FILE = """
from __future__ import annotations
from dataclasses import dataclass
import torch
from torch import nn
from beside import classes
from fourierscope.subjects import Classifier

@dataclass
class Options:
    width: int = 3

class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(Options().width, classes)

    def forward(self, images):
        return self.head(images.mean((2, 3)))

def network():
    torch.manual_seed(0)
    return Network()

def function():
    return lambda images: images.mean((2, 3))

def classifier():
    return Classifier(network(), "inside", mean=0.5, std=0.25)
"""


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory):
    """A network of torchvision with seeded random weights, and the file that holds them."""
    torch.manual_seed(0)
    network = torchvision_module().models.resnet18().eval()
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(network.state_dict(), path)
    return network, str(path)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "nets.py").write_text(FILE)
    (tmp_path / "beside.py").write_text("classes = 4\n")
    return tmp_path / "nets.py"


def images(side=64):
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1))


def normalised(pictures, mean, std):
    return (pictures - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)


def test_a_network_of_torchvision_answers_as_torchvision_itself(resnet18):
    network, path = resnet18
    classifier = open_classifier("torchvision:resnet18", path)
    assert (classifier.mean, classifier.std) == IMAGENET
    assert classifier.provenance == "torchvision ResNet18_Weights: the transforms of IMAGENET1K_V1"
    assert not classifier.network.training
    expected = network(normalised(images(), *IMAGENET))
    assert torch.allclose(classifier(images()), expected, atol=1e-4)


def test_a_mean_of_the_users_own_wins(resnet18):
    network, path = resnet18
    classifier = open_classifier("torchvision:resnet18", path, mean=(0.5,), std=(0.5,))
    assert classifier.provenance == "given by the user"
    assert torch.allclose(classifier(images()), network(normalised(images(), (0.5,), (0.5,))), atol=1e-4)


def test_weights_for_classes_of_ones_own_need_their_normalisation(tmp_path):
    network = torchvision_module().models.resnet18(num_classes=10)
    torch.save({"state_dict": {f"module.{name}": one for name, one in network.state_dict().items()}}, tmp_path / "w.pt")
    path = str(tmp_path / "w.pt")
    with pytest.raises(ValueError, match="pass classes=10"):
        open_classifier("torchvision:resnet18", path)
    with pytest.raises(ValueError, match=r"How must images be normalised.*classes=10"):
        open_classifier("torchvision:resnet18", path, classes=10)
    assert open_classifier("torchvision:resnet18", path, (0.0,), (1.0,), 10)(images()).shape == (2, 10)


def test_official_weights_are_fetched_without_unpickling(resnet18, monkeypatch):
    network, _ = resnet18
    asked = {}

    def fetched(url, **options):
        asked.update(options, url=url)
        return network.state_dict()

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fetched)
    classifier = open_classifier("torchvision:resnet18", "DEFAULT")
    assert asked["weights_only"] is True
    assert asked["check_hash"] is True
    assert asked["url"].endswith("resnet18-f37072fd.pth")
    assert classifier.provenance == "torchvision ResNet18_Weights.IMAGENET1K_V1"
    with pytest.raises(ValueError, match="last layer would be random"):
        open_classifier("torchvision:resnet18", "DEFAULT", classes=10)


def test_a_network_without_weights_is_refused():
    with pytest.raises(ValueError, match=r"random network answers no question.*IMAGENET1K_V1, DEFAULT\)"):
        open_classifier("torchvision:resnet18")


def test_a_name_that_is_nearly_right_gets_the_right_one():
    with pytest.raises(ValueError, match=r"no network 'resnet_18'. Near it: resnet18"):
        open_classifier("torchvision:resnet_18")


def test_transforms_that_differ_between_official_weights_are_not_chosen_from(resnet18, monkeypatch):
    """A file says nothing about which of them it was trained with."""
    from torchvision.models import ResNet18_Weights

    from fourierscope.subjects import classifier_zoos

    stated = iter([((0.5,), (0.5,)), IMAGENET])
    monkeypatch.setattr(classifier_zoos, "_transforms", lambda entry: next(stated))
    two = type("Two", (), {"__iter__": lambda self: iter([ResNet18_Weights.IMAGENET1K_V1] * 2), "__name__": "Two"})()
    assert classifier_zoos._agreed(two, None)[:2] == (None, None)


def test_a_network_of_timm_answers_as_timm_itself(tmp_path):
    torchvision_module()
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    network = timm.create_model("resnet10t").eval()
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    classifier = open_classifier("timm:resnet10t", str(tmp_path / "w.safetensors"))
    stated = network.pretrained_cfg
    assert (classifier.mean, classifier.std) == (stated["mean"], stated["std"])
    assert classifier.provenance == "timm pretrained_cfg of resnet10t.c3_in1k"
    expected = network(normalised(images(), classifier.mean, classifier.std))
    assert torch.allclose(classifier(images()), expected, atol=1e-4)


def test_timm_has_no_random_networks_and_no_random_heads(tmp_path):
    torchvision_module()
    timm = pytest.importorskip("timm")
    with pytest.raises(ValueError, match=r'random network.*"pretrained"'):
        open_classifier("timm:resnet10t")
    with pytest.raises(ValueError, match="last layer would be random"):
        open_classifier("timm:resnet10t", "pretrained", classes=10)
    with pytest.raises(ValueError, match="Near it: resnet10t"):
        open_classifier("timm:resnet10")
    save_file(timm.create_model("test_resnet", num_classes=10).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="How must images be normalised"):
        open_classifier("timm:test_resnet", str(tmp_path / "w.safetensors"), classes=10)
    opened = open_classifier("timm:test_resnet", str(tmp_path / "w.safetensors"), (0.5,), (0.5,), 10)
    assert opened(images()).shape == (2, 10)


@pytest.mark.parametrize(
    ("library", "spec", "extra"), [("timm", "timm:resnet10t", "timm"), ("transformers", "hf:a/b", "hf")]
)
def test_a_missing_library_names_its_extra(monkeypatch, library, spec, extra):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf'pip install "fourierscope\[{extra}\]"'):
        open_classifier(spec)


def test_the_function_of_a_file_makes_the_network(file):
    classifier = open_classifier(f"{file}:network")
    assert classifier.name == "nets.py:network"
    assert classifier.mean is None
    assert classifier(images()).shape == (2, 4)
    assert not classifier.network.training
    assert open_classifier(f"{file}:network", mean=(0.5,), std=(0.5,)).provenance == "given by the user"


def test_the_function_of_a_file_may_return_a_function(file):
    assert torch.allclose(open_classifier(f"{file}:function")(images()), images().mean((2, 3)))


def test_the_function_of_a_file_may_return_a_classifier_with_its_own_normalisation(file):
    assert open_classifier(f"{file}:classifier").mean == (0.5,)
    assert open_classifier(f"{file}:classifier").provenance == "given by the user"
    assert open_classifier(f"{file}:classifier", mean=(0.1,), std=(1.0,)).mean == (0.1,)


@pytest.mark.parametrize("function", ["network", "classifier"])
def test_weights_are_loaded_into_what_a_file_makes(file, function):
    save_file({"head.weight": torch.zeros(4, 3), "head.bias": torch.arange(4.0)}, file.parent / "w.safetensors")
    classifier = open_classifier(f"{file}:{function}", str(file.parent / "w.safetensors"))
    assert classifier(images()).tolist() == [[0, 1, 2, 3]] * 2
    with pytest.raises(ValueError, match="no weights to load"):
        open_classifier(f"{file}:function", str(file.parent / "w.safetensors"))


def test_a_file_leaves_no_trace_in_this_python(file):
    path = list(sys.path)
    classifier = open_classifier(f"{file}:network")
    assert sys.path == path
    assert type(classifier.network).__module__ not in sys.modules


def test_the_network_of_a_file_can_be_sent_to_another_process(file):
    cloudpickle = pytest.importorskip("cloudpickle")
    sent = cloudpickle.dumps(open_classifier(f"{file}:network").network)
    script = "import pickle, sys, torch; print(tuple(pickle.load(sys.stdin.buffer)(torch.zeros(1, 3, 2, 2)).shape))"
    said = subprocess.run([sys.executable, "-c", script], input=sent, capture_output=True, check=True)
    assert said.stdout.strip() == b"(1, 4)"


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("nets.py:nothing", ValueError, "no function 'nothing'; it has .*network"),
        ("no.py:network", FileNotFoundError, "no file"),
        ("nets.py:Options", TypeError, "callable from images"),
    ],
)
def test_a_file_without_that_function_says_what_it_has(file, name, error, says):
    with pytest.raises(error, match=says):
        open_classifier(str(file.parent / name))


@pytest.mark.parametrize("spec", ["", "resnet18", "torchvision", "timm:", "nets:network"])
def test_an_unknown_word_lists_all_kinds(spec):
    with pytest.raises(
        ValueError, match=r"(?s)torchvision:NAME.*timm:NAME.*hf:NAME.*reference:NAME.*file\.py:function"
    ):
        open_classifier(spec)


def test_options_that_would_have_no_effect_are_refused(file, resnet18):
    with pytest.raises(ValueError, match="its own number of classes"):
        open_classifier(f"{file}:network", classes=3)
    with pytest.raises(ValueError, match="together"):
        open_classifier("torchvision:resnet18", resnet18[1], mean=(0.5,))


def test_a_hostile_file_of_weights_is_refused_here_too(tmp_path):
    (tmp_path / "w.pt").write_bytes(pickle.dumps(print))
    with pytest.raises(ValueError, match="plain pickle"):
        open_classifier("torchvision:resnet18", str(tmp_path / "w.pt"))


def test_the_record_says_the_word_and_no_folder(file, resnet18):
    samples = Samples(images())
    for spec, weights in ((f"{file}:network", None), ("torchvision:resnet18", resnet18[1])):
        trace = Trial(open_classifier(spec, weights), samples).trace()
        assert str(file.parent) not in str(trace)
        word = spec.rpartition("/")[2]
        assert trace["classifier"]["name"] == (word if weights is None else f"{word} {Path(weights).name}")


def test_precision_and_device_reach_the_classifier(resnet18):
    classifier = open_classifier("torchvision:resnet18", resnet18[1], device="cpu", precision="bfloat16")
    assert isinstance(classifier, Classifier)
    assert (classifier.device.type, classifier.precision) == ("cpu", "bfloat16")
    assert isinstance(classifier.network, nn.Module)


def test_opening_a_network_leaves_the_global_random_state_alone(resnet18):
    state = torch.random.get_rng_state()
    open_classifier("torchvision:resnet18", resnet18[1])
    assert torch.equal(torch.random.get_rng_state(), state)
