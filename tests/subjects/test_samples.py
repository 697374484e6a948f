"""Samples take images in any layout of memory, and refuse what they cannot be sure of."""

import numpy as np
import pytest
import torch

from fourierscope.fourier import Plane
from fourierscope.subjects import Pair, Samples


def bytes_of(shape=(6, 3, 5, 4), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def floats_of(shape=(6, 3, 5, 4), seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def test_bytes_are_kept_and_scaled_when_they_are_asked_for():
    samples = Samples(bytes_of())
    assert samples.images.dtype == torch.uint8
    assert samples.plane == Plane(5, 4)
    assert torch.equal(samples.batch(), torch.from_numpy(bytes_of()).float() / 255)
    assert float(Samples(np.full((1, 1, 2, 2), 255, np.uint8)).batch().max()) == 1


@pytest.mark.parametrize(
    "kind",
    [np.float16, np.float32, np.float64, np.longdouble, ">f4", ">f8", torch.bfloat16, torch.float16, torch.float64],
)
def test_every_floating_point_kind_is_kept_as_float32(kind):
    images = torch.from_numpy(floats_of()).to(kind) if isinstance(kind, torch.dtype) else floats_of().astype(kind)
    samples = Samples(images)
    assert samples.images.dtype == torch.float32
    assert torch.allclose(samples.images, torch.from_numpy(floats_of()), atol=4e-3)


@pytest.mark.parametrize("source", [bytes_of, floats_of])
@pytest.mark.parametrize("lay", ["reversed", "transposed", "channels last", "read only", "every other"])
def test_the_layout_in_memory_changes_neither_images_nor_digest_nor_strides(source, lay):
    array = source((12, 3, 5, 4))
    given = {
        "reversed": lambda: np.ascontiguousarray(array[:, ::-1, ::-1])[:, ::-1, ::-1],
        "transposed": lambda: np.ascontiguousarray(array.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        "channels last": lambda: torch.from_numpy(array).contiguous(memory_format=torch.channels_last),
        "read only": lambda: np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape),
        "every other": lambda: array.repeat(2, axis=0)[::2],
    }[lay]()
    samples, plain = Samples(given), Samples(array)
    assert torch.equal(samples.batch(), plain.batch())
    assert samples.digest == plain.digest
    assert samples.batch().stride() == plain.batch().stride()


def test_a_memory_map_stays_on_the_disk(tmp_path):
    np.save(tmp_path / "a.npy", bytes_of())
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    samples = Samples(mapped)
    assert samples.images.data_ptr() == mapped.ctypes.data
    assert torch.equal(samples.batch(), Samples(bytes_of()).batch())


def test_nothing_given_is_changed_and_no_gradient_is_kept():
    images = torch.from_numpy(floats_of()).requires_grad_()
    samples = Samples(images)
    samples.batch().mul_(0)
    samples.batch(0, 2).sub_(1)
    assert images.requires_grad
    assert not samples.images.requires_grad
    assert torch.equal(samples.images, images.detach())


def test_rounding_errors_at_the_ends_are_clipped():
    images = torch.tensor([-1e-7, 1 + 1e-6, 0.5, 0]).view(1, 1, 2, 2)
    assert Samples(images).images.flatten().tolist() == [0, 1, 0.5, 0]


@pytest.mark.parametrize(
    ("images", "error", "says"),
    [
        (np.zeros(()), ValueError, "four axes"),
        (np.zeros((3, 5, 4)), ValueError, r"four axes.*\(3, 5, 4\)"),
        (np.zeros((0, 3, 5, 4)), ValueError, "at least one image"),
        (np.zeros((2, 3, 0, 4)), ValueError, "at least one pixel"),
        (np.zeros((2, 5, 4, 3)), ValueError, r"looks like \(n, h, w, c\)"),
        (np.zeros((2, 3, 5, 4), bool), TypeError, "torch.bool came"),
        (np.zeros((2, 3, 5, 4), np.int64), TypeError, "torch.int64 came.*astype"),
        (np.zeros((2, 3, 5, 4), np.uint16), TypeError, "torch.uint16 came"),
        (np.zeros((2, 3, 5, 4), complex), TypeError, "complex128"),
        (np.zeros((2, 3, 5, 4), object), TypeError, "object"),
        (np.full((2, 3, 5, 4), "a"), TypeError, "U1"),
        (torch.zeros(2, 3, 5, 4, dtype=torch.complex64), TypeError, "complex64"),
        (torch.zeros(2, 3, 5, 4).to_sparse(), TypeError, "sparse"),
        (np.full((2, 3, 5, 4), np.nan), ValueError, "120 values that are NaN"),
        (np.full((2, 3, 5, 4), np.inf, np.float16), ValueError, "infinite"),
        (floats_of() * 255, ValueError, r"0\.\.255"),
        (floats_of() * 4 - 2, ValueError, "normalised already"),
        (floats_of() * 1e6, ValueError, r"Scale them to \[0, 1\]"),
    ],
)
def test_other_images_are_refused_with_what_came(images, error, says):
    with pytest.raises(error, match=says):
        Samples(images)


def test_the_first_image_that_is_not_finite_is_told_by_its_number():
    images = floats_of()
    images[2, 0, 1, 1] = np.nan
    with pytest.raises(ValueError, match=r"1 value that is NaN or infinite, the first in image 2 \(from 0\): mend"):
        Samples(images)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1, 2, 0, 1, 2],
        (0, 1, 2, 0, 1, 2),
        np.array([0, 1, 2, 0, 1, 2], np.uint8),
        np.array([0, 1, 2, 0, 1, 2], np.uint16),
        np.array([0, 1, 2, 0, 1, 2], np.uint64),
        np.array([0, 1, 2, 0, 1, 2], ">i4"),
        np.array([2, 1, 0, 2, 1, 0])[::-1],
        torch.tensor([0, 1, 2, 0, 1, 2], dtype=torch.int8),
    ],
    ids=lambda one: str(getattr(one, "dtype", type(one).__name__)),
)
def test_labels_of_any_whole_kind_are_kept_as_int64(labels):
    samples = Samples(bytes_of(), labels, classes=["a", "b", "c"])
    assert samples.needed_labels().dtype == torch.int64
    assert samples.needed_labels().tolist() == [0, 1, 2, 0, 1, 2]
    assert samples.classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("labels", "error", "says"),
    [
        ([0, 1], ValueError, r"one label for each of 6 images; shape \(2,\)"),
        (np.zeros((6, 3), int), ValueError, r"\(6, 3\)"),
        (3, ValueError, r"shape \(\)"),
        ([0.0] * 6, TypeError, "float64 came"),
        ([True] * 6, TypeError, "bool came"),
        ([0, 1, 2, 3, 4, -1], ValueError, "-1 to 4 came"),
        ([0, 1, 2, 3, 0, 0], ValueError, "0 to 2, for 3 class names; 0 to 3 came"),
        (["a"] * 6, TypeError, "arrays of numbers"),
    ],
)
def test_other_labels_are_refused_with_what_came(labels, error, says):
    with pytest.raises(error, match=says):
        Samples(bytes_of(), labels, classes=["a", "b", "c"])


def test_class_names_are_no_single_word():
    with pytest.raises(TypeError, match="one for each class; 'cat' came"):
        Samples(bytes_of(), [0] * 6, classes="cat")


def test_every_sample_knows_its_place_in_the_set_it_was_drawn_from():
    whole = Samples(torch.rand(9, 1, 4, 5), torch.arange(9) % 3, "nine", ("a", "b", "c"))
    assert whole.places.tolist() == list(range(9))
    drawn = whole.limited(5, seed=1).subset([3, 0, -1])
    assert torch.equal(drawn.images, whole.images[drawn.places])
    dimmed = drawn.changed(drawn.images / 2, "dimmed")
    assert (dimmed.name, dimmed.classes, dimmed.places.tolist()) == ("dimmed", whole.classes, drawn.places.tolist())
    assert torch.equal(dimmed.labels, drawn.labels)
    assert dimmed.digest == Samples(drawn.images / 2, drawn.labels).digest  # the place is no part of what it is
    for places in (torch.arange(4), torch.arange(9.0)):
        with pytest.raises(ValueError, match="places are one int64 for each of 9 images"):
            Samples(whole.images, places=places)


def test_one_image_is_told_in_the_singular():
    assert "1 image of 3 x 5 x 4" in repr(Samples(bytes_of()[:1]))
    assert "2 images of 3 x 5 x 4" in repr(Samples(bytes_of()[:2]))


def test_a_question_that_needs_labels_says_so():
    with pytest.raises(ValueError, match=r"`labels` in the \.npz, .* Samples\(images, labels\)\. Label-free questions"):
        Samples(bytes_of()).needed_labels()


def test_a_subset_keeps_order_labels_and_names():
    samples = Samples(bytes_of(), range(6), "six", list("abcdef"))
    chosen = samples.subset([4, 0])
    assert torch.equal(chosen.images, samples.images[[4, 0]])
    assert chosen.needed_labels().tolist() == [4, 0]
    assert (chosen.name, chosen.classes) == ("six", samples.classes)


@pytest.mark.parametrize("mask", [torch.tensor([True, False, True, False, False, True]), [0.0, 2.0]])
def test_a_mask_is_not_taken_for_indices(mask):
    with pytest.raises(TypeError, match="nonzero"):
        Samples(bytes_of()).subset(mask)


@pytest.mark.parametrize("limit", [1, 7, 20, 39])
def test_a_limit_draws_each_class_in_its_share(limit):
    labels = torch.tensor([0] * 20 + [1] * 10 + [2] * 10)
    samples = Samples(bytes_of((40, 1, 2, 2)), labels)
    drawn = samples.limited(limit)
    counts = torch.bincount(drawn.needed_labels(), minlength=3)
    assert len(drawn) == limit
    assert bool(((counts - limit * torch.tensor([0.5, 0.25, 0.25])).abs() <= 1).all())
    assert samples.limited(limit).digest == drawn.digest


def test_a_limit_follows_its_seed_and_keeps_the_order():
    samples = Samples(np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1))
    first, other = samples.limited(10), samples.limited(10, seed=1)
    assert first.digest != other.digest
    assert first.images.flatten().tolist() == sorted(first.images.flatten().tolist())
    assert samples.limited(40) is samples
    with pytest.raises(ValueError, match="from 1 on; 0 came"):
        samples.limited(0)


def test_the_digest_tells_images_labels_and_shapes_apart():
    one = Samples(bytes_of(), [0] * 6)
    others = [
        Samples(bytes_of(seed=1), [0] * 6),
        Samples(bytes_of(), [0] * 5 + [1]),
        Samples(bytes_of()),
        Samples(bytes_of().reshape(6, 3, 4, 5), [0] * 6),
        Samples(bytes_of() / np.float32(255), [0] * 6),
    ]
    assert one.digest == Samples(bytes_of(), np.zeros(6, np.int8)).digest
    assert len({one.digest, *(other.digest for other in others)}) == 6


def test_a_pair_holds_the_same_images_in_the_same_order():
    before, after = Samples(bytes_of(), range(6)), Samples(bytes_of(seed=1), range(6))
    assert Pair(before, after).trace()["after"]["digest"] == after.digest
    with pytest.raises(ValueError, match="2 of 6 labels differ"):
        Pair(before, Samples(bytes_of(), [1, 0, 2, 3, 4, 5]))
    with pytest.raises(ValueError, match="shapes"):
        Pair(before, Samples(bytes_of((6, 3, 4, 5)), range(6)))
    with pytest.raises(TypeError, match=r"A Pair \(after\) takes Samples; Tensor"):
        Pair(before, before.images)
