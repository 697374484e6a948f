"""Saved and loaded results are the same; what is no result is refused; what stands there is kept."""

import getpass
import json
import os
import pickle
import socket
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from fourierscope.results import Axes, Result, count, load, mean, rate, written_whole
from fourierscope.results.files import sealed


def example(seed=0):
    generator = np.random.default_rng(seed)
    axes = Axes({"kept": np.array(["low", "high"]), "radius": np.arange(3)}, {"radius": "cycles/image"})
    variables = rate("accuracy", generator.random((2, 3, 11)) < 0.5, axes, "Accuracy.")
    variables |= mean("time", generator.normal(size=(2, 3, 1)), axes, "seconds", "Time, in a unit that xarray knows.")
    variables |= count(11)
    variables["pictures"] = xr.DataArray(
        generator.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8),
        dims=("picture", "y", "x", "channel"),
        attrs={"units": "1/255", "says": "Pictures.", "row": 3},
    )
    variables["names"] = xr.DataArray(
        np.array(["cat", "dögs"]), dims=("class",), attrs={"units": "1", "says": "Names."}
    )
    record = {"analysis": "Example", "options": {"norm": 4.0, "sizes": [1, 2], "crop": None}, "subject": {"name": "é"}}
    return Result(xr.Dataset(variables), record)


def test_a_loaded_result_is_the_saved_one(tmp_path):
    saved = example()
    loaded = load(saved.save(tmp_path / "result.nc"))
    assert loaded.record == saved.record
    assert loaded.dataset.identical(saved.dataset)
    for name, values in saved.dataset.variables.items():
        assert loaded.dataset[name].dtype.kind == values.dtype.kind
        assert loaded.dataset[name].attrs == values.attrs
    assert repr(loaded) == repr(saved)


def test_saving_leaves_the_result_as_it_is(tmp_path):
    saved, twin = example(), example()
    saved.save(tmp_path / "result.nc")
    assert saved.dataset.identical(twin.dataset)
    assert saved.dataset.attrs == {}


def test_the_same_result_gives_the_same_bytes_at_another_time_and_of_a_loaded_one(tmp_path):
    first = example().save(tmp_path / "first.nc")
    time.sleep(1.1)
    second = example().save(tmp_path / "second.nc")
    third = load(first).save(tmp_path / "third.nc")
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() == third.read_bytes()


def test_a_file_tells_no_path_host_user_or_year(tmp_path):
    content = example().save(tmp_path / "result.nc").read_bytes()
    for told in (str(tmp_path), os.getcwd(), socket.gethostname(), f"/{getpass.getuser()}/", time.strftime("%Y-%m")):
        assert told.encode() not in content


def test_saving_the_same_again_is_fine_and_something_else_is_kept(tmp_path):
    path = example().save(tmp_path / "folder" / "result.nc")
    before = path.read_bytes()
    example().save(path)
    with pytest.raises(FileExistsError, match="something else"):
        example(1).save(path)
    assert path.read_bytes() == before
    example(1).save(path, overwrite=True)
    assert path.read_bytes() != before
    assert os.listdir(path.parent) == ["result.nc"]


def test_a_draft_that_fails_leaves_nothing_and_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def half(draft):
        draft.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written_whole(path, half, overwrite=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "file"

    def write(draft):
        draft.write_bytes(b"half")
        assert not path.exists()
        draft.write_bytes(b"whole")

    written_whole(path, write)
    assert path.read_bytes() == b"whole"


def test_a_folder_that_is_a_file_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OSError, match=r"Cannot write result\.nc in .*file"):
        example().save(tmp_path / "file" / "result.nc")
    assert (tmp_path / "file").read_bytes() == b"mine"


FULL_DISK = """
import resource, signal, sys
from fourierscope.results import load
result = load(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in (0, 100, 2000, 6000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        result.save(sys.argv[2], overwrite=True)
    except OSError as error:
        sys.stdout.write(f"{error}\\n")
    else:
        sys.stdout.write("written\\n")
"""


def test_a_full_disk_is_told_with_its_folder_and_leaves_the_old_file_and_no_draft(tmp_path):
    source = example().save(tmp_path / "source.nc")
    target = tmp_path / "full" / "result.nc"
    target.parent.mkdir()
    target.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(source), str(target)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 4
    for line in said:
        assert f"Cannot write result.nc in {target.parent}" in line
    assert target.read_bytes() == b"old"
    assert os.listdir(target.parent) == ["result.nc"]


def test_there_is_no_result_where_there_is_no_file(tmp_path):
    for path in (tmp_path / "none.nc", tmp_path):
        with pytest.raises(FileNotFoundError, match="no result file"):
            load(path)


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trapped",)


def foreign(kind, path, source):
    """A file that is no result of ours."""
    content = source.read_bytes()
    plain = {
        "empty": b"",
        "random": np.random.default_rng(0).bytes(5000),
        "pickle": pickle.dumps(Trap()),
        "half": content[: len(content) // 2],
        "start": content[:100],
        "text": b'{"format": "fourierscope result 1"}',
    }
    if kind in plain:
        path.write_bytes(plain[kind])
        return
    if kind == "netcdf":
        xr.Dataset({"x": ("y", np.arange(3))}).to_netcdf(path, engine="h5netcdf")
        return
    if kind != "hdf5":
        path.write_bytes(content)
    with h5py.File(path, "a") as file:
        spoil(kind, file, path)
    path.write_bytes(sealed(path.read_bytes()))


def spoil(kind, file, path):
    if kind == "external link":
        file["leak"] = h5py.ExternalLink("/etc/hostname", "/x")
    if kind == "soft link":
        file["leak"] = h5py.SoftLink("/accuracy")
    if kind == "external storage":
        file.create_dataset("leak", (10,), "u1", external=[("/etc/passwd", 0, 10)])
    if kind == "virtual":
        layout = h5py.VirtualLayout((3,), "f4")
        layout[:] = h5py.VirtualSource("/etc/hostname", "x", (3,))
        file.create_virtual_dataset("leak", layout)
    if kind == "group":
        file.create_group("leak")
    if kind == "no shape":
        file.create_dataset("leak", data=h5py.Empty("f4"))
    if kind == "huge":
        file.create_dataset("leak", (2**40,), "f8", chunks=(1024,))
    if kind == "no record":
        del file.attrs["record"]
    if kind in ("bad record", "list record"):
        file.attrs["record"] = "{" if kind == "bad record" else "[1]"
    if kind == "number format":
        file.attrs["format"] = np.arange(3)


FOREIGN = [
    "empty",
    "random",
    "pickle",
    "half",
    "start",
    "text",
    "netcdf",
    "hdf5",
    "external link",
    "soft link",
    "external storage",
    "virtual",
    "group",
    "no shape",
    "huge",
    "no record",
    "bad record",
    "list record",
    "number format",
]


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_result_is_refused_and_nothing_of_it_is_executed(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "foreign.nc"
    foreign(kind, path, example().save(tmp_path / "source.nc"))
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"foreign\.nc"):
        load(path)
    assert path.read_bytes() == before
    assert not Path("trapped").exists()


def test_a_damaged_file_is_refused_before_the_hdf5_library_can_crash_on_it(tmp_path):
    path = example().save(tmp_path / "result.nc")
    content, generator = path.read_bytes(), np.random.default_rng(0)
    for place in generator.integers(0, len(content), 100):
        damaged = bytearray(content)
        damaged[place] ^= int(generator.integers(1, 256))
        path.write_bytes(bytes(damaged))
        with pytest.raises(ValueError, match=r"result\.nc .*damaged"):
            load(path)


def test_a_saved_result_is_a_netcdf_file_for_other_programs(tmp_path):
    path = example().save(tmp_path / "result.nc")
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        np.testing.assert_array_equal(opened["accuracy"], example()["accuracy"])


def test_a_record_is_stored_as_json(tmp_path):
    with h5py.File(example().save(tmp_path / "result.nc"), "r") as file:
        assert json.loads(file.attrs["record"]) == example().record


def test_drafts_that_killed_processes_left_are_swept_when_they_are_old(tmp_path):
    import os
    import time

    from fourierscope.results import written_whole

    for number, age in ((41, 3 * 24 * 3600), (42, 60)):
        draft = tmp_path / f".kept.{number}.draft"
        draft.write_bytes(b"half")
        os.utime(draft, (time.time() - age,) * 2)
    written_whole(tmp_path / "kept", lambda draft: draft.write_bytes(b"whole"))
    assert sorted(one.name for one in tmp_path.iterdir()) == [".kept.42.draft", "kept"]
