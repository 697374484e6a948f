"""Profiles over corruptions, against slow sums and the formulas of the corruption benchmark."""

import numpy as np
import pytest
import torch

import fourierscope as fs
from fourierscope.analyses.alexnet import ALEXNET, ALEXNET_CLEAN
from fourierscope.analyses.corruption_profile import corruption_names


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
