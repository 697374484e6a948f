"""Maps: values over two axes of numbers, whose cells stand where their numbers say."""

import json

import numpy as np
import plotly.graph_objects as plotly
import pytest
import xarray as xr

from fourierscope.figures import draw, draw_together
from fourierscope.figures.form import form_of
from fourierscope.figures.page import page_figures
from fourierscope.figures.spacing import spacing

STEPS = np.array([0, 1, 2, 5, 10, 100, 1000])
FREQUENCIES = np.array([1, 2, 3, 5])


def values(shift=0.0, reached=True):
    """Errors that fall with the step, later for higher frequencies; none at frequency 2."""
    error = np.exp(-STEPS[:, None] / (10.0 * FREQUENCIES**2)) + shift
    error[:, 1] = np.nan
    made = xr.DataArray(
        error,
        {"step": ("step", STEPS, {"units": "step"}), "frequency": ("frequency", FREQUENCIES, {"units": "cycles"})},
        ("step", "frequency"),
        name="error",
        attrs={"units": "1", "says": "Relative error."},
    )
    if reached:
        made = made.assign_coords(time=("frequency", [5.0, np.nan, 100.0, np.nan])).assign_attrs(reached="time")
    return made


def test_two_axes_of_numbers_are_a_map_and_planes_stay_planes():
    assert form_of(values()) == "map"
    assert form_of(values().rename(step="row", frequency="column")) == "plane"


def test_log_steps_keep_zero_and_cells_go_from_middle_to_middle():
    found = spacing(STEPS)
    assert found.logarithmic
    assert found.places[0] == 0
    assert found.texts == ["0", "1", "10", "100", "1000"]
    np.testing.assert_allclose(found.marks, np.log10([1, 2, 11, 101, 1001]))
    np.testing.assert_allclose(found.edges[1:-1], (found.places[1:] + found.places[:-1]) / 2)
    assert (np.diff(found.edges) > 0).all()


@pytest.mark.parametrize("points", [np.arange(5), np.array([3.0]), np.array([-4, 0, 10]), np.linspace(0, 1, 40)])
def test_other_points_stand_where_their_numbers_are(points):
    found = spacing(points)
    assert not found.logarithmic
    np.testing.assert_array_equal(found.places, points)
    assert len(found.edges) == len(points) + 1
    assert found.marks == [float(one) for one in found.texts] or len(points) > 12
    assert all(found.edges[0] <= one <= found.edges[-1] for one in found.marks)


def test_a_map_on_paper_shows_its_values_and_dots_where_they_are_reached():
    frame = draw(values()).axes[0]
    (mesh,) = frame.collections
    shown = np.ma.filled(mesh.get_array(), np.nan).reshape(4, 7)
    np.testing.assert_array_equal(shown, values().values.T)
    (dots,) = frame.lines
    np.testing.assert_allclose(dots.get_xdata(), np.log10([6, 101]))
    np.testing.assert_array_equal(dots.get_ydata(), [1, 3])
    assert frame.get_xlabel() == "step"
    assert frame.get_ylabel() == "frequency (cycles)"
    assert not draw(values(reached=False)).axes[0].lines


def test_maps_drawn_together_share_one_scale():
    figure = draw_together([values(), values(0.5)], ["a", "b"])
    limits = {frame.collections[0].get_clim() for frame in figure.axes[:2]}
    assert len(limits) == 1
    assert [frame.get_title() for frame in figure.axes[:2]] == ["a", "b"]


def test_points_without_any_number_at_the_ends_are_left_out():
    made = values().copy()
    made[:, 3] = np.nan
    frame = draw(made).axes[0]
    assert frame.collections[0].get_array().reshape(-1, 7).shape[0] == 3


def test_a_map_on_the_page_is_json_that_says_its_numbers():
    (figure, other) = page_figures([values(), values(0.5)], ["a", "b"])
    read = json.loads(json.dumps(figure, allow_nan=False))
    plotly.Figure(read)
    cells = read["data"][0]
    assert (len(cells["x"]), len(cells["y"])) == (8, 5)
    assert cells["customdata"][2][4][:2] == [10, 3]
    assert cells["customdata"][2][4][2] == pytest.approx(float(values()[4, 2]), rel=1e-3)
    assert cells["z"][1] == [None] * 7
    assert len(read["data"][1]["x"]) == 2
    assert cells["zmax"] == other["data"][0]["zmax"]
