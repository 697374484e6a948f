"""Classifiers and samples of the Hugging Face hub, from local folders; skipped without the extra `hf`."""

import numpy as np
import pytest
import torch
from PIL import Image

from fourierscope.subjects import open_classifier, open_samples
from fourierscope.subjects.torchvision_import import torchvision_module


def test_a_network_saved_for_the_hub_comes_with_its_processors_normalisation(tmp_path):
    torchvision_module()
    transformers = pytest.importorskip("transformers")
    settings = transformers.ResNetConfig(
        num_labels=3, embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], layer_type="basic"
    )
    network = transformers.ResNetForImageClassification(settings).eval()
    network.save_pretrained(tmp_path / "net")
    transformers.ConvNextImageProcessor().save_pretrained(tmp_path / "net")
    classifier = open_classifier(f"hf:{tmp_path}/net")
    images = torch.rand(2, 3, 32, 32)
    stated = [torch.tensor(one).view(-1, 1, 1) for one in (classifier.mean, classifier.std)]
    assert torch.allclose(classifier(images), network((images - stated[0]) / stated[1]).logits, atol=1e-5)
    assert classifier.provenance == "Hugging Face image processor of net"
    assert str(tmp_path) not in str(classifier.trace())


def test_a_set_of_the_hub_is_decoded_with_its_class_names(tmp_path):
    pytest.importorskip("datasets")
    for name in ("ant", "bee"):
        (tmp_path / "set" / "test" / name).mkdir(parents=True)
        for index in range(3):
            pixels = np.full((10, 12, 3), 40 * index + 9, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "set" / "test" / name / f"{index}.png")
    samples = open_samples(f"hf:{tmp_path}/set", size=8)
    assert samples.classes == ("ant", "bee")
    assert samples.needed_labels().tolist() == [0, 0, 0, 1, 1, 1]
    assert samples.images[:, 0, 0, 0].tolist() == [9, 49, 89, 9, 49, 89]
    assert samples.name == "hf:set:test"
