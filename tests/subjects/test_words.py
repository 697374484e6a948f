"""Words that are nearly right, and places that are written as people write them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from fourierscope.subjects import Samples, open_classifier, open_samples
from fourierscope.subjects.weights import read_weights


def test_a_place_without_its_kind_is_asked_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("ok.npz", images=np.zeros((2, 3, 4, 5), np.uint8))
    Path("pngs").mkdir()
    with pytest.raises(ValueError, match=r"Did you mean npz:ok\.npz\?"):
        open_samples("ok.npz")
    with pytest.raises(ValueError, match=r"Did you mean folder:pngs\?"):
        open_samples("pngs")


@pytest.mark.parametrize(
    ("word", "meant"), [("patchs:test", "patches:test"), ("digit", "digits"), ("cifar_10:train", "cifar10:train")]
)
def test_a_kind_of_samples_that_is_nearly_right_is_asked_back(word, meant):
    with pytest.raises(ValueError, match=rf"Did you mean {meant}\?"):
        open_samples(word)


def test_a_kind_of_classifier_that_is_nearly_right_is_asked_back():
    with pytest.raises(ValueError, match=r"Did you mean torchvision:resnet18\?"):
        open_classifier("torchvison:resnet18")


def test_a_word_unlike_any_other_is_not_guessed():
    with pytest.raises(ValueError, match=r"There are no samples 'xyz'\. Samples are"):
        open_samples("xyz")


def test_a_path_is_no_word():
    with pytest.raises(TypeError, match='a word such as "folder:PATH"'):
        open_samples(Path("folder"))
    with pytest.raises(TypeError, match="a word such as"):
        open_classifier(Path("nets.py"))


def test_weights_may_lie_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save_file({"a": torch.ones(2)}, tmp_path / "w.safetensors")
    assert read_weights("~/w.safetensors")["a"].tolist() == [1, 1]


def test_labels_too_large_for_int64_are_told_as_they_are():
    with pytest.raises(ValueError, match=f"0 to {2**64 - 1} came"):
        Samples(np.zeros((2, 3, 4, 5), np.uint8), np.array([0, 2**64 - 1], np.uint64))


def test_small_labels_of_uint64_are_labels():
    samples = Samples(np.zeros((2, 3, 4, 5), np.uint8), np.array([0, 3], np.uint64))
    assert samples.needed_labels().tolist() == [0, 3]
    assert samples.needed_labels().dtype == torch.int64


def test_a_damaged_compressed_npz_is_refused(tmp_path):
    file = tmp_path / "a.npz"
    np.savez_compressed(file, images=np.zeros((2, 3, 4, 5), np.uint8))
    content = bytearray(file.read_bytes())
    begin = 30 + sum(int.from_bytes(content[at : at + 2], "little") for at in (26, 28))  # after the local header
    content[begin : begin + 20] = b"\xff" * 20
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz is no readable \.npz file: .*decompressing"):
        open_samples(f"npz:{file}")
