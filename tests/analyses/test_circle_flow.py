"""Flows on the circle as a question: what a result holds, its chance, and what is refused."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.reports.answers import OWN_SENTENCES
from fourierscope.theory import circle
from fourierscope.theory.circle_flows import cosine_moments, particle_flow, place_moments

QUICK = {"times": (0.0, 3.0, 10.0, 100.0), "particles": 128, "points": 96, "step": 1.0}
CASES = [
    (fs.Circle(), 1, [1, 3, 4]),
    (fs.Circle(0.1, (1, 3, 10)), -1, [10, 3, 1]),
    (fs.Circle(0.5, (5, 1, 3, 2), (0.3, 0.3, 0.3, 0.3)), -0.4, [3, 2, 5, 1]),
]


@pytest.mark.parametrize(("subject", "order", "first"), CASES)
def test_three_ways_tell_one_order(subject, order, first):
    result = fs.CircleFlow(**QUICK)(subject)
    assert result["ordering"].values == pytest.approx(order)
    for one in ("particles", "grid", "linear law"):
        area = result["area"].sel(flow=one)
        assert area["frequency"].values[area.values.argsort()].tolist() == first
    error = result["error"]
    assert float(abs(error.sel(flow="particles") - error.sel(flow="linear law")).max()) <= 0.25
    assert float(result["apart"].max()) < 0.02
    assert float(result["mass_error"].max()) <= 1e-10
    assert float(result["least_density"].min()) >= -1e-10
    assert error.sel(time=0).values == pytest.approx(np.ones((3, len(first))))


def test_rates_and_the_law_are_those_of_the_theory():
    result = fs.CircleFlow(**QUICK)(fs.Circle(0.5, (3, 1), (0.2, 0.1)))
    assert result["rate"].values == pytest.approx([circle.flow_rate(1, 0.5), circle.flow_rate(3, 0.5)])
    assert float(result["turning_point"]) == pytest.approx(2**1.5)
    law = result["error"].sel(flow="linear law", frequency=3).values
    assert law == pytest.approx(np.exp(-circle.flow_rate(3, 0.5) * np.array(QUICK["times"])), abs=1e-12)


def test_frequencies_keep_their_own_targets_in_any_order():
    one = fs.CircleFlow(**QUICK)(fs.Circle(1.0, (1, 2, 3), (0.4, -0.2, 0.1)))
    other = fs.CircleFlow(**QUICK)(fs.Circle(1.0, (3, 1, 2), (0.1, 0.4, -0.2)))
    np.testing.assert_allclose(one["error"], other["error"], atol=1e-12)


def test_particles_are_drawn_by_seed_and_have_bounds():
    question = fs.CircleFlow(**QUICK, draws=3)
    result, again = question(fs.Circle()), question(fs.Circle())
    assert result.dataset.equals(again.dataset)
    other = fs.CircleFlow(**QUICK, draws=3, seed=1)(fs.Circle())
    assert not np.allclose(result["error"].sel(flow="particles"), other["error"].sel(flow="particles"))
    np.testing.assert_array_equal(result["error"].sel(flow="grid"), other["error"].sel(flow="grid"))
    error = result["error"]
    low, high = (error[f"error_{one}"] for one in ("low", "high"))
    inside = (low <= error) & (error <= high)
    assert bool(inside.sel(flow="particles").all())
    assert bool(np.isnan(low.sel(flow=["grid", "linear law"])).all())
    assert float(error.sel(flow="particles", time=0).std()) > 0.01  # drawn places are not even
    assert bool(np.isnan(fs.CircleFlow(**QUICK)(fs.Circle())["error_low"]).all())


def test_the_mean_over_draws_is_that_of_errors_taken_one_by_one():
    question = fs.CircleFlow(**QUICK, draws=2)
    _, *cells = question.cells(fs.Circle())
    rates = circle.flow_rates(circle.gaussian_transform(1.0, 9))
    target, found = cosine_moments((1, 3, 4), (0.3, 0.3, 0.3), 9), []
    for cell in cells:
        places = 2 * np.pi * torch.rand(128, generator=question.chance(cell, "places"), dtype=torch.float64)
        moments = place_moments(particle_flow(rates, target, places, QUICK["times"], 1.0), 9)
        found.append((moments - target).abs()[:, [1, 3, 4]] / 0.15)
    wanted = torch.stack(found).mean(0).numpy()
    np.testing.assert_allclose(question(fs.Circle())["error"].sel(flow="particles"), wanted, atol=1e-6)


def test_an_area_is_the_mean_over_log_times():
    result = fs.CircleFlow(**QUICK)(fs.Circle())
    error, times = result["error"].sel(flow="grid", frequency=4).values, np.log1p(QUICK["times"])
    pieces = [(error[i] + error[i + 1]) / 2 * (times[i + 1] - times[i]) for i in range(3)]
    assert float(result["area"].sel(flow="grid", frequency=4)) == pytest.approx(sum(pieces) / times[-1])


def test_what_is_found_is_told():
    subjects = [subject for subject, _, _ in CASES]
    low, high, mixed = (" ".join(OWN_SENTENCES["CircleFlow"](fs.CircleFlow(**QUICK)(one))) for one in subjects)
    assert "in the order 1, 3, 4: low frequencies first." in low
    assert "at frequency 14.1; the rates are 1: 0.00498, 3: 0.0430, 10: 0.303." in high
    assert "in the order 10, 3, 1: high frequencies first." in high
    assert "in the order 3, 2, 5, 1: neither low nor high ones first." in mixed
    alone = " ".join(OWN_SENTENCES["CircleFlow"](fs.CircleFlow(**QUICK)(fs.Circle(1.0, (2,), (0.5,)))))
    assert "order" not in alone  # of one frequency


def test_a_run_goes_on_from_its_store(tmp_path):
    question, subject = fs.CircleFlow(**QUICK, draws=2), fs.Circle()
    first = fs.run(question, subject, tmp_path / "store")
    (sorted((tmp_path / "store").glob("cell-*.npz"))[1]).unlink()
    assert fs.run(question, subject, tmp_path / "store").dataset.equals(first.dataset)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"times": ()}, "rise from 0"),
        ({"times": (1.0, 1.0)}, "rise from 0"),
        ({"times": (-0.5, 1.0)}, "rise from 0"),
        ({"times": (1.0, float("inf"))}, "rise from 0"),
        ({"particles": 1}, "at least 2"),
        ({"particles": 10.5}, "whole"),
        ({"draws": -1}, "at least 0"),
        ({"points": 3}, "at least 4"),
        ({"step": 0.0}, "above 0"),
    ],
)
def test_options_that_do_not_fit_are_told(options, says):
    with pytest.raises(ValueError, match=says):
        fs.CircleFlow(**options)


def test_a_grid_that_cannot_hold_the_target_and_another_subject_are_told():
    with pytest.raises(ValueError, match="frequencies up to 9, and the target has 10: take points=31"):
        fs.CircleFlow(points=30)(fs.Circle(0.1, (1, 3, 10)))
    with pytest.raises(TypeError, match=r"takes a Circle; Samples came. Write fs.Circle\("):
        fs.CircleFlow()(fs.open_samples("patches:test", limit=2))


def test_the_command_gives_what_python_gives(tmp_path, monkeypatch, capsys):
    from fourierscope.cli import main

    monkeypatch.chdir(tmp_path)
    words = "circle-flow --width 0.1 --frequencies 1,3,10 --times 0,3,10,100 --particles 128 --points 96 --step 1"
    assert main([*words.split(), "--out", "flow.nc"]) == 0
    assert "high frequencies first" in capsys.readouterr().out
    wanted, held = fs.CircleFlow(**QUICK)(fs.Circle(0.1, (1, 3, 10))), fs.load("flow.nc")
    assert held.record == wanted.record
    assert held.dataset.equals(wanted.dataset)
    fs.report([held], "flow.html")
    assert "waves 1, 3, 10 by bumps of width 0.1" in (tmp_path / "flow.html").read_text()


def test_counts_are_whole_numbers_of_a_whole_kind():
    for options in ({"points": 64.0}, {"particles": 20.0}, {"draws": 1.0}):
        with pytest.raises(ValueError, match="all whole"):
            fs.CircleFlow(**options)


def test_where_nothing_is_learned_no_order_is_told():
    result = fs.CircleFlow(times=(0.0, 1.0))(fs.Circle(20.0))
    says = " ".join(OWN_SENTENCES["CircleFlow"](result))
    assert "No order can be told" in says
    assert "in the order" not in says
