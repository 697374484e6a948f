"""The images inside installed packages: what they are, that the splits share no pixel, that they never change."""

import numpy as np
import pytest
import torch

from fourierscope.subjects import embedded
from fourierscope.subjects.embedded import PHOTOGRAPHS, SPLITS, digits, patches


@pytest.mark.parametrize("split", SPLITS)
def test_patches_are_colour_bytes_with_every_photograph_equally_often(split):
    samples = patches(split)
    assert samples.images.shape == (10 * SPLITS[split], 3, 32, 32)
    assert samples.images.dtype == torch.uint8
    assert samples.classes == PHOTOGRAPHS
    assert samples.name == f"patches:{split}"
    assert torch.bincount(samples.needed_labels()).tolist() == [SPLITS[split]] * 10
    assert samples.needed_labels()[:12].tolist() == [*range(10), 0, 1]


def test_grey_photographs_have_equal_channels_and_coloured_ones_do_not():
    images, labels = patches("test").images, patches("test").needed_labels()
    for label, name in enumerate(PHOTOGRAPHS):
        own = images[labels == label]
        assert torch.equal(own[:, 0], own[:, 1]) == (name in ("brick", "grass")), name


@pytest.mark.parametrize("size", [(256, 256), (300, 451)])
def test_no_pixel_is_in_both_splits(size):
    seen = {split: np.zeros(size, dtype=bool) for split in SPLITS}
    for split, pixels in seen.items():
        for row, column in embedded._corners(*size, split):
            assert row + 32 <= size[0]
            assert column + 32 <= size[1]
            pixels[row : row + 32, column : column + 32] = True
    assert not (seen["train"] & seen["test"]).any()
    assert seen["train"].any()
    assert seen["test"].any()


def test_the_splits_alternate_like_a_checkerboard():
    first = {split: set(embedded._corners(256, 256, split)) for split in SPLITS}
    assert {(0, 0), (64, 64), (0, 128), (128, 0), (32, 32)} <= first["train"]
    assert {(0, 64), (64, 0), (64, 128), (96, 32)} <= first["test"]
    assert {len(found) for found in first.values()} == {8 * 81}


def test_no_patch_is_in_both_splits():
    train, test = ({image.numpy().tobytes() for image in patches(split).images} for split in ("train", "test"))
    assert not train & test


def test_patches_are_cut_from_the_photograph_they_are_labelled_by():
    from skimage import data

    whole = data.chelsea()  # too small to be reduced: the first even square begins at row 0, column 0
    first = patches("train").images[PHOTOGRAPHS.index("chelsea")]
    assert np.array_equal(first.permute(1, 2, 0).numpy(), whole[:32, :32])


def test_no_patch_is_nearly_flat():
    for split in SPLITS:
        grey = patches(split).batch().mean(1) * 255
        assert float(grey.std((1, 2), correction=0).min()) >= 3 - 1e-3


def test_a_photograph_is_reduced_by_rounded_block_means():
    from skimage.transform import downscale_local_mean

    photograph = np.random.default_rng(0).integers(0, 256, (519, 522, 3)).astype(np.uint8)
    reduced = embedded._reduced(photograph)
    assert reduced.shape == (259, 261, 3)  # the odd row left over is dropped
    assert np.array_equal(reduced, np.rint(downscale_local_mean(photograph[:518], (2, 2, 1))))


def test_patches_are_the_same_whenever_they_are_cut():
    kept = patches("test")
    again = patches.__wrapped__("test")
    assert again is not kept
    assert again.digest == kept.digest
    assert patches("test") is kept


def test_digits_are_sixteenths_of_full_white():
    from sklearn.datasets import load_digits

    samples = digits()
    assert samples.images.shape == (1797, 1, 8, 8)
    assert samples.images.dtype == torch.uint8
    levels = torch.from_numpy(load_digits().images)[:, None]
    assert torch.equal((samples.images.double() * 16 / 255).round(), levels)
    assert set(samples.images[levels == 16].tolist()) == {255}
    assert samples.classes == tuple("0123456789")
    assert samples.needed_labels()[:4].tolist() == [0, 1, 2, 3]


def test_another_split_is_refused():
    with pytest.raises(ValueError, match='"train" and "test"; \'val\''):
        patches("val")
