"""Lin et al. (2019) made again: averages of waves, linear regions, and the defence under honest attack."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.exhibit import Made
from fourierscope.papers.lin2019 import defence, regions
from fourierscope.papers.lin2019.averages import PLACES, Ball, Transfers
from fourierscope.papers.making import Making, Setting
from fourierscope.papers.paper import made_again
from fourierscope.theory.regions import on_plane

PAPER = paper_named("lin2019")


@pytest.fixture
def quick(monkeypatch):
    few = {"steps": 2, "queries": 3, "redraws": 1, "noise": 10}
    monkeypatch.setitem(defence._IMAGES, "smoke", 3)
    monkeypatch.setitem(
        defence._QUESTIONS, "smoke", fs.AveragingDefence(1.0, 1, units="pixel", sweep=(64 / 255,), **few)
    )
    looks = fs.AveragingControl(1.0, 1, units="pixel", steps=2, redraws=1, looks=2)
    monkeypatch.setitem(defence._CONTROLS["expectation"], "smoke", looks)
    monkeypatch.setitem(regions._IMAGES, "smoke", 2)
    monkeypatch.setitem(regions._BUDGET, "smoke", "0.02/255")
    monkeypatch.setitem(regions._POINTS, "smoke", 5)
    monkeypatch.setattr("fourierscope.papers.lin2019.averages._DRAWN", 20_000)


def setting():
    roles = {"natural": fs.open_classifier("reference:natural")}
    return Setting("smoke", fs.open_samples("patches:test", limit=4), roles)


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, tmp_path):
    first = list(made_again(PAPER, PAPER.exhibits, setting(), tmp_path / "out"))
    assert [one.not_tried for one in first] == ["", "", ""]
    assert all(one.pictures for one in first)
    assert all(one.reading is not None or one.why for outcome in first for one in outcome.checked)
    again = list(made_again(PAPER, PAPER.exhibits, setting(), tmp_path / "out"))
    assert [one.reused for one in again] == [3, 3, 6 + 4]
    verdicts = {one.check.says: one.verdict for one in first[0].checked}
    assert [says for says, verdict in verdicts.items() if verdict == "fails"] == [
        "Constants pass whole, as printed, 3 dimensions (expected: fails)"
    ]


def test_transfers_agree_with_points_that_were_drawn():
    for dimension in (1, 2, 3, 40):
        found = Transfers()(Ball(dimension))
        assert float(np.abs(found["drawn_error"]).max()) < 4
        assert found["decay"].sel(formula="derived").item() == pytest.approx(-(dimension + 1) / 2, abs=0.05)
        assert found["decay"].sel(formula="printed").item() == -(dimension / 2 + 1)
        assert found["transfer"].isel(frequency=0).values.tolist() == [1, 1, 1, 1]
    assert found["at_zero"].sel(formula="printed").item() == pytest.approx((2 * np.pi) ** -20)
    assert found["drawn_error"]["turn"].values.tolist() == list(PLACES)


def test_the_plane_of_the_picture_goes_through_the_image_and_the_attack():
    trial = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=2))
    found = regions.PlaneLayers(0.01 / 255, 6)(trial)
    assert found["layer"].shape == (6, 6)
    first = fs.Trial(trial.classifier, trial.samples.subset([0]))
    image = first.samples.batch()
    change = fs.treatments.pgd(first, eps=0.01 / 255, steps=5).batch() - image
    other = torch.randn(change.shape, generator=regions.PlaneLayers(0.01 / 255, 6).chance(purpose="direction"))
    other = other / other.norm() * change.norm()
    origin = trial.classifier.normalised(image - change - other)[0]
    std = torch.tensor(trial.classifier.std).view(-1, 1, 1)
    exact = on_plane(trial.classifier.network, origin, (2 * change / std)[0], (2 * other / std)[0])
    assert int(found["regions"]) == pytest.approx(exact.number, abs=2)


def test_the_published_numbers_stand_beside_ours_by_name():
    result = fs.AveragingDefence(0.1, 1, units="pixel", steps=1, queries=2, redraws=1, noise=10, sweep=(64 / 255,))(
        fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=3))
    )
    beside = defence._beside(Made({"natural": result}))
    assert [one.printed for one in beside] == [0.9255, 0.8841, 0.158, 0.158]
    assert beside[0].ours.value == pytest.approx(float(result["undefended"][0]))
    assert beside[1].ours.value == pytest.approx(float(result["averaged"][1]))
    assert beside[3].ours.value == pytest.approx(float(result["averaged"][-1]))


def controls(monkeypatch, attack, folder):
    """What came of both controls, with an attack that stands for AutoAttack."""
    monkeypatch.setattr("fourierscope.analyses.defence_attacks.auto_attack", attack)
    question = fs.AveragingControl(1.0, 1, "auto-attack", units="pixel", steps=2, redraws=1)
    monkeypatch.setitem(defence._CONTROLS["auto-attack"], "smoke", question)
    monkeypatch.setitem(defence._CONTROL_IMAGES["auto-attack"], "smoke", 3)
    making = Making(setting(), folder / "defence")
    for one in defence._CONTROLS:
        defence._ask_control(making, one)
    return Made(making.results, making.left_out)


def checked(made):
    return [one.tried(made, "smoke") for one in defence.EXHIBIT.checks if one.says.startswith("Control by AutoAttack")]


def feeble(trial, norm, eps, version, seed, batch):
    return fs.treatments.apgd(trial, "ce", norm, eps, 1, seed=seed, batch=batch)


def lacking(*asked, **how):
    raise ImportError("auto_attack needs pyautoattack: install it.")


def test_controls_stand_in_a_table_with_their_intervals(quick, monkeypatch, tmp_path):
    made = controls(monkeypatch, feeble, tmp_path)
    (table,) = defence.EXHIBIT.tables(made)
    assert "Not run" not in table.says
    assert [row[0] for row in table.rows] == ["expectation"] * 6 + ["auto-attack"] * 6
    assert [row[-1] for row in table.rows] == ["2"] * 6 + ["3"] * 6
    assert all(" to " in row[3] and " to " in row[5] for row in table.rows)
    for one, answer in zip(checked(made), ("averaged", "mostly"), strict=True):
        assert one.reading.value == pytest.approx(float(made["auto-attack"]["weaker"].sel(answer=answer)))
        assert one.reading.low < one.reading.value < one.reading.high
        assert one.reading.n == 3


def test_a_control_whose_library_is_lacking_is_said_not_to_have_run(quick, monkeypatch, tmp_path):
    made = controls(monkeypatch, lacking, tmp_path)
    (table,) = defence.EXHIBIT.tables(made)
    why = "auto_attack needs pyautoattack: install it"
    assert f"Not run: auto-attack, because {why}." in table.says
    assert {row[0] for row in table.rows} == {"expectation"}
    assert [(one.verdict, one.why) for one in checked(made)] == [("not tried here", why)] * 2


def test_finished_controls_are_read_where_their_library_is_lacking(quick, monkeypatch, tmp_path):
    first = controls(monkeypatch, feeble, tmp_path)
    again = controls(monkeypatch, lacking, tmp_path)
    assert again.left_out == {}
    assert defence.EXHIBIT.tables(again) == defence.EXHIBIT.tables(first)


def test_controls_are_asked_of_ten_and_twenty_images():
    assert [defence._CONTROL_IMAGES[one]["small"] for one in defence._CONTROLS] == [10, 20]
    assert [defence._CONTROLS[one]["small"].looks for one in defence._CONTROLS] == [4, None]


def test_six_in_units_of_imagenets_deviations_is_the_radius_on_pixels():
    assert pytest.approx(6 * np.mean([0.229, 0.224, 0.225]), rel=1e-9) == defence.RADIUS
    sigma = fs.theory.averaging.equivalent_sigma(defence.RADIUS, 3072)
    assert sigma == pytest.approx(0.0245, abs=5e-5)
