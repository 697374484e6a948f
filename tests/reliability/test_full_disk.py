"""A disk that is full at any step of a run is told with its folder, and costs no cell that is kept."""

import errno
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from doors import SOAK, digests
from stores_made import BEGUN, CELLS, ask, same

import fourierscope as fs
from fourierscope.subjects import large_arrays

MOMENTS, STRIDE = (200, 1) if SOAK else (15, 3)
STEPS = [(Path, "mkdir"), (Path, "write_bytes"), (os, "fsync"), (Path, "replace")]


class Full:
    """Every step of writing a file fails from the `after`th on, as on a full disk; a write is half done by then."""

    def __init__(self, patch, after):
        self.left = after
        for owner, name in STEPS:
            patch.setattr(owner, name, self.failing(getattr(owner, name), name))

    def failing(self, step, name):
        def taken(*given, **more):
            self.left -= 1
            if self.left >= 0:
                return step(*given, **more)
            if name == "write_bytes":
                step(given[0], given[1][: len(given[1]) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return taken


def stopped(store, after):
    """What stops a run on a disk that is full after so many steps; None where it comes to its end."""
    with pytest.MonkeyPatch.context() as patch:
        Full(patch, after)
        try:
            ask(store)
        except OSError as error:
            return error
    return None


def test_a_disk_that_fills_up_at_any_step_is_told_and_the_run_goes_on_when_there_is_room(tmp_path):
    plain, after, told = ask(), 0, 0
    while True:
        store = tmp_path / f"store-{after}"
        if (error := stopped(store, after)) is None:
            break  # it had room for all
        told += 1
        assert error.errno == errno.ENOSPC
        assert re.search(rf"Cannot write .* in {re.escape(str(store))}: No space left", str(error))
        assert not list(store.glob(".*")), "a draft stayed behind"
        kept = digests(store)
        BEGUN.clear()
        assert same(ask(store), plain)
        assert {f"cell-{one:06d}.npz" for one in BEGUN} == CELLS - kept.keys()
        assert kept.items() <= digests(store).items()
        after += STRIDE
    assert told * STRIDE > 4 * 8  # a question, a batch size, six cells: each in at least four steps


def test_files_that_may_not_grow_are_told_at_any_size(tmp_path):
    chance, plain, store = random.Random(0), ask(), tmp_path / "store"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for _ in range(MOMENTS):
        kept = digests(store)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (chance.randrange(1500), before[1]))
            ask(store)
        except OSError as error:
            told = str(error)
        else:
            told = ""
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert not told or re.search(rf"Cannot write .* in {re.escape(str(store))}: File too large", told)
        assert kept.items() <= digests(store).items()
        assert not list(store.glob(".*.draft"))
        for cell in chance.sample(sorted(store.glob("cell-*")), min(2, len(list(store.glob("cell-*"))))):
            cell.unlink()
    assert same(ask(store), plain)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_fills_up_while_pictures_are_decoded_is_told_with_its_folder(tmp_path, monkeypatch, code):
    def full(*_):
        raise OSError(code, os.strerror(code))

    np.savez(tmp_path / "a.npz", images=np.random.default_rng(0).integers(0, 256, (8, 3, 8, 8), np.uint8))
    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", full)
    before = digests(tmp_path)
    with pytest.raises(
        OSError, match=rf"take 0\.0 GiB.*{re.escape(str(tmp_path))} has.*\({os.strerror(code)}\).*TMPDIR"
    ):
        fs.open_samples(f"npz:{tmp_path / 'a.npz'}", size=4)
    assert digests(tmp_path) == before


def test_a_disk_that_cannot_set_room_aside_is_no_full_one(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(large_arrays, "_LARGE", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", unknown)
    assert large_arrays.room((3, 4)).shape == (3, 4)


SMALL_DISK = """
import os, re, shutil, subprocess, sys
sys.path.insert(0, sys.argv[2])
import tempfile, torch, fourierscope as fs
from fourierscope.subjects import large_arrays
from stores_made import ask, same
disk = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], check=True)
plain, told = ask(), []
for pages in range(4, 30):
    subprocess.run(["mount", "-o", f"remount,size={4 * pages}k", disk], check=True)
    try:
        assert same(ask(disk + "/store"), plain)
        break
    except OSError as error:
        told.append(str(error))
        assert re.search(f"Cannot write .* in {disk}/store: No space left", told[-1]), told
        assert not [one for one in os.listdir(disk + "/store") if one.endswith("draft")]
tempfile.tempdir, large_arrays._LARGE = disk, 1
usage, shutil.disk_usage = shutil.disk_usage, lambda folder: usage("/")  # as if others filled it a moment later
try:
    large_arrays.room((1 << 20,))
except OSError as error:
    told.append(str(error))
    assert disk in told[-1] and "No space left" in told[-1], told
sys.stdout.write(str(len(told)))
"""


@pytest.mark.skipif(not SOAK or shutil.which("unshare") is None, reason="mounts a disk of its own: in soak")
def test_a_disk_that_is_truly_full_is_told_and_the_run_goes_on_when_it_grows(tmp_path):
    (tmp_path / "disk").mkdir()
    own = ["unshare", "--user", "--map-root-user", "--mount"]
    trial = [*own, "mount", "-t", "tmpfs", "none", tmp_path / "disk"]
    if subprocess.run(trial, check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a disk of one's own")
    words = [*own, sys.executable, "-c", SMALL_DISK, tmp_path / "disk", Path(__file__).parent]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) >= 4
