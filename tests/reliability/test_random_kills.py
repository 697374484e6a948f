"""A store survives kills at random moments, of the driver with all its processes and of single workers."""

import pytest
from doors import SOAK
from kills_made import killed_run

KILLS = 50 if SOAK else 5
FEWER = 10 if SOAK else 1


@pytest.mark.parametrize("engine", ["here"])
def test_a_driver_may_be_killed_at_any_moment(tmp_path, engine):
    found = killed_run(tmp_path, KILLS, engine=engine)
    assert found.same
    assert found.kills == KILLS
    assert len(set(found.begun)) == found.cells
    assert len(found.begun) <= found.cells + found.kills  # at most the cell at work is begun again


@pytest.mark.parametrize("engine", ["here"])
@pytest.mark.parametrize("victim", ["driver", "worker"])
def test_with_two_workers_a_kill_costs_each_one_cell_at_most(tmp_path, victim, engine):
    found = killed_run(tmp_path, FEWER, 2, victim, engine)
    assert found.same
    assert found.kills >= FEWER / 2  # the last runs may come to their end first
    assert len(set(found.begun)) == found.cells
    assert len(found.begun) <= found.cells + 2 * found.kills
