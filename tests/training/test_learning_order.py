"""Times, areas and orderings, by hand."""

import numpy as np
import pytest

from fourierscope.training.learning_order import area_under_error, ordering, slope_of_times, time_to_learn

STEPS = np.array([0, 1, 3, 7, 15])


def test_the_time_is_that_of_first_reaching_not_of_staying():
    error = np.array([[1, 1, 1], [0.2, 1, 0.9], [0.8, 1, 0.5], [0.1, 1, 0.29], [0.9, 1, 0.1]])
    np.testing.assert_array_equal(time_to_learn(error, STEPS, 0.3), [1, np.nan, 7])
    np.testing.assert_array_equal(time_to_learn(error, STEPS, 0.2), [7, np.nan, 15])


def test_the_area_is_the_mean_over_log_steps_and_capped():
    halves = np.log1p(STEPS) / np.log(2)  # 0, 1, 2, 3, 4: even places
    np.testing.assert_allclose(halves, [0, 1, 2, 3, 4])
    error = np.array([[5, 0], [5, 0], [0, 1], [0, 1], [0, 1]], dtype=float)
    np.testing.assert_allclose(area_under_error(error, STEPS), [1.5 / 4, 2.5 / 4])
    np.testing.assert_array_equal(area_under_error(error[:1], STEPS[:1]), [1, 0])
    assert np.isnan(area_under_error(np.full((5, 1), np.nan), STEPS)).all()


def test_the_ordering_puts_what_is_never_learned_last():
    assert ordering(np.array([1.0, 2.0, 9.0])) == pytest.approx(1)
    assert ordering(np.array([9.0, 2.0, 1.0])) == pytest.approx(-1)
    assert ordering(np.array([1.0, 2.0, np.nan])) == pytest.approx(1)
    assert ordering(np.array([np.nan, 2.0, 1.0])) == pytest.approx(-1)
    shared = ordering(np.array([1.0, np.nan, np.nan, np.nan]))
    assert 0 < shared < 1
    for alike in ([3.0], [3.0, 3.0], [np.nan, np.nan], []):
        assert np.isnan(ordering(np.array(alike)))


def test_the_slope_is_that_of_the_power_law():
    frequencies = np.array([0, 1, 2, 4, 8])
    times = np.concatenate([[0], 5.0 * frequencies[1:] ** 1.5])
    assert slope_of_times(frequencies, times) == pytest.approx(1.5)
    times[3] = np.nan
    assert slope_of_times(frequencies, times) == pytest.approx(1.5)
    assert np.isnan(slope_of_times(frequencies[:2], times[:2]))
