"""Cells that fail alone, cells that follow others, and shares of a run."""

import os
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
import torch
import xarray as xr

import fourierscope as fs
from fourierscope.cli import main
from fourierscope.runs import Analysis

SAMPLES = fs.Samples(torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)))


class Step(NamedTuple):
    chain: int
    turn: int


@dataclass(frozen=True)
class Counting(Analysis[fs.Samples]):
    """Three chains of cells: chain k stops when it has counted to k; one may be poisoned, one may die."""

    holes: ClassVar[bool] = True
    wrong: int = -1
    deadly: int = -1

    def cells(self, samples, /):
        return [Step(chain, turn) for turn in range(4) for chain in range(3)]

    def follows(self, cell, /):
        return Step(cell.chain, cell.turn - 1) if cell.turn else None

    def settled(self, cell, before, /):
        return sum(int(one["counted"]) for one in before) > cell.chain

    def measure(self, cell, samples, /):
        if cell.chain == self.wrong:
            raise ArithmeticError("one too many")
        if cell.chain == self.deadly:
            os._exit(9)
        return {"counted": np.array(1), "seen": np.array(0)}

    def go_on(self, cell, samples, before, /):
        return {"counted": np.array(1), "seen": np.array(len(before))}

    def assemble(self, measured, samples, /):
        turns = [sum(cell.chain == chain for cell in measured) for chain in range(3)]
        seen = all(int(piece["seen"]) == cell.turn for cell, piece in measured.items())
        values = xr.DataArray(np.array([*turns, seen]), dims="chain", attrs={"units": "1", "says": "Turns."})
        return {"turns": values}


def turns(result):
    *counts, seen = result["turns"].values.tolist()
    assert seen
    return counts


@pytest.mark.parametrize("workers", [1, 2])
def test_cells_that_follow_others_are_left_out_when_they_are_settled(tmp_path, workers):
    store = tmp_path / "store"
    assert turns(fs.run(Counting(), SAMPLES, store, workers)) == [1, 2, 3]
    assert len(list(store.glob("cell-*.npz"))) == 6
    assert turns(fs.run(Counting(), SAMPLES, store)) == [1, 2, 3]


def test_a_chain_goes_on_in_its_store_where_it_was(tmp_path):
    store = tmp_path / "store"
    whole = fs.run(Counting(), SAMPLES, store)
    for name in ("cell-000004.npz", "cell-000008.npz"):
        (store / name).unlink()
    assert fs.run(Counting(), SAMPLES, store).dataset.identical(whole.dataset)


def test_an_error_ends_the_run_unless_it_is_to_keep_going(tmp_path):
    with pytest.raises(ArithmeticError, match="one too many"):
        fs.run(Counting(wrong=1), SAMPLES)
    for workers in (1, 2):
        store = tmp_path / str(workers)
        assert turns(fs.run(Counting(wrong=1), SAMPLES, store, workers, keep_going=True)) == [1, 0, 3]
        assert "ArithmeticError: one too many" in (store / "failed-000001.json").read_text()


def test_a_cell_that_kills_its_process_is_left_alone_and_listed(tmp_path):
    store = tmp_path / "store"
    with pytest.raises(fs.CellsFailed, match=r"1 of 12 cells failed \(Step\(chain=1, turn=0\).*died 3 times") as caught:
        fs.run(Counting(deadly=1), SAMPLES, store, workers=2)
    assert list(caught.value.failed) == [Step(1, 0)]
    assert str(store) in str(caught.value)
    assert "keep_going" in str(caught.value)
    assert sorted(one.name for one in store.glob("cell-*")) == [f"cell-{one:06d}.npz" for one in (0, 2, 5, 8)]
    assert (store / "failed-000001.json").exists()


def test_a_failed_cell_is_tried_again_by_the_next_run(tmp_path, monkeypatch):
    store = tmp_path / "store"
    fs.run(Counting(wrong=2), SAMPLES, store, keep_going=True)
    monkeypatch.setattr(Counting, "measure", lambda *given: {"counted": np.array(1), "seen": np.array(0)})
    assert turns(fs.run(Counting(wrong=2), SAMPLES, store)) == [1, 2, 3]
    assert not list(store.glob("failed-*"))


def test_processes_that_always_die_end_the_run():
    @dataclass(frozen=True)
    class Deadly(Counting):
        def measure(self, cell, samples, /):
            os._exit(9)

    with pytest.raises(RuntimeError, match="die on every cell"):
        fs.run(Deadly(), SAMPLES, workers=2)


def test_a_time_limit_gives_what_is_measured_by_then():
    assert turns(fs.run(Counting(), SAMPLES, time_limit=0)) == [1, 0, 0]
    assert turns(fs.run(Counting(), SAMPLES, time_limit=1e9)) == [1, 2, 3]
    for wrong in (-1, float("nan")):
        with pytest.raises(ValueError, match="time_limit is a number of seconds"):
            fs.run(Counting(), SAMPLES, time_limit=wrong)


def test_a_question_without_holes_takes_no_time_limit_and_gives_no_result_where_a_cell_failed(monkeypatch):
    monkeypatch.setattr(Counting, "holes", False)
    with pytest.raises(ValueError, match="needs all of its cells"):
        fs.run(Counting(), SAMPLES, time_limit=1)
    with pytest.raises(fs.CellsFailed) as caught:
        fs.run(Counting(wrong=0), SAMPLES, keep_going=True)
    assert "keep_going" not in str(caught.value)


def test_shares_together_are_the_whole(tmp_path):
    store = tmp_path / "store"
    assert fs.run_share(Counting(), SAMPLES, store, "0/2") == (4, 4, 12)  # chains 0 and 2, in their turns
    assert fs.run_share(Counting(), SAMPLES, store, "0/2") == (0, 4, 12)
    assert fs.run_share(Counting(), SAMPLES, store, "1/2") == (2, 6, 12)
    assert fs.run(Counting(), SAMPLES, store).dataset.identical(Counting()(SAMPLES).dataset)


def test_different_shares_may_be_at_a_store_together_and_the_same_may_not(tmp_path):
    store, inner = tmp_path / "store", []

    @dataclass(frozen=True)
    class Nested(Counting):
        def measure(self, cell, samples, /):
            for share in ("0/2", "1/2", None):
                try:
                    if not inner or inner[-1] != "inside":
                        inner.append("inside")
                        ask(share)
                        inner.append(share)
                except fs.StoreError as error:
                    inner.append(str(error))
            return super().measure(cell, samples)

    def ask(share):
        return fs.run_share(Nested(), SAMPLES, store, share) if share else fs.run(Nested(), SAMPLES, store)

    ask("0/2")
    told = [one for one in inner if one != "inside"]
    assert any("Share 0/2 is at the store" in one for one in told)
    assert "1/2" in told
    assert any("Another run is at the store" in one for one in told)


@pytest.mark.parametrize("share", ["", "1", "2/2", "-1/2", "1/0", "a/b", "1/2/3", 1])
def test_a_share_that_is_none_is_refused(tmp_path, share):
    with pytest.raises(ValueError, match="i from 0 to n - 1"):
        fs.run_share(Counting(), SAMPLES, tmp_path / "store", share)
    assert not (tmp_path / "store").exists()


def test_shares_by_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["pass-curve", "--classifier", "reference:natural", "--samples", "patches:test", "--limit", "6"]
    words += ["--sizes", "2", "--store", "cells"]
    assert main([*words, "--share", "0/2"]) == 0
    assert "2 cells measured; cells holds 2 of 3: 1 are left to other shares." in capsys.readouterr().out
    assert main([*words, "--share", "1/2"]) == 0
    assert "the same command without --share makes the result" in capsys.readouterr().out
    assert not (tmp_path / "pass-curve.nc").exists()
    assert main(words) == 0
    assert (tmp_path / "pass-curve.nc").exists()
    assert main([*words[:-2], "--share", "0/2"]) == 1
    assert "give --store FOLDER" in capsys.readouterr().err
