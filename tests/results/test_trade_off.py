"""The line between two profiles over corruptions, against NumPy, slow loops, and the points of a published figure."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.figures.page import page_figures
from fourierscope.reports import told
from fourierscope.reports.questions import shown
from fourierscope.results import fitted_line, load, trade_off, unpacked
from fourierscope.results.trade_off import _bootstrap

# Yin et al. (2019), Fig. 6: share at high frequencies, and accuracy minus that of the natural model, for the models
# trained on Gaussian noise, adversarially, on low-passed and on high-passed images, and by AutoAugment.
PRINTED = {
    "brightness": (0.010, -0.025, -0.079, -0.050, -0.022, 0.014),
    "contrast": (0.088, -0.252, -0.052, -0.131, -0.042, 0.130),
    "defocus": (0.526, -0.008, -0.010, 0.061, -0.097, 0.077),
    "elastic": (0.297, -0.017, -0.042, 0.024, -0.073, 0.013),
    "fog": (0.042, -0.180, -0.173, -0.081, -0.019, 0.047),
    "gaussian_blur": (0.510, 0.063, 0.094, 0.166, -0.082, 0.157),
    "glass": (0.470, 0.237, 0.234, 0.309, -0.094, 0.195),
    "impulse": (0.708, 0.288, 0.145, 0.057, -0.181, 0.313),
    "jpeg": (0.549, 0.107, 0.053, 0.040, -0.161, 0.013),
    "motion": (0.293, -0.036, -0.003, 0.053, -0.087, 0.041),
    "pixelate": (0.426, 0.167, 0.121, 0.184, -0.108, -0.025),
    "shot": (0.704, 0.246, 0.150, 0.068, -0.140, 0.106),
    "snow": (0.089, 0.033, -0.025, 0.018, -0.058, 0.043),
    "speckle": (0.699, 0.213, 0.114, 0.046, -0.144, 0.108),
    "zoom": (0.274, 0.012, 0.023, 0.094, -0.153, 0.095),
}
SLOPES = (0.519, 0.348, 0.229, -0.172, 0.163)
RESIDUALS = (0.1148, 0.0586, 0.1181, 0.0110, 0.0825)


def test_the_line_through_the_published_points_has_the_published_slopes_and_residuals():
    points = np.array(list(PRINTED.values())).T
    lines = fitted_line(np.broadcast_to(points[0], (5, 15)), points[1:])
    np.testing.assert_allclose(lines.slope, SLOPES, atol=0.001)
    np.testing.assert_allclose(lines.residual, RESIDUALS, atol=0.001)
    for line, change in zip(zip(*lines, strict=True), points[1:], strict=True):
        slope, intercept = np.polyfit(points[0], change, 1)
        np.testing.assert_allclose(line[:2], (slope, intercept), atol=1e-12)


def test_a_line_needs_three_points_that_differ():
    with pytest.raises(ValueError, match="three points"):
        fitted_line(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="no line"):
        fitted_line(np.ones(4), np.arange(4.0))


QUESTION = fs.CorruptionProfile("gaussian_noise,contrast,defocus_blur,brightness", (1, 5), 5)


def trials(count=12):
    """Two linear classifiers on the same images; the first is always right."""
    images = (255 * torch.rand(12, 3, 8, 8, generator=torch.Generator().manual_seed(1))).to(torch.uint8)
    weights = [torch.randn(192, 3, generator=torch.Generator().manual_seed(seed)) for seed in (0, 3)]
    labels = (images.float().flatten(1) @ weights[0]).argmax(1)
    samples = fs.Samples(images, labels).subset(range(count))
    classifiers = [fs.Classifier(lambda given, weight=weight: given.flatten(1) @ weight) for weight in weights]
    return [fs.Trial(one, samples) for one in classifiers]


@pytest.fixture(scope="module")
def profiles():
    return [QUESTION(one) for one in trials()]


def test_the_trade_off_is_the_line_through_shares_and_changes_of_accuracy(profiles, tmp_path):
    found = trade_off(*profiles, draws=200)
    change = profiles[0]["corruption_accuracy"].values - profiles[1]["corruption_accuracy"].values
    np.testing.assert_allclose(found["accuracy_change"].values, change, atol=1e-6)
    share = profiles[0]["corruption_share"].values
    slope, intercept = np.polyfit(share, change, 1)
    assert float(found["slope"]) == pytest.approx(slope, abs=1e-5)
    assert float(found["intercept"]) == pytest.approx(intercept, abs=1e-5)
    assert float(found["residual"]) == pytest.approx(np.square(change - slope * share - intercept).sum(), abs=1e-5)
    assert float(found["slope_low"]) < float(found["slope"]) < float(found["slope_high"])
    assert load(found.save(tmp_path / "line.nc")).dataset.equals(found.dataset)
    assert found.dataset.equals(fs.trade_off(*profiles, draws=200).dataset)
    assert float(trade_off(*profiles, draws=200, seed=1)["slope_low"]) != float(found["slope_low"])


def test_the_bootstrap_is_that_of_a_slow_loop(profiles):
    found = trade_off(*profiles, draws=400)
    gains = [unpacked(one.dataset, "corruption_accuracy") for one in profiles]
    gain, shares = gains[0] - gains[1], profiles[0].dataset["image_shares"].values
    generator, slopes = np.random.default_rng(5), []
    for _ in range(400):
        chosen = generator.integers(0, 12, 12)
        slopes.append(np.polyfit(shares[:, chosen].mean(1), gain[:, chosen].mean(1), 1)[0])
    low, high = np.quantile(slopes, (0.025, 0.975))
    assert float(found["slope_low"]) == pytest.approx(low, abs=0.2 * (high - low))
    assert float(found["slope_high"]) == pytest.approx(high, abs=0.2 * (high - low))


def test_one_image_alone_gives_a_line_without_bounds_and_says_why(tmp_path):
    found = trade_off(*[QUESTION(one) for one in trials(1)])
    for name in ("slope", "intercept", "residual"):
        assert np.isfinite(float(found[name]))
        assert np.isnan([float(found[f"{name}_{side}"]) for side in ("low", "high")]).all()
        assert "no bounds: one image cannot give any" in found[name].attrs["says"]
    assert load(found.save(tmp_path / "line.nc")).dataset.equals(found.dataset)
    assert "(there are no bounds: no direction is sure)" in " ".join(told(found))
    two = trade_off(*[QUESTION(one) for one in trials(2)], draws=100)
    assert float(two["slope_low"]) < float(two["slope_high"])
    assert "no bounds" not in two["slope"].attrs["says"]


def test_images_that_all_gain_alike_give_a_line_without_bounds(profiles):
    found = trade_off(profiles[1], profiles[1])
    assert float(found["slope"]) == 0
    assert np.isnan(float(found["slope_low"]))
    assert "12 images that gain alike cannot give any" in found["slope"].attrs["says"]
    assert "accuracy neither gains nor loses with the share" in " ".join(told(found))


def test_the_line_lies_over_every_share_with_the_bounds_of_the_resampled_lines(profiles, tmp_path):
    found = trade_off(*profiles, draws=200, seed=2)
    share, line = found["high_frequency_share"].values, found["accuracy_change"].coords["line"]
    np.testing.assert_allclose(line.values, float(found["intercept"]) + float(found["slope"]) * share)
    gain = np.subtract(*[unpacked(one.dataset, "corruption_accuracy").astype(float) for one in profiles])
    drawn = _bootstrap(gain, profiles[0].dataset["image_shares"].values.astype(float), 200, 2)
    for place, one in enumerate(share):
        heights = [start + one * slope for start, slope in zip(drawn.intercept, drawn.slope, strict=True)]
        low, high = np.quantile(heights, (0.025, 0.975))
        assert float(line.coords["line_low"][place]) == pytest.approx(low)
        assert float(line.coords["line_high"][place]) == pytest.approx(high)
        assert low < float(line[place]) < high
    assert load(found.save(tmp_path / "line.nc"))["accuracy_change"].identical(found["accuracy_change"])


def test_the_line_is_drawn_with_its_points_and_not_by_itself(profiles):
    found = trade_off(*profiles, draws=100)
    assert not {"line", "line_low", "line_high"} & set(shown(found))
    (figure,) = page_figures([found["accuracy_change"]], [""])
    assert figure["data"][0]["fill"] == "toself"
    single = trade_off(*[QUESTION(one) for one in trials(1)])
    (figure,) = page_figures([single["accuracy_change"]], [""])
    assert [trace["mode"] for trace in figure["data"]] == ["markers", "lines"]


def test_every_resampled_line_joins_the_gain_of_a_corruption_with_its_own_share():
    generator = np.random.default_rng(0)
    shares = np.array([0.1, 0.7, 0.3, 0.4])[:, None] + 0.01 * generator.standard_normal((4, 60))
    shares[0, :20] = np.nan
    lines = _bootstrap(0.5 - 2 * np.nan_to_num(shares, nan=0.1), shares, 250, seed=1)
    np.testing.assert_allclose(lines.slope, -2, atol=0.05)
    np.testing.assert_allclose(lines.intercept, 0.5, atol=0.02)
    assert lines.residual.shape == (250,)
    assert lines.slope.std() > 1e-4


def test_a_trade_off_needs_two_profiles_of_one_question(profiles):
    with pytest.raises(TypeError, match="two results of CorruptionProfile; int came"):
        trade_off(profiles[0], 1)
    with pytest.raises(ValueError, match="options differs"):
        trade_off(profiles[0], replace(QUESTION, seed=1)(trials()[1]))
    with pytest.raises(ValueError, match="CorruptionProfile"):
        trade_off(fs.Robustness("fgsm", (0.0,))(trials()[0]), profiles[0])
    with pytest.raises(ValueError, match="100 draws"):
        trade_off(*profiles, draws=10)
