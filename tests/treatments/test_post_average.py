"""Post-averaging: its points and votes by hand, waves by their transfer, chance, gradients, and nothing changed."""

from math import sqrt

import pytest
import torch
from torch import nn
from trials_made import chance, deep_trial

import fourierscope as fs
from fourierscope.theory import averaging
from fourierscope.treatments import pgd, post_average
from fourierscope.treatments.hyperplanes import _sizes


def images(count=4, shape=(3, 6, 5), seed=0):
    return torch.rand(count, *shape, generator=chance(seed))


def seen_by(**options):
    """The points asked about for two images, as the network sees them, and the images."""
    asked = []

    def network(given):
        asked.append(given.detach().clone())
        return given.flatten(1)[:, :2]

    given = images(2)
    mean, std = options.pop("normalisation", (None, None))
    averaged = post_average(fs.Classifier(network, mean=mean, std=std), **options)
    averaged(given)
    return torch.cat(asked), given


def test_91_points_are_asked_at_three_distances_both_ways_and_the_image_itself():
    points, given = seen_by(radius=0.6, chunk=10_000)
    assert len(points) == 2 * 91
    offsets = (points.unflatten(0, (2, 91)) - given[:, None]).flatten(2)
    sizes = offsets.norm(dim=2)
    assert sizes[:, 0].tolist() == [0, 0]
    for share, count in ((0.2, 30), (0.4, 30), (0.6, 30)):
        assert ((sizes - share).abs() < 1e-5).sum(1).tolist() == [count, count]
    torch.testing.assert_close(offsets.sum(1), torch.zeros_like(offsets.sum(1)), atol=1e-4, rtol=0)
    ways = offsets[0, 61:76] / 0.6
    torch.testing.assert_close(offsets[0, 1:16], 0.2 * ways, atol=1e-6, rtol=0)
    assert (ways @ ways.T - torch.eye(15)).abs().max() < 0.5
    assert (offsets[0] - offsets[1]).abs().amax() > 0.01


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"directions": 1}, 7),
        ({"directions": 4, "include_input": False}, 24),
        ({"directions": 4, "antithetic": False}, 25),
        ({"directions": 2, "radii": (1.0,)}, 5),
    ],
)
def test_the_number_of_points_follows_from_the_options(options, count):
    points, _ = seen_by(radius=1.0, **options)
    assert len(points) == 2 * count
    assert len(points.flatten(1).unique(dim=0)) == 2 * count


def test_normalised_units_are_lengths_as_the_network_sees_them():
    std = (0.1, 0.2, 0.5)
    for units in ("normalised", "pixel"):
        points, given = seen_by(
            radius=2.0, radii=(1.0,), include_input=False, units=units, normalisation=((0.5,) * 3, std), chunk=999
        )
        seen = (given - 0.5) / torch.tensor(std).view(-1, 1, 1)
        offsets = points.unflatten(0, (2, 30)) - seen[:, None]
        lengths = offsets.flatten(2).norm(dim=2)
        inside = (offsets * torch.tensor(std).view(-1, 1, 1)).flatten(2).norm(dim=2)
        torch.testing.assert_close(lengths if units == "normalised" else inside, torch.full((2, 30), 2.0))


def test_votes_are_their_formulas():
    trial, given = deep_trial(), images(3, (3, 9, 8))
    options = {"radius": 0.5, "directions": 2, "per_input": True, "chunk": 5}
    asked = []

    def network(points):
        asked.append(trial.classifier(points))
        return asked[-1]

    for vote in ("softmax", "logit", "hard"):
        asked.clear()
        with torch.no_grad():
            found = post_average(fs.Classifier(network), vote=vote, **options)(given)
        logits = torch.cat([one.unflatten(0, (3, -1)) for one in asked], 1)
        for image in range(3):
            rows = logits[image]
            slow = {
                "softmax": torch.stack([row.exp() / row.exp().sum() for row in rows]).mean(0).log(),
                "logit": sum(rows) / len(rows),
                "hard": torch.tensor([float(sum(row.argmax() == k for row in rows)) / len(rows) for k in range(4)]),
            }
            torch.testing.assert_close(found[image], slow[vote])


def test_a_wave_is_left_by_its_transfer():
    frequency = 30.0
    way = torch.randn(3, 6, 5, generator=chance(1))
    way = way / way.norm() * frequency

    def network(given):
        wave = (given * way).sum((1, 2, 3)).cos()
        return torch.stack([wave, -wave], 1)

    radius, given = 0.15, (way / frequency**2 * torch.arange(0, 6.28, 0.7).view(-1, 1, 1, 1))
    found = []
    for seed in range(60):
        averaged = post_average(fs.Classifier(network), radius, vote="logit", seed=seed)
        found.append(averaged(given)[:, 0] @ network(given)[:, 0] / network(given)[:, 0].square().sum())
    found = torch.stack(found).double()
    expected = float(averaging.sampler_transfer(frequency * radius, 90))
    assert abs(float(found.mean()) - expected) < 4 * float(found.std()) / sqrt(60)
    assert expected < 0.95


def test_answers_do_not_hang_on_batch_order_or_chunk_where_chance_is_the_images_own():
    trial, given = deep_trial(), images(6, (3, 9, 8))
    options = {"radius": 1.0, "directions": 3, "per_input": True}
    with torch.no_grad():
        whole = post_average(trial.classifier, **options)(given)
        for chunk in (1, 7, 10_000):
            again = post_average(trial.classifier, chunk=chunk, **options)
            torch.testing.assert_close(again(given), whole)
            torch.testing.assert_close(again(given[[4, 1]]), whole[[4, 1]])
            torch.testing.assert_close(again(given[3:4]), whole[3:4])
        other = post_average(trial.classifier, seed=1, **options)(given)
    assert not torch.allclose(other, whole, atol=1e-3)


def test_random_directions_are_new_each_time_and_fixed_ones_never():
    trial, given = deep_trial(), images(1, (3, 9, 8)).expand(2, -1, -1, -1)
    with torch.no_grad():
        random, fixed = (post_average(trial.classifier, 1.0, 2, drawing=one) for one in ("random", "fixed"))
        first, again = random(given), random(given)
        assert not torch.allclose(first, again, atol=1e-4)
        assert not torch.allclose(first[0], first[1], atol=1e-4)
        first, again = fixed(given), fixed(given)
        assert torch.equal(first, again)
        torch.testing.assert_close(first[0], first[1])


def test_gradients_go_through_every_point_whatever_the_chunk():
    trial, given = deep_trial(), images(3, (3, 9, 8))
    options = {"radius": 0.7, "directions": 2, "per_input": False, "drawing": "fixed"}
    found = []
    for chunk in (4, 10_000):
        start = given.clone().requires_grad_()
        averaged = post_average(trial.classifier, chunk=chunk, **options)
        found.append(torch.autograd.grad(averaged(start)[:, 1].sum(), start)[0])
    torch.testing.assert_close(*found)
    step = 1e-2 * found[0] / found[0].norm()
    with torch.no_grad():
        rise = (averaged(given + step) - averaged(given - step))[:, 1].sum() / 2
    assert float(rise) == pytest.approx(float((step * found[0]).sum()), rel=0.02)


@pytest.mark.parametrize("units", ["pixel", "normalised"])
def test_approx_goes_towards_and_away_from_the_nearest_hyperplanes(units):
    weight, bias = torch.randn(5, 12, generator=chance(3)), torch.randn(5, generator=chance(4))
    last = nn.Linear(12, 5)
    last.weight.data, last.bias.data = weight, bias
    network = nn.Sequential(nn.Flatten(), last).eval()
    given, asked = images(2, (3, 2, 2)), []
    std = torch.tensor([0.1, 0.2, 0.5]).view(3, 1, 1)
    hook = network.register_forward_pre_hook(lambda _, args: asked.append(args[0].detach().clone()))
    classifier = fs.Classifier(network, mean=(0.5,) * 3, std=(0.1, 0.2, 0.5))
    options = {"drawing": "approx", "radii": (1.0,), "include_input": False, "units": units}
    with torch.no_grad():
        post_average(classifier, 0.3, 2, **options)(given)
    hook.remove()
    seen = (given - 0.5) / std
    offsets = asked[-1].unflatten(0, (2, 4)) - seen[:, None]
    scale = torch.ones(3, 1, 1) if units == "normalised" else std
    for image in range(2):
        heights = weight @ seen[image].flatten() + bias
        near = (heights.abs() / weight.norm(dim=1)).argsort()[:2]
        ways = (heights[near].sign()[:, None] * weight[near]).unflatten(1, (3, 2, 2)) / std
        slopes = ways if units == "pixel" else ways * std
        ways = 0.3 * slopes / slopes.flatten(1).norm(dim=1).view(2, 1, 1, 1)
        torch.testing.assert_close(offsets[image] * scale, torch.cat([ways, -ways]), atol=1e-5, rtol=1e-4)


def test_approx_takes_any_layer_and_in_place_activations_do_not_matter():
    def network(inplace):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = [nn.Conv2d(3, 4, 3), nn.ReLU(inplace=inplace), nn.Flatten(), nn.Linear(4 * 4 * 3, 3)]
            return nn.Sequential(*layers).eval()

    given = images(2)
    found = [
        post_average(fs.Classifier(network(one)), 0.5, 6, drawing="approx", layer="0")(given) for one in (False, True)
    ]
    torch.testing.assert_close(*found)
    plain = post_average(fs.Classifier(network(False)), 0.5, 3, drawing="approx")(given)
    assert not torch.allclose(plain, found[0], atol=1e-5)


def test_nothing_given_is_changed():
    trial = deep_trial(batchnorm=True)
    network, given = trial.classifier.network, images(2, (3, 9, 8))
    network[1].train()
    kept, before = {name: one.clone() for name, one in network.state_dict().items()}, given.clone()
    state = torch.random.get_rng_state()
    for drawing in ("random", "fixed", "approx"):
        with pytest.warns(UserWarning, match="train mode"):
            post_average(trial.classifier, 1.0, 2, drawing=drawing)(given)
    assert network[1].training
    assert all(torch.equal(kept[name], one) for name, one in network.state_dict().items())
    assert all(one.grad is None for one in network.parameters())
    assert torch.equal(given, before)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not any(module._forward_hooks for module in network.modules())


def test_it_is_a_classifier_that_can_be_recorded_asked_and_attacked():
    trial = deep_trial()
    averaged = fs.Trial(post_average(trial.classifier, 0.2, 2, per_input=True), trial.samples)
    assert averaged.trace() == averaged.trace()
    name = averaged.classifier.name
    assert name == "Sequential averaged over 13 points within 0.2 (pixel, random, softmax)"
    digests = {
        post_average(trial.classifier, radius, 2, seed=seed).trace()["digest"]
        for radius in (0.2, 0.3)
        for seed in (0, 1)
    }
    assert len(digests) == 4
    after = pgd(averaged, eps=0.2, steps=5)
    with torch.no_grad():
        right = averaged.classifier(after.batch()).argmax(1) == trial.samples.labels
    assert int(right.sum()) < 3
    assert float(fs.Robustness("pgd-linf", (0.2,), steps=3)(averaged)["accuracy"][0]) < 0.5


def test_a_radius_of_zero_is_the_classifier_itself():
    trial, given = deep_trial(), images(3, (3, 9, 8))
    with torch.no_grad():
        plain = trial.classifier(given)
        torch.testing.assert_close(post_average(trial.classifier, 0.0, 2, vote="logit")(given), plain)
        torch.testing.assert_close(post_average(trial.classifier, 0.0, 2)(given), plain.log_softmax(1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"radius": -1.0}, "radius is"),
        ({"radius": float("nan")}, "radius is"),
        ({"directions": 0}, "directions is"),
        ({"radii": ()}, "radii are"),
        ({"drawing": "even"}, "drawing is"),
        ({"units": "l2"}, "units is pixel or normalised"),
        ({"vote": "mean"}, "vote is"),
        ({"chunk": 0}, "chunk is"),
        ({"drawing": "approx", "antithetic": False}, "both ways"),
        ({"drawing": "approx", "directions": 5}, "has 4 units"),
        ({"drawing": "approx", "layer": "2"}, "is a GELU"),
        ({"drawing": "approx", "layer": "no"}, "has no layer"),
    ],
)
def test_what_does_not_fit_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        post_average(deep_trial().classifier, **{"radius": 1.0, "directions": 2} | options)


def test_what_has_no_layers_or_no_normalisation_is_told_so():
    plain = fs.Classifier(lambda given: given.flatten(1)[:, :3])
    with pytest.raises(ValueError, match="plain function"):
        post_average(plain, 1.0, 2, drawing="approx")
    with pytest.raises(ValueError, match="does not normalise"):
        post_average(plain, 1.0, 2, units="normalised")
    with pytest.raises(TypeError, match="takes a Classifier"):
        post_average(deep_trial(), 1.0)


def test_distances_of_units_follow_how_outputs_lie():
    linear, convolution = nn.Linear(3, 2), nn.Conv2d(1, 2, 1)
    for layer in (linear, convolution):
        with torch.no_grad():
            layer.weight[0], layer.weight[1] = 1.0, 5.0
    wanted = {linear: [3**0.5, 5 * 3**0.5] * 4, convolution: [1.0] * 4 + [5.0] * 4}
    outputs = {linear: torch.zeros(1, 4, 2), convolution: torch.zeros(1, 2, 2, 2)}
    for layer in (linear, convolution):
        assert _sizes(layer, outputs[layer]).tolist() == pytest.approx(wanted[layer])


@pytest.mark.parametrize("drawing", ["random", "fixed", "approx"])
@pytest.mark.parametrize("per_input", [False, True])
def test_no_images_have_no_answers(drawing, per_input):
    averaged = post_average(deep_trial().classifier, 1.0, 2, drawing=drawing, per_input=per_input)
    assert averaged(torch.rand(0, 3, 9, 8)).shape == (0, 4)


@pytest.mark.parametrize("options", [{"chunk": 1.5}, {"directions": 2.5}])
def test_counts_that_are_not_whole_are_refused(options):
    with pytest.raises(TypeError, match="is a whole number"):
        post_average(deep_trial().classifier, **{"radius": 1.0, "directions": 2} | options)


def test_fixed_directions_follow_from_the_seed():
    points = [seen_by(radius=1.0, directions=2, drawing="fixed", seed=seed)[0] for seed in (0, 0, 1)]
    assert torch.equal(points[0], points[1])
    assert not torch.allclose(points[0], points[2], atol=1e-3)
