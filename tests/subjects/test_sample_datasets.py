"""The user's own data set is read once, item by item, and refused by the number of the item that does not fit."""

import tempfile

import numpy as np
import pytest
import torch
from PIL import Image

import fourierscope as fs
from fourierscope.subjects import large_arrays


class Items:
    """A data set of some items that counts how often each is read; one that is an error is raised."""

    def __init__(self, items):
        self.items, self.read = items, []

    def __len__(self):
        return len(self.items)

    def __getitem__(self, number):
        self.read.append(number)
        if isinstance(self.items[number], Exception):
            raise self.items[number]
        return self.items[number]


def floats(count=6, shape=(3, 5, 4)):
    return list(torch.rand(count, *shape, generator=torch.Generator().manual_seed(0)))


def pairs(images):
    return [(image, index % 2) for index, image in enumerate(images)]


@pytest.mark.parametrize("size", [1, 1 << 28])
@pytest.mark.parametrize("kind", ["tensor", "array", "bytes", "double"])
def test_a_data_set_gives_the_samples_that_stacking_it_gives(monkeypatch, kind, size):
    monkeypatch.setattr(large_arrays, "_LARGE", size)
    made = {
        "tensor": lambda one: one,
        "array": lambda one: one.numpy(),
        "bytes": lambda one: (one * 255).byte(),
        "double": lambda one: one.double(),
    }[kind]
    images = [made(one) for one in floats()]
    given = Items(pairs(images))
    samples = fs.samples_from(given)
    stacked = np.stack([np.asarray(one) for one in images])
    assert samples.digest == fs.Samples(stacked, [0, 1, 0, 1, 0, 1]).digest
    assert given.read == list(range(6))
    assert large_arrays.is_known(samples.images) == (size == 1)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_pictures_keep_grey_and_colour(mode):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).convert(mode)
    samples = fs.samples_from([picture])
    wanted = np.asarray(picture)[None] if mode == "L" else np.asarray(picture.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(samples.images[0], wanted)
    assert samples.labels is None


def test_grey_of_16_bits_is_brought_to_8_and_of_32_bits_refused():
    levels = np.array([[0, 257, 65535], [128, 129, 600]], dtype=np.uint16)
    assert fs.samples_from([Image.fromarray(levels)]).images.tolist() == [[[[0, 1, 255], [0, 1, 2]]]]
    for kind in (np.float32, np.int32):
        with pytest.raises(ValueError, match=r"^Item 0 of the data set: grey of 32 bits"):
            fs.samples_from([Image.fromarray(levels.astype(kind))])


@pytest.mark.parametrize("told", [["a", "b", "c"], [None] * 3, [[1], [1, 2], []], len, {"boxes": 3}])
def test_targets_that_are_no_classes_are_left_alone(told):
    given = Items(pairs(floats(3)))
    given.targets = told
    assert len(fs.samples_from(given, limit=2)) == 2


@pytest.mark.parametrize("folder", ["missing", "a file"])
def test_a_temporary_folder_that_takes_no_file_is_no_fault_of_an_item(tmp_path, monkeypatch, folder):
    (tmp_path / "a file").touch()
    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / folder))
    with pytest.raises(OSError, match=f"^Large images lie in a temporary file.*{folder}.*Set TMPDIR"):
        fs.samples_from(pairs(floats(3)))


def test_a_limit_reads_no_more_than_it_takes_and_follows_labels_told_beforehand():
    given = Items([(image, int(index >= 15)) for index, image in enumerate(floats(20))])
    given.targets, given.classes = [label for _, label in given.items], ["cat", "dog"]
    samples = fs.samples_from(given, limit=8, seed=1)
    assert len(given.read) == 8
    assert samples.needed_labels().sum() == 2
    assert samples.places.tolist() == given.read
    assert samples.classes == ("cat", "dog")
    whole = fs.samples_from(given)
    assert samples.digest == whole.limited(8, seed=1).digest


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ((torch.rand(3, 4, 5), 1), r"image is \(3, 4, 5\), and the first one's \(3, 5, 4\)"),
        ((torch.full((3, 5, 4), torch.nan), 1), "60 values that are NaN"),
        ((torch.rand(3, 5, 4) * 4 - 2, 1), "normalised already"),
        ((torch.rand(3, 5, 4) * 255, 1), r"look like 0\.\.255"),
        ((torch.zeros(3, 5, 4, dtype=torch.uint8), 1), "image is uint8, and the first one's float32"),
        ((torch.rand(5, 4), 1), r"three axes \(c, h, w\); shape \(5, 4\) came"),
        ((torch.rand(3, 5, 4), None), "it has no label, unlike the first one"),
        (torch.rand(3, 5, 4), "it has no label, unlike the first one"),
        ((torch.rand(3, 5, 4), 2**63), "one whole number.*9223372036854775808 came"),
        ((torch.rand(3, 5, 4), 0.5), "one whole number.*0.5 came"),
        ((torch.rand(3, 5, 4), 1, 2), "3 things came"),
        (("a word", 1), "str came"),
        (OSError("the file is cut off"), "OSError: the file is cut off"),
    ],
)
def test_an_item_that_does_not_fit_is_named_by_its_number(item, says):
    given = Items(pairs(floats()))
    given.items[4] = item
    with pytest.raises(ValueError, match=f"^Item 4 of the data set: .*{says}"):
        fs.samples_from(given)


def test_what_is_no_data_set_is_told_what_to_write():
    loader = torch.utils.data.DataLoader(pairs(floats()), batch_size=2)
    with pytest.raises(TypeError, match=r"samples_from\(loader\.dataset\)"):
        fs.samples_from(loader)
    with pytest.raises(TypeError, match=r"generator came.*islice"):
        fs.samples_from(one for one in pairs(floats()))
    with pytest.raises(ValueError, match="holds no items"):
        fs.samples_from([])
