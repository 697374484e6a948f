import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from values_made import curve_result, pictures, plane_result

from fourierscope.figures import Panel, draw, draw_panels, draw_together


def shown(figure):
    return [frame.images[0].get_array() for frame in figure.axes if frame.images]


def test_a_plane_shows_its_values_with_one_square_a_bin_and_rows_downwards():
    values = plane_result()["error"]
    frame = draw(values).axes[0]
    np.testing.assert_array_equal(frame.images[0].get_array(), values)
    assert frame.images[0].get_extent() == [-3.5, 2.5, 2.5, -2.5]
    assert frame.get_aspect() == 1
    assert "cycles/image" in frame.get_xlabel()


def test_planes_drawn_together_share_one_scale():
    several = [plane_result(shift)["error"] for shift in (0.0, 0.2, 0.3)]
    figure = draw_together(several, ["a", "b", "c"])
    assert len({frame.images[0].get_clim() for frame in figure.axes[:3]}) == 1
    assert [frame.get_title() for frame in figure.axes[:3]] == ["a", "b", "c"]


def test_cells_that_are_not_significant_are_veiled():
    values = (plane_result() - plane_result(0.13))["error"]
    veil = draw(values).axes[0].images[1].get_array()
    np.testing.assert_array_equal(veil[..., 3] > 0, values["error_significant"] == 0)
    assert (values["error_significant"] == 0).any()
    assert (values["error_significant"] == 1).any()


def test_curves_have_a_band_each():
    figure = draw(curve_result()["accuracy"], "title")
    assert len(figure.axes[0].collections) == 2
    assert figure.get_suptitle() == "title"


def test_a_value_is_told_with_its_interval():
    values = curve_result()["clean_accuracy"]
    told = draw(values).axes[0].texts[0].get_text()
    assert told.startswith(f"{float(values):#.3g} ({float(values['clean_accuracy_low']):#.3g} to")


def test_pictures_are_shown_as_they_are():
    values = pictures()
    found = shown(draw(values))
    np.testing.assert_array_equal(found[0], values[0, 0])
    assert len(found) == 4


def test_names_are_no_formulas():
    figure = draw(plane_result()["error"], r"$\frac{1}$ costs")
    figure.canvas.draw()
    title = figure._suptitle
    assert title.get_text() == r"$\frac{1}$ costs"
    assert not title.get_parse_math()


def test_names_that_could_not_be_decoded_are_drawn():
    figure = draw_together([curve_result()["accuracy"]] * 2, ["bad\udcff", "é"])
    figure.canvas.draw()
    assert [one.get_text()[:5] for one in figure.legends[0].get_texts()] == ["bad?,", "bad?,", "é, ke", "é, ke"]


def test_values_of_different_axes_are_not_drawn_together():
    with pytest.raises(ValueError, match="axes and units agree"):
        draw_together([plane_result()["error"], curve_result()["accuracy"]], ["a", "b"])
    with pytest.raises(ValueError, match="one name for each"):
        draw_together([plane_result()["error"]], [])


def test_values_given_stay_as_they_are():
    values = plane_result()["error"][::-1]
    kept = values.copy(deep=True)
    draw(values)
    assert values.identical(kept)


def test_a_plane_upside_down_is_drawn_the_same():
    values = plane_result()["error"]
    np.testing.assert_array_equal(shown(draw(values[::-1]))[0], values)


def test_importing_the_room_loads_no_drawing_library():
    code = "import sys, fourierscope.figures; print([n for n in ('matplotlib', 'plotly') if n in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_measured_frequencies_are_marked_where_they_are_few():
    values = plane_result()["error"]
    values = values.assign_coords(row=8 * values["row"].values, column=8 * values["column"].values)
    frame = draw(values).axes[0]
    assert frame.get_xticks().tolist() == [-24, -16, -8, 0, 8, 16]
    assert frame.get_yticks().tolist() == [-16, -8, 0, 8, 16]
    assert len(draw(plane_result(height=21)["error"]).axes[0].get_yticks()) < 21


def test_a_figure_shows_itself_in_notebooks_without_pyplot():
    assert draw(curve_result()["accuracy"])._repr_png_().startswith(b"\x89PNG")


def test_of_many_points_some_bear_a_marker_and_all_of_few():
    def marked(points):
        x = np.linspace(0, 1, points)
        values = xr.DataArray(x, {"x": x}, ("x",), name="value", attrs={"units": "1"})
        return len(draw(values).axes[0].lines[0].get_markevery())

    assert marked(40) == 40
    assert 20 <= marked(400) <= 40


def test_curves_that_lie_on_each_other_bear_their_markers_at_points_of_their_own():
    x = np.linspace(0, 1, 90)
    values = xr.DataArray(x, {"x": x}, ("x",), name="value", attrs={"units": "1"})
    lines = [one for one in draw_together([values] * 3, ["a", "b", "c"]).axes[0].lines if one.get_markevery()]
    marked = [point for line in lines for point in line.get_markevery()]
    assert len(lines) == 3
    assert len(marked) == len(set(marked)) == 90


def test_frames_beside_each_other_space_their_axes_as_one_frame_does():
    steps = np.array([0, 1, 3, 10, 100, 1000])
    values = xr.DataArray(np.linspace(1, 0, 6), {"step": steps}, ("step",), name="error", attrs={"units": "1"})
    alone, beside = draw(values), draw_panels([Panel("a", [values], [""]), Panel("b", [values], [""])])
    told = [one.get_text() for one in alone.axes[0].get_xticklabels()]
    assert "1000" in told
    for frame in beside.axes:
        assert [one.get_text() for one in frame.get_xticklabels()] == told


def test_a_figure_is_pickled_and_copied_with_its_picture():
    figure = draw(curve_result()["accuracy"])
    for other in (pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure)):
        other.axes[0].set_visible(False)
        assert other._repr_png_() != figure._repr_png_()
