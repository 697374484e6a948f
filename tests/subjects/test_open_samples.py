"""Samples by a word: arrays in files, folders of pictures, and well-known sets that lie on the disk."""

import gzip
import io
import pickle
import sys
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from fourierscope.subjects import large_arrays, open_samples, sample_files
from fourierscope.subjects.selection import resized
from fourierscope.subjects.torchvision_import import torchvision_module


def pictures(count=6, height=5, width=4, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, channels), dtype=np.uint8)


def folder_of(root, classes=("cat", "ant", "bee"), each=3, side=6):
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for index in range(each):
            Image.fromarray(pictures(1, side, side, seed=10 * label + index)[0]).save(root / name / f"{index}.png")
    return root


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_of_either_layout_gives_the_same_images(tmp_path, channels, last, save):
    array = pictures(channels=channels)
    save(tmp_path / "a.npz", images=array if last else array.transpose(0, 3, 1, 2), labels=np.arange(6))
    samples = open_samples(f"npz:{tmp_path}/a.npz")
    assert torch.equal(samples.images, torch.from_numpy(array.transpose(0, 3, 1, 2).copy()))
    assert samples.needed_labels().tolist() == list(range(6))
    assert samples.name == "npz:a.npz"


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_large_images_stay_on_the_disk_where_they_are_stored_as_they_are(tmp_path, monkeypatch, save, order):
    array = np.asarray(pictures(), order=order)
    save(tmp_path / "a.npz", other=np.arange(3), images=array)
    plain = open_samples(f"npz:{tmp_path}/a.npz")
    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    held = sample_files._member(tmp_path / "a.npz", "images")
    assert isinstance(held, np.memmap) == (save is np.savez)
    assert np.array_equal(held, array)
    assert open_samples(f"npz:{tmp_path}/a.npz").digest == plain.digest


def test_a_mapped_file_is_never_written_to(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", images=pictures())
    before = (tmp_path / "a.npz").read_bytes()
    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    open_samples(f"npz:{tmp_path}/a.npz").images.zero_()
    assert (tmp_path / "a.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": pictures()}, "no array `images`; it holds x"),
        ({"images": pictures(height=3, width=4)}, None),
        ({"images": np.zeros((6, 3, 5, 3), np.uint8)}, "both the second and the last axis"),
        ({"images": np.zeros((6, 4, 5, 4), np.uint8)}, "neither the second nor the last axis"),
        ({"images": np.zeros((6, 5, 4), np.uint8)}, r"four axes.*\(6, 5, 4\)"),
        ({"images": pictures(), "labels": np.arange(5)}, "one label for each of 6"),
    ],
)
def test_an_npz_of_other_arrays_is_refused(tmp_path, arrays, says):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=says or "both the second"):
        open_samples(f"npz:{tmp_path}/a.npz")


class Marker:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        import os

        return os.mkdir, (self.path,)


@pytest.mark.parametrize("name", ["images", "labels"])
def test_an_array_of_objects_is_refused_and_runs_nothing(tmp_path, name):
    arrays = {"images": pictures(), "labels": np.arange(6)}
    held = np.empty(6, object)
    held[0] = Marker(tmp_path / "ran")
    np.savez(tmp_path / "a.npz", **(arrays | {name: held}))
    with pytest.raises(ValueError, match=f"{name} is an array of Python objects"):
        open_samples(f"npz:{tmp_path}/a.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"no readable \.npz"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (pickle.dumps([1, 2]), r"no readable \.npz"),
        (b"PK\x03\x04 cut off", r"no readable \.npz"),
    ],
)
def test_a_file_that_is_no_npz_is_called_so(tmp_path, content, says):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match=says):
        open_samples(f"npz:{tmp_path}/a.npz")


@pytest.mark.parametrize("shape", [(10**9, 10**3, 10**3, 3), (6, 5, 4, 1), (7, 5, 4, 3)])
def test_a_header_that_promises_another_size_is_refused_without_memory(tmp_path, shape):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
            archive.writestr("images.npy", head.getvalue() + bytes(6 * 5 * 4 * 3))
        with pytest.raises(ValueError, match="not of that size"):
            open_samples(f"npz:{tmp_path}/a.npz")


def test_a_damaged_npz_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", images=pictures(40))
    whole = bytearray((tmp_path / "a.npz").read_bytes())
    whole[600:620] = bytes(20)
    (tmp_path / "a.npz").write_bytes(whole)
    with pytest.raises(ValueError, match=r"no readable \.npz"):
        open_samples(f"npz:{tmp_path}/a.npz")


def test_class_folders_give_sorted_classes_in_a_fixed_order(tmp_path):
    samples = open_samples(f"folder:{folder_of(tmp_path / 'val')}")
    assert samples.classes == ("ant", "bee", "cat")
    assert samples.needed_labels().tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert samples.name == "folder:val"
    assert np.array_equal(samples.images[7].permute(1, 2, 0), pictures(1, 6, 6, seed=1)[0])


def test_a_limit_reads_only_the_pictures_wanted_and_the_same_as_limited(tmp_path):
    folder = folder_of(tmp_path / "val")
    whole = open_samples(f"folder:{folder}").limited(4, seed=3)
    few = open_samples(f"folder:{folder}", limit=4, seed=3)
    assert few.digest == whole.digest
    assert torch.equal(few.places, whole.places)
    unwanted = set(range(9)) - set(open_samples(f"folder:{folder}", limit=4, seed=3).needed_labels().tolist())
    assert unwanted
    for path in folder.glob("*/*.png"):
        pixels = torch.from_numpy(np.asarray(Image.open(path)).transpose(2, 0, 1).copy())
        if not any(torch.equal(pixels, one) for one in whole.images):
            path.write_bytes(b"broken")
    assert open_samples(f"folder:{folder}", limit=4, seed=3).digest == whole.digest


def test_loose_pictures_have_no_labels(tmp_path):
    Image.fromarray(pictures(1)[0]).save(tmp_path / "a.png")
    assert open_samples(f"folder:{tmp_path}").labels is None
    (tmp_path / "cats").mkdir()
    with pytest.raises(ValueError, match=r"class folders \(cats\) and loose pictures \(a\.png\)"):
        open_samples(f"folder:{tmp_path}")


def test_gray_palette_and_transparent_pictures_become_rgb(tmp_path):
    (tmp_path / "a").mkdir()
    whole = Image.fromarray(pictures(1)[0])
    for mode in ("L", "P", "RGBA", "1", "CMYK"):
        whole.convert(mode).save(tmp_path / "a" / f"{mode}.{'tif' if mode == 'CMYK' else 'png'}")
    assert open_samples(f"folder:{tmp_path}").images.shape == (5, 3, 5, 4)


def test_pictures_that_cannot_be_read_are_named_and_counted(tmp_path):
    folder = folder_of(tmp_path / "val")
    for index in range(3):
        (folder / "cat" / f"{index}.png").write_bytes(b"<html>no picture</html>")
    (folder / "ant" / "1.png").write_bytes((folder / "ant" / "1.png").read_bytes()[:60])
    with pytest.raises(ValueError, match=r"4 of 9 files are no readable pictures; the first: ant/1\.png .*cat/0\.png"):
        open_samples(f"folder:{folder}")


def test_a_picture_beyond_pillows_limit_is_refused(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "val", side=20)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match="9 of 9 files"):
        open_samples(f"folder:{folder}")


def test_pictures_of_several_sizes_need_a_size(tmp_path):
    folder = folder_of(tmp_path / "val")
    Image.fromarray(pictures(1, 9, 12)[0]).save(folder / "cat" / "9.png")
    with pytest.raises(ValueError, match=r"differ in size .*6 x 6.*9 x 12.*Give size="):
        open_samples(f"folder:{folder}")
    assert open_samples(f"folder:{folder}", size=5).images.shape == (10, 3, 5, 5)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 96), (90, 64), (65, 200)])
def test_arrays_are_resized_like_pictures_to_a_grey_level_or_two(tmp_path, height, width):
    smooth = torch.nn.functional.interpolate(torch.rand(1, 3, 7, 7), (height, width), mode="bicubic").clamp(0, 1)
    array = (smooth * 255).byte()
    (tmp_path / "a").mkdir()
    Image.fromarray(array[0].permute(1, 2, 0).numpy()).save(tmp_path / "a" / "a.png")
    decoded = open_samples(f"folder:{tmp_path}", size=32).images
    assert decoded.shape == (1, 3, 32, 32)
    assert int((decoded.int() - resized(array, 32).int()).abs().max()) <= 2


def test_a_constant_image_stays_constant_when_it_is_resized():
    assert bool((resized(torch.full((2, 3, 50, 31), 77, dtype=torch.uint8), 9) == 77).all())
    assert torch.allclose(resized(torch.full((2, 3, 50, 31), 0.25), 9), torch.tensor(0.25))


def test_detail_beyond_the_new_size_is_filtered_away():
    board = (torch.arange(64)[:, None] + torch.arange(64)) % 2 * 255
    assert int((resized(board.byte().expand(1, 3, 64, 64), 16).int() - 127).abs().max()) <= 1


def test_an_npz_takes_limit_and_size_too(tmp_path):
    np.savez(tmp_path / "a.npz", images=pictures(20, 16, 16), labels=np.arange(20) % 2)
    samples = open_samples(f"npz:{tmp_path}/a.npz", limit=6, size=8)
    assert samples.images.shape == (6, 3, 8, 8)
    assert torch.equal(samples.places, open_samples(f"npz:{tmp_path}/a.npz").limited(6).places)
    assert samples.places.tolist() != list(range(6))
    assert samples.needed_labels().sum() == 3


def test_large_folders_lie_in_a_file_without_a_name(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "val")
    plain = open_samples(f"folder:{folder}").digest
    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    decoded = sample_files.DecodedImages(1, None)
    decoded.put(0, folder / "ant" / "0.png", "0")
    assert isinstance(decoded.whole("one"), np.memmap)
    samples = open_samples(f"folder:{folder}")
    assert samples.digest == plain
    assert sorted(one.name for one in tmp_path.iterdir()) == ["val"]


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(side.to_bytes(4, "big") for side in array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize(("kind", "name"), [("mnist", "MNIST"), ("fashionmnist", "FashionMNIST")])
def test_a_set_of_torchvision_is_read_from_its_folder(tmp_path, kind, name):
    raw = tmp_path / name / "raw"
    raw.mkdir(parents=True)
    array = pictures(12, 28, 28, 1)[..., 0]
    for part, count in (("train", 12), ("t10k", 5)):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(array[:count]))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))
        for held in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{held}-ubyte.gz").write_bytes(gzip.compress(b""))
    samples = open_samples(f"{kind}:test@{tmp_path}")
    assert torch.equal(samples.images, torch.from_numpy(array[:5, None]))
    assert samples.needed_labels().tolist() == [0, 1, 2, 3, 4]
    assert samples.name == f"{kind}:test"
    assert len(open_samples(f"{kind}:train@{tmp_path}", limit=8)) == 8


@pytest.mark.parametrize(("kind", "name", "last"), [("cifar10", "CIFAR10", True), ("svhn", "SVHN", False)])
def test_sets_of_either_layout_are_read(tmp_path, monkeypatch, kind, name, last):
    array = pictures(3)

    class Held:
        """What torchvision's set holds once it is read."""

        def __init__(self, root, download, train=None, split=None):
            assert download
            assert (train, split) == ((False, None) if last else (None, "test"))
            self.data = array if last else array.transpose(0, 3, 1, 2)
            if last:
                self.targets, self.classes = [0, 1, 2], ["a", "b", "c"]
            else:
                self.labels = np.arange(3)

    monkeypatch.setattr(torchvision_module().datasets, name, Held)
    samples = open_samples(f"{kind}:test@{tmp_path}")
    assert torch.equal(samples.images, torch.from_numpy(array.transpose(0, 3, 1, 2).copy()))
    assert samples.needed_labels().tolist() == [0, 1, 2]
    assert samples.classes == (("a", "b", "c") if last else None)


def test_a_forged_cifar_is_not_unpickled(tmp_path, monkeypatch):
    def offline(*_given, **_named):
        raise OSError("no network here")

    torchvision_module()
    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", offline)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in [*(f"data_batch_{index}" for index in range(1, 6)), "test_batch", "batches.meta"]:
        (folder / name).write_bytes(pickle.dumps(Marker(tmp_path / "ran")))
    with pytest.raises(ValueError, match=r"cifar10:test is not whole.*no network here.*cifar10:test@FOLDER"):
        open_samples(f"cifar10:test@{tmp_path}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("spec", ["cifar10", "cifar10:val", "svhn:", "mnist:extra@x"])
def test_a_set_of_torchvision_has_two_splits(spec):
    with pytest.raises(ValueError, match="splits train and test"):
        open_samples(spec)


def test_the_hub_says_which_extra_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ImportError, match=r'pip install "fourierscope\[hf\]"'):
        open_samples("hf:mnist")


@pytest.mark.parametrize("spec", ["", "imagenet", "NPZ:a.npz", "a.npz"])
def test_an_unknown_word_lists_all_kinds(spec):
    with pytest.raises(ValueError, match=r"(?s)patches:train.*digits.*npz:PATH.*folder:PATH.*cifar10.*stl10.*hf:NAME"):
        open_samples(spec)


@pytest.mark.parametrize("spec", ["npz:", "folder", "hf:"])
def test_a_kind_without_a_place_says_so(spec):
    with pytest.raises(ValueError, match="says no place"):
        open_samples(spec)


@pytest.mark.parametrize("spec", ["npz:no.npz", "folder:no"])
def test_a_missing_place_is_called_missing(tmp_path, spec):
    kind, name = spec.split(":")
    with pytest.raises(FileNotFoundError, match="There is no"):
        open_samples(f"{kind}:{tmp_path / name}")


def test_an_empty_folder_says_what_it_looked_for(tmp_path):
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"no pictures \(\.png"):
        open_samples(f"folder:{tmp_path}")


@pytest.mark.parametrize("options", [{"limit": 0}, {"size": 0}, {"limit": -3}])
def test_limits_and_sizes_begin_at_one(tmp_path, options):
    with pytest.raises(ValueError, match="from 1 on"):
        open_samples(f"npz:{tmp_path}/a.npz", **options)
