"""E, Ma, Wu (2019) made again: the constants by quadrature, and three widths with their verdicts."""

from math import exp, pi

import numpy as np
import pytest

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.e2019 import flows, kernel
from fourierscope.papers.exhibit import Made
from fourierscope.papers.making import Setting
from fourierscope.papers.paper import made_again

PAPER = paper_named("e2019")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setitem(flows.WORK, "smoke", flows.Work(128, 64, 2, 96, 1.0))
    monkeypatch.setitem(kernel._POINTS, "smoke", 256)
    monkeypatch.setattr(flows, "_TIMES", (0.0, 3.0, 10.0, 100.0))
    monkeypatch.setattr(flows, "_PRINTED_TIMES", (10.0, 100.0))


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, tmp_path, monkeypatch):
    setting = Setting("smoke", fs.open_samples("digits", limit=10), {})
    first = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.exhibit.number for one in first] == ["kernel", "works", "fails", "not monotone"]
    assert [one.not_tried for one in first] == [""] * 4
    assert all(one.pictures for one in first)
    chance = {check.check.says for one in first for check in one.checked if check.check.says.startswith("drawn")}
    others = [check for one in first for check in one.checked if check.check.says not in chance]
    assert {(check.check.says, check.verdict) for check in others} == {(one.check.says, "holds") for one in others}
    for place in ("analyses.circle_flow.particle_flow", "analyses.circle_flow.spectral_flow"):
        monkeypatch.setattr(f"fourierscope.{place}", None)
    again = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.reused for one in again] == [3, 5, 5, 5]
    for one, other in zip(first, again, strict=True):
        assert all(result.dataset.equals(other.made[name].dataset) for name, result in one.made.results.items())


def test_printed_constants_stand_beside_ours_and_are_pi_times_as_large():
    result = kernel.Rates(points=256)(fs.Circle(1.0))
    eigenvalue, coefficient = (result[name].sel(frequency=1).values for name in ("eigenvalue", "coefficient"))
    assert eigenvalue == pytest.approx([0.303265, 0.303265, 0.952736], abs=1e-6)
    assert coefficient == pytest.approx([0.096532, 0.096532, 0.303265], abs=1e-6)
    u = np.array([0.5, 2.0, 4.5])
    assert result["eigenvalue"].sel(known_by="as printed", frequency=[1, 2, 3]).values == pytest.approx(
        pi * u * np.exp(-u)
    )
    assert kernel._ratio(_made("width-1", result), "eigenvalue").value == pytest.approx(pi, abs=1e-9)


def test_a_wrong_formula_is_seen_by_quadrature(monkeypatch):
    def u(scaled):
        return scaled**2 / 2

    monkeypatch.setattr(kernel, "flow_rate", lambda k, width: 1.001 * u(k * width) * exp(-u(k * width)))
    made = _made("width-0.5", kernel.Rates(points=256)(fs.Circle(0.5)))
    assert kernel._off(0.5, made).value > 1e-4


def test_the_verdicts_are_those_registered():
    assert {case.number: case.expected for case in flows.CASES} == {
        "works": "holds",
        "fails": "fails",
        "not monotone": "not monotone",
    }
    for case in flows.CASES:
        made = _made("even", fs.CircleFlow((0.0, 10.0, 100.0), 128, points=96, step=1.0)(case.circle))
        low, high = flows.BOUNDS[case.expected]
        assert low <= flows._ordering("even", made).value <= high
        errors = made["even"]["error"].sel(flow="particles", time=10.0)
        assert errors.sel(frequency=list(case.order)).diff("frequency").min() > 0


def test_the_case_that_fails_would_be_seen_to_fail_as_one_that_works():
    """The same checks tell one width from another: with the bumps of the one they refuse the order of the other."""
    works, fails, _ = flows.CASES
    question = fs.CircleFlow((0.0, 10.0, 100.0), 128, points=96, step=1.0)
    swapped = _made("even", question(fs.Circle(works.width, tuple(sorted(fails.order)))))
    asked = (
        "even particles: Spearman correlation of frequency and area under error, high first",
        "particles, time 10: error at k = 3 minus that at 10",
    )
    checks = [one for one in flows._checks(fails) if one.says in asked]
    assert [one.tried(swapped, "smoke").verdict for one in checks] == ["fails", "fails"]


def _made(name, result):
    return Made({name: result})
