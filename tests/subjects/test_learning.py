"""What learns: a fit knows what belongs together, draws weights by seed, and is told apart by its record."""

import pytest
import torch
from torch import nn

import fourierscope as fs
from fourierscope.training import RECIPES, fit

POINTS = torch.linspace(-1, 1, 20)
VALUES = torch.sin(3 * POINTS)


def network():
    return nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))


def test_a_column_is_made_of_plain_numbers():
    made = fs.Fit(POINTS, VALUES, network())
    assert made.points.shape == (20, 1)
    assert made.values.shape == (20, 1)
    labels = fs.Fit(POINTS, (POINTS > 0).long(), nn.Linear(1, 2))
    assert labels.values.shape == (20,)
    assert labels.classifies
    assert not made.classifies


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"network": torch.sin}, "torch module"),
        ({"values": VALUES[:5]}, "one value"),
        ({"points": torch.arange(20)}, "floating-point"),
        ({"points": torch.full((20,), torch.nan)}, "finite"),
        ({"values": torch.full((20,), torch.inf)}, "finite"),
        ({"values": -torch.ones(20, dtype=torch.long)}, "from 0 on"),
        ({"values": torch.zeros(20, 2, 2)}, "outputs"),
        ({"steps": 0}, "at least 1"),
        ({"learning_rate": 0.0}, "above 0"),
        ({"optimiser": "lbfgs"}, "adam or sgd"),
        ({"loss": "hinge"}, "squared or cross-entropy"),
        ({"loss": "cross-entropy"}, "class labels"),
        ({"batch": 21}, "the 20 points"),
    ],
)
def test_what_does_not_fit_is_told_at_the_door(change, says):
    with pytest.raises((TypeError, ValueError), match=says):
        fs.Fit(**({"points": POINTS, "values": VALUES, "network": network()} | change))


def test_seeds_draw_other_weights_and_the_same_seed_the_same():
    given, state = network(), torch.get_rng_state()
    before = [one.clone() for one in given.parameters()]
    made = fs.Fit(POINTS, VALUES, given, steps=5)
    first, again, other = (fit(made, seed) for seed in (0, 0, 1))
    assert all(torch.equal(one, two) for one, two in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first[0].weight, other[0].weight)
    assert all(torch.equal(one, two) for one, two in zip(given.parameters(), before, strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_are_drawn_as_one_says():
    def small(network):
        for one in network.parameters():
            nn.init.normal_(one, 0, 1e-3)

    made = fs.Fit(POINTS, VALUES, network(), draw=small)
    assert float(made.fresh_network(0)[0].weight.abs().max()) < 0.01
    assert made.trace()["draw"] != fs.Fit(POINTS, VALUES, network()).trace()["draw"]


def test_weights_that_nobody_knows_how_to_draw_are_told():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(()))

        def forward(self, points):
            return self.weight * points

    with pytest.raises(ValueError, match="no reset_parameters"):
        fs.Fit(POINTS, VALUES, Own()).fresh_network(0)


def test_a_fit_goes_down_its_loss_and_batches_see_every_point():
    seen = []

    class Seeing(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(1, 1)

        def forward(self, points):
            seen.append(points.detach().flatten())
            return self.line(points)

    made = fs.Fit(POINTS, 2 * POINTS + 1, Seeing(), steps=8, batch=5, learning_rate=0.1)
    fit(made)
    for turn in range(2):
        assert torch.equal(torch.cat(seen[4 * turn : 4 * turn + 4]).sort().values, POINTS)
    learned = fit(fs.Fit(POINTS, 2 * POINTS + 1, nn.Linear(1, 1), steps=500, learning_rate=0.1))
    assert float(learned.weight.detach()) == pytest.approx(2, abs=1e-3)


def test_one_step_of_plain_descent_is_the_gradient_written_out():
    made = fs.Fit(POINTS, VALUES, nn.Linear(1, 1), steps=1, optimiser="sgd", learning_rate=0.5)
    start = made.fresh_network(3)
    weight, bias = float(start.weight.detach()), float(start.bias.detach())
    slope = float((2 * (weight * POINTS + bias - VALUES) * POINTS).mean())
    assert float(fit(made, 3).weight.detach()) == pytest.approx(weight - 0.5 * slope, abs=1e-6)


def test_a_watcher_sees_every_step_and_the_end():
    steps = []
    fit(fs.Fit(POINTS, VALUES, network(), steps=4), 0, lambda network, step: steps.append(step))
    assert steps == [0, 1, 2, 3, 4]


def test_a_fit_that_diverges_or_has_other_outputs_says_so():
    with pytest.raises(ValueError, match="smaller rate"):
        fit(fs.Fit(POINTS, 1e3 * VALUES, nn.Linear(1, 1), steps=301, learning_rate=1e6, optimiser="sgd"))
    with pytest.raises(ValueError, match="no fit"):
        fit(fs.Fit(POINTS, VALUES, nn.Linear(1, 3), steps=1))


def test_records_tell_fits_apart():
    base = fs.Fit(POINTS, VALUES, nn.Linear(1, 1))
    others = [
        fs.Fit(POINTS, VALUES, nn.Linear(1, 1, bias=False)),
        fs.Fit(POINTS, -VALUES, base.network),
        fs.Fit(POINTS + 1, VALUES, base.network),
        fs.Fit(POINTS, VALUES, base.network, steps=7),
    ]
    assert all(one.trace() != base.trace() for one in others)
    assert fs.Fit(POINTS, VALUES, nn.Linear(1, 1)).trace() == base.trace(), "weights are drawn anew"


def test_a_training_takes_a_classifier_and_labelled_samples():
    classifier = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
    digits = fs.open_samples("digits", limit=20)
    assert fs.Training(classifier, digits, RECIPES["natural"]).trace()["recipe"]["epochs"] == 12
    with pytest.raises(TypeError, match="takes a Classifier"):
        fs.Training(classifier.network, digits, RECIPES["natural"])
    with pytest.raises(ValueError, match="labels"):
        fs.Training(classifier, fs.Samples(digits.images), RECIPES["natural"])


def test_test_images_belong_to_a_training_and_its_record():
    classifier = fs.Classifier(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
    digits, recipe = fs.open_samples("digits", limit=20), RECIPES["natural"]
    assert "tested" not in fs.Training(classifier, digits, recipe).trace()
    assert fs.Training(classifier, digits, recipe, digits).trace()["tested"] == digits.trace()
    with pytest.raises(ValueError, match="no labels"):
        fs.Training(classifier, digits, recipe, fs.Samples(digits.images))
    with pytest.raises(ValueError, match=r"shape of those learned, \(1, 8, 8\); \(3, 32, 32\) came"):
        fs.Training(classifier, digits, recipe, fs.open_samples("patches:test", limit=10))
    with pytest.raises(TypeError, match="Samples"):
        fs.Training(classifier, digits, recipe, digits.images)
