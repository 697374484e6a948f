"""Saving what was trained: the word trained:PATH opens the same classifier again."""

import pytest
import torch

import fourierscope as fs
from fourierscope.subjects.trained import described, untrained
from fourierscope.training import save


def made(word="small/low3"):
    return fs.Classifier(untrained(described(word, 1, 4), seed=2).eval(), "made", mean=0.4, std=0.3)


def test_a_saved_classifier_opens_as_it_was(tmp_path):
    path = save(made(), tmp_path / "made.safetensors", "small/low3")
    images = torch.rand(2, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(fs.open_classifier(f"trained:{path}")(images), made()(images))


def test_another_file_is_kept_unless_told(tmp_path):
    path = save(made(), tmp_path / "made.safetensors", "small/low3")
    save(made(), path, "small/low3")  # the same
    with pytest.raises(FileExistsError, match="exists already"):
        save(made("small"), path, "small")
    save(made("small"), path, "small", overwrite=True)


def test_weights_of_another_network_are_refused(tmp_path):
    with pytest.raises(ValueError, match="missing"):
        save(made(), tmp_path / "made.safetensors", "resnet20")
    with pytest.raises(ValueError, match="A network is one of"):
        save(made(), tmp_path / "made.safetensors", "resnet19")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_saved_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.safetensors.*made\.pt came"):
        save(made(), tmp_path / "made.pt", "small/low3")
    with pytest.raises(TypeError, match="no weights to save"):
        save(fs.Classifier(lambda images: images.mean((2, 3))), tmp_path / "made.safetensors", "small")
