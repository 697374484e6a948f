"""What axes say: whole numbers where there is nothing between them, the logarithm, and what several values share."""

import numpy as np
import pytest
import xarray as xr
from values_made import dots_result, plane_result

from fourierscope.figures import draw, draw_together
from fourierscope.figures.page import page_figures


def over(points, values=None, **attrs):
    """A curve over an axis of these points."""
    values = np.linspace(0.2, 0.8, len(points)) if values is None else values
    return xr.DataArray(values, {"layer": points}, ("layer",), name="share", attrs={"units": "1", **attrs})


def within(ticks, limits):
    return [one for one in ticks if limits[0] <= one <= limits[1]]


@pytest.mark.parametrize("count", [2, 3, 6, 20, 33])
def test_whole_numbers_along_a_curve_are_marked_at_whole_numbers_alone(count):
    frame = draw(over(np.arange(1, count + 1))).axes[0]
    marked = within(frame.get_xticks(), frame.get_xlim())
    assert len(marked) >= 2
    assert all(one == round(one) for one in marked)
    assert any(one != round(one) for one in draw(over(np.linspace(1, 2, 5))).axes[0].get_xticks())


def test_the_page_marks_few_whole_numbers_each():
    few, many, parted = (
        page_figures([over(points)], [""])[0]["layout"]["xaxis"]
        for points in (np.arange(1, 4), np.arange(20), np.linspace(1, 3, 3))
    )
    assert few["dtick"] == 1
    assert "dtick" not in many
    assert "dtick" not in parted


def test_counts_are_marked_at_whole_numbers_alone_upwards_and_across():
    counts = over(np.arange(4), np.array([0, 1, 2, 1]))
    frame = draw(counts).axes[0]
    assert all(one == round(one) for one in within(frame.get_yticks(), frame.get_ylim()))
    assert page_figures([counts], [""])[0]["layout"]["yaxis"]["dtick"] == 1
    words = xr.DataArray([0, 1, 2], {"word": ["a", "b", "c"]}, ("word",), name="found", attrs={"units": "images"})
    frame = draw(words).axes[0]
    assert all(one == round(one) for one in within(frame.get_xticks(), frame.get_xlim()))
    assert page_figures([words], [""])[0]["layout"]["xaxis"]["dtick"] == 1


def test_a_plane_of_many_frequencies_is_marked_at_whole_ones():
    frame = draw(plane_result(height=21, width=20)["error"]).axes[0]
    for ticks, limits in ((frame.get_xticks(), frame.get_xlim()), (frame.get_yticks(), sorted(frame.get_ylim()))):
        assert len(within(ticks, limits)) > 2
        assert all(one == round(one) for one in ticks)


def test_a_logarithmic_axis_says_that_it_is_one():
    falling = over(np.array([1, 2, 4, 8, 16]), 10.0 ** -np.arange(5))
    frame = draw(falling).axes[0]
    assert (frame.get_xlabel(), frame.get_ylabel()) == ("layer, log scale", "share, log scale")
    layout = page_figures([falling], [""])[0]["layout"]
    assert [layout[axis]["title"]["text"] for axis in ("xaxis", "yaxis")] == ["layer, log scale", "share, log scale"]
    even = draw(over(np.arange(5))).axes[0]
    assert (even.get_xlabel(), even.get_ylabel()) == ("layer", "share")


def test_a_bar_of_logarithmic_colours_says_that_it_is_one():
    values = plane_result()["error"].copy()
    values[:] = 10.0 ** -np.arange(30).reshape(5, 6) / 5
    assert draw(values).axes[1].get_ylabel() == "error, log scale"
    bar = page_figures([values], [""])[0]["data"][0]["colorbar"]
    assert bar["title"]["text"] == "error, log scale"
    assert draw(plane_result()["error"]).axes[1].get_ylabel() == "error"


def test_values_of_other_names_share_an_axis_that_is_named_after_none():
    one, other = over(np.arange(4)), over(np.arange(4)).rename("kept")
    assert draw_together([one, other], ["a", "b"]).axes[0].get_ylabel() == "value"
    assert draw_together([one, one], ["a", "b"]).axes[0].get_ylabel() == "share"
    assert page_figures([one, other], ["a", "b"])[0]["layout"]["yaxis"]["title"]["text"] == "value"
    dots = dots_result()["accuracy"].assign_attrs(units="nat")
    assert draw_together([dots, dots.rename("kept")], ["a", "b"]).axes[0].get_xlabel() == "value (nat), n = 40"


def filters(bound=False):
    """Values of filters by rank, things of their own."""
    from fourierscope.results import Axes, estimated
    from fourierscope.results.intervals import Estimate

    y = np.linspace(0.2, 0.8, 50)
    axes = Axes({"rank": np.arange(50)}, separate=("rank",))
    found = estimated("angle", Estimate(y, y - 0.1, y + 0.1), axes, "rad", "Angles.")
    values = found["angle"]
    return values.assign_coords({one: found[one].variable for one in found if one != "angle"}) if bound else values


def test_things_of_their_own_are_dots_without_a_line():
    frame = draw(filters()).axes[0]
    assert frame.lines[0].get_linestyle() == "None"
    assert len(frame.lines[0].get_markevery()) == 50
    (trace,) = page_figures([filters()], [""])[0]["data"]
    assert trace["mode"] == "markers"
    joined = filters().assign_coords(rank=np.arange(50))
    assert draw(joined).axes[0].lines[0].get_linestyle() == "-"
    assert page_figures([joined], [""])[0]["data"][0]["mode"] == "lines+markers"


def test_the_intervals_of_things_of_their_own_are_bars():
    values = filters(bound=True)
    (lines,) = draw(values).axes[0].collections
    np.testing.assert_allclose([one[:, 1] for one in lines.get_segments()], np.stack([values - 0.1, values + 0.1], 1))
    (trace,) = page_figures([values], [""])[0]["data"]
    np.testing.assert_allclose(trace["error_y"]["array"], 0.1)
