"""Checks: they hold on their bounds, fail beyond them, and say why they were not tried."""

from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from fourierscope.papers.exhibit import ABOVE_ZERO, Check, Exhibit, Made, Reading
from fourierscope.papers.making import NotTried
from fourierscope.papers.paper import Outcome
from fourierscope.papers.reading import apart, at, between, exact, outcomes, within
from fourierscope.papers.tables import check_table, counted, figures, overview, verdict

NOTHING = Made({})
EXHIBIT = Exhibit("1", "A curve", "None.", "nowhere", make=lambda making: None, draw=lambda made: [])


def tried(value, low=-inf, high=inf, bounds=(nan, nan), budget="smoke", budgets=("smoke",)):
    reading = Reading(value, *bounds, 10)
    return Check("a claim", lambda made: reading, low, high, budgets=budgets).tried(NOTHING, budget)


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.5, 0.0, 1.0, "holds"),
        (0.0, 0.0, 1.0, "holds"),
        (1.0, 0.0, 1.0, "holds"),
        (-0.001, 0.0, 1.0, "fails"),
        (1.001, 0.0, 1.0, "fails"),
        (0.0, ABOVE_ZERO, inf, "fails"),
        (1e-12, ABOVE_ZERO, inf, "holds"),
        (nan, 0.0, inf, "not tried here"),
    ],
)
def test_a_check_holds_within_its_bounds_and_on_them(value, low, high, expected):
    assert tried(value, low, high).verdict == expected


@pytest.mark.parametrize(
    ("value", "bounds", "sure"),
    [
        (0.5, (0.4, 0.6), True),
        (0.5, (0.0, 1.0), True),
        (0.5, (-0.1, 0.6), False),
        (0.5, (0.4, 1.1), False),
        (-0.5, (-0.6, -0.4), True),
        (-0.5, (-0.6, 0.1), False),
        (-0.5, (-0.6, 1.5), False),
        (1.5, (1.2, 1.7), True),
        (0.5, (nan, nan), False),
    ],
)
def test_a_verdict_is_sure_where_the_whole_interval_lies_on_its_side(value, bounds, sure):
    assert tried(value, 0.0, 1.0, bounds).sure is sure


def test_a_verdict_without_an_interval_is_not_called_unsure():
    assert verdict(tried(0.5, 0.0, 1.0)) == "holds"
    assert verdict(tried(0.5, 0.0, 1.0, (-0.1, 0.6))) == "holds, unsure"
    assert verdict(tried(-0.5, 0.0, 1.0, (-0.6, 0.1))) == "fails, unsure"


def test_a_check_for_another_budget_is_not_tried_and_reads_nothing():
    def read(made):
        raise AssertionError("read")

    found = Check("a claim", read, low=0.0, budgets=("small", "full")).tried(NOTHING, "smoke")
    assert (found.verdict, found.reading) == ("not tried here", None)
    assert "small or full" in found.why


def test_a_check_of_what_was_left_out_says_why():
    made = Made({}, {"lowpass15": "nobody trained it"})
    found = Check("a claim", lambda made: at(made["lowpass15"], "accuracy", {}), low=0.0).tried(made, "smoke")
    assert (found.verdict, found.why) == ("not tried here", "nobody trained it")
    with pytest.raises(NotTried, match="no result 'elsewhere'"):
        made["elsewhere"]


@pytest.mark.parametrize(
    "options", [{}, {"low": 1.0, "high": 0.0}, {"low": nan}, {"low": 0.0, "budgets": ("tiny",)}], ids=str
)
def test_a_check_that_cannot_fail_is_refused(options):
    with pytest.raises(ValueError, match="A check can fail"):
        Check("a claim", lambda made: exact(0, 1), **options)


def test_a_value_is_read_with_its_bounds_and_count(counted):
    found = at(counted, "accuracy", {"place": 1})
    interval = stats.binomtest(80, 100).proportion_ci(method="wilson")
    assert found == pytest.approx((0.8, interval.low, interval.high, 100))


def test_differences_are_paired_image_by_image(counted):
    found = within(counted, "accuracy", {"place": 1}, {"place": 2})
    assert found.value == pytest.approx(0.2)
    assert 0.1 < found.low < 0.2 < found.high < 0.3
    assert between(counted, counted, "accuracy", {"place": 1}).value == 0
    first, second = (outcomes(counted, "accuracy", {"place": place}) for place in (1, 2))
    assert found.value == pytest.approx(np.mean(first.astype(float) - second.astype(float)))
    with pytest.raises(KeyError, match="place=3"):
        outcomes(counted, "accuracy", {"place": 3})


def test_independent_readings_part_as_their_intervals_add_in_squares():
    found = apart(Reading(1.0, 0.7, 1.5, 10), Reading(0.2, -0.2, 0.5, 8))
    assert found == pytest.approx((0.8, 0.8 - np.hypot(0.3, 0.3), 0.8 + np.hypot(0.5, 0.4), 8))


def test_counts_of_verdicts_tell_how_many_of_them_are_unsure():
    sure, unsure = tried(0.5, 0.0, 1.0, (0.4, 0.6)), tried(0.5, 0.0, 1.0, (-0.1, 0.6))
    bare, fails = tried(0.5, 0.0, 1.0), tried(-0.5, 0.0, 1.0, (-0.6, 0.1))
    outcome = Outcome(EXHIBIT, NOTHING, [sure, unsure, bare, fails], [], [])
    assert counted([outcome]) == "Of 4 checks: 3 hold (1 unsure), 1 fail (1 unsure), 0 not tried here."
    assert overview([outcome]).rows[0][1:4] == ("3 (1 unsure)", "1 (1 unsure)", "0")
    outcome = Outcome(EXHIBIT, NOTHING, [sure, bare], [], [])
    assert overview([outcome]).rows[0][1:4] == ("2", "0", "0")


def test_the_table_tells_verdict_value_interval_count_and_bounds():
    table = check_table([tried(0.5, 0.0, 1.0, (-0.1, 0.6)), tried(0.5, ABOVE_ZERO), tried(0, 0, budget="full")])
    assert table.rows[0] == ("holds, unsure", "a claim", "", "0.500", "-0.100 to 0.600", "10", "0 to 1")
    assert table.rows[1][-1] == "above 0"
    assert table.rows[2] == ("not tried here", "a claim", "", "", "", "", "at least 0")
    assert table.says == "1 check not tried here, because that takes the budget smoke."


@pytest.mark.parametrize(
    ("value", "room", "told"),
    [
        (0.0, inf, "0.000"),
        (-0.25, inf, "-0.250"),
        (12.3456, inf, "12.346"),
        (-1591.897, inf, "-1592"),
        (215.8813, 0.1, "215.881"),
        (0.00216, inf, "0.00216"),
        (3e-13, inf, "3.00e-13"),
        (0.30326533, 1e-6, "0.3032653"),
        (0.00216, 0.0002, "0.00216"),
    ],
)
def test_numbers_are_told_as_exactly_as_their_size_and_their_bounds_ask(value, room, told):
    assert figures(value, room) == told


def test_a_number_between_near_bounds_is_told_apart_from_them():
    (row,) = check_table([tried(0.3034, 0.303265, 0.303266)]).rows
    assert (row[0], row[3], row[-1]) == ("fails", "0.3034000", "0.303265 to 0.303266")
