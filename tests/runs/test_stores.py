"""Stores: what is kept, what is refused, and what stays as it was."""

import io
import json
import threading
import zipfile
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import fourierscope as fs
from fourierscope.results import sealed
from fourierscope.runs import Analysis


class Number(NamedTuple):
    value: int


@dataclass(frozen=True)
class Squares(Analysis[fs.Samples]):
    """Squares of 0..count, one a cell, with a hook that tests set."""

    count: int = 5

    def cells(self, samples, /):
        return [Number(one) for one in range(self.count)]

    def measure(self, cell, samples, /):
        HOOK[0](cell)
        return {"square": np.array([cell.value**2])}

    def assemble(self, measured, samples, /):
        values = np.array([int(one["square"][0]) for one in measured.values()])
        return {"square": xr.DataArray(values, dims="number", attrs={"units": "1", "says": "Squares."})}


HOOK = [lambda cell: None]
SAMPLES = fs.Samples(torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)))


@pytest.fixture
def seen(monkeypatch):
    found = []
    monkeypatch.setattr(f"{__name__}.HOOK", [found.append])
    return found


@dataclass(frozen=True)
class Turned(Squares):
    """Squares that are measured as the view of another array."""

    def measure(self, cell, samples, /):
        HOOK[0](cell)
        return {"square": np.arange(6.0).reshape(2, 3).T + cell.value, "none": np.float64(cell.value)}

    def assemble(self, measured, samples, /):
        laid_out = [[one.flags.c_contiguous, one.ndim] for each in measured.values() for one in each.values()]
        values = np.array(laid_out, dtype=float)
        return {"laid_out": xr.DataArray(values, dims=("array", "how"), attrs={"units": "1", "says": "How."})}


def test_arrays_are_laid_out_alike_whether_they_are_kept_or_just_measured(tmp_path, monkeypatch):
    whole = fs.run(Turned(), SAMPLES)["laid_out"]
    assert whole.values.tolist() == [[1, 2], [1, 0]] * 5  # so that sums over them have the same bits

    def interrupted(cell):
        if cell.value == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(f"{__name__}.HOOK", [interrupted])
    with pytest.raises(KeyboardInterrupt):
        fs.run(Turned(), SAMPLES, store=tmp_path / "store")
    monkeypatch.setattr(f"{__name__}.HOOK", [lambda cell: None])
    assert fs.run(Turned(), SAMPLES, store=tmp_path / "store")["laid_out"].equals(whole)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_finished_store_answers_without_measuring_again(tmp_path, seen):
    first = fs.run(Squares(), SAMPLES, store=tmp_path / "store")
    assert len(seen) == 5
    again = fs.run(Squares(), SAMPLES, store=tmp_path / "store")
    assert len(seen) == 5
    assert again.dataset.identical(first.dataset)
    assert again.record == first.record == Squares()(SAMPLES).record
    assert first["square"].values.tolist() == [0, 1, 4, 9, 16]


def test_an_interrupted_run_keeps_finished_cells_and_says_how_to_go_on(tmp_path, seen):
    def interrupt(cell):
        seen.append(cell)
        if cell.value == 3:
            raise KeyboardInterrupt

    HOOK[0] = interrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        fs.run(Squares(), SAMPLES, store=tmp_path / "store")
    assert any(
        "3 of 5" in note and str(tmp_path / "store") in note and "run again" in note for note in caught.value.__notes__
    )
    HOOK[0] = seen.append
    assert fs.run(Squares(), SAMPLES, store=tmp_path / "store")["square"].values.tolist() == [0, 1, 4, 9, 16]
    assert [cell.value for cell in seen] == [0, 1, 2, 3, 3, 4]
    HOOK[0] = interrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        fs.run(Squares(), SAMPLES)
    assert "are lost" in caught.value.__notes__[0]


def npy():
    file = io.BytesIO()
    np.save(file, np.arange(3))
    return file.getvalue()


@pytest.mark.parametrize(
    "damage", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", npy(), b"\x80\x04K\x01.", b"x" * 400, "half", "flip"]
)
def test_a_damaged_cell_is_named_and_nothing_is_changed(tmp_path, damage):
    store = tmp_path / "store"
    fs.run(Squares(), SAMPLES, store=store)
    cell = store / "cell-000002.npz"
    whole = cell.read_bytes()
    changed = {"half": whole[: len(whole) // 2], "flip": whole[:60] + bytes([whole[60] ^ 255]) + whole[61:]}
    cell.write_bytes(changed[damage] if isinstance(damage, str) else damage)
    before = content(store)
    with pytest.raises(fs.StoreError, match=r"cell-000002\.npz is damaged.*Delete this file"):
        fs.run(Squares(), SAMPLES, store=store)
    assert content(store) == before
    cell.unlink()
    assert fs.run(Squares(), SAMPLES, store=store)["square"].values.tolist() == [0, 1, 4, 9, 16]
    assert cell.read_bytes() == whole


def test_any_changed_byte_of_a_cell_is_found(tmp_path):
    store = tmp_path / "store"
    fs.run(Squares(), SAMPLES, store=store)
    cell = store / "cell-000004.npz"
    whole = cell.read_bytes()
    for place in range(0, len(whole), 3):
        cell.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        with pytest.raises(fs.StoreError, match=r"cell-000004\.npz is damaged"):
            fs.run(Squares(), SAMPLES, store=store)


def declaring(header):
    """A sealed cell with one array whose header is this."""
    array, held = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, header)
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("square.npy", array.getvalue())
    return sealed(held.getvalue())


@pytest.mark.parametrize(
    ("descr", "shape", "told"),
    [
        ("<f8", (1 << 43,), "declares 65536.0 GiB of values; at most 4 GiB"),
        ("<f8", (-1,), "no plain array"),
        ("|O", (1,), "no plain array"),
    ],
)
def test_a_cell_that_declares_too_much_is_refused_before_it_is_read(tmp_path, descr, shape, told):
    store = tmp_path / "store"
    fs.run(Squares(), SAMPLES, store=store)
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    (store / "cell-000002.npz").write_bytes(declaring(header))
    with pytest.raises(fs.StoreError, match=rf"cell-000002\.npz is damaged .*{told}.*Delete"):
        fs.run(Squares(), SAMPLES, store=store)


def test_a_cell_that_holds_other_files_is_refused(tmp_path):
    store, held = tmp_path / "store", io.BytesIO()
    fs.run(Squares(), SAMPLES, store=store)
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("square", b"x" * 100)
    (store / "cell-000002.npz").write_bytes(sealed(held.getvalue()))
    with pytest.raises(fs.StoreError, match=r"cell-000002\.npz is damaged"):
        fs.run(Squares(), SAMPLES, store=store)


def test_a_cell_of_another_place_is_refused(tmp_path):
    store = tmp_path / "store"
    fs.run(Squares(), SAMPLES, store=store)
    (store / "cell-000002.npz").write_bytes((store / "cell-000001.npz").read_bytes())
    with pytest.raises(fs.StoreError, match=r"holds Number\(value=1\), where Number\(value=2\) belongs"):
        fs.run(Squares(), SAMPLES, store=store)


def listener(row, column, scale=1.0):
    turn = 2 * torch.pi * (row * torch.arange(8)[:, None] + column * torch.arange(8)[None, :]) / 8

    def network(images):
        heard = (images * turn.cos()).sum((1, 2, 3)).abs() > 8 * scale
        return torch.stack([~heard, heard], 1).float()

    return network


class Constant(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, images):
        return torch.zeros(len(images), 3) + torch.eye(3)[self.answer] * (images.amax((1, 2, 3)) > 0.99)[:, None]


def linear(seed):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).eval()
    with torch.no_grad():
        network[1].weight.copy_(torch.randn(2, 64, generator=torch.Generator().manual_seed(seed)))
        network[1].bias.zero_()
    return network


def scored(scale):
    return lambda outputs, labels: outputs[:, 0] * scale


def trial(network, seed=0, label=0, **options):
    images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 0.5
    return fs.Trial(fs.Classifier(network, name="network", **options), fs.Samples(images, [label] * 4))


NETWORK = linear(0)
OTHERS = {
    "norm": ((fs.HeatMap(norm=1.0), trial(NETWORK)), (fs.HeatMap(norm=2.0), trial(NETWORK))),
    "weights": ((fs.HeatMap(), trial(NETWORK)), (fs.HeatMap(), trial(linear(1)))),
    "images": ((fs.HeatMap(), trial(NETWORK)), (fs.HeatMap(), trial(NETWORK, seed=1))),
    "labels": ((fs.HeatMap(), trial(NETWORK)), (fs.HeatMap(), trial(NETWORK, label=1))),
    "normalisation": ((fs.HeatMap(), trial(NETWORK)), (fs.HeatMap(), trial(NETWORK, mean=0.5, std=0.5))),
    "constants of a closure": ((fs.HeatMap(), trial(listener(1, 2))), (fs.HeatMap(), trial(listener(2, 1)))),
    "a number in a closure": ((fs.HeatMap(), trial(listener(1, 2))), (fs.HeatMap(), trial(listener(1, 2, 2.0)))),
    "constants of a module": ((fs.HeatMap(), trial(Constant(0).eval())), (fs.HeatMap(), trial(Constant(1).eval()))),
    "constants of a score": (
        (fs.HeatMap(score=scored(1.0)), trial(NETWORK)),
        (fs.HeatMap(score=scored(2.0)), trial(NETWORK)),
    ),
    "another analysis": ((fs.HeatMap(), trial(NETWORK)), (fs.PassCurve(), trial(NETWORK))),
}


@pytest.mark.parametrize("change", OTHERS)
def test_a_store_of_another_question_is_refused_and_left_as_it_is(tmp_path, change):
    first, second = OTHERS[change]
    store = tmp_path / "store"
    fs.run(*first, store=store)
    before = content(store)
    with pytest.raises(fs.StoreError, match="belongs to another question"):
        fs.run(*second, store=store)
    assert content(store) == before
    fs.run(*first, store=store)
    assert content(store) == before


def test_a_network_that_was_asked_is_still_the_same_network():
    network = linear(0)
    before = fs.Classifier(network).trace()
    network.train()
    assert fs.Classifier(network).trace() == before
    assert fs.Classifier(linear(0)).trace() == before


def test_a_folder_that_is_no_store_is_refused_and_left_as_it_is(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(fs.StoreError, match="is no store"):
        fs.run(Squares(), SAMPLES, store=folder)
    with pytest.raises(fs.StoreError, match="is no store"):
        fs.run(Squares(), SAMPLES, store=folder / "thesis.txt")
    assert content(folder) == {"thesis.txt": b"mine"}


def test_a_damaged_question_is_told(tmp_path):
    store = tmp_path / "store"
    fs.run(Squares(), SAMPLES, store=store)
    (store / "question.json").write_text("{")
    with pytest.raises(fs.StoreError, match=r"question\.json.*damaged"):
        fs.run(Squares(), SAMPLES, store=store)


def test_what_a_kill_leaves_behind_is_no_hindrance(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    (store / "lock").touch()
    (store / ".question.json.7.draft").write_text("{")
    (store / ".cell-000001.npz.7.draft").write_bytes(b"PK")
    assert fs.run(Squares(), SAMPLES, store=store)["square"].values.tolist() == [0, 1, 4, 9, 16]


def test_of_two_runs_at_one_store_the_second_is_refused(tmp_path, monkeypatch):
    inside, leave = threading.Event(), threading.Event()

    def wait(cell):
        inside.set()
        assert leave.wait(20)

    monkeypatch.setattr(f"{__name__}.HOOK", [wait])
    outcome = []
    first = threading.Thread(target=lambda: outcome.append(fs.run(Squares(), SAMPLES, store=tmp_path / "store")))
    first.start()
    try:
        assert inside.wait(20)
        with pytest.raises(fs.StoreError, match="Another run is at the store"):
            fs.run(Squares(), SAMPLES, store=tmp_path / "store")
    finally:
        leave.set()
        first.join(20)
    assert outcome[0]["square"].values.tolist() == [0, 1, 4, 9, 16]


def test_the_question_in_a_store_tells_no_path_or_time(tmp_path):
    fs.run(Squares(), SAMPLES, store=tmp_path / "store")
    told = json.loads((tmp_path / "store" / "question.json").read_text())
    assert set(told) == {"analysis", "options", "subject", "versions", "seal"}
    assert str(tmp_path) not in json.dumps(told)
