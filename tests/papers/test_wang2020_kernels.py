"""Wang et al. (2020) on kernels: Figures 7 and 8, Table 2, and the penalty on adjacent weights."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.exhibit import Made
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.paper import made_again
from fourierscope.papers.wang2020 import adjacent, figure7, figure8, learned, smoothed, table2
from fourierscope.papers.wang2020.kernels import KernelSmoothness, with_kernels
from fourierscope.papers.wang2020.learned import LEARNED, Learner, training_of
from fourierscope.papers.wang2020.smallest import SmallestChanges
from fourierscope.papers.wang2020.smoothed import AS_IT_IS, STRENGTHS, named, variants

PAPER = paper_named("wang2020")
KERNELS = ("7", "8", "table 2", "adjacent weights")


@pytest.fixture
def quick(monkeypatch):
    """Everything on few images, in one epoch."""
    monkeypatch.setitem(LEARNED, "smoke", learned.Learned(40, 30, 20, 1, 3e-3, 1, "float32", 2))
    for one in (figure7, figure8, table2, adjacent):
        monkeypatch.setitem(one._IMAGES, "smoke", 4)
    for one in (table2, adjacent):
        monkeypatch.setitem(one._STEPS, "smoke", 1)


def setting(budget="smoke", **options):
    roles = {"natural": fs.open_classifier("reference:natural")}
    return Setting(budget, fs.open_samples("patches:test", limit=6), roles, **options)


def network(kernels):
    """A network whose first convolution has the given kernels (o, i, h, w), and ten classes."""
    first = nn.Conv2d(kernels.shape[1], len(kernels), kernels.shape[2:], padding=1, bias=False)
    first.weight = nn.Parameter(kernels.clone())
    return nn.Sequential(first, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(len(kernels), 10)).eval()


def smoothness(kernels):
    samples = fs.Samples(torch.rand(2, kernels.shape[1], 8, 8), torch.zeros(2).long())
    return KernelSmoothness()(fs.Trial(fs.Classifier(network(kernels), "given"), samples))


@pytest.mark.parametrize("number", KERNELS)
def test_an_exhibit_of_kernels_is_made_checked_and_drawn(number, quick, tmp_path, monkeypatch):
    monkeypatch.setattr("fourierscope.papers.exhibit.png", lambda figure: b"")  # which takes most of the time
    (outcome,) = made_again(PAPER, [PAPER.exhibit(number)], setting(), tmp_path / "out")
    assert outcome.not_tried == ""
    assert outcome.pictures
    assert all(one.reading is not None or one.why for one in outcome.checked)
    assert any(one.reading is not None for one in outcome.checked) or number == "7"  # which is of two networks


def test_roughness_is_the_sum_of_squared_steps_over_the_energy_written_slowly():
    kernels = torch.randn(3, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    result, ratios, within = smoothness(kernels), [], 0.0
    for one in kernels.double():
        total = 0.0
        for piece in one:
            wide = torch.zeros(5, 5).double()
            wide[1:-1, 1:-1] = piece
            total += sum(float((wide[i + 1, j] - wide[i, j]) ** 2) for i in range(4) for j in range(5))
            total += sum(float((wide[i, j + 1] - wide[i, j]) ** 2) for i in range(5) for j in range(4))
            within += float((piece[1:] - piece[:-1]).square().sum() + (piece[:, 1:] - piece[:, :-1]).square().sum())
        ratios.append((total, float(one.square().sum())))
    whole = sum(size for _, size in ratios)
    assert float(result["filter_roughness"]) == pytest.approx(np.mean([up / size for up, size in ratios]), rel=1e-5)
    expected = [sum(up for up, _ in ratios) / whole, within / whole]
    assert result["roughness"].values == pytest.approx(expected, rel=1e-5)
    assert result["white"].values == pytest.approx([4, 24 / 9])


def test_a_constant_kernel_is_smooth_within_and_its_gain_is_its_sum():
    result = smoothness(torch.full((2, 1, 3, 3), 2.0))
    assert float(result["roughness"].sel(extension="interior")) == pytest.approx(0, abs=1e-12)
    assert float(result["gain"]) == pytest.approx(18)


def test_filters_that_are_nought_do_not_count_as_smooth():
    kernels = torch.randn(2, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    both = torch.cat([kernels, torch.zeros(1, 1, 3, 3)])
    assert float(smoothness(both)["filter_roughness"]) == pytest.approx(float(smoothness(kernels)["filter_roughness"]))


def test_published_smoothing_multiplies_the_gain_and_unit_gain_keeps_it():
    kernels, images = torch.randn(4, 1, 3, 3, generator=torch.Generator().manual_seed(2)), torch.rand(2, 1, 8, 8)
    trial = fs.Trial(fs.Classifier(network(kernels), "given"), fs.Samples(images, torch.zeros(2).long()))
    gains = {}
    for one in variants("small"):
        if "batch" not in one.name:  # this network has none
            changed = fs.Trial(one.change(trial.classifier, trial.samples), trial.samples)
            gains[one.name] = float(KernelSmoothness()(changed)["gain"])
    for strength in STRENGTHS:
        assert gains[named("dc", strength)] == pytest.approx(gains[AS_IT_IS], rel=1e-4)
        assert gains[named("none", strength)] == pytest.approx((1 + 8 * strength) * gains[AS_IT_IS], rel=1e-4)


def test_every_printed_row_has_a_change_and_every_name_is_one_of_its_own():
    names = [one.name for one in variants("full")]
    assert len(set(names)) == len(names) == 15
    assert {variant for _, variant in table2._PRINTED} <= set(names)
    shown = {AS_IT_IS, *(name for _, members in table2._families() for name in members)}
    assert shown == set(names)


def test_attacks_of_the_table_go_through_the_smoothed_network(quick, tmp_path):
    asked = Making(setting(), tmp_path / "table-2")
    table2._make(asked)
    result = asked.results["natural, as published, 1, PGD"]
    assert "smoothed by 1" in str(result.record["subject"])
    classifier = fs.open_classifier("reference:natural")
    own = fs.Trial(fs.treatments.smooth_kernels(classifier, 1.0), asked.samples({"smoke": 4}))
    attacked = fs.treatments.pgd(own, "linf", 0.03, 1)
    right = own.classifier(attacked.batch()).argmax(1) == attacked.labels
    assert float(result["accuracy"].sel(strength=0.03)) == pytest.approx(float(right.float().mean()))


def test_smallest_changes_fool_the_network_as_it_is_wherever_the_step_does():
    trial = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=12))
    result = SmallestChanges((0.02,), eps=0.09)(trial)
    step = fs.treatments.fgsm(trial, 0.09)
    right = (trial.classifier(step.batch()).argmax(1) == step.labels).float().mean()
    assert float(result["accuracy"].sel(strength=0.0)) == pytest.approx(float(right))
    assert float(result["most_common"]) == pytest.approx(float(trial.samples.labels.bincount().max()) / 12)
    near = fs.treatments.just_across(trial, step)
    smooth = fs.treatments.smooth_kernels(trial.classifier, 0.02)
    other = (smooth(near.batch()).argmax(1) == near.labels).float().mean()
    assert float(result["accuracy"].sel(strength=0.02)) == pytest.approx(float(other))
    stepped = (smooth(step.batch()).argmax(1) == step.labels).float().mean()
    assert other > stepped  # by which smallest changes look like a defence


def test_the_largest_gain_is_that_of_the_best_change_and_never_of_none():
    check = table2._best("natural", "FGSM")
    with pytest.raises(NotTried):
        check.read(Made({}))
    trial = fs.Trial(fs.open_classifier("reference:natural"), fs.open_samples("patches:test", limit=10))
    worse = fs.Trial(fs.treatments.smooth_kernels(trial.classifier, 1.0), trial.samples)
    question = fs.Robustness("fgsm", (table2.TINY,))
    results = {"natural, as it is, FGSM": question(trial), "natural, as published, 1, FGSM": question(worse)}
    before, after = (float(one["accuracy"][0]) for one in results.values())
    assert after < before
    assert check.read(Made(results)).value == pytest.approx(after - before)


def test_the_penalty_reaches_the_recipe_and_makes_kernels_smoother(quick, tmp_path, monkeypatch):
    monkeypatch.setitem(LEARNED, "smoke", learned.Learned(60, 20, 20, 3, 3e-2, 1, "float32", 2))
    asked, found = Making(setting(), tmp_path / "adjacent"), {}
    for weight in (0.0, 3.0):
        training = training_of(asked, Learner(adjacent=weight))
        assert (training.recipe.penalty is None) == (weight == 0)
        classifier = learned.taught(asked, f"penalty {weight}", training)
        found[weight] = float(KernelSmoothness()(fs.Trial(classifier, training.tested))["roughness"][0])
    assert found[3.0] < found[0.0]
    assert (tmp_path / "networks" / "penalty 3.0.checkpoint").exists()


def test_networks_without_kernels_are_left_out_with_the_reason(tmp_path):
    roles = {"natural": fs.Classifier(lambda images: images.flatten(1)[:, :10], "plain")}
    roles["adversarial"] = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)).eval(), "linear")
    found = with_kernels(Making(Setting("smoke", fs.open_samples("patches:test", limit=4), roles), tmp_path))
    with pytest.raises(NotTried, match="plain function"):
        found("natural")
    with pytest.raises(NotTried, match=r"no nn\.Conv2d"):
        found("adversarial")


def test_statistics_come_from_images_of_training_where_there_are_any(tmp_path):
    given = fs.open_samples("patches:train", limit=8)
    assert len(smoothed.seen(Making(setting("small", learned=given), tmp_path))) == 8
    without = smoothed.seen(Making(setting("small"), tmp_path))
    assert without.name.startswith("patches:test")
