"""Values by words: dots, points with their line, tables, and a plane for each word."""

import numpy as np
import pytest
from values_made import dots_result, layers, plane_result, points_result, table_result

import fourierscope as fs
from fourierscope.figures.form import unfolded
from fourierscope.figures.marks import marks
from fourierscope.figures.page import page_figures


def test_dots_stand_at_their_values_with_their_intervals_in_rows_by_word():
    values = dots_result()["accuracy"]
    (frame,) = fs.draw(values).axes
    assert [text.get_text() for text in frame.get_yticklabels()] == ["fog", "snow fall", "jpeg"]
    np.testing.assert_allclose(frame.lines[0].get_xdata(), values.values)
    ends = np.array([segment[:, 0] for segment in frame.collections[0].get_segments()])
    np.testing.assert_allclose(ends.T, [values["accuracy_low"].values, values["accuracy_high"].values])
    (figure,) = page_figures([values], [""])
    trace = figure["data"][0]
    np.testing.assert_allclose(trace["x"], values.values, rtol=1e-3)
    np.testing.assert_allclose(np.add(trace["x"], trace["error_x"]["array"]), values["accuracy_high"].values, rtol=1e-2)
    assert figure["layout"]["yaxis"]["ticktext"] == ["fog", "snow fall", "jpeg"]
    assert "snow fall<br>accuracy" in trace["text"][1]


def test_several_models_share_the_rows():
    several = [dots_result()["accuracy"], dots_result(0.1)["accuracy"]]
    (frame,) = fs.draw_together(several, ["one", "two"]).axes
    rows = [line.get_ydata() for line in frame.lines if len(line.get_ydata())]
    assert (rows[0] < rows[1]).all()
    assert (rows[1] - rows[0] < 0.5).all()
    (figure,) = page_figures(several, ["one", "two"])
    assert [trace["name"] for trace in figure["data"]] == ["one", "two"]
    assert figure["layout"]["showlegend"]


def test_points_have_their_other_value_across_and_the_line_of_best_fit():
    values = points_result()["accuracy"]
    slope, intercept = np.polyfit([0.7, 0.1, 0.4], values.values, 1)
    (one,) = marks([values], [""])
    np.testing.assert_allclose(one.line, ([0.1, 0.7], [intercept + 0.1 * slope, intercept + 0.7 * slope]))
    (frame,) = fs.draw(values).axes
    assert frame.get_xlabel() == "depth (m)"
    assert {text.get_text() for text in frame.texts} == {"fog", "snow fall", "jpeg"}
    np.testing.assert_allclose(frame.lines[0].get_ydata(), one.line[1])
    (figure,) = page_figures([values], [""])
    np.testing.assert_allclose(figure["data"][0]["x"], [0.7, 0.1, 0.4])
    np.testing.assert_allclose(figure["data"][1]["y"], one.line[1], rtol=1e-3)
    assert figure["layout"]["xaxis"]["title"]["text"] == "depth (m)"


def test_a_line_needs_two_places():
    result = points_result()
    result.dataset["depth"][:] = 0.5
    (one,) = marks([result["accuracy"]], [""])
    assert one.line is None
    assert len(fs.draw(result["accuracy"]).axes) == 1


def test_a_table_shows_every_value_in_its_cell():
    values = table_result()["accuracy"]
    (frame,) = fs.draw(values).axes
    assert [text.get_text() for text in frame.texts] == [f"{one:.2f}" for one in values.values.ravel()]
    assert [text.get_text() for text in frame.get_xticklabels()] == ["1", "2", "3", "5"]
    (figure,) = page_figures([values], [""])
    assert figure["data"][0]["text"][8][3] == f"{float(values[8, 3]):.2f}"
    assert figure["data"][0]["y"][0] == "kind 0"
    counts = (10 * values).astype(int).assign_attrs(units="images", says="Counts.")
    (figure,) = page_figures([counts], [""])
    assert figure["data"][0]["text"][0][0] == str(int(counts[0, 0]))


def test_values_that_do_not_differ_significantly_are_open_pale_and_in_brackets():
    dots = (dots_result(0.3) - dots_result())["accuracy"]
    sure = dots["accuracy_significant"].values.astype(bool)
    assert sure.sum() > 0
    (figure,) = page_figures([dots], [""])
    assert [colour != "#ffffff" for colour in figure["data"][0]["marker"]["color"]] == sure.tolist()
    cells = (table_result(0.2) - table_result())["accuracy"]
    sure = cells["accuracy_significant"].values.astype(bool)
    assert 0 < sure.sum() < sure.size
    (figure,) = page_figures([cells], [""])
    bare = [[not text.startswith("(") for text in row] for row in figure["data"][0]["text"]]
    np.testing.assert_array_equal(bare, sure)
    (frame,) = fs.draw(cells).axes
    np.testing.assert_array_equal([text.get_alpha() == 1 for text in frame.texts], sure.ravel())


def test_a_plane_for_each_word_is_drawn_as_so_many_planes_on_one_scale():
    planes, names = unfolded([layers(), plane_result()["error"]], ["", "error"])
    assert names == ["layer first", "layer second", "error"]
    assert planes[1].values.tolist() == layers().values[1].tolist()
    frames = fs.draw_together([layers(), layers() * 2], ["one", "two"]).axes[:4]
    assert [frame.get_title() for frame in frames] == ["one, first", "one, second", "two, first", "two, second"]
    figures = page_figures([layers()], [""])
    assert len(figures) == 2
    assert figures[0]["data"][0]["zmax"] == figures[1]["data"][0]["zmax"]


@pytest.mark.parametrize("text", ["<b>x</b>", "%{z}"])
def test_words_and_names_across_are_harmless_on_the_page(text):
    result = points_result()
    dataset = result.dataset.assign_coords(corruption=[text, "b", "c"]).rename(depth=text)
    dataset["accuracy"].attrs["against"] = text
    dataset[text].attrs["units"] = text
    (figure,) = page_figures([fs.Result(dataset, result.record)["accuracy"]], [text])
    assert text not in str(figure)
