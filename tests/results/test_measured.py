"""Outcomes of images become labelled values, and stay beside them."""

import numpy as np
import pytest
import xarray as xr

from fourierscope.results import Axes, Estimate, Result, count, estimated, mean, rate, unpacked

AXES = Axes({"row": np.arange(3), "column": np.arange(-1, 1)}, {"row": "cycles/image", "column": "cycles/image"})


@pytest.mark.parametrize("n", [1, 3, 7, 8, 9, 16, 21])
def test_packed_outcomes_come_back_as_they_were(n):
    outcomes = np.random.default_rng(n).random((3, 2, n)) < 0.4
    dataset = xr.Dataset(rate("error", outcomes, AXES, "Errors."))
    assert dataset["error_outcomes"].dtype == np.uint8
    assert dataset["error_outcomes"].shape == (3, 2, (n + 7) // 8)
    np.testing.assert_array_equal(unpacked(dataset, "error"), outcomes)
    np.testing.assert_array_equal(dataset["error"], [[np.mean(list(cell)) for cell in row] for row in outcomes])


def test_an_index_puts_one_row_of_outcomes_into_several_cells():
    index = np.array([[0, 1], [2, 0]])
    axes = Axes({"row": np.arange(2), "column": np.arange(2)}, index=index)
    outcomes = np.random.default_rng(0).random((3, 11)) < 0.5
    dataset = xr.Dataset(rate("error", outcomes, axes, "Errors."))
    assert dataset["error_outcomes"].dims == ("wave", "image_byte")
    assert dataset["wave_of"].dims == ("row", "column")
    found = unpacked(dataset, "error")
    for i in range(2):
        for j in range(2):
            np.testing.assert_array_equal(found[i, j], outcomes[index[i, j]])
            assert float(dataset["error"][i, j]) == outcomes[index[i, j]].mean()


def test_means_keep_their_outcomes_as_float32():
    outcomes = np.random.default_rng(0).normal(size=(3, 2, 5))
    dataset = xr.Dataset(mean("loss", outcomes, AXES, "nat", "Loss."))
    np.testing.assert_array_equal(unpacked(dataset, "loss"), outcomes.astype(np.float32))
    np.testing.assert_allclose(dataset["loss"], outcomes.mean(-1), rtol=1e-6)
    assert dataset["loss"].attrs["units"] == "nat"


def test_a_value_without_outcomes_has_none():
    assert unpacked(xr.Dataset({"norm": AXES.array(np.zeros((3, 2)), "1", "Norm.")}), "norm") is None


def test_every_value_has_units_and_a_sentence_and_its_axes_units():
    found = rate("error", np.zeros((3, 2, 9), bool), AXES, "Errors.") | count(9)
    for values in found.values():
        assert values.attrs["units"]
        assert values.attrs["says"].endswith(".")
    assert found["error"].row.attrs["units"] == "cycles/image"
    assert int(found["n"]) == 9


def test_bounds_and_count_stand_beside_a_value():
    result = Result(xr.Dataset(rate("error", np.zeros((3, 2, 9), bool), AXES, "Errors.") | count(9)), {})
    values = result["error"]
    assert {"error_low", "error_high", "n"} <= set(values.coords)
    assert float(values.error_high[0, 0]) == pytest.approx(float(result["error_high"][0, 0]))
    assert "error" in result
    with pytest.raises(KeyError, match=r"no 'loss'.*error"):
        result["loss"]


def test_bounds_from_elsewhere_stand_beside_their_value_without_outcomes():
    values = np.arange(6.0).reshape(3, 2)
    dataset = xr.Dataset(estimated("rise", Estimate(values, values - 1, values + 2), AXES, "nat", "Rise."))
    shown = Result(dataset, {})["rise"]
    np.testing.assert_array_equal(shown["rise_low"], values - 1)
    np.testing.assert_array_equal(shown["rise_high"], values + 2)
    assert unpacked(dataset, "rise") is None
    assert shown.attrs["units"] == "nat"
