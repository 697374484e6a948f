"""The frequency principle: known orders, both kinds of subjects, stores, and what is refused before any training."""

from math import pi

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.frequency_principle import _probe
from fourierscope.training import Recipe

POINTS = torch.arange(64) / 64


def sines(*frequencies):
    return sum(torch.sin(2 * pi * one * POINTS) for one in frequencies)


class Waves(nn.Module):
    """Linear in its own waves, each with its own rate: which is learned first is known by construction."""

    def __init__(self, rates):
        super().__init__()
        self.rates = rates
        self.size = nn.Parameter(torch.zeros(len(rates)))

    def reset_parameters(self):
        nn.init.zeros_(self.size)

    def forward(self, points):
        waves = [rate * torch.sin(2 * pi * one * points) for one, rate in self.rates.items()]
        return (torch.cat(waves, 1) * self.size).sum(1, keepdim=True)


def asked(rates, **options):
    fit = fs.Fit(POINTS, sines(1, 3, 5), Waves(rates), steps=400, optimiser="sgd", learning_rate=0.05)
    return fs.FrequencyPrinciple(view="grid", frequencies=(1, 3, 5), **options)(fit)


def test_the_time_to_learn_is_that_of_the_linear_law():
    rates = {1: 1.0, 3: 0.7, 5: 0.4}
    result = asked(rates, seeds=1, threshold=0.5)
    for place, (_, rate) in enumerate(rates.items()):
        per_step = 1 - 0.05 * rate**2  # the gradient of the mean square over half the power of a sine
        wanted = np.log(0.5) / np.log(per_step)
        steps = result["error"]["step"].values
        assert float(result["time_to_learn"][0, place]) == steps[np.searchsorted(steps, wanted)]
        error = result["error"].isel(frequency=place)
        np.testing.assert_allclose(error, per_step ** error["step"].values, atol=1e-4)
    assert float(result["ordering"]) == pytest.approx(1)


def test_a_network_that_learns_high_frequencies_first_is_told_so():
    result = asked({1: 0.3, 3: 0.6, 5: 1.0}, seeds=2)
    assert float(result["ordering"]) == pytest.approx(-1)
    assert float(result["area_ordering"]) == pytest.approx(-1)
    assert float(result["slope"]) < 0
    assert float(result["ordering"].coords["ordering_low"]) == pytest.approx(-1)


def test_what_is_never_learned_is_last_and_counted():
    result = asked({1: 1.0, 3: 0.7, 5: 0.0}, seeds=2)
    assert np.isnan(result["time_to_learn"].sel(frequency=5)).all()
    assert result["reached"].values.tolist() == [1, 1, 0]
    assert float(result["ordering"]) == pytest.approx(1)
    assert result["error"].dims == ("step", "frequency")


def test_frequencies_without_a_target_are_left_out():
    fit = fs.Fit(POINTS, sines(2), Waves({2: 1.0}), steps=3)
    result = fs.FrequencyPrinciple(view="grid", frequencies=(1, 2, 3), seeds=1)(fit)
    assert result["error"]["frequency"].values.tolist() == [2]
    assert int(result["left_out"]) == 2


def test_tanh_learns_low_sines_first():
    network = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
    fit = fs.Fit(2 * pi * POINTS - pi, sines(1, 3), network, steps=800, learning_rate=3e-3)
    times = fs.FrequencyPrinciple(view="grid", frequencies=(1, 3), seeds=3)(fit)["time_to_learn"].values
    assert (times[:, 0] < times[:, 1]).all()


@pytest.mark.parametrize("view", ["filter", "kernel"])
def test_bands_by_words_are_curves(view):
    points = torch.rand(200, 2, generator=torch.Generator().manual_seed(0))
    values = torch.cos(2 * pi * 2 * points[:, 0]) + 0.7 * torch.cos(2 * pi * 5 * points[:, 1])
    fit = fs.Fit(points, values, nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1)), steps=5)
    error = fs.FrequencyPrinciple(view=view, seeds=1)(fit)["error"]
    assert error.dims[1] == "step"
    assert error[error.dims[0]].dtype.kind == "U"
    fs.draw(error)


def test_a_training_of_images_is_watched_and_told():
    samples = fs.open_samples("digits", limit=200)
    classifier = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), "line", 0.3, 0.38)
    before = classifier.network[1].weight.detach().clone()
    training = fs.Training(classifier, samples, Recipe(augmentations=(), epochs=3, batch=50, learning_rate=0.5))
    result = fs.FrequencyPrinciple(frequencies=(1, 2, 3), seeds=2, probe=150)(training)
    assert result["error"]["step"].values[-1] == 12
    assert float(result["error"][-1, 0]) < float(result["error"][0, 0])
    assert torch.equal(classifier.network[1].weight, before)
    assert result.record["subject"]["recipe"]["epochs"] == 3


def test_a_training_is_watched_on_every_class_though_samples_are_sorted():
    digits = fs.open_samples("digits", limit=200)
    ordered = digits.subset(digits.needed_labels().argsort())
    training = fs.Training(fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 10))), ordered, Recipe())
    points, labels, _ = _probe(training, 40, "train")
    assert len(points) == 40
    assert labels.unique().tolist() == list(range(10))


def test_a_training_is_watched_on_test_images_where_asked():
    digits = fs.open_samples("digits", limit=200)
    few, other = digits.subset(torch.arange(100)), digits.subset(torch.arange(100, 200))
    classifier = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
    points, _, _ = _probe(fs.Training(classifier, few, Recipe(), other), 100, "test")
    assert torch.equal(points, other.batch())
    for subject in (fs.Training(classifier, few, Recipe()), fs.Fit(POINTS, sines(1), nn.Linear(1, 1))):
        with pytest.raises(ValueError, match="Training with test images"):
            fs.FrequencyPrinciple(view="kernel", split="test")(subject)


def test_a_store_goes_on_and_gives_the_same(tmp_path):
    fit = fs.Fit(POINTS, sines(1, 3), Waves({1: 1.0, 3: 0.5}), steps=60, optimiser="sgd", learning_rate=0.05)
    question = fs.FrequencyPrinciple(view="grid", frequencies=(1, 3), seeds=2)
    first = fs.run(question, fit, store=tmp_path / "store")
    again = fs.run(question, fit, store=tmp_path / "store")
    assert first.save(tmp_path / "a.nc").read_bytes() == again.save(tmp_path / "b.nc").read_bytes()
    other = fs.Fit(POINTS, sines(1, 3), Waves({1: 1.0, 3: 0.5}), steps=61, optimiser="sgd", learning_rate=0.05)
    with pytest.raises(fs.StoreError):
        fs.run(question, other, store=tmp_path / "store")


def test_what_does_not_fit_is_told_before_any_training():
    fit = fs.Fit(torch.rand(64, 3), torch.rand(64), nn.Linear(3, 1), steps=10**9)
    with pytest.raises(ValueError, match="one dimension"):
        fs.FrequencyPrinciple(view="grid")(fit)
    with pytest.raises(TypeError, match="FrequencyPrinciple takes"):
        fs.FrequencyPrinciple()(fs.open_samples("digits", limit=10))
    samples = fs.open_samples("digits", limit=20)
    with pytest.raises(TypeError, match="plain function"):
        fs.FrequencyPrinciple()(fs.Training(fs.Classifier(lambda images: images[:, 0, 0]), samples, Recipe()))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"view": "wavelet"}, "grid, projection"),
        ({"direction": "up"}, "principal, random"),
        ({"seeds": 0}, "at least 1"),
        ({"threshold": 0.0}, "above 0"),
        ({"width": -1.0}, "at least 0"),
        ({"probe": 1}, "at least 2"),
        ({"frequencies": 3}, "tuple"),
    ],
)
def test_options_are_checked(options, says):
    with pytest.raises((TypeError, ValueError), match=says):
        fs.FrequencyPrinciple(**options)
