"""The sentences of the questions about changes and treatments, made from their numbers."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.figures.form import number
from fourierscope.reports import told


def interval(values):
    return f"{number(values)} ({number(values[values.attrs['low']])} to {number(values[values.attrs['high']])})"


@pytest.fixture(scope="module")
def trials():
    images = torch.rand(24, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(2, 3, 192, generator=torch.Generator().manual_seed(1))
    labels = (images.flatten(1) @ weight[0].T).argmax(1)
    networks = [torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3)).eval() for _ in range(2)]
    for network, one in zip(networks, weight, strict=True):
        with torch.no_grad():
            network[1].weight.copy_(one)
            network[1].bias.zero_()
    samples = fs.Samples((255 * images).byte(), labels)
    return [fs.Trial(fs.Classifier(one, name), samples) for one, name in zip(networks, ("right", "other"), strict=True)]


@pytest.fixture(scope="module")
def pair(trials):
    before = trials[0].samples
    change = torch.randint(-9, 9, before.images.shape, generator=torch.Generator().manual_seed(2))
    change[:3] = 0
    return fs.Pair(before, fs.Samples((before.images.int() + change).clamp(0, 255).byte(), before.labels))


def test_a_shift_spectrum_tells_size_extremes_and_ratio(pair):
    found = fs.ShiftSpectrum()(pair)
    said = " ".join(told(found))
    ring = found["profile"]
    most = ring[int(ring.values.argmax())]
    assert f"largest at radius {number(most.radius)}, {interval(most)}" in said
    assert f"The ratio of low to high frequencies is {interval(found['low_high_ratio'])}" in said
    nothing = fs.ShiftSpectrum()(fs.Pair(pair.before, pair.before))
    assert "There is no ratio here" in " ".join(told(nothing))


def test_a_share_tells_its_interval_and_the_images_left_out(pair):
    found = fs.HighFrequencyShare(5)(pair)
    (said,) = told(found)
    assert f"bandwidth 5 lies a share of {interval(found['share'])}" in said
    assert "3 of 24 images did not change" in said


def test_band_noise_tells_the_extremes_of_either_band_and_what_clipping_leaves(trials):
    found = fs.BandNoise(norm=3.0)(trials[0])
    said = " ".join(told(found))
    for band in ("low", "high"):
        curve = found["accuracy"].sel(noise=band)[1:]
        least = curve[int(curve.values.argmin())]
        assert f"noise of {band} frequencies the accuracy is lowest at bandwidth {number(least.bandwidth)}" in said
        assert interval(least) in said
    left = found["effective_norm"].values[:, 1:]
    assert f"clipping leaves {number(left.min())} to {number(left.max())}" in said
    assert "clipping" not in " ".join(told(fs.BandNoise(norm=3.0, clip=False)(trials[0])))


def test_robustness_tells_where_half_of_the_accuracy_is_gone(trials):
    found = fs.Robustness("fgsm", (0.0, 0.02, 0.2))(trials[0])
    said = " ".join(told(found))
    halved = [float(one.strength) for one in found["accuracy"] if float(one) <= 0.5]
    assert halved
    assert f"takes half of the clean accuracy is {number(halved[0])}" in said
    assert f"lowest, {interval(found['accuracy'][int(found['accuracy'].values.argmin())])}" in said
    assert "At none of these strengths" in " ".join(told(fs.Robustness("fgsm", (0.0,))(trials[0])))
    assert "At all of these strengths" in " ".join(told(fs.Robustness("fgsm", (0.3, 0.4))(trials[0])))


def test_a_profile_and_a_trade_off_tell_extremes_slope_and_residual(trials):
    question = fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5)
    profiles = [question(trial) for trial in trials]
    said = " ".join(told(profiles[1]))
    least = profiles[1]["corruption_accuracy"][int(profiles[1]["corruption_accuracy"].values.argmin())]
    assert f"lowest under {str(least.corruption.values).replace('_', ' ')}, {interval(least)}" in said
    assert f"all 3 corruptions and their severities is {interval(profiles[1]['mean_error'])}" in said
    line = fs.trade_off(profiles[1], profiles[0], draws=100)
    said = " ".join(told(line))
    assert "From right to other, accuracy" in said
    assert f"slope {interval(line['slope'])}" in said
    assert f"residual sum of squares {interval(line['residual'])}, over 3 corruptions" in said


def test_the_page_holds_every_new_question_and_its_differences(trials, pair, tmp_path):
    asked = [
        fs.BandNoise(norm=3.0),
        fs.Robustness("gaussian-noise", (0.0, 0.3)),
        fs.CorruptionProfile("contrast,gaussian_noise,brightness", (1, 5), 5),
        fs.LayerHeatMap(stride=2),
    ]
    results = [question(trial) for question in asked for trial in trials]
    results += [fs.ShiftSpectrum()(pair), fs.HighFrequencyShare(5)(pair), fs.trade_off(*results[4:6], draws=100)]
    page = fs.report(results, tmp_path / "page.html").read_text()
    assert "Not drawn" not in page
    for words in ("right minus other", "Corruption profile", "Layer heat map", "Trade off", "under low noise"):
        assert words in page


def test_layers_are_told_one_by_one(trials):
    found = fs.LayerHeatMap(stride=2)(trials[0])
    said = told(found)
    assert len(said) == found["relative_change"].sizes["layer"] == 2
    plane = found["relative_change"][0].values
    assert f"the mean over all waves is {number(np.mean(plane))}" in said[0]
