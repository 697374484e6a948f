"""A store survives kills at random moments, of the driver with all its processes and of single workers."""

import subprocess
import sys
from pathlib import Path

import pytest
from doors import SOAK

KILLS, FEWER, SIDE = (50, 10, 12) if SOAK else (3, 1, 6)


def killed(folder, kills, workers, victim):
    """The cells that were begun, how many there are, and how many kills fell, of runs that were killed so often.

    The file that comes out must be the one of a run that was never killed, and a kept cell must stay as it is.
    """
    script = Path(__file__).with_name("killing.py")
    words = [sys.executable, script, folder, SIDE, kills, workers, victim, 0]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    cells, fell, stayed = map(int, done.stdout.split())
    assert stayed, "a kept cell was lost, written or begun again"
    assert (folder / "killed.nc").read_bytes() == (folder / "whole.nc").read_bytes()
    begun = (folder / "log").read_text().splitlines()
    print(f"kills: {fell}; cells: {cells}; begun: {len(begun)}")  # noqa: T201
    return begun, cells, fell


def test_a_driver_may_be_killed_at_any_moment(tmp_path):
    begun, cells, kills = killed(tmp_path, KILLS, 1, "driver")
    assert kills == KILLS
    assert len(set(begun)) == cells
    assert len(begun) <= cells + kills  # at most the cell at work is begun again


@pytest.mark.parametrize("victim", ["driver", "worker"] if SOAK else ["driver"])  # one worker dies in test_failed_cells
def test_with_two_workers_a_kill_costs_each_one_cell_at_most(tmp_path, victim):
    begun, cells, kills = killed(tmp_path, FEWER, 2, victim)
    assert kills == FEWER
    assert len(set(begun)) == cells
    assert len(begun) <= cells + 2 * kills
