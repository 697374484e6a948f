"""Luo et al. (2019) made again: three stages and the window, by small networks in few steps."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.luo2019 import lines
from fourierscope.papers.luo2019.stages import Stages, _descended
from fourierscope.papers.luo2019.window import FirstDescent
from fourierscope.papers.making import Setting
from fourierscope.papers.paper import made_again
from fourierscope.theory.frequency_loss import hann_density

PAPER = paper_named("luo2019")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(lines, "_WIDTHS", (1, 20, 10, 1))
    monkeypatch.setattr(lines, "_SINES", (1,))
    monkeypatch.setitem(lines.LINES, "smoke", lines.Line(256, 150, 2, 2))


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, tmp_path, monkeypatch):
    setting = Setting("smoke", fs.open_samples("digits", limit=10), {})
    first = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.not_tried for one in first] == ["", ""]
    assert all(one.pictures for one in first)
    assert all(one.reading is not None for outcome in first for one in outcome.checked)
    monkeypatch.setattr("fourierscope.papers.luo2019.window.descent", None)
    monkeypatch.setattr("fourierscope.papers.luo2019.stages.descent", None)
    again = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.reused for one in again] == [4, 4]
    for one, other in zip(first, again, strict=True):
        assert all(result.dataset.equals(other.made[name].dataset) for name, result in one.made.results.items())


def test_the_even_density_is_invalid_and_told_in_words(quick):
    found = FirstDescent(seeds=2)(lines.line_fit("smoke", "tanh"))
    assert found["valid"].values.tolist() == [0, 1, 1, 1]
    assert found["valid"].attrs["told"].splitlines()[0] == "even: invalid: non-smooth density"
    assert found["density_slope"].values == pytest.approx([-1, -5, -9, -13], abs=0.25)


def test_training_descends_and_halves_its_loss_twice(quick):
    subject = lines.line_fit("smoke", "tanh")
    density = hann_density(lines.column(subject.points))
    network = subject.fresh_network(0)
    start, halved, quartered, last = (float(one.sum()) for one in _descended(network, subject, density))
    assert last <= quartered <= halved / 2 <= start / 4
    errors = network(subject.points)[:, 0].detach() - lines.column(subject.values)
    assert last == pytest.approx(float((density * errors**2).mean()))


def test_a_loss_that_has_not_halved_twice_is_told(quick, monkeypatch):
    monkeypatch.setitem(lines.LINES, "smoke", lines.Line(256, 2, 2, 2))
    with pytest.raises(ValueError, match="halved 0 times in 2 steps"):
        Stages()(lines.line_fit("smoke", "tanh"))


def test_both_questions_agree_on_the_first_stage(quick):
    subject = lines.line_fit("smoke", "ReLU")
    window, stages = FirstDescent(powers=(1,), seeds=2)(subject), Stages(seeds=2)(subject)
    first = stages["share"].sel(stage="initial").values
    assert first == pytest.approx(window["share"].isel(density=0).values)


def test_decades_are_logarithms_of_values_bounds_and_frequencies(quick):
    share = FirstDescent(powers=(1,), seeds=3)(lines.line_fit("smoke", "ReLU"))["share"].isel(density=0, drop=True)
    found = lines.in_decades(share)
    assert 10**found.values == pytest.approx(share.values)
    assert 10 ** found.coords["share_low"].values == pytest.approx(share.coords["share_low"].values)
    assert found["log10_of_frequency"].values == pytest.approx(np.log10(lines.THRESHOLDS))


def test_slopes_and_geometric_means_are_their_formulas():
    thresholds = torch.tensor(lines.THRESHOLDS).numpy()
    shares = np.stack([thresholds**-2.0, 7 * thresholds**-5.0])
    assert lines.slopes(shares, lines.THRESHOLDS) == pytest.approx([-2, -5])
    assert lines.geometric(np.array([1.0, 100.0])).value == pytest.approx(10)
