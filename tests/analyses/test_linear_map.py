"""Heat maps from one backward pass: exact where the margin is linear, to first order where it is smooth."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.linear_map import LinearMap, _rates, rank_agreement
from fourierscope.analyses.wave_set import balanced_signs
from fourierscope.fourier import Plane, quadratures, wave
from fourierscope.reports import told

SIZES = [(8, 8), (9, 9), (9, 6), (6, 9)]


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def network(size, smooth, seed=0):
    torch.manual_seed(seed)
    first = nn.Linear(3 * size[0] * size[1], 2 if not smooth else 16)
    layers = [nn.Flatten(), first, *([nn.Tanh(), nn.Linear(16, 2)] if smooth else [])]
    return nn.Sequential(*layers).eval()


def trial(size, smooth=False, n=24):
    images = uniform(n, 3, *size)
    net = network(size, smooth)
    with torch.no_grad():
        labels = net(images).argmax(1)
        labels[::6] = 1 - labels[::6]
    return fs.Trial(fs.Classifier(net), fs.Samples(images, labels))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("phases", [1, 2, 3])
def test_a_linear_classifier_of_two_classes_errs_exactly_as_predicted(size, phases):
    given = trial(size)
    predicted = fs.HeatMap(norm=0.7, score="linear", clip=False, phases=phases)(given)
    measured = fs.HeatMap(norm=0.7, clip=False, phases=phases)(given)
    assert float(measured["error"].std()) > 0
    np.testing.assert_allclose(predicted["predicted_error"].values, measured["error"].values, atol=1e-6)
    assert float(predicted["clean_predicted_error"]) == float(measured["clean_error"]) > 0
    assert float(predicted["agreement"]) == pytest.approx(1)
    assert float(predicted["distance"]) == 0
    known = predicted["measured_error_counts"].values == 24
    np.testing.assert_array_equal(predicted["measured_error"].values[known], measured["error"].values[known])
    assert np.isnan(predicted["measured_error"].values[~known]).all()
    assert 0 < (~known).sum() < known.size


@pytest.mark.parametrize("size", SIZES)
def test_slopes_are_inner_products_of_the_gradient_with_each_wave(size):
    given, plane = trial(size, smooth=True), Plane(*size)
    signs = balanced_signs(24, 3, torch.Generator().manual_seed(1))
    _, slopes = LinearMap(fs.HeatMap(score="linear", phases=2))._slopes(given, slice(0, 24), signs)
    images = given.samples.batch().requires_grad_()
    outputs = given.classifier(images)
    own = outputs.gather(1, given.samples.labels[:, None])[:, 0]
    (gradient,) = torch.autograd.grad((2 * own - outputs.sum(1)).sum(), images)
    for place, frequency in enumerate(plane.waves()):
        phases = quadratures(plane, frequency, 2)
        for turn in range(2):
            pattern = signs[:, :, None, None] * wave(plane, frequency, phases[turn % len(phases)])
            slow = (gradient * pattern).sum((1, 2, 3))
            torch.testing.assert_close(slopes[place, turn].double(), slow.double(), atol=1e-5, rtol=1e-4)


def test_what_a_smooth_network_does_differs_by_the_square_of_the_norm():
    given, size = trial((8, 8), smooth=True), (8, 8)
    signs = balanced_signs(24, 3, torch.Generator().manual_seed(1))
    margins, slopes = LinearMap(fs.HeatMap(score="linear"))._slopes(given, slice(0, 24), signs)
    pattern = signs[:, :, None, None] * wave(Plane(*size), (1, 2)).float()
    place = Plane(*size).waves().index((1, 2))
    off = []
    for norm in (0.4, 0.2, 0.1):
        outputs = given.classifier((given.samples.batch() + norm * pattern).double().float())
        own = outputs.gather(1, given.samples.labels[:, None])[:, 0]
        off.append(float((2 * own - outputs.sum(1) - margins - norm * slopes[place, 0]).detach().abs().mean()))
    orders = np.log2(np.array(off[:-1]) / np.array(off[1:]))
    np.testing.assert_allclose(orders, 2, atol=0.2)


def test_maps_of_small_norms_agree_and_the_agreement_is_told():
    given = trial((8, 8), smooth=True, n=200)
    small = fs.HeatMap(norm=0.05, score="linear")(given)
    assert float(small["distance"]) < 0.005
    assert "Clipping is ignored" in small["predicted_error"].attrs["says"]
    sentences = " ".join(told(small))
    assert "predicted from gradients, without clipping" in sentences
    assert "rank correlation" in sentences


def test_agreement_is_over_all_phases_and_the_images_that_both_have():
    scores = np.array([[[1, 1, 0, 0], [0, 1, 0, 0]], [[0, 0, 0, 1], [1, 1, 1, 0]]], dtype=bool)
    seen = np.array([[1, 1, 1, 0], [0, 0, 1, 1]], dtype=bool)
    np.testing.assert_allclose(_rates(scores, seen), [(0.5 + 1 + 0) / 3, (0.5 + 0.5) / 2])


def test_the_cut_into_batches_does_not_matter():
    given, question = trial((8, 8), smooth=True), fs.HeatMap(norm=1.0, score="linear")
    whole, small = question(given), fs.run(question, given, batch=5)
    for name in ("predicted_error", "measured_error", "clean_predicted_error"):
        np.testing.assert_array_equal(whole[name].values, small[name].values)


def test_a_map_that_is_stopped_has_holes_and_differences_are_paired():
    given = trial((8, 8), smooth=True)
    question = fs.HeatMap(norm=1.0, score="linear")
    stopped = fs.run(question, given, time_limit=0)  # all slopes, nothing measured
    assert np.isfinite(stopped["predicted_error"].values).all()
    assert np.isnan(float(stopped["agreement"]))
    assert told(stopped)
    other = fs.Trial(fs.Classifier(network((8, 8), True, seed=3)), given.samples)
    gap = question(given) - question(other)
    values = question(given)["predicted_error"].values - question(other)["predicted_error"].values
    np.testing.assert_allclose(gap["predicted_error"].values, values, atol=1e-9)


def test_a_network_without_gradient_is_refused():
    samples = fs.Samples(uniform(4, 1, 4, 4), torch.zeros(4, dtype=torch.long))
    hard = fs.Classifier(lambda images: images.detach().flatten(1)[:, :2])
    with pytest.raises(ValueError, match="no finite gradient"):
        fs.HeatMap(score="linear")(fs.Trial(hard, samples))


def test_rank_agreement_is_known_by_construction():
    line = np.arange(10.0)
    assert rank_agreement(line, np.exp(line)).value == pytest.approx(1)
    assert rank_agreement(line, -line).value == pytest.approx(-1)
    assert np.isnan(rank_agreement(line, np.ones(10)).value)
    noisy = np.random.default_rng(0).normal(size=(2, 400, 30))
    noisy[1] += noisy[0]  # bivariate normal, r = sqrt(1 / 2), of which the rank correlation is 6 / pi asin(r / 2)
    true = 6 / np.pi * np.arcsin(np.sqrt(0.5) / 2)
    found = [rank_agreement(a, b) for a, b in zip(*noisy, strict=True)]
    held = np.mean([one.low <= true <= one.high for one in found])
    assert 0.92 <= held <= 0.98
