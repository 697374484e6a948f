"""`fourierscope train` and `fourierscope reference`: from samples to a file that opens, and what is refused."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

import fourierscope as fs
from fourierscope.cli import main

SMALL = ["--classifier", "network:small", "--recipe", "natural", "--epochs", "1"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_trained_file_is_opened_asked_and_tells_how_it_was_made(capsys):
    words = ["train", *SMALL, "--samples", "digits", "--limit", "200", "--test", "digits", "--out", "w.safetensors"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "accuracy 0." in told
    assert "--classifier trained:w.safetensors" in told
    classifier = fs.open_classifier("trained:w.safetensors")
    digits = fs.open_samples("digits")
    rate = float((classifier(digits.batch()).argmax(1) == digits.needed_labels()).float().mean())
    with safe_open("w.safetensors", "pt") as file:
        facts = json.loads(file.metadata()["fourierscope"])
    assert facts["accuracy"]["rate"] == pytest.approx(rate, abs=1e-6)
    assert facts["recipe"]["epochs"] == 1
    assert facts["network"] == {"name": "small", "channels": 1, "classes": 10, "front": None}
    assert classifier.mean == (pytest.approx(float(digits.limited(200).batch().mean()), abs=1e-4),)
    assert main(["heat-map", "--classifier", "trained:w.safetensors", "--samples", "digits", "--limit", "9"]) == 0


def test_a_users_own_network_learns_from_its_file(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(
        "import torch\ndef make():\n    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))\n"
    )
    words = ["train", "--classifier", "mine.py:make", "--recipe", "natural", "--epochs", "1", "--samples", "digits"]
    assert main([*words, "--out", "w.safetensors"]) == 0
    mean, std = (
        f"{float(one):.4g}"
        for one in (fs.open_samples("digits").batch().mean(), fs.open_samples("digits").batch().std())
    )
    assert f"--weights w.safetensors --mean {mean} --std {std}" in capsys.readouterr().out
    normalisation = {"mean": (float(mean),), "std": (float(std),)}
    assert fs.open_classifier("mine.py:make", "w.safetensors", **normalisation).name == "mine.py:make w.safetensors"


def test_a_file_that_exists_is_kept_and_a_killed_training_goes_on(capsys):
    words = ["train", *SMALL, "--samples", "digits", "--limit", "60", "--out", "w.safetensors"]
    assert main([*words, "--checkpoint", "kept"]) == 0
    with open("w.safetensors", "rb") as file:
        first = file.read()
    assert main(words) == 1
    assert "exists already" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    with open("w.safetensors", "rb") as file:
        assert file.read() == first


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--recipe", "robust"], "The recipes are natural"),
        (["--recipe", "nature"], "'nature' came. Did you mean natural?"),
        (["--classifier", "network:resnet19"], "A network is one of small"),
        (["--weights", "w.safetensors"], "starts from weights drawn by --seed"),
        (["--samples", "npz:none.npz"], "none.npz"),
        (["--out", "weights.pt"], "saved as .safetensors"),
        (["--test", "patches:test"], "--test patches:test does not fit what is trained"),
    ],
)
def test_what_does_not_fit_is_told(capsys, more, told):
    assert main(["train", *SMALL, "--samples", "digits", "--limit", "20", *more]) == 1
    assert told in capsys.readouterr().err


def test_every_epoch_is_told_where_there_is_no_bar(capfd):
    assert main(["train", *SMALL, "--samples", "digits", "--limit", "20", "--out", "w.safetensors"]) == 0
    assert "epoch 1 of 1, loss" in capfd.readouterr().err


def test_samples_without_labels_cannot_be_learned(capsys):
    np.savez("bare.npz", images=np.zeros((3, 8, 8, 1), np.uint8))
    assert main(["train", *SMALL, "--samples", "npz:bare.npz"]) == 1
    assert "has no labels" in capsys.readouterr().err


def test_a_reference_is_made_by_its_name(capsys):
    assert main(["reference", "natural", "--folder", "made", "--limit", "30", "--epochs", "1"]) == 0
    with open("made/natural.json") as file:
        assert json.load(file)["accuracy"]["clean"]["n"] == 30
    assert main(["reference", "cifar10-resnet20-natural", "--folder", "made"]) == 1
    assert "give its training and its test set" in capsys.readouterr().err
    assert main(["reference", "natural", "--samples", "digits"]) == 1
    assert "Give --samples and --test together" in capsys.readouterr().err


def test_training_leaves_the_global_random_state_alone():
    state = torch.random.get_rng_state()
    assert main(["train", *SMALL, "--samples", "digits", "--limit", "20", "--out", "w.safetensors"]) == 0
    assert torch.equal(torch.random.get_rng_state(), state)
