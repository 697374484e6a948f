"""Rates that may be looked at while they are counted: their bounds hold at all looks at once."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from fourierscope.results import look_shares, sequential_rates, wilson
from fourierscope.results.sequential import upper_bounds

LOOKS = (64, 96, 144, 216, 300)
RATES = (0.0, 0.01, 0.1, 0.5, 0.9)


def counted(rate, trials, seed=0, looks=LOOKS):
    steps = np.diff(looks, prepend=0)
    return np.random.default_rng(seed).binomial(steps, rate, (trials, len(looks))).cumsum(1)


def until(hits, look):
    return np.where(np.arange(hits.shape[-1]) <= look, hits, -1)


@pytest.mark.parametrize("rate", RATES)
def test_the_truth_lies_in_the_bounds_of_all_looks_at_once_whatever_the_rule_to_stop(rate):
    trials = 20_000
    found = sequential_rates(counted(rate, trials), LOOKS)  # the bounds of all looks together
    missed = int(((rate < found.low) | (rate > found.high)).sum())
    assert missed <= stats.binom.ppf(0.9999, trials, 0.05)
    if 0.1 <= rate <= 0.9:  # not absurdly careful either: counts of rare hits jump too far to spend all
        assert missed >= stats.binom.ppf(0.0001, trials, 0.025)


@pytest.mark.parametrize("rate", [0.004, 0.03, 0.2, 0.5])
def test_the_probability_to_reject_a_true_rate_at_some_look_is_at_most_a_fortieth_by_a_slow_count(rate):
    looks = (8, 12, 20)
    rates, bounds = upper_bounds(looks)
    place = int(np.searchsorted(rates, rate))
    left, spent = {0: 1.0}, 0.0
    for look, (images, before) in enumerate(zip(looks, (0, *looks[:-1]), strict=True)):
        after = {}
        for hits, chance in left.items():
            for more in range(images - before + 1):
                step = stats.binom.pmf(more, images - before, rates[place])
                after[hits + more] = after.get(hits + more, 0) + chance * step
        spent += sum(chance for hits, chance in after.items() if hits >= bounds[look, place])
        assert spent <= 0.025 * images / looks[-1]
        left = {hits: chance for hits, chance in after.items() if hits < bounds[look, place]}
        narrower = spent + left.get(bounds[look, place] - 1, 0)
        assert narrower > 0.025 * images / looks[-1] or bounds[look, place] == 0


def test_one_look_is_the_exact_interval_of_clopper_and_pearson_to_the_step_between_rates():
    hits = np.array([0, 1, 7, 50, 99, 100])
    found = sequential_rates(hits[:, None], (100,))
    for hit, low, high in zip(hits, found.low, found.high, strict=True):
        exact = stats.binomtest(int(hit), 100).proportion_ci(0.95, "exact")
        assert exact.low - 0.002 <= low <= exact.low
        assert exact.high <= high <= exact.high + 0.002


def test_the_last_look_is_little_wider_than_an_interval_that_was_looked_at_once():
    hits = counted(0.3, 300)
    found, once = sequential_rates(hits, LOOKS), wilson(hits[:, -1] / LOOKS[-1], LOOKS[-1])
    assert 1 < np.median(found.high - found.low) / np.median(once.high - once.low) < 1.2


@pytest.mark.parametrize("rate", [0.1, 0.7])
def test_after_a_thousand_images_intervals_are_as_much_wider_as_the_page_says(rate):
    looks = (64, 96, 144, 216, 328, 496, 744, 1000)
    hits = counted(rate, 2000, looks=looks)
    found, once = sequential_rates(hits, looks), wilson(hits[:, -1] / looks[-1], looks[-1])
    wider = (found.high - found.low) / (once.high - once.low)
    assert wider.mean() == pytest.approx(1.10, abs=0.01)
    assert np.median(wider) == pytest.approx(1.15, abs=0.01)


def test_bounds_narrow_with_every_look_and_hold_the_rate_that_was_counted():
    hits = counted(0.2, 200)
    bounds = [sequential_rates(until(hits, look), LOOKS) for look in range(len(LOOKS))]
    for look, (images, one) in enumerate(zip(LOOKS, bounds, strict=True)):
        np.testing.assert_array_equal(one.value, hits[:, look] / images)
        assert ((one.low <= one.value) & (one.value <= one.high)).all()
    inside = [(b.low >= a.low - 1e-12) & (b.high <= a.high + 1e-12) for a, b in pairwise(bounds)]
    assert np.mean(inside) > 0.95  # but for rates that leave the bounds of an earlier look


def test_hits_and_misses_are_mirrored():
    hits = counted(0.15, 50)
    misses = np.array(LOOKS) - hits
    first, second = sequential_rates(hits, LOOKS), sequential_rates(misses, LOOKS)
    np.testing.assert_allclose(first.low, 1 - second.high)
    np.testing.assert_allclose(first.high, 1 - second.low)


def test_a_rate_without_any_look_is_unknown():
    found = sequential_rates(np.full((2, len(LOOKS)), -1), LOOKS)
    assert all(np.isnan(one).all() for one in found)


def test_the_shares_of_looks_are_those_of_new_images():
    np.testing.assert_allclose(look_shares((10, 15, 40)), [0.25, 0.125, 0.625])
