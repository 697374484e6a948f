"""Intervals against the textbooks' own programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fourierscope.results import (
    bootstrap_interval,
    correlation_interval,
    crossed_interval,
    mean_interval,
    median_interval,
    paired_means,
    paired_rates,
    share_interval,
    wilson,
)
from fourierscope.results.intervals import size_interval


@pytest.mark.parametrize("n", [1, 2, 7, 50, 1000])
def test_wilson_is_scipys(n):
    for right in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        low, high = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
        found = wilson(right / n, n)
        assert (float(found.low), float(found.high)) == pytest.approx((low, high), abs=1e-12)
        assert found.value == right / n


def test_wilson_takes_rates_of_any_shape_and_stays_within_zero_and_one():
    rates = np.linspace(0, 1, 12).reshape(3, 4)
    found = wilson(rates, 11)
    assert found.low.shape == found.high.shape == (3, 4)
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()
    assert (found.low <= rates).all()
    assert (rates <= found.high).all()
    assert found.low[0, 0] == 0
    assert found.high[-1, -1] == 1
    assert found.high[0, 0] > 0.2


def test_the_interval_of_a_mean_is_students():
    values = np.random.default_rng(0).normal(2, 3, size=(4, 9))
    found = mean_interval(values)
    for row, value, low, high in zip(values, *found, strict=True):
        expected = stats.t.interval(0.95, 8, row.mean(), stats.sem(row))
        assert (value, low, high) == pytest.approx((row.mean(), *expected))


def test_one_value_alone_has_no_bounds():
    found = mean_interval(np.array([[3.0], [4.0]]))
    assert found.value.tolist() == [3, 4]
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_paired_rates_differ_by_the_counts_with_the_exact_test_of_mcnemar(outcomes):
    first, second = np.array(outcomes).T
    found = paired_rates(first, second)
    only_first = sum(a and not b for a, b in outcomes)
    only_second = sum(b and not a for a, b in outcomes)
    assert found.value == (only_first - only_second) / len(outcomes)
    discordant = only_first + only_second
    expected = stats.binomtest(only_first, discordant).pvalue if discordant else 1.0
    assert float(found.p) == pytest.approx(expected, abs=1e-12)
    assert -1 <= found.low <= found.value <= found.high <= 1


def test_bounds_of_paired_rates_are_those_of_bonett_and_price():
    first, second = np.zeros(100, bool), np.zeros(100, bool)
    first[:20], second[12:28] = True, True  # 12 only first, 8 only second
    p12, p21 = 13 / 102, 9 / 102
    reach = stats.norm.ppf(0.975) * np.sqrt((p12 + p21 - (p12 - p21) ** 2) / 102)
    found = paired_rates(first, second)
    assert float(found.low) == pytest.approx(p12 - p21 - reach)
    assert float(found.high) == pytest.approx(p12 - p21 + reach)


def test_paired_means_are_students_paired_test():
    generator = np.random.default_rng(1)
    first, second = generator.normal(size=(2, 3, 12))
    found = paired_means(first, second)
    expected = stats.ttest_rel(first, second, axis=-1)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found.value, (first - second).mean(-1))
    np.testing.assert_allclose(found.p, expected.pvalue)
    np.testing.assert_allclose(found.low, interval.low)
    np.testing.assert_allclose(found.high, interval.high)


def test_pairs_without_spread_are_equal_or_surely_different():
    same = paired_means(np.ones((1, 5)), np.ones((1, 5)))
    moved = paired_means(np.full((1, 5), 3.0), np.ones((1, 5)))
    assert same.value.tolist() == [0]
    assert same.p.tolist() == [1]
    assert moved.value.tolist() == [2]
    assert moved.p.tolist() == [0]


def test_a_single_pair_tells_nothing():
    found = paired_means(np.array([[3.0]]), np.array([[1.0]]))
    assert found.value.tolist() == [2]
    assert np.isnan([found.low, found.high, found.p]).all()


def test_the_interval_of_shares_is_wilsons_where_every_share_is_false_or_true():
    outcomes = np.array([1, 0, 0, 1, 0, 0, 0, 1, 1, 0], dtype=float)
    found, expected = share_interval(outcomes), wilson(0.4, 10)
    assert np.allclose(found, expected)


def test_the_interval_of_shares_stays_within_nought_and_one_and_keeps_a_width_at_its_ends():
    for shares in (np.zeros(120), np.ones(120), np.r_[np.zeros(119), 0.5]):
        found = share_interval(shares)
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.high - found.low > 0.01
    assert np.allclose(share_interval(np.zeros(120)), wilson(0.0, 120))


def test_shares_that_vary_less_than_coins_have_a_narrower_interval_close_to_students():
    shares = 0.5 + 0.1 * np.sin(np.arange(400))
    found, student, coins = share_interval(shares), mean_interval(shares), wilson(0.5, 400)
    assert found.high - found.low == pytest.approx(student.high - student.low, rel=0.02)
    assert found.high - found.low < 0.2 * (coins.high - coins.low)


def test_the_bounds_of_a_ratio_are_where_students_test_of_the_difference_turns():
    from scipy.stats import ttest_1samp

    from fourierscope.results import ratio_interval

    generator = np.random.default_rng(3)
    second = generator.normal(2.0, 0.5, 6)
    first = 3.0 * second + generator.normal(0.0, 1.0, 6)
    _, low, high = ratio_interval(first, second)
    for bound in (low, high):
        assert ttest_1samp(first - bound * second, 0.0).pvalue == pytest.approx(0.05, rel=1e-6)


def test_the_median_lies_between_two_values_by_rank():
    values = np.arange(1.0, 26.0)  # 25: the 8th and 18th value, Hollander and Wolfe's table at 0.957
    middle, low, high = median_interval(np.random.default_rng(0).permutation(values))
    assert (float(middle), float(low), float(high)) == (13, 8, 18)
    assert np.isnan(median_interval(np.arange(5.0)).low)
    assert float(median_interval(np.arange(6.0)).low) == 0
    several = median_interval(np.stack([values, 2 * values]))
    np.testing.assert_array_equal(several.high, [18, 36])


def test_the_interval_of_the_median_covers_it_as_often_as_it_says():
    drawn = np.random.default_rng(1).standard_exponential((4000, 20))
    found = median_interval(drawn)
    covered = (found.low <= np.log(2)) & (np.log(2) <= found.high)
    assert 0.95 <= covered.mean() < 0.975


def test_the_interval_of_sizes_is_a_means_and_not_below_zero():
    values = np.array([[0.1, 5.0, 0.2], [4.0, 5.0, 6.0]])
    plain, held = mean_interval(values), size_interval(values)
    assert plain.low[0] < 0
    np.testing.assert_array_equal(held.low, [0, plain.low[1]])
    np.testing.assert_array_equal(held.high, plain.high)


def test_the_interval_of_a_correlation_is_a_means_within_minus_one_and_one():
    for values in ([0.9, 1.0, 0.98], [-0.9, -1.0, -0.98], [0.1, 0.2, 0.15]):
        plain, held = mean_interval(np.array(values)), correlation_interval(np.array(values))
        assert held.value == plain.value
        assert (held.low, held.high) == (max(plain.low, -1), min(plain.high, 1))
    assert mean_interval(np.array([0.9, 1.0, 0.98])).high > 1, "which a correlation never is"


def test_the_bootstrap_covers_a_mean_nearly_as_often_as_it_says():
    chance = np.random.default_rng(0)
    picks = chance.integers(0, 20, (400, 20))
    found = bootstrap_interval(chance.standard_normal((1000, 20)), picks)
    assert 0.88 < np.mean((found.low < 0) & (found.high > 0)) < 0.97
    few = np.array([1.0, 2.0, 6.0])
    slow = sorted(float(np.mean(few[list(one)])) for one in np.ndindex(3, 3, 3))
    every = np.array(list(np.ndindex(3, 3, 3)))
    assert bootstrap_interval(few, every).value == 3
    assert bootstrap_interval(few, every).low == pytest.approx(np.quantile(slow, 0.025))
    assert np.isnan(bootstrap_interval(np.array([2.0]), np.zeros((5, 1), int)).low)


def test_a_crossed_interval_of_one_seed_is_that_of_the_images():
    values = np.random.default_rng(1).normal(size=(1, 30))
    assert np.allclose(crossed_interval(values), mean_interval(values[0]))


def test_one_crossed_interval_of_five_may_miss_a_fifth_as_often():
    values = np.random.default_rng(4).normal(size=(1, 30))
    reach = stats.t.ppf(0.995, 29) * values.std(ddof=1) / np.sqrt(30)
    assert np.allclose(crossed_interval(values, 0.2)[1:], [values.mean() - reach, values.mean() + reach])


def test_a_crossed_interval_is_that_of_seeds_where_images_are_alike():
    values = np.repeat(np.random.default_rng(1).normal(size=(4, 1)), 30, axis=1)
    assert np.allclose(crossed_interval(values), mean_interval(values[:, 0]))


def test_crossed_intervals_hold_the_mean_about_as_often_as_they_say():
    chance, held = np.random.default_rng(2), 0
    for _ in range(1000):
        drawn = chance.normal(size=(3, 1)) * 0.1 + chance.normal(size=50) * 0.5 + 0.5 * chance.normal(size=(3, 50))
        _, low, high = crossed_interval(drawn)
        held += low <= 0 <= high
    assert 0.92 <= held / 1000 <= 0.98


@pytest.mark.parametrize(("seeds", "least"), [(2, 0.87), (3, 0.92)])
def test_where_seeds_differ_some_crossed_intervals_hold_the_mean_too_seldom_as_told(seeds, least):
    chance, held = np.random.default_rng(4), 0
    for _ in range(3000):
        drawn = chance.normal(size=(seeds, 1)) * 5 / 30**0.5 + chance.normal(size=30)
        _, low, high = crossed_interval(drawn)
        held += low <= 0 <= high
    assert held / 3000 == pytest.approx(least, abs=0.02)


def test_crossed_values_that_are_all_alike_have_an_interval_without_width():
    assert np.array_equal(crossed_interval(np.full((3, 5), 0.25)), [0.25, 0.25, 0.25])
    assert np.isnan(crossed_interval(np.ones((3, 1))).low)
