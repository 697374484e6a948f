"""Rahaman et al. (2019) made again: its sines and curves, what is asked of them, and all of it in few steps."""

from cmath import exp
from dataclasses import replace
from math import pi, sin

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.paper import made_again
from fourierscope.papers.rahaman2019 import (
    experiment1,
    experiment2,
    experiment3,
    experiment5,
    experiment6,
    experiment7,
    images,
    learned,
    noisy,
    perturbed,
)
from fourierscope.papers.rahaman2019.figure6 import EvenPoints, KernelSpectra
from fourierscope.papers.rahaman2019.images import radial_wave, two_classes, without_bounds
from fourierscope.papers.rahaman2019.learned import Draw, LearnedSines, layer_norms
from fourierscope.papers.rahaman2019.noisy import NoisyLearning
from fourierscope.papers.rahaman2019.peak import Peak, PeakLearned, Shape, word
from fourierscope.papers.rahaman2019.perturbed import PerturbedSines, amplitudes, unit_direction
from fourierscope.papers.rahaman2019.signed import SignedWaves, SignsLearned
from fourierscope.papers.rahaman2019.sines import OnCurve, Sines, rectifier_network

PAPER = paper_named("rahaman2019")
FEW = Sines((1, 3), (1.0, 0.5), 21, 8, 3, 30, 1e-2)


@pytest.fixture
def quick(monkeypatch):
    """Everything with small networks, in few steps."""
    asked = LearnedSines(2, every=5)
    monkeypatch.setitem(experiment1.LEARNED, "smoke", (FEW, asked))
    monkeypatch.setitem(experiment2.ASKED, "smoke", PerturbedSines(2, 3))
    monkeypatch.setitem(experiment3.ASKED, "smoke", NoisyLearning((0.0, 0.5, 2.0), seeds=2))
    monkeypatch.setitem(images.LEARNED, "smoke", images.Images(400, 8, 3, 30, 1e-3))
    monkeypatch.setitem(experiment5.LEARNED, "smoke", (FEW, asked))
    monkeypatch.setitem(
        experiment6.LEARNED, "smoke", (SignedWaves((1, 4), (0, 3), 30, 8, 3, 20, 1e-2), SignsLearned(1))
    )
    monkeypatch.setitem(experiment7.LEARNED, "smoke", (Peak(experiment7._ALL, 16, 5), PeakLearned(2)))


def test_every_exhibit_is_made_checked_drawn_and_known_again(quick, tmp_path, monkeypatch):
    setting = Setting("smoke", fs.open_samples("digits", limit=400), {})
    first = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.not_tried for one in first] == [""] * len(PAPER.exhibits)
    assert all(one.pictures for one in first)
    assert all(one.reading is not None or one.why for outcome in first for one in outcome.checked)
    torch.rand(7)  # another state of chance
    monkeypatch.setattr(learned, "fit", None)
    monkeypatch.setattr(perturbed, "fit", None)
    monkeypatch.setattr(noisy, "fit", None)
    monkeypatch.setattr("fourierscope.analyses.frequency_principle.fit", None)
    monkeypatch.setattr("fourierscope.papers.rahaman2019.signed.fit", None)
    monkeypatch.setattr("fourierscope.papers.rahaman2019.peak.fit", None)
    again = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.reused for one in again] == [4, 2, 6, 2, 8, 4, 22, 1]
    for one, other in zip(first, again, strict=True):
        for name, result in one.made.results.items():
            assert result.dataset.equals(other.made[name].dataset)


@pytest.mark.parametrize("count", [20, 21])
def test_sines_have_their_own_frequencies_amplitudes_and_phases(count):
    phases = torch.tensor([0.4, 2.0], dtype=torch.float64)
    values = replace(FEW, points=count).values(phases).double().numpy()
    assert values[0] == pytest.approx(sin(0.4) + 0.5 * sin(2.0), abs=1e-6)
    found = np.fft.rfft(values) / count
    expected = np.zeros(len(found), dtype=complex)
    expected[[1, 3]] = [exp(1j * (0.4 - pi / 2)) / 2, exp(1j * (2.0 - pi / 2)) / 4]
    assert found == pytest.approx(expected, abs=1e-6)


def test_no_petals_are_the_unit_circle_and_more_wind_in_and_out():
    points = torch.arange(8)[:, None] / 8
    circle = OnCurve(0)(points)
    assert circle.norm(dim=1).numpy() == pytest.approx(np.ones(8), abs=1e-6)
    assert circle[2].tolist() == pytest.approx([0, 1], abs=1e-6)
    petals = OnCurve(2)(points)
    assert petals.norm(dim=1).tolist() == pytest.approx([1, 1.5, 1, 0.5] * 2, abs=1e-5)
    assert torch.nn.functional.cosine_similarity(petals, circle).min() > 1 - 1e-5  # angles stay


def test_the_network_has_as_many_linear_layers_as_asked_for():
    network = rectifier_network(2, 5, 4)
    shapes = [tuple(one.shape) for one in network.parameters() if one.ndim == 2]
    assert shapes == [(5, 2), (5, 5), (5, 5), (1, 5)]
    assert isinstance(network[-1], torch.nn.Linear)
    assert sum(isinstance(one, torch.nn.ReLU) for one in network) == 3


def test_norms_of_layers_are_largest_singular_values():
    network = rectifier_network(4, 4, 2)
    turn = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0)))[0]
    with torch.no_grad():  # neither symmetric nor positive: iterating W itself would not get there
        network[0].weight.copy_(turn @ torch.diag(torch.tensor([0.5, 3.0, 1.0, 0.1])))
        network[2].weight.copy_(torch.tensor([[3.0, 0, 4, 0]]))
    assert layer_norms(network) == pytest.approx([3, 5], rel=1e-5)


def test_phases_are_the_same_for_all_networks_and_differ_by_draw():
    question = LearnedSines()
    first = question._phases(Draw(0), FEW)
    assert first.equal(question._phases(Draw(0), replace(FEW, lobes=4, width=9)))
    assert not first.equal(question._phases(Draw(1), FEW))
    assert 0 <= float(first.min()) <= float(first.max()) < 2 * pi


@pytest.mark.parametrize("lobes", [None, 3])
def test_errors_are_those_of_the_question_of_the_package(lobes):
    subject = replace(FEW, lobes=lobes)
    question = LearnedSines(1, every=10)
    ours = question(subject)
    theirs = fs.FrequencyPrinciple(view="grid", frequencies=(1, 3), seeds=1)(
        subject.fit(question._phases(Draw(0), subject))
    )
    assert ours["step"].values.tolist() == [0, 10, 20, 30]
    for step in (0, 10, 30):
        assert ours["error"].sel(step=step).values == pytest.approx(theirs["error"].sel(step=step).values, rel=1e-5)
    assert ours["mean_area"].values == pytest.approx([float(ours["area"].mean())])


def test_amplitudes_are_ratios_and_come_near_one_where_the_error_comes_near_zero():
    found = LearnedSines(2, every=50)(replace(FEW, width=40, steps=400))
    last = found.dataset.isel(step=-1)
    assert last["error"].values.max() < 0.2
    assert last["amplitude"].values == pytest.approx(np.ones(2), abs=0.2)
    assert found["amplitude"].isel(step=0).values.max() < 0.5
    assert found["layer_norm"].dims == ("layer", "step")


class Wave(torch.nn.Module):
    """size sin(2 pi 2 z): one parameter, so that a unit step is known but for its sign."""

    def __init__(self):
        super().__init__()
        self.size = torch.nn.Parameter(torch.tensor([3.0]))

    def forward(self, points):
        return self.size * torch.sin(4 * pi * points)


@pytest.mark.parametrize("count", [10, 11])
def test_amplitudes_are_half_of_those_of_sines(count):
    found = amplitudes(Wave(), torch.arange(count)[:, None] / count, (1, 2, 3))
    assert found == pytest.approx([0, 1.5, 0], abs=1e-6)


def test_a_step_moves_all_parameters_by_its_length_and_no_step_by_nothing(monkeypatch):
    monkeypatch.setattr(perturbed, "fit", lambda subject, seed: Wave())
    question = PerturbedSines(1, 200, (0.0, 1.0, 5.0))
    (piece,) = [
        question.measure(cell, replace(FEW, frequencies=(2,), amplitudes=(1.0,))) for cell in question.cells(FEW)
    ]
    none, one, five = piece["amplitude"][:, 0]
    assert none == pytest.approx(1.5)
    assert one == pytest.approx(1.5, abs=0.1)  # 1 and 2, as often
    assert five == pytest.approx(2.5, abs=0.25)  # |3 - 5| / 2 and 4
    assert one != none


def test_directions_have_norm_one_and_lie_on_all_sides():
    drawn = torch.stack([unit_direction(3, torch.Generator().manual_seed(seed)) for seed in range(400)])
    assert drawn.norm(dim=1).numpy() == pytest.approx(np.ones(400))
    assert float(drawn.mean(0).abs().max()) < 0.12  # the positive orthant alone would give .5
    assert (drawn.square().mean(0).numpy()) == pytest.approx(np.full(3, 1 / 3), abs=0.06)


def test_what_is_left_starts_at_one_and_distances_ascend():
    found = PerturbedSines(2, 4, (0.0, 1.0))(FEW)
    assert found["amplitude"].sel(distance=0).values == pytest.approx(np.ones(2))
    assert np.isnan(found["ordering"].sel(distance=0).values)
    assert abs(float(found["ordering"].sel(distance=1))) <= 1
    with pytest.raises(ValueError, match="ascend from 0"):
        PerturbedSines(distances=(1.0, 0.0))


@pytest.mark.parametrize("count", [20, 21])
def test_spectra_of_eigenvectors_are_those_of_the_kernel_solved_slowly(count):
    found = KernelSpectra(0.05)(EvenPoints(count))["magnitude"]
    place = np.arange(count) / count
    vectors = np.linalg.eigh(np.exp(-((place[:, None] - place) ** 2) / (2 * 0.05**2))).eigenvectors
    slow = np.abs(np.exp(-2j * pi * np.outer(np.arange(count // 2 + 1), place)) @ vectors[:, ::-1]).T
    assert found.values == pytest.approx(slow / np.sqrt(count), abs=1e-6)
    assert found.values[0].argmax() == 0


def making(tmp_path, samples, budget="smoke"):
    return Making(Setting(budget, samples, {}), tmp_path / "experiment-3")


def test_threes_and_eights_are_learned_by_signs(tmp_path):
    digits = fs.open_samples("digits")
    subject = two_classes(making(tmp_path, digits))
    labels = digits.needed_labels()
    kept = labels[(labels == 3) | (labels == 8)]
    assert subject.values[:, 0].tolist() == [-1 if one == 3 else 1 for one in kept.tolist()]
    assert subject.points.equal(digits.batch()[(labels == 3) | (labels == 8)])


def test_images_that_do_not_fit_are_told(tmp_path):
    digits = fs.open_samples("digits", limit=200)
    with pytest.raises(NotTried, match="28 x 28"):
        two_classes(making(tmp_path, digits, "small"))
    with pytest.raises(NotTried, match="labelled"):
        two_classes(making(tmp_path, fs.Samples(digits.images)))
    with pytest.raises(NotTried, match="threes and eights"):
        two_classes(making(tmp_path, digits.subset(torch.arange(40))))


def test_a_radial_wave_hangs_on_the_norm_alone():
    points = torch.tensor([[3.0, 4.0], [0.0, 5.0], [0.0, 0.0], [0.6, 0.8]])
    assert radial_wave(points, 0.05)[:, 0].tolist() == pytest.approx([1, 1, 0, sin(0.1 * pi)], abs=1e-6)


@pytest.mark.parametrize("count", [20, 23])
def test_a_fifth_is_held_out_the_same_one_for_all(count):
    learned_ones, held = NoisyLearning().parts(count)
    assert len(held) == count // 5
    assert sorted([*learned_ones.tolist(), *held.tolist()]) == list(range(count))
    assert held.equal(NoisyLearning((0.3,)).parts(count)[1])
    assert not held.equal(NoisyLearning(seed=1).parts(count)[1])


def line_of_signs():
    """Signs that one linear layer learns at once."""
    points = torch.rand(60, 2, generator=torch.Generator().manual_seed(0))
    values = torch.sign(points[:, 0] - 0.5)
    return fs.Fit(points, values, rectifier_network(2, 30, 3), 200, 1e-2)


def test_held_out_values_are_clean_and_noise_alone_parts_the_curves():
    found = NoisyLearning((0.0, 0.25), seeds=1)(line_of_signs())["validation"]
    assert found.dims == ("noise", "step")
    assert found.isel(step=0, noise=0) == found.isel(step=0, noise=1)  # nothing learned yet, clean values both
    last = found.isel(step=-1)
    assert float(last[0]) < 0.3 < 0.35 < float(last[1])  # sin(pi |x| / 2) is an offset that is learned along
    quiet = NoisyLearning((0.0, 0.25), amplitude=0.0, seeds=1)(line_of_signs())["validation"]
    assert quiet.values[0] == pytest.approx(quiet.values[1])


def test_values_without_bounds_are_the_same_values():
    found = NoisyLearning((0.0,), seeds=2)(line_of_signs())["validation"]
    plain = without_bounds(found)
    assert plain.values == pytest.approx(found.values)
    assert not {"low", "high"} & set(plain.attrs)
    assert set(plain.coords) == {"noise", "step", "n"}


def test_every_exhibit_says_what_is_expected_of_each_check():
    assert all("(expected: " in one.says for exhibit in PAPER.exhibits for one in exhibit.checks)


def test_signs_are_those_of_the_wave_along_the_curve():
    subject = SignedWaves((2,), (3,), 12, 8, 3, 5, 1e-2)
    learned = subject.fit(2, 3, 0.3)
    wanted = [int(sin(2 * pi * 2 * place / 12 + 0.3) > 0) for place in range(12)]
    assert learned.values.tolist() == wanted
    assert learned.classifies
    points = learned.network[0](learned.points)
    radius = [1 + sin(2 * pi * 3 * place / 12) / 2 for place in range(12)]
    assert points.norm(dim=1).tolist() == pytest.approx(radius, abs=1e-6)


def test_a_network_that_always_says_one_sign_is_half_right():
    subject = SignedWaves((1, 3), (0,), 40, 4, 2, 1, 1e-12)
    found = SignsLearned(1)(subject)["accuracy"]
    assert found.dims == ("lobes", "frequency")
    slow = SignsLearned(1)(SignedWaves((1,), (0,), 40, 32, 3, 300, 1e-2))["accuracy"]
    assert slow.item() > 0.95
    assert float(found.max()) < 0.95


def test_a_peak_has_all_frequencies_and_weights_stay_within_their_bound(monkeypatch):
    peak = Peak((Shape(3, 8, 0.05), Shape(3, 64)), 16, 300, 1e-2)
    values = peak.fit(peak.shapes[0]).values[:, 0].numpy()
    assert np.abs(np.fft.rfft(values)) == pytest.approx(np.ones(9))
    held = []
    fitting = fs.training.fit
    monkeypatch.setattr(
        "fourierscope.papers.rahaman2019.peak.fit", lambda *given: held.append(fitting(*given)) or held[-1]
    )
    result = PeakLearned(1)(peak)
    largest = [max(float(one.detach().abs().max()) for one in network.parameters()) for network in held]
    assert largest[0] == pytest.approx(0.05)
    assert largest[1] > 0.05
    assert float(result["reach"].sel(shape=word(peak.shapes[1]))) > float(result["reach"][0])
    with torch.no_grad():
        answers = held[1](peak.fit(peak.shapes[1]).points)[:, 0].numpy()
    slow = [abs(sum(answers[z] * exp(-2j * pi * k * z / 16) for z in range(16))) for k in range(9)]
    assert result["magnitude"][1].values == pytest.approx(slow, abs=1e-5)
    assert float(result["reach"][1]) == pytest.approx(np.minimum(slow[1:], 1).mean(), abs=1e-6)
