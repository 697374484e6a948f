"""Tancik et al. (2020) made again: mappings by word, signals of a power, kernels and networks behind them."""

from itertools import pairwise
from math import inf

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.papers import paper_named
from fourierscope.papers.making import Setting
from fourierscope.papers.paper import made_again
from fourierscope.papers.tancik2020 import figure3, figure4
from fourierscope.papers.tancik2020.figure2 import MappedSpectra
from fourierscope.papers.tancik2020.learning import Draw, MappedLearning
from fourierscope.papers.tancik2020.mappings import FEATURES, mapping_named
from fourierscope.papers.tancik2020.signals import Signals
from fourierscope.theory.kernels.tangent import tangent_kernel

PAPER = paper_named("tancik2020")
SMALL = Signals(points=64, every=4, highest=8, width=16, steps=20)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_exhibit_is_made_checked_drawn_and_known_again(tmp_path, monkeypatch):
    monkeypatch.setitem(figure3._KERNEL, "smoke", 3)
    monkeypatch.setitem(figure3._NETWORK, "smoke", (SMALL, figure3._FEW, 2))
    monkeypatch.setitem(figure4._SIGNALS, "smoke", (Signals(32, 2, 0, 8, 3), (1, 16), 2))
    monkeypatch.setattr(figure4, "_NETWORKS", ("smoke",))
    setting = Setting("smoke", fs.open_samples("digits", limit=10), {})
    first = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    assert [one.not_tried for one in first] == [""] * 3
    assert [len(one.pictures) for one in first] == [1, 3, 3]
    tried = [one for outcome in first for one in outcome.checked if one.reading is not None]
    assert len(tried) >= 19
    monkeypatch.setattr("fourierscope.papers.tancik2020.learning.modes_of", None)
    monkeypatch.setattr("fourierscope.papers.tancik2020.learning.fit", None)
    again = list(made_again(PAPER, PAPER.exhibits, setting, tmp_path / "out"))
    for one, other in zip(first, again, strict=True):
        assert all(result.dataset.equals(other.made[name].dataset) for name, result in one.made.results.items())


def test_mappings_are_their_words():
    assert mapping_named("none", chance()) is None
    held = mapping_named("p=0.5", chance())
    assert held.frequencies.tolist() == list(range(1, FEATURES + 1))
    np.testing.assert_allclose(held.amplitudes, np.arange(1, FEATURES + 1) ** -0.5)
    assert mapping_named("p=inf", chance()).amplitudes.tolist() == [1.0] + [0.0] * (FEATURES - 1)
    for wrong in ("p", "cauchy:3", "normal"):
        with pytest.raises(ValueError, match="A mapping is"):
            mapping_named(wrong, chance())


@pytest.mark.parametrize("kind", ["normal", "uniform", "laplace"])
def test_drawn_frequencies_have_their_spread(kind):
    held = torch.cat([mapping_named(f"{kind}:8", chance(seed)).frequencies for seed in range(2000)])
    assert float(held.std()) == pytest.approx(8, rel=0.03)
    assert abs(float(held.mean())) < 0.3
    beyond = float((held.abs() > 16).double().mean())
    wanted = {"normal": 0.0455, "uniform": 0.0, "laplace": np.exp(-2 * np.sqrt(2))}[kind]
    assert beyond == pytest.approx(wanted, abs=0.005)


def test_signals_have_the_spectrum_of_their_power_and_their_range():
    signals = Signals(points=128, highest=20)
    drawn = [signals.values(1.0, chance(seed)) for seed in range(400)]
    assert all(float(one.min()) == -0.5 and float(one.max()) == 0.5 for one in drawn)
    sizes = torch.stack([torch.fft.rfft(one - one.mean()).abs().square() for one in drawn]).mean(0).sqrt()
    assert float(sizes[20:].max()) < 1e-10
    ratio = sizes[1:20] * (1 + torch.arange(1, 20))
    assert (ratio / ratio.mean()).numpy() == pytest.approx(1, abs=0.15)


def test_a_flat_mapping_is_quickest_and_the_circle_alone_slowest_at_high_frequencies():
    spectra = MappedSpectra(("p=0", "p=1", "p=inf"), 16)(Signals(points=256))
    flat = spectra["features"].sel(mapping="p=0").values
    np.testing.assert_allclose(flat, 1 / 32, atol=1e-12)
    high = spectra["network"].sel(frequency=16) / spectra["network"].sel(frequency=1)
    assert (np.diff(high.values) < 0).all()


def test_the_kernel_is_that_of_its_formula_written_again():
    learned = MappedLearning(("p=1",), draws=2)(SMALL)
    for draw in range(2):
        values = SMALL.values(1.0, MappedLearning(("p=1",)).chance(Draw(draw), "signal 1.0")).numpy()
        rows = SMALL.kernel(mapping_named("p=1", chance())).numpy()
        wrong = (rows @ np.linalg.solve(rows[::4], values[::4]) - values) ** 2 / values.var()
        between = np.arange(64) % 4 != 0
        assert float(learned["test_error_by_draw"][0, 0, draw]) == pytest.approx(wrong[between].mean(), rel=1e-6)
        assert float(learned["training_error_by_draw"][0, 0, draw]) < 1e-12


def test_all_mappings_are_asked_about_the_same_signals():
    together = MappedLearning(("p=0", "normal:4", "none"), time=5.0, draws=2)(SMALL)
    alone = MappedLearning(("normal:4",), time=5.0, draws=2)(SMALL)
    np.testing.assert_array_equal(
        together["test_error_by_draw"].sel(mapping="normal:4"), alone["test_error_by_draw"].sel(mapping="normal:4")
    )


def test_more_time_lessens_the_training_error_to_nothing():
    errors = [
        MappedLearning(("p=1", "none"), draws=1, time=time)(SMALL)["training_error"].values
        for time in (0.0, 1.0, 50.0, inf)
    ]
    assert all((later <= before + 1e-12).all() for before, later in pairwise(errors))
    assert errors[-1].max() < 1e-10


def test_a_wide_network_behind_features_has_nearly_the_kernels_shape():
    signals = Signals(points=32, every=1, highest=8, width=256)
    mapping = mapping_named("p=1", chance())
    network = signals.fit(mapping, torch.zeros(32)).fresh_network(0)
    found = tangent_kernel(network[1][-1], torch.relu(torch.randn(4, 256)))  # the last layer is linear
    assert found.shape == (4, 4)
    whole = tangent_kernel(network, signals.places[:, None])
    shifted = torch.stack([whole.roll((-i, -i), (0, 1))[0] for i in range(32)])
    assert float((shifted.std(0) / shifted.mean(0)).max()) < 0.4  # it depends on differences alone


def test_networks_learn_in_their_steps():
    before, after = (
        MappedLearning(("p=0",), learner="network", draws=1)(Signals(64, 4, 8, 16, steps, 1e-2)) for steps in (1, 150)
    )
    assert float(after["training_error"][0, 0]) < 0.2 * float(before["training_error"][0, 0])
