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
    assert frame.get_xlabel() == "step, log scale"
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


@pytest.mark.parametrize("points", [[0.01, 0.02, 0.05, 0.1, 0.5], [1, 2, 4, 8, 16, 32], [0, 0.01, 0.02, 0.1, 1]])
def test_points_of_any_size_that_thin_out_stand_apart_and_are_marked(points):
    found = spacing(np.array(points))
    assert found.logarithmic
    assert len(found.marks) >= 3
    assert np.diff(found.places).min() > 0.05 * np.ptp(found.places)
    np.testing.assert_allclose(found.undone(found.placed(np.array(points))), points, atol=1e-12)
    np.testing.assert_allclose(found.undone(np.array(found.marks)), [float(one) for one in found.texts], atol=1e-12)


def test_a_place_that_a_logarithmic_axis_cannot_hold_is_nowhere():
    assert np.isnan(spacing(np.array([1, 2, 4, 8, 16])).placed(np.array([0.0]))).all()


def test_curves_over_steps_that_thin_out_keep_step_zero_on_paper_and_page():
    curve = values(reached=False).isel(frequency=0)
    frame = draw(curve).axes[0]
    np.testing.assert_array_equal(frame.lines[0].get_xdata(), STEPS)
    at = frame.transData.transform(np.column_stack([STEPS, np.zeros(7)]))[:, 0]
    np.testing.assert_allclose((at - at[0]) / (at[-1] - at[0]), np.log10(1 + STEPS) / np.log10(1001))
    assert [one.get_text() for one in frame.get_xticklabels()] == ["0", "1", "10", "100", "1000"]
    assert frame.get_xlabel() == "step, log scale"
    (figure,) = page_figures([curve], [""])
    np.testing.assert_allclose(figure["data"][0]["x"], np.log10(1 + STEPS), rtol=1e-3)
    assert figure["layout"]["xaxis"]["ticktext"] == ["0", "1", "10", "100", "1000"]
    assert "step: 1000" in figure["data"][0]["text"][-1]


def test_curves_that_begin_at_zero_and_reach_not_far_stay_as_they_are():
    curve = xr.DataArray([1.0, 2, 3, 4, 5], {"size": [0, 1, 2, 4, 16]}, ("size",), name="error")
    assert draw(curve).axes[0].get_xscale() == "linear"


def by_word(factor=1.0):
    return xr.concat([values(reached=False), factor * values(reached=False)], "set").assign_coords(
        set=["train", "test"]
    )


def test_an_axis_of_words_before_two_of_numbers_is_a_map_for_each_word():
    assert form_of(by_word()) == "maps"
    figure = draw(by_word())
    titles = [frame.get_title() for frame in figure.axes if frame.get_title()]
    assert titles == ["set: train", "set: test"]
    assert len(figure.axes) == 3
    assert len(page_figures([by_word()], [""])) == 2


def test_words_whose_magnitudes_differ_much_have_a_scale_each_which_is_told():
    figure = draw(by_word(100.0))
    assert len({frame.collections[0].get_clim() for frame in figure.axes if frame.get_title()}) == 2
    assert figure.get_supxlabel() == "each set has its own scale"
    one, other = page_figures([by_word(100.0)], [""])
    assert one["data"][0]["zmax"] != other["data"][0]["zmax"]


def test_cells_of_a_difference_that_are_not_significant_are_greyed_and_say_so():
    sure = np.zeros((7, 4), dtype=bool)
    sure[4, 2] = True
    made = values(reached=False).assign_coords(sure=(("step", "frequency"), sure), n=12)
    made = made.assign_attrs(difference="yes", marks="sure")
    figure = draw(made)
    washed = np.ma.getmaskarray(figure.axes[0].collections[1].get_array()).reshape(4, 7)
    np.testing.assert_array_equal(washed, (sure | np.isnan(made.values)).T)
    assert figure.get_supxlabel() == "grey: not significant, n = 12"
    heat, veil = json.loads(json.dumps(page_figures([made], [""])[0]))["data"]
    assert [veil["z"][2][4], veil["z"][2][3], veil["z"][1][0]] == [None, 1, None]
    assert heat["customdata"][2][4][-1].startswith("significant")
    assert heat["customdata"][2][3][-1] == "not significant"
    assert "n = 12" in heat["hovertemplate"]
