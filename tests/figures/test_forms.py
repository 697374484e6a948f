import numpy as np
import pytest
import xarray as xr
from values_made import curve_result, dots_result, layers, pictures, plane_result, points_result, table_result

from fourierscope.figures.curves import curves
from fourierscope.figures.form import bounds, form_of, label, number
from fourierscope.figures.scale import logarithmic_ticks, scale_of


def test_the_axes_choose_the_form():
    radii = xr.DataArray(np.ones(3), dims="radius", coords={"radius": [1, 2, 3]})
    assert form_of(plane_result()["error"]) == "plane"
    assert form_of(curve_result()["accuracy"]) == "curves"
    assert form_of(radii) == "curve"
    assert form_of(pictures()) == "pictures"
    assert form_of(curve_result()["clean_accuracy"]) == "value"
    assert form_of(dots_result()["accuracy"]) == "dots"
    assert form_of(points_result()["accuracy"]) == "points"
    assert form_of(table_result()["accuracy"]) == "table"
    assert form_of(table_result(words=7)["accuracy"]) == "curves"
    assert form_of(layers()) == "planes"


@pytest.mark.parametrize(
    "values",
    [
        xr.DataArray(np.ones((2, 3)), dims=("a", "b"), coords={"a": [1, 2]}),
        xr.DataArray(np.ones(3), dims="radius"),
        xr.DataArray(np.ones((2, 3)), dims=("a", "b"), coords={"a": ["x", "y"], "b": ["low", "middle", "high"]}),
        pictures().astype(float),
        xr.DataArray(np.ones((3, 2)), dims=("column", "row"), coords={"row": [0, 1], "column": [0, 1, 2]}),
    ],
)
def test_other_axes_are_refused_with_those_that_can_be_drawn(values):
    with pytest.raises(ValueError, match=r'"row", "column"'):
        form_of(values)


@pytest.mark.parametrize("axis", ["image", "image_byte"])
def test_outcomes_of_single_images_point_to_their_value(axis):
    outcomes = xr.DataArray(np.zeros((2, 3), np.uint8), dims=("kept", axis), name="accuracy_outcomes")
    with pytest.raises(ValueError, match=r"^accuracy_outcomes are outcomes of single images.*: draw 'accuracy'\.$"):
        form_of(outcomes)


def test_what_is_no_labelled_array_is_refused():
    with pytest.raises(TypeError, match="ndarray"):
        form_of(np.ones((2, 2)))


def test_several_planes_share_one_scale_that_holds_them_all():
    low, high = plane_result()["error"], plane_result(0.3)["error"]
    scale = scale_of([low, high])
    assert (scale.low, scale.high) == (min(low.min(), high.min()), max(low.max(), high.max()))


def test_a_difference_has_colours_symmetric_about_nought():
    scale = scale_of([(plane_result() - plane_result(0.3))["error"]])
    assert scale.kind == "difference"
    assert scale.low == -scale.high


def test_signed_values_have_colours_symmetric_about_nought():
    values = plane_result()["error"] - 0.2
    assert scale_of([values]).kind == "even"
    scale = scale_of([values.assign_attrs(signed="yes")])
    assert scale.kind == "difference"
    assert scale.low == -scale.high <= -float(abs(values).max())


def test_one_outlier_among_many_cells_does_not_set_the_scale():
    values = np.linspace(0.4, 0.6, 1000).reshape(25, 40)
    values[12, 20] = 50
    assert scale_of([xr.DataArray(values, dims=("row", "column"))]).high < 1


def test_values_over_orders_of_magnitude_get_a_logarithmic_scale_and_rates_do_not():
    falling = xr.DataArray(1.0 / np.arange(1, 200) ** 2)
    assert scale_of([falling]).kind == "logarithmic"
    assert scale_of([plane_result()["error"]]).kind == "even"
    assert logarithmic_ticks(0.005, 20) == pytest.approx([0.01, 0.1, 1, 10])


def test_constant_values_have_a_scale():
    scale = scale_of([xr.DataArray(np.zeros((3, 3)))])
    assert scale.low < scale.high


def test_a_scale_of_shares_that_is_widened_by_their_intervals_ends_at_one():
    rates = np.array([[0.6, 0.9], [0.95, 1.0]])
    beside = {"rate_low": (("a", "b"), rates - 0.5), "rate_high": (("a", "b"), np.minimum(rates + 0.5, 1.0))}
    attrs = {"units": "1", "low": "rate_low", "high": "rate_high"}
    values = xr.DataArray(rates, {"a": [1, 2], "b": [1, 2], **beside}, ("a", "b"), name="rate", attrs=attrs)
    assert (scale_of([values]).low, scale_of([values]).high) == (0.0, 1.0)
    assert scale_of([values.assign_attrs(units="nat")]).high > 1


def test_curves_differ_in_marker_as_well_as_colour():
    several = [curve_result()["accuracy"]] * 2
    found = curves(several, ["one", "two"])
    assert len({one.style for one in found}) == 4
    assert found[0].style.marker != found[2].style.marker
    assert found[0].style.dash != found[1].style.dash


def test_a_curve_carries_the_bounds_of_its_values():
    values = curve_result()["accuracy"]
    low, high = bounds(values)
    found = curves([values], [""])[1]
    np.testing.assert_array_equal(found.y, values.sel(kept="high"))
    np.testing.assert_array_equal(found.bounds, (low[1], high[1]))


def test_labels_carry_units():
    loss = xr.DataArray(1.0, name="clean_loss", attrs={"units": "nat"})
    assert label(loss) == "clean loss (nat)"
    assert label(curve_result()["accuracy"]) == "accuracy"


def test_a_mean_over_a_ring_is_called_so():
    ring = xr.DataArray(np.ones(2), name="error_ring", attrs={"units": "1"})
    assert label(ring) == "mean error over the ring"
    assert label(ring.assign_attrs(difference="yes")) == "difference in mean error over the ring"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.3, "0.300"), (17.0, "17"), (-0.5, "−0.500"), (-4.75e-5, "−4.75 × 10⁻⁵"), (1234.5, "1234"), (0, "0")],
)
def test_numbers_have_three_digits(value, told):
    assert number(value) == told
