"""Accuracy under treatments whose effect is known."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.results import load
from fourierscope.treatments.words import treatment_named

THRESHOLD = 0.5


def threshold_trial(n=20, size=(6, 6), channels=3):
    """Images of one grey each; the classifier asks whether the mean is above a half."""
    grey = torch.linspace(0.3, 0.7, n)
    images = grey[:, None, None, None].expand(n, channels, *size).contiguous()

    def network(given):
        mean = given.mean((1, 2, 3))
        return torch.stack([THRESHOLD - mean, mean - THRESHOLD], 1)

    return fs.Trial(fs.Classifier(network), fs.Samples(images, (grey > THRESHOLD).long()))


def margin(trial):
    return (trial.samples.batch().mean((1, 2, 3)) - THRESHOLD).abs()


@pytest.mark.parametrize("size", [(6, 6), (5, 5), (5, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_linear_classifier_falls_exactly_where_the_budget_meets_the_margin(size, channels):
    trial = threshold_trial(20, size, channels)
    budgets = (0.0, 0.05, 0.1, 0.15)
    found = fs.Robustness("fgsm", budgets)(trial)
    expected = [float((margin(trial) > budget).double().mean()) for budget in budgets]
    assert found["accuracy"].strength.values.tolist() == list(budgets)
    assert found["accuracy"].strength.attrs["units"] == "eps, on [0, 1] pixels"
    np.testing.assert_allclose(found["accuracy"].values, expected)
    np.testing.assert_allclose(found["change"].values, np.array(budgets) * np.sqrt(size[0] * size[1]), rtol=1e-5)
    assert (found["accuracy_low"] <= found["accuracy"]).all()
    assert int(found["n"]) == 20


@pytest.mark.parametrize("word", ["gaussian-noise", "pgd-linf", "pgd-l2", "fgsm", "corruption:brightness"])
def test_strength_none_is_the_clean_accuracy(word):
    found = fs.Robustness(word, (0.0,))(threshold_trial())
    assert float(found["accuracy"][0]) == float(found["clean_accuracy"]) == 1.0
    assert float(found["change"][0]) == 0


def test_strengths_are_put_in_order_and_the_default_ones_suit_the_treatment():
    found = fs.Robustness("gaussian-noise", (0.2, 0.1))(threshold_trial())
    assert found["accuracy"].strength.values.tolist() == [0.1, 0.2]
    assert fs.Robustness("corruption:fog")._strengths() == [0, 1, 2, 3, 4, 5]


def test_the_cut_into_cells_changes_no_bit(monkeypatch):
    trial, question = threshold_trial(23), fs.Robustness("gaussian-noise", (0.1, 0.3))
    whole = question(trial)
    monkeypatch.setattr("fourierscope.analyses.robustness._PIXELS", 9 * 36)
    assert len(list(question.cells(trial))) == 6
    cut = question(trial)
    for name in whole.dataset.data_vars:
        np.testing.assert_array_equal(cut.dataset[name].values, whole.dataset[name].values)


def test_a_run_goes_on_from_its_store_and_is_saved_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("fourierscope.analyses.robustness._PIXELS", 9 * 36)
    trial, question = threshold_trial(23), fs.Robustness("corruption:gaussian_noise", (1.0, 3.0))
    whole = fs.run(question, trial, store=tmp_path / "store")
    next((tmp_path / "store").glob("cell-000002*")).unlink()
    again = fs.run(question, trial, store=tmp_path / "store")
    assert again.dataset.equals(whole.dataset)
    assert load(again.save(tmp_path / "one.nc")).dataset.equals(whole.dataset)


def test_two_models_meet_the_same_noise_and_compare_image_by_image():
    trial = threshold_trial()
    seen = []
    network = trial.classifier.network
    other = fs.Trial(fs.Classifier(lambda images: (seen.append(images.clone()), network(images))[1]), trial.samples)
    question = fs.Robustness("gaussian-noise", (0.2,))
    first, second = question(trial), question(other)
    difference = (first - second)["accuracy"]
    assert (difference.values == 0).all()
    assert "accuracy_significant" in difference.coords
    expected = fs.treatments.gaussian_noise(trial.samples, 0.2)
    torch.testing.assert_close(seen[2], expected.images)  # after the look at the labels and the trace


def test_the_record_and_the_sentence_tell_how_an_attack_went():
    trial = threshold_trial(4)
    found = fs.Robustness("pgd-linf", (0.1,))(trial)
    assert found.record["options"]["steps"] == 20
    assert "(20 steps of length 2.5 eps / steps, one random start)" in found["accuracy"].attrs["says"]
    assert "(3 steps of" in fs.Robustness("pgd-linf", (0.1,), 3)(trial)["accuracy"].attrs["says"]
    assert fs.Robustness("deepfool").steps == 50
    assert fs.Robustness("pgd-linf") == fs.Robustness("pgd-linf", steps=20) != fs.Robustness("pgd-linf", steps=3)
    assert fs.Robustness("fgsm").steps is None
    assert "steps" not in fs.Robustness("fgsm", (0.1,))(trial)["accuracy"].attrs["says"]


@pytest.mark.parametrize(
    ("word", "told"),
    [("fgsm", "eps, on [0, 1] pixels"), ("gaussian-noise", "deviation, on [0, 1] pixels"), ("low-pass", "bandwidth")],
)
def test_strengths_that_are_changes_of_pixels_say_on_what_scale(word, told):
    assert treatment_named(word).measure == told


def test_steps_reach_the_attack():
    trial = threshold_trial()
    one, many = (float(fs.Robustness("pgd-l2", (0.3,), steps)(trial)["change"][0]) for steps in (1, 10))
    assert one != many


@pytest.mark.parametrize(
    "options",
    [
        {"treatment": "magic"},
        {"strengths": (-1.0,)},
        {"strengths": (0.1, 0.1)},
        {"strengths": (float("nan"),)},
        {"treatment": "fgsm", "steps": 3},
    ],
)
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match=r"magic|came"):
        fs.Robustness(**options)


def half_deaf(images):
    """Two logits that follow the mean of bright images, and do not follow that of dark ones at all."""
    mean = images.mean((1, 2, 3))
    followed = torch.where(mean > 0.5, mean, mean.detach().round())
    return torch.stack([0.9 - followed, followed - 0.9 + 1e-3], 1)


def test_images_without_a_gradient_are_counted_over_all_cells(monkeypatch):
    """Which images share a cell must not matter: one cell holds nothing but images without a gradient."""
    images = torch.cat([torch.full((9, 1, 4, 4), 0.7), torch.full((3, 1, 4, 4), 0.2)])
    trial = fs.Trial(fs.Classifier(half_deaf), fs.Samples(images, [0] * 12))
    question = fs.Robustness("fgsm", strengths=(0.1, 0.3))
    whole = question(trial)
    assert whole["without_gradient"].values.tolist() == [3, 3]
    monkeypatch.setattr("fourierscope.analyses.robustness._PIXELS", 9 * 16)
    assert len(list(question.cells(trial))) == 4
    cut = question(trial)
    assert cut["without_gradient"].values.tolist() == [3, 3]
    assert cut["accuracy"].values.tolist() == whole["accuracy"].values.tolist() == [1.0, 0.25]


def test_a_classifier_without_any_gradient_is_no_robust_one():
    deaf = fs.Classifier(lambda images: half_deaf(images * 0.4))
    trial = fs.Trial(deaf, fs.Samples(torch.full((4, 1, 4, 4), 0.7), [0] * 4))
    with pytest.raises(ValueError, match="zero for all 4"):
        fs.Robustness("pgd-linf", strengths=(0.1,))(trial)


def test_a_treatment_that_asks_no_classifier_counts_no_gradients():
    trial = fs.Trial(fs.Classifier(half_deaf), fs.Samples(torch.full((4, 1, 4, 4), 0.7), [0] * 4))
    assert "without_gradient" not in fs.Robustness("gaussian-noise", strengths=(0.1,))(trial).dataset
