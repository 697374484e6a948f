"""What bands are worth: laws, planted waves where theory knows the answer, and removal written a second time."""

import numpy as np
import pytest
import torch
from planted_made import at, beside, planted, smooth_trial

import fourierscope as fs
from fourierscope.analyses.band_sets import bands_of
from fourierscope.fourier import bands
from fourierscope.fourier.filters import apply
from fourierscope.results import unpacked
from fourierscope.runs import run

WORDS = ["rings", "rings:1.5", "octaves", "wedges:3", "discs:4", "power-discs:4", "cells:3"]
PLANES = [fs.Plane(6, 6), fs.Plane(5, 5), fs.Plane(4, 7), fs.Plane(7, 4)]
METHODS = ["occlusion", "inclusion", "shapley"]


def outcomes(result, name="importance"):
    """Each image's values (..., n)."""
    return torch.from_numpy(unpacked(result.dataset, name)).double()


def by_band(result, name="importance"):
    """Each image's values (bands, n), however they are shown."""
    return torch.from_numpy(result.dataset[f"{name}_outcomes"].values).double()


@pytest.mark.parametrize("plane", PLANES, ids=str)
@pytest.mark.parametrize("word", WORDS)
def test_occlusion_and_inclusion_are_those_of_filtered_images(word, plane):
    trial = smooth_trial(plane.shape)
    images, own = trial.samples.batch(), (torch.arange(5), trial.samples.labels)
    origin = images.mean((0, 2, 3), keepdim=True)
    values = lambda given: trial.classifier(given).log_softmax(1)[own]  # noqa: E731
    found = {method: by_band(fs.BandImportance(word, method)(trial)) for method in METHODS[:2]}
    for place, gain in enumerate(bands_of(word, trial.samples).gains.float()):
        without, alone = (apply(images - origin, kept) + origin for kept in (1 - gain, gain))
        empty = origin.expand_as(images)
        fall, rise = values(images) - values(without), values(alone) - values(empty)
        torch.testing.assert_close(found["occlusion"][place], fall.double(), atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(found["inclusion"][place], rise.double(), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("plane", PLANES, ids=str)
@pytest.mark.parametrize(("word", "permutations"), [("octaves", 32), ("wedges:3", 32), ("cells:1", 4)])
def test_shapley_values_add_up_to_the_whole_image_by_image(word, permutations, plane):
    found = fs.BandImportance(word, "shapley", permutations=permutations)(smooth_trial(plane.shape))
    for name, end in (("importance", "value"), ("accuracy_importance", "accuracy")):
        whole, empty = (outcomes(found, f"{side}_{end}") for side in ("whole", "empty"))
        torch.testing.assert_close(by_band(found, name).sum(0), whole - empty, atol=1e-5, rtol=1e-5)
    assert ("sampling_error" in found) == (len(by_band(found)) > 12)


def test_occlusion_of_accuracy_is_the_mean_decrease_of_accuracy():
    trial = smooth_trial(count=12)
    labels = trial.classifier(trial.samples.batch()).argmax(1)
    labels[:3] = (labels[:3] + 1) % 4
    trial = fs.Trial(trial.classifier, fs.Samples(trial.samples.images, labels))
    found = fs.BandImportance("octaves")(trial)
    images, origin = trial.samples.batch(), trial.samples.batch().mean((0, 2, 3), keepdim=True)
    accuracy = lambda given: float((trial.classifier(given).argmax(1) == labels).float().mean())  # noqa: E731
    for place, gain in enumerate(bands.octaves(trial.samples.plane).gains.float()):
        fall = accuracy(images) - accuracy(apply(images - origin, 1 - gain) + origin)
        assert float(found["accuracy_importance"][place]) == pytest.approx(fall, abs=1e-6)
    assert float(found["whole_accuracy"]) == pytest.approx(0.75)
    assert float(abs(found["accuracy_importance"]).max()) > 0.1


THEORY = {  # what each planted wave is worth
    "one": {"occlusion": (1, 0), "inclusion": (1, 0), "shapley": (1, 0)},
    "and": {"occlusion": (1, 1), "inclusion": (0, 0), "shapley": (0.5, 0.5)},
    "or": {"occlusion": (0, 0), "inclusion": (1, 1), "shapley": (0.5, 0.5)},
    "xor": {"occlusion": (-1, -1), "inclusion": (1, 1), "shapley": (0, 0)},
    "product": {"occlusion": (1, 1), "inclusion": (0, 0), "shapley": (0.5, 0.5)},
}


@pytest.mark.parametrize("plane", [fs.Plane(4, 4), fs.Plane(5, 4), fs.Plane(3, 7)], ids=str)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rule", THEORY)
def test_planted_waves_get_what_theory_says_and_nothing_else_does(rule, method, plane):
    trial, heard, loud = planted(plane, rule)
    found = fs.BandImportance("cells:1", method, value="log-odds")(trial)
    for frequency, worth in zip(heard, THEORY[rule][method], strict=True):
        assert at(found["importance"], frequency) == pytest.approx(worth, abs=1e-3)
    assert beside(found["importance"], *heard) < 1e-3
    control = found["amplitude_share"]
    assert at(control, loud) == pytest.approx(float(control.max()))


def test_sampled_shapley_values_find_planted_waves_too():
    trial, heard, _ = planted(fs.Plane(6, 4), "or")
    found = fs.BandImportance("cells:1", "shapley", "log-odds", permutations=40)(trial)
    error = float(found["sampling_error"].max())
    assert 0 < error < 0.2
    for frequency in heard:
        assert abs(at(found["importance"], frequency) - 0.5) < 4 * error
    assert beside(found["importance"], *heard) < 1e-3


def test_sampling_error_is_how_far_the_mean_lies_from_the_exact_one():
    trial = smooth_trial((4, 5))
    question = fs.BandImportance("rings:0.9", "shapley", "logit")
    exact = by_band(question(trial)).mean(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fourierscope.analyses.band_importance.FEW", 2)
        away, told = [], []
        for seed in range(12):
            found = fs.BandImportance("rings:0.9", "shapley", "logit", permutations=4, seed=seed)(trial)
            away.append(by_band(found).mean(1) - exact)
            told.append(torch.from_numpy(found["sampling_error"].values))
    root = lambda several: torch.stack(several).square().mean().sqrt()  # noqa: E731
    assert float(root(away) / root(told)) == pytest.approx(1, abs=0.3)


def test_no_coalition_is_asked_about_twice():
    trial, seen = smooth_trial((6, 4), count=1), []
    listening = fs.Classifier(lambda images: (seen.append(images.clone()), trial.classifier(images))[1])
    question = fs.BandImportance("cells:1", "shapley", permutations=4, origin="black")
    (cell,) = question.cells(fs.Trial(listening, trial.samples))
    seen.clear()
    question.measure(cell, fs.Trial(listening, trial.samples))
    rows = torch.cat(seen).flatten(1)
    assert 0 < len(rows) < 4 * 15
    assert len(rows.unique(dim=0)) == len(rows)


def test_positive_shares_add_up_to_one_in_each_image():
    found = fs.BandImportance("octaves")(smooth_trial())
    importance, shares = by_band(found).clamp(min=0), by_band(found, "positive_share")
    assert ((shares.sum(0) - 1).abs() < 1e-5).all()
    torch.testing.assert_close(shares, importance / importance.sum(0), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("word", WORDS)
def test_the_control_adds_up_to_one_counts_frequency_zero_once_and_is_not_the_method(word):
    trial = smooth_trial((6, 7))
    found = fs.BandImportance(word, origin="black")(trial)
    amplitude = torch.fft.fftshift(torch.fft.fft2(trial.samples.batch()), dim=(-2, -1)).abs().square().sum(1).sqrt()
    amplitude = amplitude / amplitude.sum((1, 2), keepdim=True)
    expected = bands_of(word, trial.samples).energy(amplitude).mean(0)
    assert float(expected.sum()) == pytest.approx(1)
    shown = found.dataset["amplitude_share"].values
    if word.startswith("cells"):
        index = found.dataset["band_of"].values
        np.testing.assert_allclose(shown, expected.numpy()[index], rtol=1e-4)
    else:
        np.testing.assert_allclose(shown, expected.numpy(), rtol=1e-4)
    assert not np.allclose(shown, found.dataset["positive_share"].values, rtol=0.05)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("word", ["octaves", "cells:1"])
def test_an_image_is_explained_alike_whatever_its_neighbours_and_batch(method, word, monkeypatch):
    trial = smooth_trial((4, 7))
    question = fs.BandImportance(word, method, origin="black", permutations=4)
    whole = by_band(question(trial))
    torch.testing.assert_close(by_band(run(question, trial, batch=3)), whole, atol=1e-4, rtol=1e-3)
    monkeypatch.setattr("fourierscope.analyses.coalitions._HELD", 2 * 28)
    assert len(list(question.cells(trial))) == 3
    torch.testing.assert_close(by_band(question(trial)), whole, atol=1e-4, rtol=1e-3)
    first = fs.Trial(trial.classifier, trial.samples.subset([0]))
    torch.testing.assert_close(by_band(question(first)), whole[:, :1], atol=1e-4, rtol=1e-3)


def test_the_same_orders_are_drawn_for_all_models_and_others_for_another_seed():
    first, second = smooth_trial((6, 4), seed=0), smooth_trial((6, 4), seed=1)
    question = fs.BandImportance("cells:1", "shapley", "logit", permutations=4, origin="black")

    def double(images):
        return 2 * first.classifier(images)

    doubled = fs.Trial(fs.Classifier(double), first.samples)
    torch.testing.assert_close(by_band(question(doubled)), 2 * by_band(question(first)), atol=1e-4, rtol=1e-3)
    reseeded = fs.BandImportance("cells:1", "shapley", "logit", permutations=4, origin="black", seed=1)
    assert not torch.allclose(by_band(reseeded(first)), by_band(question(first)), rtol=0.01)
    difference = question(first) - question(fs.Trial(second.classifier, first.samples))
    assert "importance_significant" in difference["importance"].coords


def test_bands_without_a_number_suit_the_plane():
    samples = smooth_trial((32, 32), count=2).samples
    assert {word: len(bands_of(word, samples)) for word in ("rings", "octaves", "wedges", "discs")} == {
        "rings": 12, "octaves": 6, "wedges": 9, "discs": 11,
    }  # fmt: skip
    assert bands_of("rings", samples).centres[1] == 2
    assert len(bands_of("rings", smooth_trial((8, 8), count=2).samples)) == 7
    torch.testing.assert_close(bands_of("cells", samples).gains, bands.cells(samples.plane, 5).gains)


def test_axes_tell_where_a_band_is():
    trial = smooth_trial((6, 6))
    assert fs.BandImportance("octaves")(trial)["importance"]["radius"].values.tolist() == [0, 1, 2, 4]
    directions = fs.BandImportance("wedges:4")(trial)["importance"]["direction"].values.tolist()
    assert directions == ["frequency zero", "0 degrees", "45 degrees", "90 degrees", "135 degrees"]
    assert fs.BandImportance("cells:3")(trial)["importance"].dims == ("row", "column")


@pytest.mark.parametrize(
    "options",
    [
        {"bands": "ring"}, {"bands": "octaves:2"}, {"bands": "rings:0"}, {"bands": "rings:x"}, {"bands": "wedges:2.5"},
        {"bands": "discs:"}, {"bands": "rings:inf"}, {"method": "removal"}, {"value": "accuracy"}, {"target": "x"},
        {"permutations": 3}, {"permutations": 2}, {"infill": "noise"},
    ],
)  # fmt: skip
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.BandImportance(**options)
