"""The control of an average's report card: more looks, and AutoAttack, beside APGD by one look; rows by hand, doors."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.averaging_control import Against, _verdict
from fourierscope.analyses.defence_attacks import Defence
from fourierscope.results import unpacked
from fourierscope.treatments import apgd, post_average
from fourierscope.treatments.attacks.automatic import LOSSES, View

QUICK = {"radius": 1.5, "directions": 2, "steps": 4, "redraws": 3, "units": "pixel"}
EPS = 0.004  # at which attacks, and the draws that judge them, differ
LOOKED = ["APGD-CE", "APGD-DLR", "worst of APGD", "APGD-CE by looks", "APGD-DLR by looks", "worst of the control"]


def trial(count=12, classes=4, seed=0):
    """A random convolutional network on smooth images labelled by its own predictions."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 6 * 5, classes)]
        network = nn.Sequential(*layers).eval()
    chance = torch.Generator().manual_seed(seed + 1)
    images = nn.functional.avg_pool2d(torch.rand(count, 3, 8, 7, generator=chance), 3, 1, 1)
    classifier = fs.Classifier(network, "made", mean=0.5, std=0.1)
    with torch.no_grad():
        return fs.Trial(classifier, fs.Samples(images, classifier(images).argmax(1)))


def average(subject, seed):
    return post_average(subject.classifier, QUICK["radius"], QUICK["directions"], per_input=True, seed=seed)


def rights(classifier, samples):
    with torch.no_grad():
        return (classifier(samples.batch()).argmax(1) == samples.labels).numpy()


def redrawn(subject, samples):
    return np.mean([rights(average(subject, 1000 * draw), samples) for draw in (1, 2, 3)], axis=0)


def defence(redraws=3):
    return Defence(QUICK["radius"], 2, "random", "pixel", "softmax", redraws, 0)


def held(monkeypatch):
    """A stand-in for AutoAttack: APGD of a few steps, and what it was asked of."""
    asked = []

    def attack(subject, norm, eps, version, seed, batch):
        asked.append((version, subject.classifier, len(subject.samples), batch))
        return apgd(subject, "ce", norm, eps, 8, seed=seed, batch=batch)

    monkeypatch.setattr("fourierscope.analyses.defence_attacks.auto_attack", attack)
    return asked


@pytest.mark.parametrize("loss", ["ce", "dlr"])
def test_several_looks_climb_the_mean_slope_of_averages_with_their_own_directions(loss):
    subject = trial(5)
    images, labels = subject.samples.batch(), subject.samples.labels
    seen = View(defence().in_turn(subject.classifier, 4), LOSSES[loss], 4)(images, labels)
    seeds = (0, 4000, 5000, 6000)  # the first is the average attacked by one look; 1000 to 3000 are the fresh draws
    each = [View(average(subject, seed), LOSSES[loss])(images, labels) for seed in seeds]
    torch.testing.assert_close(seen.slope, sum(one.slope for one in each) / 4)
    torch.testing.assert_close(seen.heights, sum(one.heights for one in each) / 4)
    apart = [float((one.slope - each[0].slope).abs().max()) for one in each[1:]]
    assert min(apart) > 1e-3 * float(each[0].slope.abs().max())


def test_rows_are_attacks_asked_by_hand_and_judged_by_fresh_draws():
    subject = trial(16, classes=10)
    result = fs.AveragingControl(**QUICK, looks=3, eps=EPS)(subject)
    assert result["averaged"]["test"].values.tolist() == LOOKED
    turns = defence().in_turn(subject.classifier, 3)
    by_hand = [
        apgd(fs.Trial(classifier, subject.samples), loss, eps=EPS, steps=4, looks=looks)
        for classifier, looks in ((average(subject, 0), 1), (turns, 3))
        for loss in ("ce", "dlr")
    ]
    fixed = np.array([rights(average(subject, 0), one) for one in by_hand])
    fresh = np.array([redrawn(subject, one) for one in by_hand])
    for name, found in (("averaged", fixed), ("redrawn", fresh)):
        rows = [*found[:2], found[:2].min(0), *found[2:], found[2:].min(0)]
        assert len({tuple(row) for row in found}) == 4  # or the attacks could be taken for each other
        assert unpacked(result.dataset, name) == pytest.approx(np.array(rows), abs=1e-6)
    ours, theirs = fresh[:2].min(0) > 0.5, fresh[2:].min(0) > 0.5
    assert result["mostly"].sel(test=[LOOKED[2], LOOKED[5]]).values == pytest.approx([ours.mean(), theirs.mean()])
    weaker = result["weaker"].sel(answer="mostly")
    assert float(weaker) == pytest.approx(ours.mean() - theirs.mean())
    assert float(weaker["weaker_low"]) < float(weaker) < float(weaker["weaker_high"])


def test_right_by_half_of_the_draws_is_not_right_by_most():
    subject, question = trial(4), fs.AveragingControl(**QUICK, looks=2)
    shares = np.array([0.5, 0.5, 0.75, 0.25])
    piece = {"averaged": np.full(4, True), "redrawn": shares, "felt": np.full(4, True)}
    tests = [one for one in LOOKED if "worst" not in one]
    found = question.assemble({Against(test, 0, 4): piece for test in tests}, subject)
    assert found["mostly"].values == pytest.approx([0.25] * 6)


def test_one_look_is_the_attack_of_the_report_card():
    subject = trial(7)
    card = fs.AveragingDefence(**QUICK, queries=2, noise=10, sweep=(), eps=EPS)(subject)
    result = fs.AveragingControl(**QUICK, looks=1, eps=EPS)(subject)
    for test in ("APGD-CE", "APGD-DLR"):
        for name in ("averaged", "redrawn"):
            ours = float(card[name].sel(test=test))
            assert float(result[name].sel(test=test)) == pytest.approx(ours)
            assert float(result[name].sel(test=f"{test} by looks")) == pytest.approx(ours)
    assert result["weaker"].values == pytest.approx([0, 0])
    assert float(result["weaker_low"][1]) < -0.1  # seven images that agree are no proof


def test_autoattack_is_asked_of_the_fixed_and_of_the_drawn_average(monkeypatch):
    asked, subject = held(monkeypatch), trial(7, classes=10)
    result = fs.AveragingControl(**QUICK, control="auto-attack", eps=EPS)(subject)
    assert result["averaged"]["test"].values.tolist()[3:] == ["AutoAttack", "AutoAttack rand", "worst of the control"]
    assert [(version, count, batch) for version, _, count, batch in asked] == [
        ("standard", 5, 5), ("standard", 2, 2), ("rand", 5, 5), ("rand", 2, 2),
    ]  # fmt: skip
    images = subject.samples.batch(0, 2)
    same = [[torch.equal(one(images), one(images)) for _, one, *_ in some] for some in (asked[:2], asked[2:])]
    assert same == [[True, True], [False, False]]
    own = apgd(fs.Trial(average(subject, 0), subject.samples), eps=EPS, steps=8)
    judged = {"averaged": rights(average(subject, 0), own), "redrawn": redrawn(subject, own)}
    assert not np.array_equal(*judged.values())
    for name, wanted in judged.items():
        assert unpacked(result.dataset, name)[3] == pytest.approx(wanted, abs=1e-6)


def test_a_point_that_one_draw_gets_wrong_is_judged_by_others(monkeypatch):
    """Of what "rand" hands back unchanged, fresh draws have most right, whatever a draw of its own said."""
    monkeypatch.setattr("fourierscope.analyses.defence_attacks.auto_attack", unchanged)
    subject = trial(6, classes=10)
    result = fs.AveragingControl(**QUICK, control="auto-attack", eps=EPS)(subject)
    kept = redrawn(subject, subject.samples)
    assert float(result["redrawn"].sel(test="AutoAttack rand")) == pytest.approx(kept.mean(), abs=1e-6)
    assert float(result["weaker"].sel(answer="mostly")) < 0
    assert "the control takes no more" in result["averaged"].attrs["told"]


def unchanged(subject, *how, **more):
    return apgd(subject, eps=1e-9, steps=1)


def test_attacks_of_ours_that_are_too_weak_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr("fourierscope.analyses.defence_attacks.auto_attack", far)
    options = QUICK | {"steps": 1, "redraws": 1}
    result = fs.AveragingControl(**options, control="auto-attack", eps=0.003)(trial(20, classes=10))
    assert result["weaker_low"].values.min() > 0
    assert "APGD by one look is too weak" in result["averaged"].attrs["told"]
    assert "APGD by one look is too weak" in fs.report([result], tmp_path / "page.html").read_text(encoding="utf-8")
    fs.draw_together([result["averaged"], result["mostly"]], ["averaged", "mostly"])


def far(subject, *how, **more):
    return apgd(subject, eps=0.3, steps=4)


@pytest.mark.parametrize(
    ("more", "low", "said"), [(0.2, 0.01, "too weak"), (0.03, -0.01, "too few images"), (0.0, -0.1, "takes no more")]
)
def test_a_verdict_goes_by_the_interval_and_not_by_what_is_small(more, low, said):
    assert said in _verdict(more, low)


def test_without_the_library_nothing_else_is_attacked_first(monkeypatch):
    tried = []
    monkeypatch.setattr("fourierscope.analyses.defence_attacks.auto_attack", lacking)
    monkeypatch.setattr("fourierscope.analyses.defence_attacks.apgd", lambda *how, **more: tried.append(1))
    with pytest.raises(ImportError, match="not there"):
        fs.AveragingControl(**QUICK, control="auto-attack")(trial(3, classes=10))
    assert tried == []


def lacking(*asked, **how):
    raise ImportError("not there")


def test_autoattack_itself_leaves_no_more_than_ours():
    pytest.importorskip("pyautoattack")
    options = {"radius": 0.3, "directions": 1, "units": "pixel", "steps": 3, "redraws": 2}
    result = fs.AveragingControl(**options, control="auto-attack", eps=0.03)(trial(3, classes=10))
    found = result["averaged"]
    assert float(found.sel(test="AutoAttack")) <= float(found.sel(test="worst of APGD"))


def test_two_classes_have_no_ratio_of_logits():
    result = fs.AveragingControl(**QUICK, looks=2, eps=EPS)(trial(4, classes=2))
    assert result["averaged"]["test"].values.tolist() == [LOOKED[0], LOOKED[2], LOOKED[3], LOOKED[5]]


def test_no_gradient_is_no_robustness():
    subject = trial(3)
    rounded = fs.Classifier(lambda images: subject.classifier((images * 9).round() / 9), "rounded")
    with pytest.raises(ValueError, match="gradient of rounded"):
        fs.AveragingControl(**QUICK, eps=EPS)(fs.Trial(rounded, subject.samples))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"control": "square"}, "control is"),
        ({"vote": "hard"}, "vote softmax or logit"),
        ({"control": "auto-attack", "looks": 4}, "leave looks empty"),
        ({"looks": 0}, "looks is"),
        ({"steps": 1.5}, "steps is"),
        ({"redraws": 0}, "redraws is"),
        ({"eps": 8.0}, "eps lies"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        fs.AveragingControl(**options)


def test_too_few_classes_for_autoattack_are_refused_before_it_is_asked(monkeypatch):
    asked = held(monkeypatch)
    with pytest.raises(ValueError, match="made has 4"):
        fs.AveragingControl(**QUICK, control="auto-attack")(trial(3))
    assert asked == []


def test_the_number_of_looks_stands_in_the_record():
    assert fs.AveragingControl().looks == 4
    assert fs.AveragingControl(**QUICK, eps=EPS)(trial(2)).record["options"]["looks"] == 4
