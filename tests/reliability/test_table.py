"""The table of promises, faults and files in the docs names tests that are there, and every trial stands in it."""

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_row_names_a_test_that_is_there():
    rows = [
        line for line in PAGE.splitlines() if line.startswith("| ") and not line.endswith(("test |", "reliability` |"))
    ]
    named = [re.findall(r"`([\w/]+\.py)`", row) for row in rows]
    assert len(rows) > 30
    assert all(named)
    folders = (TESTS, TESTS / "reliability")
    assert not [one for several in named for one in several if not any((each / one).is_file() for each in folders)]


def test_every_trial_stands_in_the_table():
    trials = {one.name for one in (TESTS / "reliability").glob("test_*.py")} - {Path(__file__).name}
    assert not {one for one in trials if f"`{one}`" not in PAGE}
