"""Zhang et al. (2019) made again: examples, pictures and checks, by narrow networks in few steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.making import Setting
from fourierscope.papers.paper import made_again
from fourierscope.papers.zhang2019 import budget, examples, figure1, figure2, norm, width
from fourierscope.theory.two_layer import flat_kernel

PAPER = paper_named("zhang2019")


@pytest.fixture
def quick(monkeypatch):
    for module in (figure1, figure2):
        monkeypatch.setitem(module._DESCENDED, "smoke", (600, 1, 1))
    monkeypatch.setitem(width._WIDTHS, "smoke", (250, 1000, 64_000))
    monkeypatch.setitem(width._DRAWS, "smoke", 2)
    monkeypatch.setitem(width._PLACES, "smoke", 49)
    monkeypatch.setitem(budget._DRAWS, "smoke", 1)
    monkeypatch.setitem(budget._WIDTHS, "smoke", (16_000,))
    monkeypatch.setitem(norm._DRAWS, "smoke", 3)


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, tmp_path, monkeypatch):
    few = replace(examples.CUBIC, steps=300)
    monkeypatch.setattr(figure1, "EXHIBITS", (figure1._exhibit("a", few, "", figure1.EXHIBITS[0].checks),))
    exhibits = (*figure1.EXHIBITS, *PAPER.exhibits[2:])
    setting = Setting("smoke", fs.open_samples("digits", limit=10), {})
    first = list(made_again(PAPER, exhibits, setting, tmp_path / "out"))
    assert [one.not_tried for one in first] == [""] * 5
    assert all(one.pictures for one in first)
    assert all(one.reading is not None for outcome in first for one in outcome.checked)
    held = {one.check.says: one.verdict for outcome in first[1:] for one in outcome.checked if not one.unsure}
    assert held["Largest difference of the prediction and x y at corners, midpoints and middle"] == "holds"
    assert held["cubic: what endlessly many neurons leave"] == "holds"
    assert held["Dropped product over finite biases at 96"] == "holds"
    monkeypatch.setattr("fourierscope.analyses.linear_principle.predict", None)
    again = list(made_again(PAPER, exhibits[:2], setting, tmp_path / "out"))
    for one, other in zip(first[:2], again, strict=True):
        assert all(result.dataset.equals(other.made[name].dataset) for name, result in one.made.results.items())


def test_the_prediction_lies_between_splines_as_stated():
    for example, wanted in ((examples.CUBIC, [2.16e-3, 2.10e-2]), (examples.LINEAR, [None, None, 8.65e-5])):
        found = figure1.BesideSplines(*example.moments())(example.fit(10))["distance"]
        for one, number in zip(found.values, wanted, strict=False):
            assert number is None or one == pytest.approx(number, rel=0.01)
    assert found["interpolation"].values.tolist() == ["natural cubic", "not-a-knot cubic", "linear"]


@pytest.mark.parametrize("example", [examples.CUBIC, examples.LINEAR, examples.EXCLUSIVE_OR])
def test_rates_of_descent_are_three_quarters_of_the_largest_stable_one(example):
    fit, question = example.fit(1000), example.question()
    kernel = flat_kernel(fit.points, fit.points, question._start())
    largest = len(fit.points) / (1000 * float(torch.linalg.eigvalsh(kernel)[-1]))
    assert fit.learning_rate / largest == pytest.approx(0.75, abs=0.02)
    assert fit.optimiser == "sgd"


def test_the_scatter_holds_prediction_and_network_in_their_places():
    fit = examples.EXCLUSIVE_OR.fit(400)
    result = examples.EXCLUSIVE_OR.question(widths=(400,), draws=1, places=16)(fit)
    held = figure2.scatter(result)
    assert held.shape == (32, 2)
    assert np.array_equal(held.values[16:, 0], held.values[16:, 1])
    assert np.array_equal(held.values[:16, 1], result["answers"].values[2].ravel())
    assert np.array_equal(held.values[:16, 0], result["answers"].values[0].ravel())


def test_norms_are_those_of_sines_and_errors_grow_with_them():
    result = norm.NormsAndErrors(draws=4)(norm.Frequencies(highest=5))
    rates = fs.theory.lfp.rate(torch.arange(1.0, 6.0), *norm._START.moments(1))
    assert result["norm"].values == pytest.approx((1 / (2 * rates)).sqrt().numpy(), rel=1e-6)
    assert (np.diff(result["error"]) > 0).all()
    assert (result["error"] < result["bound"]).all()


def test_decades_are_logarithms_of_distances_bounds_and_widths():
    l2 = examples.CUBIC.question(widths=(250, 1000), draws=2, places=30)(examples.CUBIC.fit(2000))["l2"]
    found = width.in_decades(l2)
    assert 10**found.values == pytest.approx(l2.values)
    assert 10 ** found["log10_of_width"].values == pytest.approx([250, 1000])
    assert 10 ** found.coords["l2_high"].values == pytest.approx(l2.coords["l2_high"].values)
    assert (found.coords["l2_low"] <= found).all()
    fs.draw(found)


def test_recorded_numbers_stand_beside_those_of_their_widths():
    question = examples.CUBIC.question(widths=width._PUBLISHED, draws=2, places=30)
    result = question(examples.CUBIC.fit(2000))
    found = width._beside(fs.papers.exhibit.Made({"cubic": result}))
    assert len(found) == 12
    assert found[0].printed == pytest.approx(6.6e-3)
    assert found[-1].ours.value == pytest.approx(float(result["l2"].sel(width=16_000)))
