"""Paired differences of two results."""

import numpy as np
import pytest
import xarray as xr

from fourierscope.results import Axes, Result, count, mean, rate

INDEX = np.array([[0, 1, 2], [2, 1, 0]])


def record(classifier="a", **changed):
    subject = {"classifier": {"name": classifier}, "samples": {"name": "s", "digest": "d"}}
    return {"analysis": "HeatMap", "options": {"norm": 4.0}, "subject": subject, "versions": {}} | changed


def result(seed, classifier="a", n=37, **changed):
    generator = np.random.default_rng(seed)
    axes = Axes({"row": np.arange(2), "column": np.arange(3)}, index=INDEX)
    error = generator.random((3, n)) < np.array([[0.1], [0.5], [0.2 + 0.6 * (seed % 2)]])
    loss = generator.normal(seed, 1, size=(3, n))
    variables = rate("error", error, axes, "Errors.") | mean("loss", loss, axes, "nat", "Loss.") | count(n)
    return Result(xr.Dataset(variables), record(classifier, **changed)), error, loss.astype(np.float32)


def test_the_difference_on_the_plane_is_that_of_a_slow_loop_over_images():
    (first, e1, l1), (second, e2, l2) = result(0), result(1, "b")
    found = first - second
    for i in range(2):
        for j in range(3):
            wave = INDEX[i, j]
            errors = sum(int(a) - int(b) for a, b in zip(e1[wave], e2[wave], strict=True)) / 37
            losses = sum(float(a) - float(b) for a, b in zip(l1[wave], l2[wave], strict=True)) / 37
            assert float(found["error"][i, j]) == pytest.approx(errors, abs=1e-12)
            assert float(found["loss"][i, j]) == pytest.approx(losses, abs=1e-9)
    assert int(found["n"]) == 37
    np.testing.assert_allclose(found["error"], first["error"] - second["error"], atol=1e-12)
    assert (found["error_low"].values <= found["error"].values).all()
    assert (found["error"].values <= found["error_high"].values).all()


def test_where_models_differ_much_it_is_significant_and_the_sign_is_first_minus_second():
    found = result(0)[0] - result(1, "b")[0]
    marks = found["error"].coords["error_significant"].values
    assert marks.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert found["error"].values[0, 2] < -0.3
    assert "a minus b on s" in repr(found)


def test_a_result_minus_itself_is_zero_and_nothing_is_significant():
    one = result(0)[0]
    found = one - one
    for name in ("error", "loss"):
        assert not found[name].values.any()
        assert not found[f"{name}_significant"].values.any()
        assert (found[f"{name}_p"].values == 1).all()


def test_a_difference_of_single_images_is_never_significant():
    found = result(0, n=1)[0] - result(1, "b", n=1)[0]
    assert not found["loss_significant"].values.any()
    assert not found["error_significant"].values.any()


def test_false_discoveries_are_held_over_all_cells():
    generator = np.random.default_rng(0)
    axes = Axes({"row": np.arange(500)})
    wrong = 0
    for trial in range(10):
        both = [
            Result(xr.Dataset(mean("loss", generator.normal(size=(500, 20)), axes, "nat", "Loss.")), record(str(trial)))
            for _ in range(2)
        ]
        wrong += int((both[0] - both[1])["loss_significant"].sum() > 0)
    assert wrong <= 3


def test_another_question_other_images_and_other_subjects_are_refused():
    one = result(0)[0]
    samples = {"classifier": {"name": "b"}, "samples": {"name": "t", "digest": "e"}}
    with pytest.raises(ValueError, match="options differs"):
        one - result(1, options={"norm": 2.0})[0]
    with pytest.raises(ValueError, match="analysis differs"):
        one - result(1, analysis="PassCurve")[0]
    with pytest.raises(ValueError, match="same images"):
        one - result(1, subject=samples)[0]
    with pytest.raises(ValueError, match="another subject"):
        one - (one - one)


def test_a_result_without_outcomes_has_no_paired_difference():
    values = xr.Dataset({"norm": xr.DataArray(1.0, attrs={"units": "1", "says": "Norm."})})
    with pytest.raises(ValueError, match="no outcomes by image"):
        Result(values, record()) - Result(values, record())


def layered(seed, layers):
    axes = Axes({"layer": np.array(layers), "radius": np.arange(3)})
    outcomes = np.random.default_rng(seed).normal(size=(len(layers), 3, 9))
    found = mean("change", outcomes, axes, "1", "Change.") | count(9)
    return Result(xr.Dataset(found), record(str(seed))), outcomes.astype(np.float32)


def test_networks_compare_in_the_layers_whose_names_both_have():
    (first, ours), (second, theirs) = layered(0, ("stem", "layer1", "head")), layered(1, ("layer1", "layer2", "head"))
    for one, other, sign in ((first, second, 1), (second, first, -1)):
        found = (one - other)["change"]
        assert found.layer.values.tolist() == ["layer1", "head"]
        np.testing.assert_allclose(found.values, sign * (ours[1:] - theirs[[0, 2]]).mean(-1), atol=1e-6)
    turned, its = layered(2, ("head", "layer1", "stem"))
    found = (first - turned)["change"]
    for layer in ("stem", "layer1", "head"):
        expected = (ours[("stem", "layer1", "head").index(layer)] - its[("head", "layer1", "stem").index(layer)]).mean(
            -1
        )
        np.testing.assert_allclose(found.sel(layer=layer).values, expected, atol=1e-6)


def test_networks_without_a_layer_in_common_have_no_difference():
    with pytest.raises(ValueError, match="no outcomes by image that both results have"):
        layered(0, ("a", "b"))[0] - layered(1, ("c", "d"))[0]
