"""The published files of CIFAR-10-C and ImageNet-C: the right rows of the right file, and nothing that is not one."""

import numpy as np
import pytest
import torch
from PIL import Image

from fourierscope.subjects import open_samples, published_corruptions


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A folder as published, but of 4 images a severity; each image has its row as its level."""
    monkeypatch.setattr(published_corruptions, "_IMAGES", (20, 32, 32, 3))
    monkeypatch.setattr(published_corruptions, "_EACH", 4)
    rows = np.arange(20, dtype=np.uint8)
    images = np.broadcast_to(rows[:, None, None, None], (20, 32, 32, 3)).copy()
    images[:, 3, 5, 1] = 99
    np.save(tmp_path / "fog.npy", images)
    np.save(tmp_path / "labels.npy", np.tile(np.array([3, 0, 9, 1], np.uint8), 5))
    return tmp_path


def test_a_severity_is_its_rows_and_stays_on_the_disk(cifar):
    samples = open_samples(f"cifar10-c:{cifar}:fog:3")
    assert samples.images.shape == (4, 3, 32, 32)
    assert samples.images.dtype == torch.uint8
    assert samples.images[:, 0, 0, 0].tolist() == [8, 9, 10, 11]
    assert samples.images[:, 1, 3, 5].tolist() == [99] * 4
    assert samples.labels.tolist() == [3, 0, 9, 1]
    assert samples.classes[9] == "truck"
    assert samples.name == "cifar10-c:fog:3"


def test_the_sizes_are_those_published():
    shape, each = published_corruptions._IMAGES, published_corruptions._EACH
    assert shape == (5 * each, 32, 32, 3)
    assert each == 10_000


def test_the_file_is_mapped_and_not_read(cifar, monkeypatch):
    seen = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda *given, **options: seen.append(options) or load(*given, **options))
    open_samples(f"cifar10-c:{cifar}:fog:1")
    assert seen == [{"mmap_mode": "c", "allow_pickle": False}] * 2


def test_limit_and_size_hold_for_published_files(cifar):
    samples = open_samples(f"cifar10-c:{cifar}:fog:5", limit=2, size=16)
    assert samples.images.shape == (2, 3, 16, 16)


@pytest.mark.parametrize("kind", ["cifar10-c", "imagenet-c"])
@pytest.mark.parametrize("rest", ["{0}", "{0}:fog", "{0}:fog:0", "{0}:fog:6", "{0}:fog:3.5", "{0}:fog:three", ":fog:3"])
def test_a_place_in_another_form_is_refused(kind, rest, tmp_path):
    with pytest.raises(ValueError, match=f"a severity from 1 to 5: {kind}:FOLDER:fog:3"):
        open_samples(f"{kind}:{rest.format(tmp_path)}")


@pytest.mark.parametrize("kind", ["cifar10-c", "imagenet-c"])
def test_what_is_not_there_is_named(kind, tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        open_samples(f"{kind}:{tmp_path}/none:fog:3")
    with pytest.raises(ValueError, match="says no place"):
        open_samples(kind)
    for name in ("fog", "../fog", ""):
        with pytest.raises(FileNotFoundError, match="It holds: nothing of that kind"):
            open_samples(f"{kind}:{tmp_path}:{name}:3")


def test_the_nearest_file_is_asked_back(cifar):
    with pytest.raises(FileNotFoundError, match=r"no fogg\.npy\. Did you mean fog\? It holds: fog\."):
        open_samples(f"cifar10-c:{cifar}:fogg:3")
    with pytest.raises(FileNotFoundError, match=r"no labels\.npy"):
        open_samples(f"cifar10-c:{cifar}:labels:3")
    (cifar / "labels.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"There is no labels\.npy"):
        open_samples(f"cifar10-c:{cifar}:fog:3")


def _objects(file):
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)


def _cut(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _zipped(file):
    with file.open("wb") as stream:
        np.savez(stream, images=np.zeros(3))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda file: file.write_bytes(b""), r"fog\.npy is no readable \.npy"),
        (lambda file: file.write_bytes(b"<html>not found</html>"), r"fog\.npy is no readable \.npy"),
        (lambda file: file.write_bytes(b"PK\x03\x04 and no archive"), r"fog\.npy is no readable \.npy"),
        (lambda file: file.write_bytes(b"\x93NUMPY\x01\x00\x08\x00{broken}"), r"fog\.npy is no readable \.npy"),
        (_objects, r"fog\.npy is no readable \.npy"),
        (_cut, r"fog\.npy is no readable \.npy"),
        (_zipped, r"fog\.npy is an \.npz under another name"),
        (lambda file: np.save(file, np.zeros((20, 3, 32, 32), np.uint8)), r"\(20, 3, 32, 32\) of uint8; .* it is"),
        (lambda file: np.save(file, np.zeros((4, 32, 32, 3), np.uint8)), r"\(4, 32, 32, 3\) of uint8"),
        (lambda file: np.save(file, np.zeros((20, 32, 32, 3), np.float32)), "of float32; in CIFAR-10-C"),
    ],
)
def test_a_file_that_is_not_as_published_is_refused(cifar, spoil, says):
    spoil(cifar / "fog.npy")
    with pytest.raises(ValueError, match=says):
        open_samples(f"cifar10-c:{cifar}:fog:3")


def test_labels_that_are_not_as_published_are_refused(cifar):
    np.save(cifar / "labels.npy", np.zeros(4, np.uint8))
    with pytest.raises(ValueError, match=r"labels\.npy holds \(4,\) of uint8"):
        open_samples(f"cifar10-c:{cifar}:fog:3")
    np.save(cifar / "labels.npy", np.full(20, 10, np.uint8))
    with pytest.raises(ValueError, match="Labels run from 0 to 9, for 10 class names"):
        open_samples(f"cifar10-c:{cifar}:fog:3")


def test_imagenet_c_is_read_from_its_class_folders(tmp_path):
    for severity in (1, 2):
        for label in ("n01", "n02"):
            folder = tmp_path / "fog" / str(severity) / label
            folder.mkdir(parents=True)
            Image.new("RGB", (6, 6), (10 * severity, 0, 0)).save(folder / "a.png")
    samples = open_samples(f"imagenet-c:{tmp_path}:fog:2")
    assert samples.name == "imagenet-c:fog:2"
    assert samples.classes == ("n01", "n02")
    assert samples.labels.tolist() == [0, 1]
    few = [open_samples(f"imagenet-c:{tmp_path}:fog:2", limit=1, seed=seed) for seed in range(8)]
    assert [one.places.tolist() for one in few] == [one.labels.tolist() for one in few]
    assert {one.places.item() for one in few} == {0, 1}
    assert int(samples.images[0, 0, 0, 0]) == 20
    with pytest.raises(FileNotFoundError, match="There is no folder fog/3"):
        open_samples(f"imagenet-c:{tmp_path}:fog:3")
    with pytest.raises(FileNotFoundError, match=r"no folder snow\. It holds: fog\."):
        open_samples(f"imagenet-c:{tmp_path}:snow:1")


def test_pictures_without_class_folders_are_not_of_imagenet_c(tmp_path):
    (tmp_path / "fog" / "1").mkdir(parents=True)
    Image.new("RGB", (6, 6)).save(tmp_path / "fog" / "1" / "a.png")
    with pytest.raises(ValueError, match="holds pictures but no class folders"):
        open_samples(f"imagenet-c:{tmp_path}:fog:1")
