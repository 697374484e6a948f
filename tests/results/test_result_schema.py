"""A sealed file whose record or attributes have the wrong shape is refused when it is loaded, with what is wrong."""

import copy

import numpy as np
import pytest
import xarray as xr

from fourierscope.results import Axes, Result, count, load, rate

SAMPLES = {"name": "s", "digest": "d"}
RECORD = {
    "analysis": "Example",
    "options": {"norm": 4.0},
    "subject": {"classifier": {"name": "one"}, "samples": SAMPLES},
    "versions": {"numpy": "2"},
}


def example(**changed):
    axes = Axes({"row": np.arange(2), "column": np.arange(3)}, index=np.array([[0, 1, 2], [2, 1, 0]]))
    outcomes = np.random.default_rng(0).random((3, 11)) < 0.5
    return Result(xr.Dataset(rate("error", outcomes, axes, "Error.") | count(11)), copy.deepcopy(RECORD) | changed)


def test_a_result_of_the_right_shape_is_loaded(tmp_path):
    assert load(example().save(tmp_path / "r.nc")).dataset.identical(example().dataset)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"analysis": 3}, "analysis is no text, but 3"),
        ({"options": [1]}, r"options is no table of names, but \[1\]"),
        ({"subject": "x"}, "subject is no table of names, but 'x'"),
        ({"versions": None}, "versions is no table of names, but None"),
        ({"versions": {"numpy": 2}}, "version of numpy is no text, but 2"),
        ({"subject": {"classifier": "s", "samples": SAMPLES}}, "classifier is no table of names, but 's'"),
        ({"subject": {"classifier": {"name": 7}, "samples": SAMPLES}}, "name of the subject's classifier is no text"),
        ({"subject": {"classifier": {"name": "c"}}}, "samples is no table of names, but None"),
        ({"subject": {"classifier": {"name": "c"}, "samples": {"name": "s"}}}, "digest of the subject's samples"),
        ({"subject": {"classifiers": [{"name": "c"}], "samples": SAMPLES}}, "not a list of two"),
        ({"subject": {"before": {"name": "b"}}}, "without the other"),
        *(
            ({"subject": {"classifier": {"name": "c"}, "samples": SAMPLES, "masks": masks}}, told)
            for masks, told in (
                ("m", "subject's masks is no table"),
                ({"count": 3}, "name of the subject's masks is no text, but None"),
                ({"name": "m", "options": "x"}, "options of the subject's masks is no table of names, but 'x'"),
                ({"name": "m", "classifier": 1}, "classifier of the subject's masks is no table of names, but 1"),
            )
        ),
        ({"subject": {"name": 5}}, "subject's name is no text, but 5"),
    ],
)
def test_a_record_of_another_shape_is_refused(tmp_path, changed, told):
    path = example(**changed).save(tmp_path / "r.nc")
    with pytest.raises(ValueError, match=rf"r\.nc is not a result of fourierscope: .*{told}"):
        load(path)


@pytest.mark.parametrize(
    ("name", "attrs", "told"),
    [
        ("error", {"low": "nope"}, "low of error names no variable of it, but 'nope'"),
        ("error", {"marks": 3}, "marks of error names no variable"),
        ("error", {"outcomes": "nope"}, "outcomes of error names no variable"),
        ("error", {"index": "nope"}, "index of error names no variable"),
        ("error", {"high": "n"}, "high of error has other axes than error"),
        ("error", {"line": "n"}, "line of error has other axes than error"),
        ("error", {"index": "error_low"}, "index of error does not tell"),
        ("error", {"outcomes": "n"}, "no axis of images"),
        ("error_outcomes", {"count": "x"}, "not packed bits with their count"),
        ("error", {"units": [1, 2]}, "units of error is no text"),
        ("row", {"units": [1, 2]}, "units of row is no text"),
        ("error_low", {"says": 4}, "says of error_low is no text"),
    ],
)
def test_attributes_that_fit_nothing_are_refused(tmp_path, name, attrs, told):
    result = example()
    result.dataset[name].attrs |= attrs
    path = result.save(tmp_path / "r.nc")
    with pytest.raises(ValueError, match=rf"r\.nc is not a result of fourierscope: .*{told}"):
        load(path)


def test_a_number_of_images_that_is_none_is_refused(tmp_path):
    result = example()
    result.dataset["n"] = xr.DataArray(np.float64("nan"))
    with pytest.raises(ValueError, match="n is not one whole number"):
        load(result.save(tmp_path / "r.nc"))
