"""The sentences of the questions about frequencies and bands, made from their numbers."""

import pytest
import torch

import fourierscope as fs
from fourierscope.figures.form import number
from fourierscope.reports import report, told
from fourierscope.reports.attributions import shortcuts
from fourierscope.results import Result

QUESTIONS = [
    fs.FrequencyGradient(steps=3, most_steps=9),
    fs.FrequencyGradient("sensitivity"),
    fs.BandImportance(),
    fs.BandImportance("wedges:3", "shapley"),
    fs.BandImportance("cells:1", "shapley", permutations=4),
    fs.FrequencyShortcuts((0.1, 0.4)),
    fs.InsertionDeletion(),
]


def interval(values):
    unit = values.attrs["units"]
    low, high = (number(values[values.attrs[side]]) for side in ("low", "high"))
    return f"{number(values)}{'' if unit == '1' else f' {unit}'} ({low} to {high})"


@pytest.fixture(scope="module")
def results():
    images = torch.rand(24, 3, 6, 5, generator=torch.Generator().manual_seed(0))
    weights = torch.randn(2, 90, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(24) % 3
    samples = fs.Samples(images, labels, "noise", ["a", "b", "c"])
    networks = [fs.Classifier(lambda given, one=one: given.flatten(1).tanh() @ one, "net") for one in weights]
    return [[question(fs.Trial(one, samples)) for one in networks] for question in QUESTIONS]


def test_all_of_them_stand_on_one_page(results, tmp_path):
    page = report([one for pair in results for one in pair], tmp_path / "page.html").read_text()
    for words in ("Frequency gradient", "Band importance", "Frequency shortcuts", "Insertion deletion"):
        assert words in page
    assert "Not drawn" not in page


def test_attributions_tell_their_sum_error_and_control(results):
    (found, _), (sensitivity, _) = results[:2]
    said = " ".join(told(found))
    assert f"add up to {interval(found['total'])}; from the infill to the image the value rises by" in said
    assert f"differ by {interval(found['completeness_error'])} an image" in said
    assert f"{int(found['above_tolerance'])} images stay above the tolerance" in said
    assert f"rank correlation with the amplitude of the images is {interval(found['amplitude_agreement'])}" in said
    ring = sensitivity["sensitivity_by_radius"]
    most = ring[int(ring.values.argmax())]
    assert f"the sensitivity is largest at radius {number(most.radius)}: {interval(most)}" in " ".join(
        told(sensitivity)
    )


def test_bands_tell_the_most_important_and_what_amplitude_would_have_said(results):
    for found, _ in results[2:4]:
        values, control = found["importance"], found["amplitude_share"]
        axis = values.dims[0]
        first, second = (one[int(one.values.argmax())] for one in (values, control))
        said = " ".join(told(found))
        assert f"The importance is largest at {axis} " in said
        assert interval(first) in said
        assert f"a share of {interval(second)}" in said
    assert "add up to the rise" in " ".join(told(results[3][0]))
    assert "add up to the rise" not in " ".join(told(results[2][0]))
    sampled = results[4][0]
    assert f"a standard error of at most {number(sampled['sampling_error'].max())}" in " ".join(told(sampled))


def test_a_cell_is_told_by_its_bin_nearest_to_frequency_zero(results):
    found = results[4][0]
    low = found.dataset.copy(deep=True)
    low["importance"].values[:] = 1.0
    assert "The importance is largest at row 0, column 0" in " ".join(told(Result(low, found.record)))


def test_orders_tell_their_areas_and_which_are_better(results):
    found = results[6][0]
    said = " ".join(told(found))
    assert f"integrated {interval(found['insertion_area'][0])}, gradient" in said
    made = found.dataset.copy(deep=True)
    made["insertion_advantage_low"].values[:] = [0.1, -0.2, -0.1, 0.2, -0.3]
    made["insertion_advantage_high"].values[:] = [0.3, -0.1, 0.1, 0.4, -0.1]
    lines = list(told(Result(made, found.record)))
    words = found["insertion_advantage"]["comparison"].values
    assert f"By insertion, significantly better: {words[0]}, {words[3]}." in lines
    assert f"By insertion, significantly worse: {words[1]}, {words[4]}." in lines
    assert f"By insertion, not significantly different: {words[2]}." in lines


def test_shortcuts_are_named_where_both_rates_are_above_chance(results):
    found = results[5][0]
    made = found.dataset.copy(deep=True)
    for name in ("class_true_positives", "class_false_positives"):
        made[f"{name}_low"].values[:] = 0.0
        made[f"{name}_by_chance_high"].values[:] = 0.5
    assert shortcuts(Result(made, found.record)) == []
    assert "no class is known by its dominant frequencies" in " ".join(told(Result(made, found.record)))
    made["class_true_positives_low"].values[:2, 0] = 0.6
    made["class_false_positives_low"].values[1:, 0] = 0.6
    assert shortcuts(Result(made, found.record)) == ["b"]
    assert "the dominant frequencies of b both know the class" in " ".join(told(Result(made, found.record)))


def test_differences_are_told(results):
    first, second = results[6]
    said = " ".join(told(first - second))
    assert "in the order integrated" in said or "No share differs" in said
    first, second = results[0]
    assert "cells of the attribution plane" in " ".join(told(first - second))


def test_results_are_the_same_when_they_are_loaded_again(results, tmp_path):
    for place, (found, _) in enumerate([results[0], *results[4:]]):
        again = fs.load(found.save(tmp_path / f"{place}.nc"))
        assert again.dataset.equals(found.dataset)
        assert list(told(again)) == list(told(found))
