"""Predictions by one component alone: counted on images whose answers are known."""

import numpy as np
import pytest
import torch
from components_made import noisy

import fourierscope as fs

PLANE = fs.Plane(8, 9)
LOW, HIGH = fs.Frequency(1, 0), fs.Frequency(3, 2)


def two_waves(weights, count=40):
    """The class is the sign of the high wave; the network weighs both, and what it does not hear is of class 1."""
    patterns = [fs.wave(PLANE, one).float() for one in (LOW, HIGH)]

    def network(images):
        heard = [weight * (images.mean(1) * one).sum((1, 2)) for weight, one in zip(weights, patterns, strict=True)]
        return torch.stack([sum(heard) - 1e-3, -sum(heard)], 1)

    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]).repeat(count // 4, 1)
    waves = sum(0.3 * signs[:, place, None, None] * one for place, one in enumerate(patterns))
    return fs.Trial(fs.Classifier(network, "two waves"), fs.Samples(0.5 + waves[:, None], (signs[:, 1] < 0).long()))


def test_the_rate_is_that_of_images_whose_waves_disagree():
    found = fs.HighFrequencyPredictions((2, 3))(two_waves((1.0, 3.0)))
    rate = found["only_right"]
    for radius in (2, 3):  # the low wave lies at 1, the high one at sqrt(13)
        assert float(rate.sel(only="high", radius=radius)) == 0.5
        assert float(rate.sel(only="low", radius=radius)) == 0
        assert float(found["expected"].sel(only="high", radius=radius)) == pytest.approx(0.25)
        assert np.isnan(found["confidence_low"].sel(radius=radius)).all()
    sure = found["confidence_high"].sel(radius=2)
    wanted = [1 / (1 + np.exp(-2 * one)) for one in (0.6, 0.3, 0.9)]
    assert sure.values == pytest.approx(wanted, abs=1e-3)
    assert float(found["clean_accuracy"]) == 1
    assert int(rate.n) == 40


def test_where_the_low_wave_alone_is_heard_it_is_the_low_component():
    trial = two_waves((3.0, 1.0))
    labels = (two_waves((1.0, 0.0)).classifier(trial.samples.batch()).argmax(1)).long()  # the sign of the low wave
    found = fs.HighFrequencyPredictions((2,))(fs.Trial(trial.classifier, fs.Samples(trial.samples.images, labels)))
    assert found["only_right"].values[:, 0].tolist() == [0.5, 0]


def test_images_that_are_wrong_as_a_whole_do_not_count():
    found = fs.HighFrequencyPredictions((2,))(two_waves((3.0, 1.0)))  # the high component is right, and outvoted
    assert found["only_right"].values.tolist() == [[0.0], [0.0]]


def test_a_network_that_names_all_high_components_alike_is_right_by_chance_alone():
    pattern = fs.wave(PLANE, HIGH).float()

    def network(images):  # what is dark is of class 1, what is bright and without the wave of class 0
        heard = (images.mean(1) * pattern).sum((1, 2)) + 1e-3
        heard = torch.where(images.mean((1, 2, 3)) < 0.25, -1.0, heard)
        return torch.stack([heard, -heard], 1)

    trial = fs.Trial(fs.Classifier(network), two_waves((1.0, 3.0)).samples)
    found = fs.HighFrequencyPredictions((2,))(trial)
    assert found["only_right"].sel(only="high").item() == found["expected"].sel(only="high").item() == 0.5


def test_rates_are_counts_of_three_answers():
    trial = noisy(count=80)
    found = fs.HighFrequencyPredictions((1, 2), "std", "recalibrated", "soft")(trial)
    assert found["only_right"].shape == (2, 2)
    assert "std, recalibrated, soft" in found["only_right"].attrs["says"]
    assert float(found["only_right"].sum("only").max()) <= 1


def test_pictures_show_the_surest_and_tell_the_answers():
    found = fs.HighFrequencyPredictions((2,), examples=3)(two_waves((1.0, 3.0)))
    pictures = found["pictures"]
    assert pictures.dims == ("picture", "state", "y", "x", "channel")
    assert pictures.shape == (3, 3, 8, 9, 1)
    assert pictures.state.values.tolist() == ["image", "low component", "high component"]
    assert "1, right by the high one alone, radius 2: whole class 1 0.77, low class 0 0.65" in pictures.attrs["says"]
    shown = pictures.values[0, 2].astype(float)
    assert shown.min() == 0
    assert shown.max() == 255
    fs.draw(pictures)
    assert "pictures" not in fs.HighFrequencyPredictions((2,), examples=0)(two_waves((1.0, 3.0)))


def test_it_survives_a_file(tmp_path):
    found = fs.HighFrequencyPredictions((1, 2))(noisy())
    again = fs.load(found.save(tmp_path / "a.nc"))
    assert again["only_right"].identical(found["only_right"])


def test_what_has_no_meaning_is_refused():
    for options in [
        {"radii": ()},
        {"rescale": "255"},
        {"bn_stats": "train"},
        {"mask": "soft", "edge": "within"},
        {"examples": -1},
    ]:
        with pytest.raises(ValueError, match="came"):
            fs.HighFrequencyPredictions(**options)
    with pytest.raises(ValueError, match="changes nothing"):
        fs.HighFrequencyPredictions((2,), bn_stats="batch")(noisy(normed=False))
    with pytest.raises(ValueError, match="no labels"):
        fs.HighFrequencyPredictions()(fs.Trial(noisy().classifier, fs.Samples(noisy().samples.images)))
