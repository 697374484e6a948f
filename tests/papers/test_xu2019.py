"""Xu et al. (2019) made again: its targets and networks, what its analyses measure, and all of it in few steps."""

from dataclasses import replace
from itertools import product
from math import cos, pi, sin

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.exhibit import Made
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.paper import made_again
from fourierscope.papers.xu2019 import figure2, figure4, figure6, images, lines, networks, parity, table1
from fourierscope.papers.xu2019.filtered import FilteredLearning, telling_variance
from fourierscope.subjects import Fit
from fourierscope.training import views

PAPER = paper_named("xu2019")
TRAINING = ("1", "2", "3", "4", "5", "6", "table 1")


def making(tmp_path, count=60, samples=None, **options):
    samples = fs.open_samples("digits", limit=count) if samples is None else samples
    return Making(Setting("smoke", samples, {}, **options), tmp_path / "figure-4")


@pytest.fixture
def quick(monkeypatch):
    """Everything with small networks, in few steps."""
    monkeypatch.setitem(lines.LINES, "smoke", lines.Line(31, (8,), 12, 1e-2, 2))
    monkeypatch.setitem(
        images.LEARNED, "smoke", images.Learned(200, (8,), (2, 3, 5), (12, 6), (0, 20), (1e-2, 1e-2), 2)
    )
    monkeypatch.setitem(figure6._CUBES, "smoke", (3, (8,), 12, 2))
    monkeypatch.setattr(table1, "_HIDDEN", (8,))
    monkeypatch.setattr(
        table1, "CASES", tuple(replace(one, fit=lambda one=one: replace(one.fit(), steps=12)) for one in table1.CASES)
    )


def exhibits():
    return [PAPER.exhibit(one) for one in TRAINING]


def test_every_exhibit_is_made_checked_and_drawn(quick, tmp_path):
    setting = Setting("smoke", fs.open_samples("digits", limit=200), {})
    outcomes = list(made_again(PAPER, exhibits(), setting, tmp_path / "out"))
    assert [one.not_tried for one in outcomes] == [""] * len(TRAINING)
    assert all(one.pictures for one in outcomes)
    assert all(one.reading is not None or one.why for outcome in outcomes for one in outcome.checked)


def test_a_making_is_known_again_and_no_network_learns_twice(quick, tmp_path, monkeypatch):
    few = [PAPER.exhibit(one) for one in ("1", "4", "6")]
    setting = Setting("smoke", fs.open_samples("digits", limit=200), {})
    first = list(made_again(PAPER, few, setting, tmp_path / "out"))
    torch.rand(7)  # another state of chance
    monkeypatch.setattr("fourierscope.analyses.frequency_principle.fit", None)
    monkeypatch.setattr("fourierscope.papers.xu2019.filtered.fit", None)
    monkeypatch.setattr("fourierscope.papers.xu2019.parity.fit", None)
    again = list(made_again(PAPER, few, setting, tmp_path / "out"))
    assert [one.reused for one in again] == [8, 6, 6]
    for one, other in zip(first, again, strict=True):
        for name, result in one.made.results.items():
            assert result.dataset.equals(other.made[name].dataset)


def test_the_grid_is_closed_and_sines_have_their_own_frequencies():
    points = lines.grid(31)
    assert float(points[0]) == pytest.approx(-pi)
    assert float(points[-1] + 2 * pi / 31) == pytest.approx(pi, abs=1e-5)
    values = lines.sines(points, (1, 2, 3))
    size = np.abs(np.fft.rfft(values.numpy())) / 31
    assert size[[1, 3, 5]] == pytest.approx([0.5, 1, 1.5], abs=1e-5)
    assert np.delete(size, [1, 3, 5]).max() < 1e-5
    assert lines.peaks(values) == (1, 3, 5)
    assert lines.peaks(lines.sines(points, (0.01, 2, 3))) == (3, 5)


def test_quantised_values_are_the_nearest_multiples():
    values = torch.tensor([-1.3, -0.2, 0.7, 1.1])
    assert lines.quantised(values, 0).equal(values)
    assert lines.quantised(values, 1.0).tolist() == [-1, 0, 1, 1]
    assert lines.quantised(values, 0.5).tolist() == [-1.5, 0, 0.5, 1]
    shares = []
    for step in ("quantised by 0.5", "quantised by 1", "quantised by 2"):
        energy = np.abs(np.fft.rfft(figure2.target(step, lines.grid(201)).numpy())) ** 2
        shares.append(energy[6:].sum() / energy.sum())
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("times", "share"), [([[1, 2, 3], [1, 3, 2]], 0.5), ([[1, 2, None], [1, None, None]], 0.5), ([[2, 2, 3]], 0)]
)
def test_seeds_are_in_order_where_each_frequency_is_strictly_later(times, share):
    import xarray as xr

    values = np.array(times, dtype=float)
    held = {"one": {"time_to_learn": xr.DataArray(values)}}
    assert lines.seeds_in_order(Made(held), "one").value == share


def test_hats_and_sines_are_their_formulas():
    points = torch.tensor([[-1.5], [-0.25], [0.0], [0.75], [2.0]])
    assert networks.Hat()(points)[:, 0].tolist() == [0, 0.75, 1, 0.25, 0]
    assert networks.Sine(3.0)(points)[1, 0] == pytest.approx(sin(-0.75))


def test_features_of_the_table_are_waves_in_radians():
    points = torch.tensor([[-1.5], [-0.25], [0.0], [0.75], [2.0]])
    expected = [[f(k * x) for f in (cos, sin) for k in (4, 5, 6)] for x in points[:, 0].tolist()]
    assert table1._features().network[0](points).numpy() == pytest.approx(np.array(expected), abs=1e-5)


def test_spread_hats_are_narrow_and_cover_the_circle():
    network = networks.fully_connected((1, 80, 1), networks.Hat)
    networks.spread_hats(network)
    hats = network[:3](torch.linspace(-3.1, 3.1, 200)[:, None]).detach()
    assert float(hats.sum(1).min()) > 0.9 * float(hats.sum(1).max())  # a partition, but for a factor
    width = (hats > 0).float().mean(0).max() * 6.2
    assert float(width) == pytest.approx(2 * pi / 20, rel=0.2)


@pytest.mark.parametrize("side", [(8, 8), (9, 12), (7, 10)])
def test_convolutional_networks_fit_even_odd_and_oblong_images(side):
    network = networks.convolutional(fs.Plane(*side), 2, (3, 4, 5), 6)
    assert network(torch.rand(2, 2, *side)).shape == (2, 6)


def test_drawn_labels_are_as_many_of_each_class(tmp_path):
    subject = images.image_fit(making(tmp_path, 200))
    drawn = images.drawn_labels(subject)
    assert drawn.values.bincount().tolist() == subject.values.bincount().tolist()
    assert not drawn.values.equal(subject.values)
    assert drawn.points.equal(subject.points)


def test_images_without_labels_and_too_few_are_told(tmp_path):
    digits = fs.open_samples("digits", limit=60)
    with pytest.raises(NotTried, match="no labels"):
        images.image_fit(making(tmp_path, samples=fs.Samples(digits.images)))
    with pytest.raises(NotTried, match="60 images are too few"):
        images.image_fit(making(tmp_path, samples=digits))


def test_the_filter_widens_until_it_tells_something_or_says_why():
    digits = fs.open_samples("digits", limit=400)
    points, labels = digits.batch(), digits.needed_labels()
    found = telling_variance(Fit(points, labels, networks.fully_connected((64, 10))))
    views.GaussianFilter(found).rows(points.double(), nn.functional.one_hot(labels).double())
    few = Fit(points[:16], labels[:16], networks.fully_connected((64, 10)))  # a quarter of them are four
    with pytest.raises(NotTried, match="no filter tells anything of these images: variance="):
        telling_variance(few)


def test_filtered_learning_agrees_with_the_question_of_the_package():
    digits = fs.open_samples("digits", limit=300)
    network = networks.fully_connected((64, 16, 10))
    subject = Fit(digits.batch(), digits.needed_labels(), network, 40, 1e-2, loss="squared")
    ours = FilteredLearning(0.7, seeds=2, threshold=0.5)(subject)
    theirs = fs.FrequencyPrinciple(view="filter", width=0.7, seeds=2, threshold=0.5)(subject)
    assert ours["error"].values == pytest.approx(theirs["error"].values)
    assert ours["time_to_learn"].values == pytest.approx(theirs["time_to_learn"].values, nan_ok=True)
    assert ours["error_by_seed"].mean("seed").values == pytest.approx(ours["error"].values)


def test_the_filter_of_true_labels_refuses_drawn_ones_unless_the_guard_is_set_aside():
    digits = fs.open_samples("digits", limit=300)
    network = networks.fully_connected((64, 10))
    subject = images.drawn_labels(Fit(digits.batch(), digits.needed_labels(), network, 3, loss="squared"))
    with pytest.raises(ValueError, match="energy low"):
        FilteredLearning(0.8)(subject)
    assert float(FilteredLearning(0.8, guarded=False)(subject)["low_share"]) < 0.2


def test_equal_distance_scales_the_threshold_by_the_low_parts():
    held = {"connected": {"low_share": 0.48}, "drawn": {"low_share": 0.12}}
    assert figure4.equal_distance(Made(held)) == pytest.approx(0.4)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_spectrum_of_parity_is_a_power_of_a_sine(dimension):
    points = parity.corners(dimension)
    assert len(points) == 2**dimension
    assert sorted(map(tuple, points.tolist())) == sorted(product((-1.0, 1.0), repeat=dimension))
    found = parity.diagonal_spectrum(parity.parity(points), points)
    assert found == pytest.approx(np.abs(np.sin(2 * pi * np.linspace(0, 0.5, 51))) ** dimension, abs=1e-12)


def test_parity_is_learned_from_all_corners_and_the_rest_is_not_guessed():
    found = parity.ParityLearning((0.0, 0.5), seeds=2)(parity.parity_fit(5, (60, 60), 300))
    last = found["accuracy_seen"].isel(step=-1)
    assert last.values.tolist() == [1, 1]
    unseen = found["accuracy_unseen"].sel(training="50% held out")
    assert float(unseen.isel(step=-1)) < 0.6
    assert np.isnan(found["accuracy_unseen"].sel(training="0% held out").values).all()
    assert found["spectrum"].sel(answers_of="0% held out").values == pytest.approx(
        found["spectrum"].sel(answers_of="target").values, abs=0.05
    )


def test_expected_verdicts_share_all_orders_among_them():
    bounds = sorted(table1.BOUNDS.values())
    assert [high for _, high in bounds[:-1]] == [low for low, _ in bounds[1:]]
    assert {case.expected for case in table1.CASES} == set(table1.BOUNDS)
