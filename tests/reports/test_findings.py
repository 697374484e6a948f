import numpy as np
import pytest
import xarray as xr

import fourierscope as fs
from fourierscope.figures.form import number
from fourierscope.reports.findings import findings
from fourierscope.reports.phrases import valued
from fourierscope.reports.questions import questions
from fourierscope.results import Axes, Estimate, Result, bounded, mean, wilson


def sentences(results, about):
    return [one.says for question in questions(results) for one in findings(question) if one.about == about]


def interval(values):
    return f"{number(values)} ({number(values[values.attrs['low']])} to {number(values[values.attrs['high']])})"


def test_the_clean_accuracy_is_one_minus_the_error_with_its_interval(maps):
    right = 1 - float(maps[1]["clean_error"])
    _, low, high = wilson(right, 24)
    said = sentences(maps, "medium")[0]
    assert said == f"The accuracy on clean images is {number(right)} ({number(low)} to {number(high)})."


def test_a_heat_map_tells_its_extreme_rings_with_intervals(maps):
    ring = maps[1]["error_ring"]
    most, least = (ring[int(find(ring.values))] for find in (np.argmax, np.argmin))
    said = sentences(maps, "medium")[1]
    assert f"highest under waves at radius {int(most.radius)}, {interval(most)}" in said
    assert f"lowest at radius {int(least.radius)}, {interval(least)}" in said


def test_the_strongest_wave_is_the_one_that_the_classifier_hears(maps):
    said = sentences(maps, "coarse")[2]
    assert "row 1, column 0, with " + number(maps[0]["error"].max()) in said
    assert "overstated" in said


def test_pairs_tell_rings_that_differ_significantly(maps):
    difference = (maps[0] - maps[2])["error_ring"]
    sure = difference["error_ring_significant"].values.astype(bool)
    said = " ".join(sentences(maps, f"coarse minus {maps[2].record['subject']['classifier']['name']}"))
    assert sure.any()
    largest = difference[int(np.where(sure, np.abs(difference.values), 0).argmax())]
    assert f"radius {int(largest.radius)}: {interval(largest)}" in said


def test_a_difference_of_clean_accuracies_is_told_in_shares_with_its_sign(maps):
    error = (maps[1] - maps[2])["clean_error"]
    name = maps[2].record["subject"]["classifier"]["name"]
    said = next(one for one in sentences(maps, f"medium minus {name}") if "clean images" in one)
    ends = sorted(-float(error[error.attrs[side]]) for side in ("low", "high"))
    assert float(error) != 0
    assert f"{number(-float(error))} ({number(ends[0])} to {number(ends[1])})" in said


def test_a_pair_without_a_difference_says_so(maps):
    said = sentences([maps[0], maps[0]], "coarse (1) minus coarse (2)")
    assert "Of 64 cells of the error plane 0 (0.0\u00a0%) differ significantly" in said[0]
    assert any("No ring differs significantly" in one for one in said)


def test_a_pass_curve_tells_the_smallest_radius_that_keeps_nine_tenths(curves):
    values, clean = curves[0]["accuracy"], float(curves[0]["clean_accuracy"])
    low = values.sel(kept="low")
    reached = low[np.flatnonzero(low.values >= 0.9 * clean)[0]]
    said = " ".join(sentences(curves, "coarse"))
    assert "With only low frequencies kept, the smallest radius to reach 90" in said
    assert f"is {int(reached.radius)}, with {interval(reached)}" in said
    assert interval(reached) in said


def test_a_pass_curve_that_never_keeps_nine_tenths_says_so(curves):
    said = " ".join(sentences(curves, "coarse"))
    high = curves[0]["accuracy"].sel(kept="high")
    reached = np.flatnonzero(high.values >= 0.9 * float(curves[0]["clean_accuracy"]))
    if len(reached):
        assert f"is {int(high.radius[reached[-1]])}, with" in said
    else:
        assert "With only high frequencies kept, no radius reaches" in said


def test_the_slope_is_told_with_its_interval(spectrum):
    assert interval(spectrum["slope"]) in sentences([spectrum], "noise")[0]


def test_sentences_know_their_number_of_images(maps, spectrum):
    assert {one.images for question in questions([*maps, spectrum]) for one in findings(question)} == {24}


@pytest.mark.parametrize(
    ("score", "word"), [("flips", "share of changed predictions"), ("loss", "loss"), ("margin", "margin")]
)
def test_other_scores_are_told_by_their_own_word(classifiers, samples, score, word):
    found = [fs.HeatMap(norm=1.0, score=score)(fs.Trial(one, samples)) for one in classifiers[:2]]
    said = " ".join(sentences(found, "coarse") + sentences(found, "coarse minus medium"))
    assert f"the {word} is" in said
    plane = found[0][score]
    strongest = plane.min() if score == "margin" else plane.max()
    assert f"with {number(strongest)}" in said
    assert "error" not in said


def test_an_unknown_analysis_is_told_by_its_extremes():
    values = np.random.default_rng(0).random((3, 9)) + np.array([[0.0], [5.0], [2.0]])
    found = mean("depth", values, Axes({"layer_number": np.array([1, 2, 3])}), "1", "Mean depth.")
    record = {"analysis": "DepthOfThings", "options": {}, "subject": {"name": "things"}, "versions": {}}
    made = Result(xr.Dataset(found), record)
    said = sentences([made], "things")
    assert len(said) == 1
    assert f"highest at layer number 2, {interval(made['depth'][1])}" in said[0]
    assert f"lowest at layer number 1, {interval(made['depth'][0])}" in said[0]


def test_a_difference_given_by_itself_is_told_by_the_names_in_its_record(maps):
    said = " ".join(one.says for question in questions([maps[0] - maps[2]]) for one in findings(question))
    assert "of coarse is significantly" in said


def test_of_many_classifiers_each_is_compared_with_the_first(maps):
    question = questions([maps[0]] * 5)[0]
    assert len(question.differences) == 4
    assert "compared with the first" in question.note


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(1.0, 1.0, "1 (bounds the same)"), (0.99, 1.0, "1 (0.990 to 1)"), (0.99999, 1.0, "1 (bounds the same)")],
)
def test_an_interval_that_is_a_point_is_said_in_words(low, high, said):
    value, *sides = (np.array(one) for one in (1.0, low, high))
    found = bounded("size", Estimate(value, *sides), Axes({}), "1", "Size.", 3)
    assert valued(Result(xr.Dataset(found), {})["size"]) == said
