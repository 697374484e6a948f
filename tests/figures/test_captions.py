"""What stands above and below figures on paper."""

import numpy as np
import pytest
from values_made import curve_result, dots_result, layers, pictures, plane_result, points_result, table_result

import fourierscope as fs
from fourierscope.figures import png, uncaptioned
from fourierscope.papers.exhibit import Picture


@pytest.mark.parametrize(
    "values",
    [
        plane_result()["error"],
        curve_result()["accuracy"],
        curve_result()["clean_accuracy"],
        dots_result()["accuracy"],
        points_result()["accuracy"],
        table_result()["accuracy"],
        layers(),
        pictures(),
    ],
    ids=["plane", "curves", "value", "dots", "points", "table", "planes", "pictures"],
)
def test_a_figure_has_the_sentence_on_its_values_above_it_or_the_title_that_is_given(values):
    assert fs.draw(values).get_suptitle() == values.attrs["says"]
    assert fs.draw(values, "my title").get_suptitle() == "my title"


def test_values_with_sentences_of_their_own_have_none_together():
    values = dots_result()["accuracy"]
    other = values.assign_attrs(says="Another.")
    assert fs.draw_together([values, values], ["a", "b"]).get_suptitle() == "Share right."
    assert fs.draw_together([values, other], ["a", "b"]).get_suptitle() == ""


def test_a_long_sentence_is_cut_into_lines_that_fit_and_takes_no_room_from_the_frame():
    values = curve_result()["accuracy"]
    short, long = (fs.draw(values.assign_attrs(says=one)) for one in ("Short.", "A word " * 60))
    assert len(long.get_suptitle().splitlines()) > 3
    for figure in (short, long):
        figure.canvas.draw()
        title = figure._suptitle.get_window_extent()
        assert title.x1 <= figure.bbox.x1
        assert figure.axes[0].get_window_extent().y1 < title.y0
    tall = [figure.axes[0].get_window_extent().height for figure in (short, long)]
    assert tall[1] == pytest.approx(tall[0], rel=0.05)


@pytest.mark.parametrize("made", [plane_result, dots_result, table_result])
@pytest.mark.parametrize("count", [40, 30])
def test_how_many_images_are_behind_values_is_told_once(made, count):
    (name,) = made().dataset.data_vars.keys() & {"error", "accuracy"}
    figure = fs.draw(made(n=count)[name])
    texts = [figure.get_supxlabel()]
    texts += [side for one in figure.axes for side in (one.get_xlabel(), one.get_ylabel(), one.get_title())]
    assert sum(f"n = {count}" in one for one in texts) == 1


def test_of_values_with_other_counts_the_least_and_the_most_are_told():
    few, many = (curve_result(n)["accuracy"] for n in (20, 50))
    assert fs.draw_together([many, few], ["a", "b"]).axes[0].get_ylabel() == "accuracy, n = 20 to 50"
    assert fs.draw_together([many, few.drop_vars("n")], ["a", "b"]).axes[0].get_ylabel() == "accuracy"


def test_a_difference_tells_which_minus_which():
    first, second = dots_result(), dots_result(0.1)
    second.record = second.record | {
        "subject": {"classifier": {"name": "two"}, "samples": {"name": "s", "digest": "d"}}
    }
    difference = (first - second)["accuracy"]
    assert fs.draw(difference).get_suptitle().splitlines()[0] == "one minus two"
    assert fs.draw((second - first)["accuracy"]).get_suptitle().splitlines()[0] == "two minus one"
    both = fs.draw_together([difference, (second - first)["accuracy"]], ["a", "b"]).get_suptitle()
    assert both.startswith("Paired difference")


def test_a_drawing_of_an_exhibit_says_nothing_twice():
    figure = fs.draw(dots_result()["accuracy"])
    assert Picture("dots", "Shares of images.", figure).figure.get_suptitle() == ""
    assert png(figure).startswith(b"\x89PNG")
    titled = fs.draw(dots_result()["accuracy"], "given")
    uncaptioned(titled)
    assert titled.get_suptitle() == "given"


def test_the_label_of_a_table_stays_under_a_title():
    table = table_result()["accuracy"]
    assert fs.draw(table, "title").get_supxlabel() == "accuracy, n = 40"
    np.testing.assert_array_equal([one.get_title() for one in fs.draw(table).axes], [""])
