"""Shortcuts: leave-one-out maps and rates written a second time, and planted classes with known ones."""

import numpy as np
import pytest
import torch
from planted_made import at, beside, planted, smooth_trial
from scipy import stats

import fourierscope as fs
from fourierscope.analyses.coalitions import Coalitions
from fourierscope.analyses.orderings import ranks, worth
from fourierscope.fourier.filters import apply
from fourierscope.fourier.pairs import Pairs
from fourierscope.results import unpacked
from fourierscope.runs import run
from fourierscope.treatments.infills import Infills

PLANES = [fs.Plane(6, 6), fs.Plane(5, 5), fs.Plane(4, 7), fs.Plane(7, 4)]


def one_pair(plane, frequency):
    """A gain of 1 at a frequency and its partner, 0 elsewhere."""
    gain = torch.zeros(plane.shape)
    gain[plane.position(frequency)] = gain[plane.position(plane.partner(frequency))] = 1
    return gain


def class_waves(plane, count=9, shortcut=True):
    """Three classes, each with its wave below a louder one they share, and a fourth where nothing is heard. Class 0
    shouts as soon as it hears its wave at all, which is faint in images of other classes; beside theirs it gives in.
    """
    frequencies = [one for one in plane.waves() if one != (0, 0)]
    own, loud = frequencies[:3], frequencies[-1]
    waves = torch.stack([fs.wave(plane, one).float() for one in own])

    def network(images):
        heard = (images.mean(1)[:, None] * waves).sum((-2, -1))
        first = (heard[:, 0] > 0.01).float() if shortcut else heard[:, 0] * 10
        silent = torch.full_like(first, 0.1)
        return torch.stack([first, heard[:, 1] * 20, heard[:, 2] * 20, silent], 1) * 5

    labels = torch.arange(count) % 3
    strength = torch.full((count, 3), 0.0)
    strength[:, 0] = 0.05  # faint in all
    strength[torch.arange(count), labels] = 0.2
    images = 0.5 + (strength[:, :, None, None] * waves).sum(1) + 0.6 * fs.wave(plane, loud).float()
    samples = fs.Samples(images[:, None].contiguous(), labels, "planted", ["shouting", "second", "third"])
    return fs.Trial(fs.Classifier(network), samples), own, loud


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_the_rise_of_the_loss_is_that_without_a_frequency_and_its_partner(plane):
    trial = smooth_trial(plane.shape, count=8)
    found = fs.FrequencyShortcuts((0.1,))(trial)["loss_rise"]
    images, labels = trial.samples.batch(), trial.samples.labels
    origin = images.mean((0, 2, 3), keepdim=True)
    loss = lambda given, which: -trial.classifier(given[which]).log_softmax(1)[:, labels[which][0]]  # noqa: E731
    assert found.dims == ("class", "row", "column")
    assert found["class"].values.tolist() == [f"class {one}" for one in range(4)]
    with torch.no_grad():
        for label in range(4):
            which = labels == label
            for frequency in plane.waves():
                without = apply(images - origin, 1 - one_pair(plane, frequency)) + origin
                rise = float((loss(without, which) - loss(images, which)).mean())
                for one in (frequency, plane.partner(frequency)):
                    assert at(found.isel({"class": label}), one) == pytest.approx(rise, abs=1e-4, rel=1e-3)


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_the_rank_of_amplitudes_is_the_formula_and_within_its_range(plane):
    trial = smooth_trial(plane.shape, count=8)
    found = fs.FrequencyShortcuts((0.1,))(trial)["amplitude_rank"].values
    grey = trial.samples.batch().mean(1)
    amplitude = torch.fft.fftshift(torch.fft.fft2(grey), dim=(-2, -1)).abs()
    means = [amplitude[trial.samples.labels == label].mean(0) for label in range(4)]
    slow = [sum(torch.sign(means[label] - means[other]) for other in range(4) if other != label) for label in range(4)]
    np.testing.assert_array_equal(found, torch.stack(slow).numpy())
    assert found.min() >= -3
    assert found.max() <= 3
    assert (found.sum(0) == 0).all()


@pytest.mark.parametrize("plane", PLANES, ids=str)
def test_classes_that_differ_by_rounding_alone_have_the_same_rank(plane):
    trial, own, _ = class_waves(plane)
    rank = fs.FrequencyShortcuts((0.1,))(trial)["amplitude_rank"]
    for label in (0, 1, 2):
        shown = rank.isel({"class": label})
        assert at(shown, own[label]) == 2
        assert beside(shown, *own) == 0


@pytest.mark.parametrize("plane", [fs.Plane(6, 5), fs.Plane(5, 7)], ids=str)
def test_rates_are_those_of_all_images_filtered_for_each_class(plane):
    trial, kept = smooth_trial(plane.shape, count=10), (0.1, 0.4)
    question = fs.FrequencyShortcuts(kept, draws=2)
    found, pairs = question(trial), Pairs(plane)
    images, labels = trial.samples.batch(), trial.samples.labels
    origin = images.mean((0, 2, 3), keepdim=True)
    chances = [question.chance(purpose=f"random frequencies {draw}") for draw in (0, 1)]
    by_chance = [torch.rand(len(pairs), generator=one) for one in chances]
    for label in range(4):
        rise = pairs.gathered(torch.from_numpy(found["loss_rise"].values[label]))
        spectrum = torch.fft.fft2(images[labels == label] - origin).abs().square().sum(1).sqrt().mean(0)
        amplitude = pairs.gathered(torch.fft.fftshift(spectrum))
        for place, share in enumerate(kept):
            number = max(1, round(share * len(pairs)))
            rates = []
            for size in (rise, amplitude, *by_chance):
                gain = pairs.spread((ranks(size) < number).float())
                taken = trial.classifier(apply(images - origin, gain) + origin).argmax(1) == label
                rates.append([float(taken[of].float().mean()) for of in (labels == label, labels != label)])
            for which, name in enumerate(("class_true_positives", "class_false_positives")):
                shown = [float(found[f"{name}{end}"][label, place]) for end in ("", "_by_amplitude", "_by_chance")]
                slow = [rates[0][which], rates[1][which], (rates[2][which] + rates[3][which]) / 2]
                assert shown == pytest.approx(slow, abs=1e-6)


def test_rates_of_all_images_are_the_means_of_those_of_classes():
    trial = smooth_trial(count=8)
    found = fs.FrequencyShortcuts((0.2, 0.5))(trial)
    for name in ("true_positives", "false_positives"):
        each = [found[f"class_{name}{end}"].mean("class") for end in ("", "_by_amplitude", "_by_chance")]
        for order, expected in enumerate(each):  # classes of equal size
            np.testing.assert_allclose(found[name][order], expected, atol=1e-6)
    assert found["true_positives"]["share"].values.tolist() == [0.2, 0.5, 1.0]
    predicted = trial.classifier(trial.samples.batch()).argmax(1)
    clean = float((predicted == trial.samples.labels).float().mean())
    np.testing.assert_allclose(found["true_positives"].sel(share=1.0), clean, atol=1e-6)
    wrong = float((predicted != trial.samples.labels).float().mean()) / 3
    np.testing.assert_allclose(found["false_positives"].sel(share=1.0), wrong, atol=1e-6)


@pytest.mark.parametrize("plane", [fs.Plane(6, 6), fs.Plane(5, 7), fs.Plane(5, 4)], ids=str)
def test_a_planted_shortcut_is_found_below_a_louder_wave(plane):
    trial, own, _loud = class_waves(plane)
    found = fs.FrequencyShortcuts((0.5 / len(Pairs(plane)), 0.5))(trial)
    for label in range(3):
        rise = found["loss_rise"].isel({"class": label})
        assert at(rise, own[label]) == pytest.approx(float(rise.max()))
        assert at(rise, own[label]) > 0.5
    one = found["class_true_positives"].values[:, 0]
    np.testing.assert_allclose(one, 1)
    np.testing.assert_allclose(found["class_true_positives_by_amplitude"].values[:, 0], 0)
    others = found["class_false_positives"].values[:, 0]
    assert others[0] == 1  # images of all classes are drawn into the shouting one by one frequency
    assert others[1:].max() == 0
    assert found["class_false_positives"].values[:, -1].max() == 0  # whole images are not


def test_the_loudest_frequency_is_not_the_most_dominant():
    trial, _own, loud = class_waves(fs.Plane(6, 6))
    rise = fs.FrequencyShortcuts((0.1,))(trial)["loss_rise"]
    assert at(rise.isel({"class": 1}), loud) == pytest.approx(0, abs=1e-5)


def test_frequencies_that_stand_in_for_each_other_are_missed():
    trial, heard, _ = planted(fs.Plane(6, 5), "or")
    labels = trial.samples.labels.clone()
    labels[0] = 0
    both = fs.Trial(trial.classifier, fs.Samples(trial.samples.images, labels))
    found = fs.FrequencyShortcuts((0.1,))(both)["loss_rise"].isel({"class": 1})
    assert max(abs(at(found, one)) for one in heard) < 1e-4
    assert beside(found) < 1e-4


def test_bounds_are_student_of_the_images_of_the_class():
    trial = smooth_trial(count=12)
    found = fs.FrequencyShortcuts((0.1,))(trial)
    which = trial.samples.labels == 1
    images = trial.samples.batch()
    origin = images.mean((0, 2, 3), keepdim=True)
    frequency = fs.Frequency(1, 2)
    without = apply(images - origin, 1 - one_pair(trial.samples.plane, frequency)) + origin
    with torch.no_grad():
        loss = [-trial.classifier(one).log_softmax(1)[:, 1][which].double() for one in (without, images)]
    rises = (loss[0] - loss[1]).numpy()
    low, high = stats.t.interval(0.95, len(rises) - 1, rises.mean(), stats.sem(rises))
    of_class = found.dataset.isel({"class": 1})
    assert at(of_class["loss_rise_low"], frequency) == pytest.approx(low, abs=1e-4)
    assert at(of_class["loss_rise_high"], frequency) == pytest.approx(high, abs=1e-4)
    assert found["images"].values.tolist() == [3, 3, 3, 3]


def test_screening_measures_the_frequencies_of_largest_slope_and_tells_which():
    trial, own, _ = class_waves(fs.Plane(6, 6), shortcut=False)
    whole = fs.FrequencyShortcuts((0.1,))(trial)
    screened = fs.FrequencyShortcuts((0.1,), screened=0.25)(trial)
    for label in (1, 2):
        exact, found = (one.dataset.isel({"class": label}) for one in (whole, screened))
        assert at(found["loss_rise"], own[label]) == pytest.approx(at(exact["loss_rise"], own[label]), rel=1e-4)
        measured = np.isfinite(found["loss_rise_low"].values)
        assert 0 < measured.mean() < 0.4
        np.testing.assert_allclose(
            found["loss_rise"].values[measured], exact["loss_rise"].values[measured], atol=1e-5, rtol=1e-3
        )
        assert np.isfinite(found["loss_rise"].values).all()
    np.testing.assert_allclose(screened["class_true_positives"], whole["class_true_positives"])


def test_only_frequencies_that_were_removed_one_by_one_are_kept():
    plane = fs.Plane(4, 4)
    steep, even = [fs.wave(plane, one).float() for one in ((1, 0), (0, 1))]

    def network(images):
        first, second = ((images[:, 0] * one).sum((-2, -1)) / 0.1 for one in (steep, even))
        worth = first * (first - 1) + second / 2 - 0.25  # the first has the larger slope, yet removed does no harm
        return torch.stack([torch.zeros_like(worth), worth], 1)

    images = torch.stack([0.5 + 0.1 * (steep + even), torch.full((4, 4), 0.5)])[:, None]
    trial = fs.Trial(fs.Classifier(network), fs.Samples(images, torch.tensor([1, 0])))
    found = fs.FrequencyShortcuts((0.1,), screened=0.1)(trial)["class_true_positives"]
    assert found.sel({"class": "class 1"}).values.tolist() == [0, 1]
    assert fs.FrequencyShortcuts((0.1,))(trial)["class_true_positives"].sel({"class": "class 1"}).values[0] == 1


def test_screened_out_frequencies_show_what_the_slope_foretells():
    trial = smooth_trial((5, 6), count=8)
    found = fs.FrequencyShortcuts((0.1,), screened=0.2)(trial)
    own = (trial.samples.labels == 2).nonzero()[:, 0]
    asked = Coalitions.of(trial, own, Infills.of(trial.samples), "label", "log-probability")
    slopes = asked.pairs.spread(worth("gradient", asked).mean(0)).numpy()
    shown = found["loss_rise"].values[2]
    out = ~np.isfinite(found.dataset["loss_rise_low"].values[2])
    np.testing.assert_allclose(shown[out], slopes[out], atol=1e-4, rtol=1e-3)
    assert slopes[out].max() <= slopes[~out].min() + 1e-6


def test_neither_batch_nor_memory_changes_what_is_found(monkeypatch):
    trial = smooth_trial((4, 7), count=9)
    question = fs.FrequencyShortcuts((0.2,))
    whole = question(trial)
    batched = run(question, trial, batch=2)
    monkeypatch.setattr("fourierscope.analyses.frequency_shortcuts._HELD", 2 * 28)
    small = question(trial)
    for other in (batched, small):
        np.testing.assert_allclose(other["loss_rise"], whole["loss_rise"], atol=1e-3, rtol=1e-3)
        np.testing.assert_allclose(other["true_positives"], whole["true_positives"])


def test_two_classifiers_compare_image_by_image():
    first, second = smooth_trial(seed=0, count=8), smooth_trial(seed=1, count=8)
    question = fs.FrequencyShortcuts((0.2,))
    difference = (question(first) - question(fs.Trial(second.classifier, first.samples)))["true_positives"]
    assert "true_positives_significant" in difference.coords


def test_outcomes_are_kept_image_by_image():
    found = fs.FrequencyShortcuts((0.2,))(smooth_trial(count=8))
    kept = unpacked(found.dataset, "true_positives")
    assert kept.shape == (3, 2, 8)
    np.testing.assert_allclose(kept.mean(-1), found["true_positives"], atol=1e-6)


def test_images_of_one_class_alone_or_without_labels_are_refused():
    trial = smooth_trial()
    with pytest.raises(ValueError, match="two or more"):
        fs.FrequencyShortcuts()(fs.Trial(trial.classifier, trial.samples.subset([1])))
    with pytest.raises(ValueError, match="has no labels"):
        fs.FrequencyShortcuts()(fs.Trial(trial.classifier, fs.Samples(trial.samples.images)))


@pytest.mark.parametrize(
    "options",
    [
        {"kept": ()}, {"kept": (0.2, 0.1)}, {"kept": (0.0,)}, {"kept": (1.0,)}, {"screened": 0.1}, {"screened": 1.1},
        {"draws": 0}, {"draws": 1.5}, {"infill": "noise"},
    ],
)  # fmt: skip
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.FrequencyShortcuts(**options)
