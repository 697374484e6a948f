"""A clock that jumps, and files from the future or long ago, change nothing of a run."""

import os
import random
import time

import pytest
from doors import SOAK
from stores_made import BEGUN, CELLS, TRIAL, ask, same

import fourierscope as fs
from fourierscope.analyses import wave_set

RUNS = 60 if SOAK else 6
TIMES = [0.0, 1.0, 3e8, 1.7e9, 2.0**31 + 5, 4e9, 2e10]  # from 1970 to 2603, the end of 32 bits among them


@pytest.fixture
def chance(monkeypatch):
    """A clock that stands at another time whenever it is read; and the chance that sets it."""
    drawn = random.Random(0)
    monkeypatch.setattr(time, "time", lambda: drawn.choice(TIMES))
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * drawn.choice(TIMES)))
    monkeypatch.setattr(time, "localtime", lambda *given: time.gmtime(*given or (drawn.choice(TIMES),)))
    return drawn


def test_runs_that_go_on_under_a_jumping_clock_measure_each_cell_once_with_the_same_bits(tmp_path, chance):
    plain, store = ask(), tmp_path / "store"
    content = plain.save(tmp_path / "a.nc").read_bytes()
    for _ in range(RUNS):
        held = {one.name for one in store.glob("cell-*")}
        BEGUN.clear()
        found = ask(store)
        assert same(found, plain)
        assert {f"cell-{one:06d}.npz" for one in BEGUN} == CELLS - held
        assert found.save(tmp_path / "b.nc", overwrite=True).read_bytes() == content
        for cell in chance.sample(sorted(store.glob("cell-*")), chance.randrange(4)):
            cell.unlink()
        for one in [*store.iterdir(), store]:
            os.utime(one, (chance.choice(TIMES), chance.choice(TIMES)))


def test_cells_have_the_same_bytes_at_any_time(tmp_path, chance):
    first, second = tmp_path / "first", tmp_path / "second"
    ask(first)
    ask(second)
    assert {one.name: one.read_bytes() for one in first.iterdir()} == {
        one.name: one.read_bytes() for one in second.iterdir()
    }


def test_a_draft_from_the_future_is_no_hindrance_and_one_of_long_ago_is_swept(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    for name, age in [(".cell-000001.npz.1.draft", -1e9), (".cell-000002.npz.1.draft", 1e9)]:
        (store / name).write_bytes(b"half")
        os.utime(store / name, (time.time() - age,) * 2)
    assert same(ask(store), ask())
    assert [one.name for one in store.glob(".*")] == [".cell-000001.npz.1.draft"]


def test_a_time_limit_does_not_look_at_the_clock(chance, monkeypatch):
    monkeypatch.setattr(wave_set, "_WAVES", 2)
    question = fs.HeatMap()
    assert len(list(question.cells(TRIAL))) > 8
    whole = question(TRIAL)
    assert all(same(fs.run(question, TRIAL, time_limit=1e6), whole) for _ in range(3))
