"""Components while a network learns: known answers, both splits, seeds, and what is refused before any training."""

import numpy as np
import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.analyses.frequency_principle import Seed
from fourierscope.training import OnlyComponent, Recipe, train
from fourierscope.treatments.components import components

SLOW, QUICK = fs.Frequency(1, 2), fs.Frequency(3, 3)
EVEN, OBLONG = fs.Plane(8, 8), fs.Plane(9, 8)
PLAIN = {"augmentations": (), "schedule": "constant", "warmup": 0.0, "weight_decay": 0.0, "momentum": 0.1}


def waves(plane, frequency, count=40, mean=0.5):
    """Images of one wave, the class its sign."""
    signs = torch.tensor([1.0, -1.0]).repeat(count // 2)
    images = mean + 0.3 * signs[:, None, None, None] * fs.wave(plane, frequency).float()
    return fs.Samples(images, (signs < 0).long(), "waves")


def line(plane):
    """A linear network that begins with nothing, so that it learns exactly what its images hold."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(plane.height * plane.width, 2))
    nn.init.zeros_(network[1].weight)
    network[1].bias = nn.Parameter(torch.tensor([-1e-3, 0.0]))  # what is nothing but rounding is of class 1
    return fs.Classifier(network, "line")


def learned(plane, frequency, tested=None, recipe=None, **options):
    samples = waves(plane, frequency)
    recipe = recipe or Recipe(epochs=3, batch=40, learning_rate=0.5, **PLAIN)
    return fs.ComponentLearning((2, 3), **options)(fs.Training(line(plane), samples, recipe, tested))


@pytest.mark.parametrize("plane", [EVEN, OBLONG], ids=str)
def test_what_is_learned_of_a_low_wave_low_components_carry(plane):
    result = learned(plane, SLOW)
    assert result["low_accuracy_train"].dims == ("part", "epoch")
    assert result["low_accuracy_train"]["part"].values.tolist() == ["whole image", "radius 2", "radius 3"]
    last = {kept: result[f"{kept}_accuracy_train"].isel(epoch=-1).values.tolist() for kept in ("low", "high")}
    assert last == {"low": [1, 0.5, 1], "high": [1, 1, 0.5]}  # the wave lies at radius 2.24
    assert result["low_lead"].values == pytest.approx([0, 1])
    assert result["high_lead"].values == pytest.approx([1, 0])
    assert result["half_learned"].values.tolist() == [1]


def test_what_is_learned_of_a_high_wave_low_components_do_not_carry():
    result = learned(EVEN, QUICK)
    assert result["low_lead"].values == pytest.approx([0, 0])
    assert result["high_lead"].values == pytest.approx([1, 1])


def test_what_is_never_half_learned_has_no_lead():
    result = learned(EVEN, SLOW, recipe=Recipe(epochs=1, batch=40, learning_rate=1e-30, **PLAIN))
    assert np.isnan(result["half_learned"].values).all()
    assert np.isnan(result["low_lead"].values).all()
    assert result["low_accuracy_train"].isel(epoch=-1).values.tolist() == [0.5, 0.5, 0.5]


def test_test_images_are_asked_and_never_learned():
    result = learned(EVEN, SLOW, waves(EVEN, QUICK, 20))
    assert float(result["low_accuracy_train"].sel(part="whole image").isel(epoch=-1)) == 1
    assert float(result["low_accuracy_test"].sel(part="whole image").isel(epoch=-1)) == 0.5
    assert "low_accuracy_test" not in learned(EVEN, SLOW)


def test_curves_are_those_of_the_network_that_training_gives():
    digits = fs.open_samples("digits", limit=120)
    few, other = digits.subset(torch.arange(80)), digits.subset(torch.arange(80, 120))
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    classifier, recipe = fs.Classifier(network, "small", 0.3, 0.4), Recipe(epochs=4, batch=20)
    held = {name: one.clone() for name, one in network.state_dict().items()}
    question = fs.ComponentLearning((2, 3), every=3, rescale="max", edge="within")
    result = question(fs.Training(classifier, few, recipe, other))
    assert result["low_accuracy_train"]["epoch"].values.tolist() == [0, 3, 4]
    assert all(torch.equal(one, held[name]) for name, one in network.state_dict().items())
    trained = train(classifier, few, recipe)
    for split, samples in (("train", few), ("test", other)):
        for kept in ("low", "high"):
            for radius in (2, 3):
                given = components(samples.batch(), radius, kept, "within", rescale="max")
                right = (trained(given).argmax(1) == samples.needed_labels()).float().mean()
                ours = result[f"{kept}_accuracy_{split}"].sel(part=f"radius {radius}").isel(epoch=-1)
                assert float(ours) == pytest.approx(float(right), abs=1e-6)
                assert float(ours.coords[f"{kept}_accuracy_{split}_low"]) < float(ours) or float(right) == 0


def test_several_seeds_have_bounds_over_seeds():
    digits = fs.open_samples("digits", limit=100)
    classifier = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
    recipe = Recipe(epochs=2, batch=20, learning_rate=0.05)
    training = fs.Training(classifier, digits, recipe)
    one, other, both = (fs.ComponentLearning((3,), seeds=n, seed=s)(training) for n, s in ((1, 0), (1, 1), (2, 0)))
    assert not np.array_equal(one["low_accuracy_train"], other["low_accuracy_train"])
    mean = (one["low_accuracy_train"] + other["low_accuracy_train"]) / 2
    np.testing.assert_allclose(both["low_accuracy_train"], mean, atol=1e-12)
    apart = np.abs(one["low_accuracy_train"].values - other["low_accuracy_train"].values) / 2
    low = both["low_accuracy_train"].coords["low_accuracy_train_low"].values
    wanted = np.clip(mean - 12.7062 * apart, 0, 1)  # Student's with one degree of freedom
    np.testing.assert_allclose(low, wanted, atol=1e-4)


def test_statistics_of_the_batch_are_asked_about_where_there_are_any():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 10))
    digits = fs.open_samples("digits", limit=100)
    training = fs.Training(fs.Classifier(network), digits, Recipe(epochs=1, batch=20))
    batch, running = (fs.ComponentLearning((2,), bn_stats=one)(training) for one in ("batch", "running"))
    assert not np.array_equal(batch["high_accuracy_train"], running["high_accuracy_train"])
    assert "batch statistics" in batch["high_accuracy_train"].attrs["says"]


def test_learning_one_component_alone_is_a_recipe():
    recipe = Recipe(epochs=2, batch=40, learning_rate=0.5, **{**PLAIN, "augmentations": (OnlyComponent(2, "low"),)})
    assert learned(EVEN, SLOW, recipe=recipe)["low_accuracy_train"].values.max() == 0.5  # the wave was cut away


def test_a_store_goes_on_and_asks_nothing_twice(tmp_path, monkeypatch):
    training = fs.Training(line(EVEN), waves(EVEN, SLOW), Recipe(epochs=1, batch=40, **PLAIN))
    first = fs.run(fs.ComponentLearning((2,)), training, store=tmp_path / "store")
    monkeypatch.setattr("fourierscope.analyses.component_learning.train", None)
    again = fs.run(fs.ComponentLearning((2,)), training, store=tmp_path / "store")
    assert again.save(tmp_path / "b.nc").read_bytes() == first.save(tmp_path / "a.nc").read_bytes()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"radii": ()}, "radii"),
        ({"radii": (0,)}, "from 1 on"),
        ({"every": 0}, "at least 1"),
        ({"probe": 0}, "at least 1"),
        ({"rescale": "most"}, "rescale is"),
        ({"bn_stats": "own"}, "bn_stats is"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        fs.ComponentLearning(**options)


def test_networks_that_do_not_fit_are_refused_before_any_training():
    samples = waves(EVEN, SLOW)
    with pytest.raises(TypeError, match="plain function"):
        fs.ComponentLearning()(fs.Training(fs.Classifier(lambda images: images[:, 0, 0]), samples, Recipe()))
    with pytest.raises(ValueError, match="no batch norm"):
        fs.ComponentLearning(bn_stats="batch")(fs.Training(line(EVEN), samples, Recipe()))


def test_leads_are_the_formula_written_a_second_time():
    chance, epochs, seeds = 0.2, np.array([0, 2, 4, 6]), [Seed(4), Seed(7)]
    rising = np.array([[0.2, 0.45, 0.7, 0.9], [0.2, 0.58, 0.59, 0.61]])  # half of what lies above chance ends at .6
    curves = np.random.default_rng(0).uniform(0.2, 1, (2, 4, 2, 3))
    curves[..., 0] = rising[:, :, None]
    found = fs.ComponentLearning((2, 3))._leads(curves, epochs, chance, seeds)
    assert found["half_learned"].values.tolist() == [4, 6]
    for turn, kept in enumerate(("low", "high")):
        for place in (1, 2):
            shares = [(curves[s, t, turn, place] - 0.2) / (rising[s, t] - 0.2) for s, t in ((0, 2), (1, 3))]
            assert float(found[f"{kept}_lead"][place - 1]) == pytest.approx(np.mean(shares))


def test_one_class_and_labels_beyond_the_network_are_refused():
    images = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    one, several, beyond = (fs.Samples(images, torch.arange(20) % count) for count in (1, 2, 5))
    classifier = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)))
    recipe = Recipe(augmentations=(), epochs=1, batch=10)
    with pytest.raises(ValueError, match="two classes or more"):
        fs.ComponentLearning((3,))(fs.Training(classifier, one, recipe))
    with pytest.raises(ValueError, match="Test labels lie from 0 to 1 for this network; 4 came"):
        fs.ComponentLearning((3,))(fs.Training(classifier, several, recipe, beyond))
