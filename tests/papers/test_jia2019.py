"""Jia et al. (2019) made again: what each method changes, rows paired over images and seeds, and all of it in short."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.exhibit import Made
from fourierscope.papers.jia2019 import dial, leaders, modulation, networks, proportion, rows
from fourierscope.papers.jia2019.learned import LEARNED, cell, learned
from fourierscope.papers.jia2019.methods import HALF_NOISE, HELD, METHODS, PROPORTIONS, STANDARD, TILTED
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.paper import made_again
from fourierscope.results import Axes, Result, count, mean_interval, rate, share, wilson
from fourierscope.subjects.networks import network_named
from fourierscope.theory.filters import centroid
from fourierscope.theory.kernel_bands import KernelBands
from fourierscope.training import BlurPool2d, Recipe, SpectralModulatedConv2d, SpectralPool2d
from fourierscope.treatments.kernels import first_convolution

PAPER = paper_named("jia2019")
IMAGES = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
NAMED = {one.name: one for one in METHODS}


@pytest.fixture
def quick(monkeypatch):
    """Few methods on few images."""
    few = replace(LEARNED["smoke"], images=12, tested=6, recipe=Recipe(epochs=1, batch=12))
    monkeypatch.setitem(LEARNED, "smoke", few)
    chosen = (STANDARD, HALF_NOISE, NAMED["modulation, filter side"], NAMED["kernels smoothed"])
    monkeypatch.setattr(leaders, "METHODS", chosen)
    monkeypatch.setattr(modulation, "METHODS", chosen[:3])
    monkeypatch.setattr(proportion, "METHODS", (STANDARD, HALF_NOISE, *HELD[:4]))
    monkeypatch.setattr(dial, "METHODS", (STANDARD, TILTED[0.0], TILTED[-0.8]))


def setting(budget="smoke", **options):
    return Setting(budget, fs.open_samples("patches:test", limit=8), {}, **options)


def made_of(right):
    """Results as a corruption profile gives them, from the outcomes (seeds, n) of each method under noise and fog."""
    results = {}
    for method, by_seed in right.items():
        for seed, (noise, fog) in enumerate(by_seed):
            wrong = 1 - np.array([noise, fog], dtype=float)
            families = Axes({"family": np.array(["noise", "weather"])})
            found = rate("clean_accuracy", np.array(noise, dtype=bool), Axes({}), "Right.")
            found |= share("mean_error", wrong.mean(0), Axes({}), "Wrong.")
            found |= share("family_error", wrong, families, "Wrong.") | count(len(noise))
            results[cell(method, seed)] = Result(xr.Dataset(found), {})
    return Made(results)


def test_gains_are_paired_over_images_and_the_seeds_that_both_have():
    seeds = [([1, 0, 1, 1], [1, 0, 0, 0]), ([1, 1, 1, 1], [0, 0, 1, 0])]
    worse = [([0, 0, 1, 0], [1, 0, 0, 0])]
    made = made_of({STANDARD: worse, HALF_NOISE: seeds})
    found = rows.gain(made, HALF_NOISE, STANDARD)
    by_hand = np.array([0.5, 0, 0, 0.5])  # of seed 0 alone
    assert found.value == pytest.approx(by_hand.mean())
    assert (found.low, found.high) == pytest.approx(mean_interval(by_hand)[1:])
    assert found.n == 4
    assert rows.mean(made, HALF_NOISE, "corrupted").value == pytest.approx((0.5 + 0.625) / 2)
    assert rows.gain(made, HALF_NOISE, STANDARD, "weather").value == 0
    assert rows.gain(made, HALF_NOISE, STANDARD, "clean").value == 0.5
    with pytest.raises(NotTried, match="same seed"):
        rows.gain(made, NAMED["AugMix"], STANDARD)


def test_the_best_of_several_has_the_bounds_of_the_best_and_not_of_one_chosen_before():
    chance = np.random.default_rng(5)
    right = {STANDARD: [], **{one: [] for one in HELD[:4]}}
    for method in right:
        right[method] = [(chance.random(60) < 0.5, chance.random(60) < 0.5) for _ in range(3)]
    made = made_of(right)
    single = [rows.gain(made, one, STANDARD) for one in HELD[:4]]
    best = rows.best_gain(made, HELD, STANDARD)
    assert best.value == max(one.value for one in single)
    assert best.low < max(one.low for one in single)
    assert best.high > max(one.high for one in single)
    at_once = [rows.gain(made, one, STANDARD, spent=0.25) for one in HELD[:4]]
    assert (best.low, best.high) == (max(one.low for one in at_once), max(one.high for one in at_once))
    with pytest.raises(NotTried, match="none of them"):
        rows.best_gain(made, HELD[5:], STANDARD)


def test_where_no_image_differs_a_gain_has_the_bounds_of_a_rate_of_none():
    same = [([1, 0, 1, 1], [1, 0, 0, 0])]
    found = rows.gain(made_of({STANDARD: same, HALF_NOISE: same}), HALF_NOISE, STANDARD)
    assert found.value == 0
    assert (-found.low, found.high) == pytest.approx((float(wilson(0.0, 4).high),) * 2)


def test_gains_whose_images_agree_have_the_interval_of_the_seeds():
    right, wrong = [1] * 5, [0] * 5
    gains = np.array([0.5, 0, 1])  # of each seed, alike in all images
    made = made_of({STANDARD: [(wrong, wrong)] * 3, HALF_NOISE: [(right, wrong), (wrong, wrong), (right, right)]})
    gain = rows.gain(made, HALF_NOISE, STANDARD)
    assert gain[:3] == pytest.approx([float(one) for one in mean_interval(gains)])
    found = rows.mean(made, HALF_NOISE, "corrupted")
    assert (found.low, found.high) == (0, 1)  # Student's goes beyond
    assert found.value == pytest.approx(0.5)


def test_every_exhibit_is_made_checked_and_drawn(quick, tmp_path):
    outcomes = list(made_again(PAPER, PAPER.exhibits, setting(), tmp_path / "out"))
    assert [one.not_tried for one in outcomes] == [""] * len(PAPER.exhibits)
    assert all(one.pictures and one.tables for one in outcomes)
    assert all(one.reading is not None or one.why for outcome in outcomes for one in outcome.checked)
    held = json.loads((tmp_path / "out" / "leader-table" / "rows.json").read_text())
    assert [one["method"] for one in held["rows"]] == [one.name for one in leaders.METHODS]


def test_no_cell_is_made_twice_and_exhibits_share_them(quick, tmp_path, monkeypatch):
    first, again = (Making(setting(), tmp_path / name) for name in ("leader-table", "modulation"))
    list(leaders.each(first, leaders.METHODS[:2], 1))
    monkeypatch.setattr("fourierscope.analyses.corruption_profile.right", None)
    list(modulation.each(again, modulation.METHODS[:2], 1))
    assert (first.reused, again.reused) == (0, 2 * 5)  # images as they are, and four corruptions
    assert rows.rows_of(Made(first.results), METHODS) == rows.rows_of(Made(again.results), METHODS)


def test_a_run_of_part_of_the_methods_has_their_rows(quick, tmp_path):
    making = Making(setting(), tmp_path / "leader-table")
    for _ in islice(leaders.each(making, leaders.METHODS, 1), 2):
        rows.write(making, leaders.METHODS)
    held = json.loads((making.folder / "rows.json").read_text())["rows"]
    assert [one["over_standard"] is None for one in held] == [True, False]


def test_without_training_images_the_larger_budgets_say_so(tmp_path):
    with pytest.raises(NotTried, match="no training images"):
        learned(Making(setting("small"), tmp_path / "leader-table"), STANDARD, 0)


@pytest.mark.parametrize(
    "method", [one for one in (*METHODS, *HELD) if one.change is not None], ids=lambda one: one.name
)
def test_a_changed_network_answers_learns_and_can_be_made_again(method):
    made = [method.change(network_named("resnet20", 3, 10, 4)).eval() for _ in range(2)]
    assert made[0](IMAGES).shape == (3, 10)
    assert torch.equal(made[0](IMAGES), made[1](IMAGES))
    made[0].train()(IMAGES).square().sum().backward()
    assert all(one.grad is not None for one in made[0].parameters() if one.requires_grad)


def test_modulation_at_first_changes_nothing_but_what_noise_does():
    plain = network_named("small", 3, 10, 4).eval()
    changed = networks.modulated(network_named("small", 3, 10, 4))
    assert sum(isinstance(one, SpectralModulatedConv2d) for one in changed.modules()) == 1
    torch.testing.assert_close(changed.eval()(IMAGES), plain(IMAGES))
    assert not torch.allclose(changed.train()(IMAGES), plain.train()(IMAGES))


def test_shown_noise_is_off_in_eval_mode_and_its_strengths_climb_the_loss():
    plain, changed = network_named("small", 3, 10, 4).eval(), networks.shown_noise(network_named("small", 3, 10, 4))
    assert torch.equal(changed.eval()(IMAGES), plain(IMAGES))
    grown = {}
    for turned in (False, True):
        strengths = torch.full((8,), 0.3, requires_grad=True)
        given = networks._Reversed.apply(strengths) if turned else strengths
        given.square().sum().backward()
        grown[turned] = strengths.grad
    assert torch.equal(grown[True], -grown[False])
    changed.train()(IMAGES).square().sum().backward()
    assert bool(changed.noise.raw_strengths.grad.abs().max() > 0)


@pytest.mark.parametrize("pooling", [BlurPool2d, SpectralPool2d])
def test_after_pooling_no_convolution_leaves_out_pixels_and_sizes_are_as_before(pooling):
    changed = networks.pooled(network_named("resnet20"), pooling)
    convolutions = [one for one in changed.modules() if isinstance(one, nn.Conv2d)]
    assert {one.stride for one in convolutions} == {(1, 1)}
    assert sum(isinstance(one, pooling) for one in changed.modules()) == 4  # two blocks, each with its shortcut
    assert changed[:9](IMAGES).shape == network_named("resnet20")[:9](IMAGES).shape


def test_proportions_are_held_by_counts():
    for method in HELD:
        network = method.change(network_named("resnet20"))
        kernels = network.get_submodule(first_convolution(network)).weight
        bands = KernelBands((3, 3))
        above = (bands.shares(kernels.detach()) > 0.5).sum(0)
        assert (above / 16 - torch.tensor(PROPORTIONS[method.name])).abs().max() < 1 / 16


@pytest.mark.parametrize("method", [NAMED["kernels smoothed"], TILTED[0.0], TILTED[0.8]], ids=lambda one: one.name)
def test_kernels_changed_afterwards_are_those_of_the_standard_network(quick, tmp_path, method):
    making = Making(setting(), tmp_path / "leader-table")
    plain, changed = (learned(making, one, 0) for one in (STANDARD, method))
    assert [one.name for one in (tmp_path / "networks").iterdir()] == ["standard-0.checkpoint"]
    assert torch.equal(plain.network[-1].weight, changed.network[-1].weight)
    assert torch.equal(plain.network[0].weight, changed.network[0].weight) == (method == TILTED[0.0])
    assert not torch.equal(plain.network[1].running_mean, changed.network[1].running_mean)


@pytest.mark.parametrize("tilt", TILTED)
def test_the_methods_tilt_the_way_that_they_say(tilt):
    standard = fs.Classifier(network_named("resnet20").eval())
    tilted = TILTED[tilt].after(standard, fs.open_samples("patches:train", limit=4))
    before, after = (float(centroid(one.network[0].weight.detach()).mean()) for one in (standard, tilted))
    assert np.sign(round(after - before, 4)) == np.sign(tilt)


def test_a_tilt_is_held_against_no_tilt_with_batch_norms_estimated_anew_too():
    right = {STANDARD: [0, 0, 0, 0], TILTED[0.0]: [1, 1, 0, 0], TILTED[-0.8]: [1, 1, 1, 0], TILTED[0.8]: [1, 0, 0, 0]}
    made = made_of({method: [(noise, noise)] for method, noise in right.items()})
    assert [dial.gained(made, tilt, "corrupted").value for tilt in (-0.8, 0.8)] == [0.25, -0.25]
    line = dial._line(made, "corrupted", "Gain.")
    assert line["tilt"].values.tolist() == [-0.8, 0, 0.8]
    assert line.values.tolist() == [0.25, 0, -0.25]
    assert line["gain_low"].values[0] < 0.25 < line["gain_high"].values[0]


def test_slopes_are_those_that_the_accuracies_were_made_from():
    shares = np.array([PROPORTIONS[one.name] for one in HELD] * 2)[:, [0, 2]]
    exact = proportion.slopes(shares, 0.7 + shares @ np.array([0.2, -0.1]))
    assert (exact.low.value, exact.high.value) == pytest.approx((0.2, -0.1))
    chance, within = np.random.default_rng(3), 0
    for _ in range(400):
        found = proportion.slopes(shares, 0.7 + shares @ np.array([0.2, -0.1]) + 0.05 * chance.standard_normal(14))
        within += found.low.low <= 0.2 <= found.low.high
    assert within / 400 == pytest.approx(0.95, abs=0.035)


def test_slopes_of_four_networks_have_students_interval_of_one_degree_of_freedom():
    """Two networks of mid filters alone tell the deviation, .02 ** .5; low ones stand against the mean of both."""
    shares = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    found = proportion.slopes(shares, np.array([0.8, 0.3, 0.4, 0.6])).low
    reach = 12.7062 * (0.02 * 1.5) ** 0.5
    assert found[:3] == pytest.approx((0.3, 0.3 - reach, 0.3 + reach), rel=1e-4)


def test_a_slope_on_the_share_of_low_filters_is_theirs_and_not_that_of_high_ones():
    everything, nothing, half = [1] * 4, [0] * 4, [1, 1, 0, 0]
    right = {"low": everything, "mid": nothing, "high": nothing, "low and mid": half, "low and high": half}
    held = {one: [(right[name], nothing)] for one in HELD if (name := one.name.removeprefix("first layer: ")) in right}
    found = proportion.regressed(made_of(held), "noise")
    assert found.low.value == pytest.approx(1)
    assert found.high.value == pytest.approx(0, abs=1e-9)
    assert found.low.n == 5
    few = {one: runs for one, runs in held.items() if one in HELD[:3]}
    with pytest.raises(NotTried, match="four networks"):
        proportion.regressed(made_of(few), "noise")


def test_shipped_rows_stand_beside_a_new_run(tmp_path, monkeypatch):
    assert rows.measured("no such exhibit") is None
    monkeypatch.setattr(rows, "files", lambda _: tmp_path)
    families = dict.fromkeys(rows.FAMILIES, 0.5)
    one = rows.Row("standard", "baseline", 3, 1000, 0.9, 0.7, families, None, (-0.1, -0.2, 0.0), None)
    told = {"budget": "small", "version": "1", "rows": [one._asdict()]}
    (tmp_path / "measured-leader-table.json").write_text(json.dumps(told))
    assert rows.measured("leader-table").rows == rows.table_of("x", [one]).rows
    assert "budget small" in rows.measured("leader-table").says


def test_proportions_on_one_line_have_no_slopes():
    names = ("low", "mid", "low and mid")
    held = {one: [([1], [0])] * 2 for one in HELD if one.name.removeprefix("first layer: ") in names}
    with pytest.raises(NotTried, match="one line"):
        proportion.regressed(made_of(held), "noise")
