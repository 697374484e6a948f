"""Large images lie in files: bounded memory, one copy for all processes, and each picture decoded once."""

import errno
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple

import numpy as np
import pytest
import torch
from PIL import Image

import fourierscope as fs
from fourierscope.subjects import Samples, large_arrays, open_samples, sample_files


def network(images):
    return torch.stack([images.mean((1, 2, 3)), images[:, :, :5].mean((1, 2, 3))], 1)


def asked(samples):
    return fs.Trial(fs.Classifier(network), samples)


def levels(shape=(12, 3, 8, 8)):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def all_large(monkeypatch, tmp_path):
    """Everything lies in files, and those in a folder of the test."""
    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def sent(monkeypatch):
    """How many Samples went to other processes as a place in a file."""
    went, reduce = [], large_arrays.Travelling.__reduce__
    monkeypatch.setattr(large_arrays.Travelling, "__reduce__", lambda self: (went.append(self), reduce(self))[1])
    return went


KINDS = ["memory", "view of a map"]  # each starts two processes: the others in the reliability suite alone
KINDS += ["mapped", "private map", "float map"] if os.environ.get("FOURIERSCOPE_SOAK") else []


@pytest.mark.parametrize("kind", KINDS)
def test_large_samples_go_to_workers_as_a_place_in_a_file_with_the_same_bits(tmp_path, all_large, sent, kind):
    images = levels()
    given = images / np.float32(255) if kind == "float map" else images
    np.save(tmp_path / "a.npy", given)
    if kind != "memory":
        given = np.load(tmp_path / "a.npy", mmap_mode="c" if kind == "private map" else "r")
    if kind == "private map":
        given[3] = 255 - given[3]  # its file holds other values
    if kind == "view of a map":
        given = given[1:, :, ::2].transpose(0, 1, 3, 2)
    samples = Samples(given, torch.arange(len(given)) % 2)
    assert large_arrays.is_known(samples.images) == (kind not in ("memory", "private map"))
    question = fs.PassCurve(sizes=(1, 2))
    one = question(asked(samples))
    assert not sent
    assert fs.run(question, asked(samples), workers=2).dataset.identical(one.dataset)
    assert sent


def test_samples_pickled_for_later_hold_their_values(all_large):
    samples = Samples(levels())
    assert len(pickle.dumps(samples)) > levels().nbytes
    assert pickle.loads(pickle.dumps(samples)).digest == samples.digest


@pytest.mark.parametrize("place", [slice(None), 0, -1])
def test_a_map_whose_file_was_replaced_is_not_taken_for_the_file(tmp_path, monkeypatch, all_large, place):
    monkeypatch.setattr(large_arrays, "_PIECE", 512 << 10)  # 512 bytes are compared at each end
    np.save(tmp_path / "a.npy", levels())
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    (tmp_path / "a.npy").unlink()
    other = levels()
    other[place] = 255 - other[place]
    np.save(tmp_path / "a.npy", other)
    assert not large_arrays.is_known(Samples(mapped).images)


@pytest.mark.parametrize("kind", [np.float16, ">f4", np.float64, np.longdouble])
def test_a_large_map_of_another_kind_is_converted_into_a_file(tmp_path, all_large, kind):
    images = (levels() / 255).astype(kind)
    np.save(tmp_path / "a.npy", images)
    samples = Samples(np.load(tmp_path / "a.npy", mmap_mode="r"))
    assert large_arrays.is_known(samples.images)
    assert torch.equal(samples.images, torch.from_numpy(images.astype(np.float32)))


def test_what_is_drawn_from_large_samples_lies_in_a_file_too(all_large):
    samples = Samples(levels(), torch.arange(12) % 3)
    few = samples.subset([5, 2, 2])
    assert large_arrays.is_known(few.images)
    assert torch.equal(few.images, torch.from_numpy(levels()[[5, 2, 2]]))


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path, monkeypatch, all_large):
    picture = tmp_path / "set" / "a.png"
    picture.parent.mkdir()
    Image.fromarray(levels((1024, 1024, 3))).save(picture)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(9, 9, 3 * 2**20 - 1))
    with pytest.raises(OSError, match=r"take 0\.0 GiB on the disk, and .* has 0\.0 GiB left.*TMPDIR") as told:
        open_samples(f"folder:{picture.parent}")
    assert str(tmp_path) in str(told.value)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(9, 9, 3 * 2**20))
    assert len(open_samples(f"folder:{picture.parent}")) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_quota_or_limit_that_is_reached_is_told_and_kills_nothing(monkeypatch, all_large, number):
    def full(*_):
        raise OSError(number, "no more")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match=r"take 0\.0 GiB on the disk"):
        large_arrays.room((9, 9))


@pytest.mark.parametrize("workers", [1, 2])
def test_each_picture_is_decoded_once_a_run_also_when_it_goes_on(tmp_path, monkeypatch, all_large, sent, workers):
    decoded, decode = [], sample_files._decoded
    monkeypatch.setattr(
        sample_files, "_decoded", lambda one, size: (decoded.append(one) if isinstance(one, os.PathLike) else None)
        or decode(one, size)
    )  # fmt: skip
    folder, store = tmp_path / "val", tmp_path / "store"
    for index, pixels in enumerate(levels((9, 10, 12, 3))):
        (folder / "ab"[index % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / "ab"[index % 2] / f"{index}.png")

    def run():
        samples = open_samples(f"folder:{folder}", size=8)
        shutil.move(folder, tmp_path / "gone")  # so that nobody, in whatever process, can decode again
        found = fs.run(fs.PassCurve(sizes=(1, 2, 4)), asked(samples), store=store, workers=workers)
        shutil.move(tmp_path / "gone", folder)
        return found

    first = run()
    assert sorted(decoded) == sorted(folder.rglob("*.png"))
    assert len(sent) == 0 if workers == 1 else len(sent) > 0
    for cell in list(store.glob("cell-*.npz"))[:3]:
        cell.unlink()
    assert run().dataset.identical(first.dataset)
    assert len(decoded) == 2 * 9


MEMORY = """
import sys, threading, numpy as np, torch
import fourierscope as fs

def anonymous():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon")) / 1000

def network(images):
    return torch.stack([images.mean((1, 2, 3)), images[:, :, :99].mean((1, 2, 3))], 1)

trial = fs.Trial(fs.Classifier(network), fs.Samples(torch.rand(8, 3, 224, 224)))
fs.HeatMap(crop=1, score="flips")(trial)
first, peaks, done = anonymous(), [0.0], threading.Event()

def watch():
    while not done.wait(0.005):
        peaks.append(anonymous())

thread = threading.Thread(target=watch)
thread.start()
samples = fs.Samples(np.memmap(sys.argv[1], np.uint8, "r", 0, (2700, 3, 224, 224)))
samples.digest
trial = fs.Trial(fs.Classifier(network), samples)
fs.HeatMap(crop=1, score="flips")(trial)
done.set()
thread.join()
print(f"beyond {max(peaks) - first:.0f} MB of {samples.images.nbytes / 1e6:.0f}")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is told by Linux alone")
def test_a_map_of_a_mapped_set_takes_a_fraction_of_the_sets_size(tmp_path):
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(2700 * 3 * 224 * 224)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "sparse")], capture_output=True, text=True, check=True
    )
    beyond, whole = (int(one) for one in re.findall(r"\d+", done.stdout))
    assert whole > 400
    assert beyond < 130
