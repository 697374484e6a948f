"""Places in a plane by their words, on paper and on the page."""

import numpy as np
import pytest
import xarray as xr

import fourierscope as fs
from fourierscope.figures.form import common_form, form_of
from fourierscope.figures.page import page_figures


def cloud(classes=3, each=4):
    words = [f"class {one}" for one in range(classes)] * each
    places = np.random.default_rng(0).standard_normal((len(words), 2))
    coords = {"item": words, "coordinate": ["first", "second"]}
    return xr.DataArray(
        places, dims=("item", "coordinate"), coords=coords, name="embedding", attrs={"says": "P.", "units": "1"}
    )


def test_words_before_two_coordinates_are_a_cloud():
    assert form_of(cloud()) == "cloud"
    with pytest.raises(ValueError, match="places in a plane"):
        form_of(cloud().rename(coordinate="side"))
    with pytest.raises(ValueError, match="No picture is known"):
        form_of(cloud()[:, :1])
    assert common_form([cloud(), cloud(2)], ["a", "b"]) == "cloud"


def test_places_of_a_word_share_a_colour_and_a_marker():
    values = cloud(9)
    (frame,) = fs.draw(values).axes
    assert [line.get_label() for line in frame.lines] == [f"class {one}" for one in range(9)]
    for one, line in enumerate(frame.lines):
        np.testing.assert_allclose(np.stack([line.get_xdata(), line.get_ydata()], 1), values.values[one::9])
    looks = {(line.get_color(), line.get_marker()) for line in frame.lines}
    assert len(looks) == 9
    (figure,) = page_figures([values], [""])
    assert [trace["name"] for trace in figure["data"]] == [f"class {one}" for one in range(9)]
    np.testing.assert_allclose(figure["data"][4]["x"], values.values[4::9, 0], rtol=1e-3)
    assert figure["layout"]["showlegend"]


def test_several_clouds_stand_side_by_side():
    figure = fs.draw_together([cloud(), cloud(2)], ["one", "two"])
    assert [frame.get_title() for frame in figure.axes] == ["one", "two"]
    assert len(page_figures([cloud(), cloud(2)], ["one", "two"])) == 2


def test_hostile_words_are_made_harmless_on_the_page():
    values = cloud().assign_coords(item=["<b>%{x}"] * 12)
    (figure,) = page_figures([values], [""])
    assert "<b>" not in str(figure["data"])
    assert "%{" not in str(figure["data"])
