"""Profiles over corruptions, against slow sums, and the line through the points of a published figure."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.analyses.corruption_fit import _bootstrap, fitted_line, trade_off
from fourierscope.analyses.corruption_profile import ALEXNET, ALEXNET_CLEAN, corruption_names
from fourierscope.reports import told
from fourierscope.results import load, unpacked

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


def trial(name="one", seed=0, n=12):
    generator = torch.Generator().manual_seed(1)
    images = (255 * torch.rand(n, 3, 8, 8, generator=generator)).to(torch.uint8)
    weight = torch.randn(3, 3 * 64, generator=torch.Generator().manual_seed(seed))
    labels = (images.float().flatten(1) @ weight.T).argmax(1) if seed == 0 else torch.arange(n) % 3
    if seed:
        labels = trial(n=n).samples.labels
    return fs.Trial(fs.Classifier(lambda given: given.flatten(1) @ weight.T, name), fs.Samples(images, labels))


SMALL = {"corruptions": "gaussian_noise,contrast,defocus_blur,brightness", "severities": (1, 5), "bandwidth": 5}


@pytest.fixture(scope="module")
def profiles():
    return [fs.CorruptionProfile(**SMALL)(trial(name, seed)) for name, seed in (("first", 0), ("second", 3))]


def test_every_number_of_a_profile_is_that_of_a_slow_loop(profiles):
    asked, found = trial("second", 3), profiles[1]
    samples, names = asked.samples, SMALL["corruptions"].split(",")
    right = np.zeros((4, 2, 12))
    for row, name in enumerate(names):
        for column, severity in enumerate(SMALL["severities"]):
            after = fs.treatments.corrupt(samples, name, severity)
            right[row, column] = (asked.classifier(after.batch()).argmax(1) == samples.labels).numpy()
            share = fs.HighFrequencyShare(5)(fs.Pair(samples, after))
            cell = {"corruption": name, "severity": severity}
            assert float(found["share"].sel(cell)) == pytest.approx(float(share["share"]), abs=1e-6)
            assert int(found["unchanged"].sel(cell)) == int(share["unchanged"])
    np.testing.assert_allclose(found["accuracy"].values, right.mean(-1))
    np.testing.assert_allclose(found["corruption_accuracy"].values, right.mean((1, 2)), atol=1e-7)
    np.testing.assert_allclose(found["severity_error"].values, 1 - right.mean((0, 2)), atol=1e-6)
    assert float(found["mean_error"]) == pytest.approx(1 - right.mean(), abs=1e-6)
    assert found["family_error"].family.values.tolist() == ["noise", "digital", "blur", "weather"]
    np.testing.assert_allclose(found["family_error"].values, 1 - right.mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(found["corruption_share"].values, found["share"].values.mean(1), atol=1e-6)
    assert float(profiles[0]["clean_accuracy"]) == 1.0


def test_images_that_a_corruption_leaves_alone_have_no_share():
    grey = fs.Samples(torch.full((6, 3, 8, 8), 128, dtype=torch.uint8), torch.arange(6) % 3)
    asked = fs.Trial(trial().classifier, grey)
    found = fs.CorruptionProfile("defocus_blur,brightness", (3,), 5)(asked)
    assert found["unchanged"].values.tolist() == [[6], [0]]
    assert np.isnan(float(found["share"][0, 0]))
    assert np.isfinite(float(found["share"][1, 0]))


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


def first_images(question, count):
    trials = [trial(name, seed) for name, seed in (("first", 0), ("second", 3))]
    return [question(fs.Trial(one.classifier, one.samples.subset(range(count)))) for one in trials]


def test_one_image_alone_gives_a_line_without_bounds_and_says_why(tmp_path):
    question = fs.CorruptionProfile(**SMALL)
    found = trade_off(*first_images(question, 1))
    for name in ("slope", "intercept", "residual"):
        assert np.isfinite(float(found[name]))
        assert np.isnan([float(found[f"{name}_{side}"]) for side in ("low", "high")]).all()
        assert "no bounds: one image cannot give any" in found[name].attrs["says"]
    assert load(found.save(tmp_path / "line.nc")).dataset.equals(found.dataset)
    assert "(there are no bounds: no direction is sure)" in " ".join(told(found))
    two = trade_off(*first_images(question, 2), draws=100)
    assert float(two["slope_low"]) < float(two["slope_high"])
    assert "no bounds" not in two["slope"].attrs["says"]


def test_images_that_all_gain_alike_give_a_line_without_bounds(profiles):
    found = trade_off(profiles[1], profiles[1])
    assert float(found["slope"]) == 0
    assert np.isnan(float(found["slope_low"]))
    assert "12 images that gain alike cannot give any" in found["slope"].attrs["says"]
    assert "accuracy neither gains nor loses with the share" in " ".join(told(found))


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
    with pytest.raises(ValueError, match="options differs"):
        trade_off(profiles[0], fs.CorruptionProfile(**{**SMALL, "seed": 1})(trial()))
    with pytest.raises(ValueError, match="CorruptionProfile"):
        trade_off(fs.Robustness("fgsm", (0.0,))(trial()), profiles[0])
    with pytest.raises(ValueError, match="100 draws"):
        trade_off(*profiles, draws=10)


def test_alexnet_normalises_as_the_formulas_of_the_corruption_benchmark_say(monkeypatch):
    monkeypatch.setattr("fourierscope.analyses.corruption_profile.corrupt", _dimmed)
    asked = trial("second", 3)
    found = fs.CorruptionProfile("usual", bandwidth=5, normaliser="alexnet", table="imagenet")(asked)
    clean, error = 1 - float(found["clean_accuracy"]), 1 - found["accuracy"].values  # (15, 5)
    names = found["ce"].corruption.values.tolist()
    assert set(names) == set(ALEXNET)
    ce = [100 * error[place].sum() / (5 * ALEXNET[name]) for place, name in enumerate(names)]
    np.testing.assert_allclose(found["ce"].values, ce, rtol=1e-5)
    assert float(found["mce"]) == pytest.approx(np.mean(ce), rel=1e-5)
    relative = [
        100 * (error[place] - clean).sum() / (5 * (ALEXNET[name] - ALEXNET_CLEAN)) for place, name in enumerate(names)
    ]
    assert float(found["relative_mce"]) == pytest.approx(np.mean(relative), rel=1e-4, abs=1e-4)
    assert "mce" not in fs.CorruptionProfile(**SMALL)(asked)


def test_small_images_under_the_severities_of_cifar_are_not_measured_against_alexnet(monkeypatch):
    monkeypatch.setattr("fourierscope.analyses.corruption_profile.corrupt", _dimmed)
    for table in ("auto", "cifar"):
        with pytest.raises(ValueError, match="read mean_error"):
            fs.CorruptionProfile("usual", bandwidth=5, normaliser="alexnet", table=table)(trial("second", 3))
    large = fs.Samples(torch.rand(1, 1, 65, 65), [0])
    question = fs.CorruptionProfile("usual", bandwidth=5, normaliser="alexnet")
    asked = fs.Trial(fs.Classifier(lambda images: images[:, 0, :2, 0]), large)
    assert len(list(question.cells(asked))) == 1 + 15 * 5


def _dimmed(samples, name, severity, table, seed):
    """A quick stand-in for corruptions: darker by severity and by the length of the name."""
    factor = 1 - 0.1 * severity - 0.01 * len(name)
    pattern = torch.linspace(factor, 1, 64).reshape(8, 8)
    return fs.Samples(samples.batch() * pattern, samples.labels, samples.name)


def test_the_sets_are_those_of_the_paper_and_of_the_field():
    assert len(corruption_names("all")) == 19
    assert set(corruption_names("yin")) - set(corruption_names("usual")) == {"gaussian_blur", "speckle_noise"}
    assert set(corruption_names("usual")) - set(corruption_names("yin")) == {"gaussian_noise", "frost"}
    assert corruption_names("fog, snow") == ["fog", "snow"]


@pytest.mark.parametrize(
    "options",
    [
        {"corruptions": "mist"},
        {"corruptions": "fog,fog"},
        {"severities": ()},
        {"severities": (0,)},
        {"severities": (1, 1)},
        {"bandwidth": 4},
        {"normaliser": "resnet"},
        {"normaliser": "alexnet"},
        {"table": "mine"},
    ],
)
def test_options_without_meaning_are_refused(options):
    with pytest.raises(ValueError, match="came"):
        fs.CorruptionProfile(**options)
