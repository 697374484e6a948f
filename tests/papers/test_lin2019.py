"""Lin and Jiang (2019) made again: averages of waves, linear regions, and the defence under honest attack."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.exhibit import Made
from fourierscope.papers.lin2019 import control, defence, regions
from fourierscope.papers.lin2019.averages import PLACES, Ball, Transfers
from fourierscope.papers.making import Setting
from fourierscope.papers.paper import made_again
from fourierscope.theory.regions import on_plane
from fourierscope.treatments import apgd

PAPER = paper_named("lin2019")


@pytest.fixture
def quick(monkeypatch):
    few = {"steps": 2, "queries": 3, "redraws": 1, "noise": 3}
    monkeypatch.setitem(defence._IMAGES, "smoke", 3)
    monkeypatch.setitem(
        defence._QUESTIONS, "smoke", fs.AveragingDefence(1.0, 1, units="pixel", sweep=(64 / 255,), **few)
    )
    monkeypatch.setitem(regions._IMAGES, "smoke", 2)
    monkeypatch.setitem(regions._BUDGET, "smoke", "0.02/255")
    monkeypatch.setitem(regions._POINTS, "smoke", 5)
    monkeypatch.setattr("fourierscope.papers.lin2019.averages._DRAWN", 20_000)
    monkeypatch.setattr("fourierscope.papers.lin2019.control._is_there", lambda: False)
    monkeypatch.setitem(control._LOOKED_AT, "smoke", 2)
    monkeypatch.setitem(control._OPTIONS, "smoke", {"directions": 1, "steps": 2, "looks": 2, "redraws": 1})


def setting():
    roles = {"natural": fs.open_classifier("reference:natural")}
    return Setting("smoke", fs.open_samples("patches:test", limit=4), roles)


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, tmp_path):
    first = list(made_again(PAPER, PAPER.exhibits, setting(), tmp_path / "out"))
    assert [one.not_tried for one in first] == ["", "", "", ""]
    assert all(one.pictures for one in first)
    assert all(one.reading is not None or one.why for outcome in first for one in outcome.checked)
    again = list(made_again(PAPER, PAPER.exhibits, setting(), tmp_path / "out"))
    assert [one.reused for one in again] == [3, 3, 6, 3]
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
    result = fs.AveragingDefence(0.1, 1, units="pixel", steps=1, queries=2, redraws=1, noise=2, sweep=(64 / 255,))(
        fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=3))
    )
    beside = defence._beside(Made({"natural": result}))
    assert [one.printed for one in beside] == [0.9255, 0.8841, 0.158, 0.158]
    assert beside[0].ours.value == pytest.approx(float(result["undefended"][0]))
    assert beside[1].ours.value == pytest.approx(float(result["averaged"][1]))
    assert beside[3].ours.value == pytest.approx(float(result["averaged"][-1]))


def test_six_in_units_of_imagenets_deviations_is_the_radius_on_pixels():
    assert pytest.approx(6 * np.mean([0.229, 0.224, 0.225]), rel=1e-9) == defence.RADIUS
    sigma = fs.theory.averaging.equivalent_sigma(defence.RADIUS, 3072)
    assert sigma == pytest.approx(0.0245, abs=5e-5)


def quick_control(**options):
    return control.AveragingControl(0.3, 1, steps=3, redraws=3, eps=0.01, **options)


def patches(count):
    return fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=count))


def test_stronger_attacks_are_those_asked_by_hand_and_scored_by_fresh_draws():
    subject, question = patches(12), quick_control(looks=3)
    result = question(subject)
    for test, looks in ((control.CLEAN, 0), (control.ONE, 1), (control.MORE, 3)):
        fixed, redrawn = [], []
        for start, stop in ((0, 10), (10, 12)):
            some = fs.Trial(subject.classifier, subject.samples.subset(range(start, stop)))
            after = [some.samples]
            if looks:
                asked = fs.Trial(question.looked(some.classifier, looks), some.samples)
                after = [apgd(asked, loss, eps=0.01, steps=3) for loss in ("ce", "dlr")]
            fixed.append(np.min([right(averaged(some, 0), one) for one in after], axis=0))
            draws = [[right(averaged(some, 1000 * k), one) for k in (1, 2, 3)] for one in after]
            redrawn.append(np.mean(draws, axis=1).min(0))
        assert float(result["averaged"].sel(test=test)) == pytest.approx(np.concatenate(fixed).mean())
        assert float(result["redrawn"].sel(test=test)) == pytest.approx(np.concatenate(redrawn).mean(), abs=1e-6)
    gained = result["redrawn"].sel(test=control.MORE) - result["redrawn"].sel(test=control.ONE)
    assert float(result["gained"]) == pytest.approx(float(gained), abs=1e-6)
    assert float(result["gained_low"]) <= float(result["gained"]) <= float(result["gained_high"])


def averaged(some, seed):
    return fs.treatments.post_average(some.classifier, 0.3, 1, per_input=True, seed=seed)


def right(classifier, samples):
    with torch.no_grad():
        return (classifier(samples.batch()).argmax(1) == samples.labels).numpy()


def test_each_look_draws_directions_of_its_own():
    subject, images = patches(2), patches(2).samples.batch()
    several = quick_control().looked(subject.classifier, 4)
    drawn = fs.treatments.post_average(subject.classifier, 0.3, 1, seed=1)
    with torch.no_grad():
        each = torch.stack([drawn(images).log_softmax(1) for _ in range(4)])
        torch.testing.assert_close(several(images), each.mean(0), atol=1e-5, rtol=0)
        assert float((each - each[0]).abs().amax((1, 2))[1:].min()) > 1e-4
        assert float((several(images) - each.mean(0)).abs().max()) > 1e-5  # and anew at the next look


def test_autoattack_is_asked_of_both_averages_and_scored_like_the_others():
    pytest.importorskip("pyautoattack")
    result = quick_control(foreign=True)(patches(2))
    assert result["averaged"]["test"].values.tolist()[3:] == [control.FIXED, control.RAND]
    assert float(result["averaged"].sel(test=control.FIXED)) <= float(result["averaged"].sel(test=control.ONE))


def test_without_the_library_of_others_the_exhibit_says_what_was_not_run(quick, tmp_path):
    (outcome,) = made_again(PAPER, [one for one in PAPER.exhibits if one.number == "control"], setting(), tmp_path)
    told = outcome.tables[0].says
    assert 'Not run: pyautoattack is not installed: pip install "fourierscope[attacks]"' in told
    assert [row[0] for row in outcome.tables[0].rows] == [control.CLEAN, control.ONE, control.MORE]


@pytest.mark.parametrize("options", [{"steps": 0}, {"looks": 0}, {"redraws": 1.5}])
def test_a_control_refuses_numbers_out_of_range(options):
    with pytest.raises((TypeError, ValueError), match=next(iter(options))):
        control.AveragingControl(**options)
