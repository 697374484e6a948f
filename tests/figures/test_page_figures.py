import json

import numpy as np
import plotly.graph_objects as plotly
import pytest
import xarray as xr
from values_made import curve_result, pictures, plane_result

from fourierscope.figures.page import page_figures
from fourierscope.figures.page_layout import harmless


@pytest.mark.parametrize("name", ["error", "difference", "accuracy", "clean_accuracy"])
def test_figures_are_json_that_plotly_accepts(name):
    values = {
        "error": plane_result()["error"],
        "difference": (plane_result() - plane_result(0.13))["error"],
        "accuracy": curve_result()["accuracy"],
        "clean_accuracy": curve_result()["clean_accuracy"],
    }[name]
    for figure in page_figures([values], [name]):
        read = json.loads(json.dumps(figure, allow_nan=False))
        accepted = plotly.Figure(read).to_plotly_json()
        assert [one["type"] for one in accepted["data"]] == [one["type"] for one in read["data"]]
        assert accepted["layout"]["xaxis"]["title"] == read["layout"]["xaxis"]["title"]


def test_planes_share_one_scale_and_stand_alone():
    figures = page_figures([plane_result(shift)["error"] for shift in (0.0, 0.3)], ["a", "b"])
    assert len(figures) == 2
    assert len({(figure["data"][0]["zmin"], figure["data"][0]["zmax"]) for figure in figures}) == 1


def test_a_bin_says_radius_value_interval_and_n():
    values = plane_result()["error"]
    heat = page_figures([values], [""])[0]["data"][0]
    cell = values.sel(row=1, column=-2)
    place = heat["customdata"][heat["y"].index(1)][heat["x"].index(-2)]
    expected = [5**0.5, float(cell), float(cell["error_low"]), float(cell["error_high"])]
    assert place == pytest.approx(expected, rel=1e-3)
    assert "n = 40" in heat["hovertemplate"]


def test_a_difference_says_which_bins_are_not_significant():
    values = (plane_result() - plane_result(0.13))["error"]
    heat, veil, dots = page_figures([values], [""])[0]["data"][:3]
    unsure = values["error_significant"].values == 0
    told = np.array([[cell[-1] == "not significant" for cell in row] for row in heat["customdata"]])
    np.testing.assert_array_equal(told, unsure)
    np.testing.assert_array_equal([[one == 1 for one in row] for row in veil["z"]], unsure)
    assert len(dots["x"]) == unsure.sum() > 0


def test_a_point_says_its_value_and_interval():
    values = curve_result()["accuracy"]
    traces = [one for one in page_figures([values], [""])[0]["data"] if one["mode"] == "lines+markers"]
    point = values.sel(kept="low", radius=3)
    assert f"{float(point):#.3g}" in traces[0]["text"][2]
    assert f"{float(point['accuracy_low']):#.3g} to {float(point['accuracy_high']):#.3g}" in traces[0]["text"][2]


def test_missing_values_are_gaps():
    values = plane_result()["error"].copy()
    values[0, 0] = np.nan
    assert page_figures([values], [""])[0]["data"][0]["z"][0][0] is None


def test_a_logarithmic_axis_leaves_nought_out_and_says_so():
    radius = np.arange(30)
    power = xr.DataArray(1.0 / (1.0 + radius) ** 3, dims="radius", coords={"radius": radius}, name="power")
    figure = page_figures([power], [""])[0]
    assert figure["data"][-1]["x"][0] == 1
    assert "0 not shown" in figure["layout"]["xaxis"]["title"]["text"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("<br>", "&lt;br&gt;"),
        ("&lt;b", "&amp;lt;b"),
        ("%{x}", "&#37;{x}"),
        ("a" * 60, "a" * 24 + "…" + "a" * 23),
        ("a\n b", "a b"),
    ],
)
def test_texts_hold_no_tags_entities_or_templates(text, made):
    assert harmless(text) == made


def test_hostile_names_reach_no_figure_unescaped():
    values = plane_result()["error"].rename("<b>%{z}")
    values.attrs["units"] = "<i>"
    curve = curve_result()["accuracy"]
    told = json.dumps([page_figures([values], ["x"]), page_figures([curve, curve], ["<a href='q'>", "b"])])
    assert "<b>%{z}" not in told
    assert "<i>" not in told
    assert "<a" not in told


def test_pictures_are_no_plotly_figure():
    with pytest.raises(ValueError, match="images"):
        page_figures([pictures()], [""])


HOSTILE = "<a href='https://evil.example'>%{z}</a>"


def texts(value):
    """All texts of a figure, at any depth."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def hostile(values):
    """The same values, with a tag in every text that they carry."""
    changed = values.copy().rename(HOSTILE)
    changed.attrs["units"] = HOSTILE
    for axis in values.dims:
        changed[axis].attrs["units"] = HOSTILE
        if changed[axis].dtype.kind == "U":
            changed = changed.assign_coords({axis: [f"{HOSTILE}{place}" for place in range(changed.sizes[axis])]})
    return changed if values.dims[:1] == ("row",) else changed.rename({one: f"{one}{HOSTILE}" for one in values.dims})


@pytest.mark.parametrize("kind", ["plane", "difference", "curve", "curves", "value"])
def test_no_text_of_a_result_reaches_a_figure_as_a_tag_or_template(kind):
    curved = curve_result()
    values = {
        "plane": plane_result()["error"],
        "difference": (plane_result() - plane_result(0.13))["error"],
        "curve": curved["accuracy"].isel(kept=0, drop=True),
        "curves": curved["accuracy"],
        "value": curved["clean_accuracy"],
    }[kind]
    found = [text for one in page_figures([hostile(values)] * 2, [HOSTILE, "b"]) for text in texts(one)]
    assert any("&lt;a href" in text for text in found)
    assert not [text for text in found if "<a" in text or "%{z}" in text]


def test_long_names_that_differ_at_the_end_stay_apart():
    curve = curve_result()["accuracy"]
    names = [f"{'a long name of a network, ' * 4}{one}" for one in ("natural", "adversarial")]
    entries = [one["name"] for one in page_figures([curve, curve], names)[0]["data"] if one["showlegend"]]
    assert len(set(entries)) == 4


def test_few_measured_frequencies_are_marked_and_many_are_not():
    few, many = (page_figures([plane_result(height=side)["error"]], [""])[0]["layout"] for side in (5, 13))
    assert few["yaxis"]["tickvals"] == [-2, -1, 0, 1, 2]
    assert few["xaxis"]["tickvals"] == [-3, -2, -1, 0, 1, 2]
    assert "tickvals" not in many["yaxis"]
