"""Folders of pictures: which files count, and pictures of more than 8 bits."""

import numpy as np
import pytest
import torch
from PIL import Image

from fourierscope.subjects import open_samples


def picture(path, level=7):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 5, 3), level, np.uint8)).save(path)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_grey_of_16_bits_becomes_the_nearest_of_8_bits(tmp_path, suffix, kind):
    levels = np.array([[0, 128, 129, 257], [40000, 65406, 65407, 65535]], kind)
    Image.fromarray(levels).save(tmp_path / f"a.{suffix}")
    found = open_samples(f"folder:{tmp_path}").images
    assert found[0].tolist() == [[[0, 0, 1, 1], [156, 254, 255, 255]]] * 3


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_grey_of_32_bits_is_refused_with_the_name_of_the_file(tmp_path, kind):
    Image.fromarray(np.full((4, 4), 1, kind)).save(tmp_path / "deep.tif")
    with pytest.raises(ValueError, match=r"deep\.tif \(grey of 32 bits.*unknown range: save 8 or 16 bits.*fs\.Samples"):
        open_samples(f"folder:{tmp_path}")


def test_names_that_begin_with_a_dot_are_not_counted_at_any_depth(tmp_path):
    for name in ("a.png", "deep/b.png", ".ipynb_checkpoints/c.png", "deep/.cache/more/d.png", ".e.png"):
        picture(tmp_path / "set" / "cat" / name)
    picture(tmp_path / "set" / ".git" / "f.png")
    assert len(open_samples(f"folder:{tmp_path / 'set'}")) == 2


def test_a_folder_that_lies_behind_dots_is_read(tmp_path):
    picture(tmp_path / ".data" / "cat" / "a.png")
    assert len(open_samples(f"folder:{tmp_path / '.data'}")) == 1


def test_links_to_folders_are_followed(tmp_path):
    picture(tmp_path / "elsewhere" / "b.png", 9)
    picture(tmp_path / "set" / "cat" / "a.png")
    (tmp_path / "set" / "cat" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "dog").symlink_to(tmp_path / "elsewhere")
    samples = open_samples(f"folder:{tmp_path / 'set'}")
    assert samples.images[:, 0, 0, 0].tolist() == [7, 9, 9]
    assert torch.equal(samples.needed_labels(), torch.tensor([0, 0, 1]))


@pytest.mark.parametrize("place", ["round", "cat/round"])
def test_a_link_in_a_circle_is_refused(tmp_path, place):
    picture(tmp_path / "cat" / "a.png")
    (tmp_path / place).symlink_to(tmp_path)
    with pytest.raises(ValueError, match="round is a link to a folder that it lies in"):
        open_samples(f"folder:{tmp_path}")


@pytest.mark.parametrize("place", ["lost", "cat/lost"])
@pytest.mark.parametrize("target", ["nowhere", "lost"])
def test_a_link_that_leads_nowhere_is_refused(tmp_path, place, target):
    picture(tmp_path / "cat" / "a.png")
    (tmp_path / place).symlink_to(target)
    with pytest.raises(ValueError, match="lost is a link that leads nowhere"):
        open_samples(f"folder:{tmp_path}")
