"""Every score word, a score function, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import fourierscope as fs
from fourierscope.analyses.wave_set import balanced_signs
from fourierscope.fourier import Plane, wave

PLANE = Plane(6, 5)
IMAGES = torch.rand(7, 1, 6, 5, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(7) % 4
WEIGHT = torch.randn(4, 30, generator=torch.Generator().manual_seed(1))


def network(images):
    return images.flatten(1) @ WEIGHT.T


def trial(of=network, labels=LABELS):
    return fs.Trial(fs.Classifier(of), fs.Samples(IMAGES, labels))


SLOW = {
    "error": lambda logits, clean, label: float(logits.argmax() != label),
    "top2": lambda logits, clean, label: float(int(label) not in logits.argsort(descending=True)[:2].tolist()),
    "flips": lambda logits, clean, label: float(logits.argmax() != clean.argmax()),
    "loss": lambda logits, clean, label: float(cross_entropy(logits[None], label[None])),
    "margin": lambda logits, clean, label: float(
        logits[label] - max(one for at, one in enumerate(logits) if at != label)
    ),
    "layer:output": lambda logits, clean, label: float((logits - clean).norm()),
    "top1": lambda logits, clean, label: float(logits.argmax() != label),
}


@pytest.mark.parametrize("word", SLOW)
def test_each_score_is_that_of_a_slow_loop(word):
    question = fs.HeatMap(norm=1.5, score=word)
    found = question(trial())[word.split(":")[0]]
    signs = balanced_signs(7, 1, question.chance(purpose="signs"))
    for frequency in PLANE.waves():
        pattern = (1.5 * wave(PLANE, frequency)).float()
        slow = [
            SLOW[word](
                network((image + sign[:, None, None] * pattern).clamp(0, 1)[None])[0], network(image[None])[0], label
            )
            for image, sign, label in zip(IMAGES, signs, LABELS, strict=True)
        ]
        assert found.values[PLANE.position(frequency)] == pytest.approx(np.mean(slow), rel=1e-4, abs=1e-5)
    assert int(found.n) == 7
    assert {f"{word.split(':')[0]}_low", f"{word.split(':')[0]}_high"} <= set(found.coords)


def test_a_score_function_gets_raw_outputs_and_labels():
    def score(outputs, labels):
        return outputs["boxes"][:, 0] * labels

    found = fs.HeatMap(norm=1.5, score=score)(trial(lambda images: {"boxes": network(images)}))["score"]

    def first(outputs, labels):
        return outputs[:, 0] * labels

    np.testing.assert_allclose(found.values, fs.HeatMap(norm=1.5, score=first)(trial())["score"].values)
    unlabelled = fs.HeatMap(score=lambda outputs, labels: outputs[:, 0] + (0 if labels is None else 99))(
        trial(labels=None)
    )
    assert float(unlabelled["score"].max()) < 50


def test_a_score_function_that_gives_no_number_an_image_is_told():
    for wrong in (lambda outputs, labels: outputs.mean(), lambda outputs, labels: outputs, lambda outputs, labels: 0.5):
        with pytest.raises(ValueError, match="one number an image"):
            fs.HeatMap(score=wrong)(trial())
    with pytest.raises(ValueError, match="NaN or infinite"):
        fs.HeatMap(score=lambda outputs, labels: outputs[:, 0] / 0)(trial())


@pytest.mark.parametrize("word", ["error", "loss", "margin", "top2"])
def test_scores_that_need_labels_say_so_before_any_work(word):
    with pytest.raises(ValueError, match="has no labels"):
        fs.HeatMap(score=word)(trial(labels=None))
    with pytest.raises(ValueError, match="labels of another task"):
        fs.HeatMap(score=word)(trial(labels=LABELS + 1))


def test_flips_and_layers_need_no_labels():
    for word in ("flips", "layer:output"):
        labelled, free = (fs.HeatMap(score=word)(trial(labels=labels)) for labels in (LABELS, None))
        np.testing.assert_array_equal(labelled[word.split(":")[0]].values, free[word.split(":")[0]].values)


@pytest.mark.parametrize("word", ["mood", "top0", "top", "layer:", "", "Error"])
def test_an_unknown_score_is_refused_with_those_that_exist(word):
    with pytest.raises(ValueError, match="score is one of error, topK"):
        fs.HeatMap(score=word)


def test_a_top_that_is_never_missed_is_refused():
    with pytest.raises(ValueError, match="never missed with 4 classes"):
        fs.HeatMap(score="top4")(trial())


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda logits: (logits, logits * 0),
        lambda logits: [logits],
        lambda logits: {"logits": logits},
        lambda logits: {"out": logits},
        lambda logits: SimpleNamespace(logits=logits),
        lambda logits: logits.double(),
        lambda logits: ({"logits": logits},),
    ],
)
def test_logits_are_found_in_whatever_holds_them(wrapped):
    plain = fs.HeatMap()(trial())["error"].values
    np.testing.assert_array_equal(fs.HeatMap()(trial(lambda images: wrapped(network(images))))["error"].values, plain)


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (lambda images: network(images) / 0, "NaN or infinite"),
        (lambda images: network(images)[:, 0], "one row an image"),
        (lambda images: network(images)[:, :1], "two classes or more"),
        (lambda images: network(images)[:3], "one row an image"),
    ],
)
def test_outputs_that_are_no_logits_are_told(of, said):
    with pytest.raises(ValueError, match=said):
        fs.HeatMap()(trial(of))


@pytest.mark.parametrize("of", [lambda images: "cat", lambda images: {"boxes": images}, lambda images: ()])
def test_outputs_without_a_tensor_are_told(of):
    with pytest.raises(TypeError, match="returned"):
        fs.HeatMap()(trial(of))


@pytest.mark.parametrize("word", ["error", "flips", "loss", "layer:output"])
def test_a_network_that_writes_into_its_images_does_not_disturb_others(word):
    def clean(images):
        return network(images + 0.3)

    def careless(images):
        images.add_(0.3)
        return network(images)

    careless.__name__ = clean.__name__
    first, second = fs.HeatMap(score=word)(trial(clean)), fs.HeatMap(score=word)(trial(careless))
    assert first.dataset.identical(second.dataset)
    assert torch.equal(IMAGES, torch.rand(7, 1, 6, 5, generator=torch.Generator().manual_seed(0)))


def convolved(inplace):
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(inplace=inplace), nn.Flatten(), nn.Linear(36, 4)).eval()
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(torch.randn(values.shape, generator=torch.Generator().manual_seed(2)))
    return network


def test_a_layer_is_heard_as_it_spoke_not_as_a_later_one_changed_it():
    question = fs.HeatMap(score="layer:0")
    quiet, loud = question(trial(convolved(False))), question(trial(convolved(True)))
    np.testing.assert_array_equal(quiet["layer"].values, loud["layer"].values)
    assert (quiet["layer"].values > fs.HeatMap(score="layer:1")(trial(convolved(False)))["layer"].values).all()


def test_a_layer_that_does_not_exist_or_is_not_used_is_told():
    with pytest.raises(ValueError, match=r"no layer 'nine'.*begin: 0, 1"):
        fs.HeatMap(score="layer:nine")(trial(convolved(False)))
    with pytest.raises(ValueError, match="no layers by name"):
        fs.HeatMap(score="layer:0")(trial())


def test_the_clean_layer_is_the_norm_of_its_activations():
    found = fs.HeatMap(score="layer:output")(trial())
    assert float(found["clean_layer"]) == pytest.approx(
        np.mean([float(network(image[None]).norm()) for image in IMAGES]), rel=1e-5
    )
