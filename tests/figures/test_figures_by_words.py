"""Values by words: dots, points with their line, tables, and a plane for each word."""

import numpy as np
import pytest
import xarray as xr
from values_made import dots_result, layers, plane_result, points_result, table_result

import fourierscope as fs
from fourierscope.figures.form import number, unfolded
from fourierscope.figures.letters import Frame, lettered
from fourierscope.figures.marks import marks
from fourierscope.figures.page import page_figures
from fourierscope.treatments.corruptions import CORRUPTIONS


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


def test_models_with_other_words_have_their_marks_in_the_rows_of_their_words():
    whole = dots_result()["accuracy"]
    for several in ([whole, whole[[0, 2]]], [whole[[0, 2]], whole], [whole, whole[[2, 1]]]):
        (frame,) = fs.draw_together(several, ["one", "two"]).axes
        labels = [text.get_text() for text in frame.get_yticklabels()]
        (figure,) = page_figures(several, ["one", "two"])
        assert labels == figure["layout"]["yaxis"]["ticktext"] == ["fog", "snow fall", "jpeg"]
        drawn = [line for line in frame.lines if len(line.get_ydata())]
        for values, line, trace in zip(several, drawn, figure["data"], strict=True):
            told = [str(word).replace("_", " ") for word in values.corruption.values]
            assert [labels[round(float(row))] for row in line.get_ydata()] == told
            assert [labels[round(row)] for row in trace["y"]] == told
            np.testing.assert_allclose(line.get_xdata(), values.values)


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


def test_the_line_of_points_has_the_band_of_its_bounds():
    result = points_result()
    for name, values in (("line", [0.4, 0.5, 0.3]), ("line_low", [0.1, 0.2, -0.6]), ("line_high", [0.9, 2.0, 0.7])):
        result.dataset[name] = result.dataset["depth"].copy(data=np.array(values))
        result.dataset[name].attrs = {"units": "1", "says": "Line."}
    result.dataset["accuracy"].attrs["line"] = "line"
    assert "line_low" not in result["accuracy"].coords
    result.dataset["line"].attrs |= {"low": "line_low", "high": "line_high"}
    values = result["accuracy"]
    (one,) = marks([values], [""])
    np.testing.assert_allclose(one.band, [[0.1, 0.4, 0.7], [0.2, -0.6, 0.1], [2.0, 0.7, 0.9]])
    (frame,) = fs.draw(values).axes
    corners = {tuple(corner) for corner in frame.collections[-1].get_paths()[0].vertices.round(6)}
    assert {(0.1, 0.2), (0.4, -0.6), (0.7, 0.1), (0.7, 0.9), (0.4, 0.7), (0.1, 2.0)} == corners
    (figure,) = page_figures([values], [""])
    shade = figure["data"][0]
    assert shade["x"] == [0.1, 0.4, 0.7, 0.7, 0.4, 0.1]
    assert shade["y"] == [2.0, 0.7, 0.9, 0.1, -0.6, 0.2]
    assert figure["layout"]["yaxis"]["range"][0] < -0.6 < 2.0 < figure["layout"]["yaxis"]["range"][1]


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
    assert names == ["layer: first", "layer: second", "error"]
    assert planes[1].values.tolist() == layers().values[1].tolist()
    frames = fs.draw_together([layers(), layers() * 2], ["one", "two"]).axes[:4]
    assert [frame.get_title() for frame in frames] == [
        f"{name}, layer: {word}" for name in ("one", "two") for word in ("first", "second")
    ]
    figures = page_figures([layers()], [""])
    assert len(figures) == 2
    assert figures[0]["data"][0]["zmax"] == figures[1]["data"][0]["zmax"]


def test_words_whose_magnitudes_differ_much_have_a_scale_each_that_models_share():
    first = layers().copy(data=layers().values + np.array([0, 10_000.0])[:, None, None])
    second = first + np.array([50.0, 0])[:, None, None]
    ends = [
        (
            float(min(one[place].min() for one in (first, second))),
            float(max(one[place].max() for one in (first, second))),
        )
        for place in (0, 1)
    ]
    figures = [one["data"][0] for one in page_figures([first, second], ["one", "two"])]
    assert [one["zmax"] for one in figures] == pytest.approx([ends[0][1], ends[1][1]] * 2, rel=0.1)
    assert figures[0]["zmin"] == figures[2]["zmin"] == ends[0][0]
    frames = fs.draw_together([first, second], ["one", "two"])
    assert [one.get_images()[0].norm.vmax for one in frames.axes[:4]] == pytest.approx(
        [one["zmax"] for one in figures], rel=1e-3
    )
    assert "each layer has its own scale" in frames.get_supxlabel()
    assert "own scale" not in fs.draw(layers()).get_supxlabel()


def test_the_layers_of_one_value_stand_in_rows_of_three():
    many = xr.concat([layers().isel(layer=0)] * 7, "layer").assign_coords(layer=[f"{one}" for one in range(7)])
    figure = fs.draw(many)
    assert len({round(frame.get_position().y0, 2) for frame in figure.axes[:7]}) == 3
    assert figure.get_size_inches()[0] < 13


def rows_of(figure, count):
    """The titles of the first frames, row by row as they stand on the sheet."""
    rows = {}
    for frame in figure.axes[:count]:
        place = frame.get_subplotspec()
        rows.setdefault(place.rowspan.start, {})[place.colspan.start] = frame.get_title()
    return [[rows[row][column] for column in sorted(rows[row])] for row in sorted(rows)]


@pytest.mark.parametrize(("count", "lengths"), [(2, [2]), (5, [5]), (6, [3, 3]), (9, [5, 4]), (11, [4, 4, 3])])
def test_many_layers_of_several_models_stand_in_rows_of_at_most_five_each_layer_under_itself(count, lengths):
    words = [f"{one}" for one in range(count)]
    many = xr.concat([layers().isel(layer=0)] * count, "layer").assign_coords(layer=words)
    figure = fs.draw_together([many, many], ["one", "two"])
    starts = np.cumsum([0, *lengths])
    assert rows_of(figure, 2 * count) == [
        [f"{name}, layer: {word}" for word in words[start : start + length]]
        for start, length in zip(starts, lengths, strict=False)
        for name in ("one", "two")
    ]
    assert figure.get_size_inches()[0] < 20


def test_models_with_other_numbers_of_layers_keep_their_rows():
    first, second = layers(), layers().isel(layer=[0])
    titles = rows_of(fs.draw_together([second, first], ["few", "more"]), 3)
    assert titles == [["few, layer: first"], ["more, layer: first", "more, layer: second"]]


def test_several_models_with_more_than_two_curves_each_become_tables():
    few = table_result(words=4)["accuracy"]
    assert "data" in page_figures([few], [""])[0]
    assert page_figures([few], [""])[0]["data"][-1]["type"] == "scatter"
    figures = page_figures([few, few], ["one", "two"])
    assert [one["data"][0]["type"] for one in figures] == ["heatmap", "heatmap"]
    assert figures[1]["data"][0]["text"][2][1] == f"{float(few[2, 1]):.2f}"
    two = few.isel(corruption=slice(2))
    assert len(page_figures([two, two], ["one", "two"])) == 1


OTHERS = np.array([[0.12, 0.6], [0.85, 0.6], [0.82, 0.4]])  # marks without words


def _boxes(words, offsets, across, up, frame):
    middle = np.stack([across * frame.width, up * frame.height], -1) + np.array(offsets)
    half = np.array([[0.25 * frame.letter * len(word), 0.5 * frame.letter] for word in words])
    return middle, half


@pytest.mark.parametrize("seed", range(4))
def test_words_of_crowded_marks_cover_neither_each_other_nor_the_marks(seed):
    generator, frame = np.random.default_rng(seed), Frame(380.0, 270.0, 7.0)
    words = tuple(one.replace("_", " ") for one in CORRUPTIONS)[:15]
    across = np.where(generator.random(15) < 0.6, 0.1, 0.8) + 0.08 * generator.random(15)
    up = 0.45 + 0.1 * generator.random(15)
    middle, half = _boxes(words, lettered(words, np.stack([across, up], -1), frame, OTHERS), across, up, frame)
    for one in range(15):
        apart = (np.abs(middle - middle[one]) >= half + half[one]).any(-1)
        assert apart.sum() == 14
        free = (np.abs(np.stack([across * 380, up * 270], -1) - middle[one]) >= half[one]).any(-1)
        assert free.all()
    clear = (np.abs(OTHERS[:, None] * [380, 270] - middle) >= half).any(-1)
    assert clear.all()
    assert (middle - half >= 0).all()
    assert (middle + half <= [380, 270]).all()


def test_the_slope_of_the_line_is_told_in_the_key():
    values = points_result()["accuracy"]
    slope = np.polyfit([0.7, 0.1, 0.4], values.values, 1)[0]
    figure = fs.draw(values)
    assert [one.get_text() for one in figure.legends[0].get_texts()] == [f"line of best fit, slope {number(slope)}"]
    (page,) = page_figures([values], ["one"])
    assert page["data"][1]["name"] == f"one, slope {number(slope)}"
    assert page["layout"]["showlegend"]
    assert sorted(one["text"] for one in page["layout"]["annotations"]) == ["fog", "jpeg", "snow fall"]


@pytest.mark.parametrize("text", ["<b>x</b>", "%{z}"])
def test_words_and_names_across_are_harmless_on_the_page(text):
    result = points_result()
    dataset = result.dataset.assign_coords(corruption=[text, "b", "c"]).rename(depth=text)
    dataset["accuracy"].attrs["against"] = text
    dataset[text].attrs["units"] = text
    (figure,) = page_figures([fs.Result(dataset, result.record)["accuracy"]], [text])
    assert text not in str(figure)
