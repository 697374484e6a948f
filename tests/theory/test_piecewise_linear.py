"""Exact transforms of piecewise-linear functions, and exact lines through networks."""

import itertools
from math import pi

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import nn

import fourierscope as fs
from fourierscope.subjects.networks import network_named
from fourierscope.theory.piecewise_linear import detrended, energy, pruned, segment, tail, transform


def quadrature(knots, values, frequency):
    """The transform by numerical integration, piece by piece."""

    def part(real):
        wave = np.cos if real else lambda angle: -np.sin(angle)
        return sum(
            quad(lambda t: np.interp(t, knots, values) * wave(frequency * t), low, high, epsabs=1e-12, epsrel=1e-12)[0]
            for low, high in itertools.pairwise(knots)
        )

    return part(True) + 1j * part(False)


def test_the_hat_function_has_a_positive_transform():
    found = transform([-1, 0, 1], [0, 1, 0], [2.3, -2.3, 0.0, 1e-9])
    wanted = 2 * (1 - np.cos(2.3)) / 2.3**2
    np.testing.assert_allclose(found, [wanted, wanted, 1, 1], atol=1e-14)
    assert wanted == pytest.approx(0.630, abs=5e-4)


@pytest.mark.parametrize("frequency", [0.0, 1e-7, -0.3, 4.0, 57.3])
def test_the_transform_is_the_integral(frequency):
    chance = np.random.default_rng(0)
    knots, values = np.sort(chance.uniform(-1, 2, 9)), chance.normal(size=9)
    found = transform(knots, values, [frequency])
    assert abs(complex(found[0]) - quadrature(knots, values, frequency)) < 1e-10


def test_columns_are_transformed_each_by_itself_and_shapes_are_checked():
    knots, values = np.array([0, 0.4, 1]), np.random.default_rng(1).normal(size=(3, 2))
    both = transform(knots, values, [1.0, 2.0, 9.0])
    assert both.shape == (3, 2)
    for column in range(2):
        np.testing.assert_allclose(both[:, column], transform(knots, values[:, column], [1.0, 2.0, 9.0]))
    for wrong in ([[0, 0.4, 0.4], [1, 2, 3]], [[0], [1]], [[0, 1], [1, 2, 3]]):
        with pytest.raises(ValueError, match=r"ascend|knots are"):
            transform(*wrong, [1.0])


def test_energies_agree_in_both_domains():
    chance = np.random.default_rng(2)
    knots = torch.from_numpy(np.sort(np.concatenate([[0, 1], chance.uniform(size=6)])))
    values = detrended(knots, torch.from_numpy(chance.normal(size=8)))
    frequencies = np.arange(-4000, 4001) * 2 * pi  # the series of a function on [0, 1] that is closed there
    found = float(transform(knots, values, frequencies).abs().square().sum())
    assert found == pytest.approx(float(energy(knots, values)), rel=1e-6)


def test_the_tail_bounds_the_transform_and_is_reached():
    knots, values = torch.tensor([0.0, 0.5, 1.0]).double(), torch.tensor([0.0, 1.0, 0.0]).double()
    assert float(tail(knots, values)) == 2 + 4 + 2
    frequencies = np.linspace(5, 300, 2000)
    scaled = transform(knots, values, frequencies).abs().numpy() * frequencies**2
    assert scaled.max() <= 8 + 1e-9
    assert scaled.max() == pytest.approx(8, rel=1e-3)


def dense(widths, seed=0):
    torch.manual_seed(seed)
    layers = []
    for wide, into in itertools.pairwise(widths):
        layers += [nn.Linear(wide, into), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Residual(nn.Module):
    """A forward of one's own, with functions, methods, sums, scaling and several kinds of bends."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.clipped, self.last = nn.BatchNorm2d(4), nn.ReLU6(), nn.Linear(4, 3)

    def forward(self, images):
        held = nn.functional.leaky_relu(self.first(images), 0.1)
        held = held + self.clipped(self.norm(self.second(held))) * 0.5
        held = nn.functional.max_pool2d(held, 3, 2, 1)
        return self.last(torch.relu(held).mean((2, 3))) / 2 - 1


class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(2),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 3), nn.Hardtanh(),
        )  # fmt: skip

    def forward(self, images):
        return self.layers(images)


NETWORKS = {
    "dense": (lambda: dense((6, 20, 20, 3)), (6,)),
    "residual": (Residual, (2, 7, 6)),
    "pooled": (Pooled, (2, 9, 8)),
    "small": (lambda: network_named("small", channels=1), (1, 8, 8)),
    "wide": (lambda: nn.Sequential(*list(network_named("resnet20", channels=1).children())), (1, 5, 4)),
}


def shaken(network):
    """Batch norm that has seen something, so that it is no identity."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network


@pytest.mark.parametrize("name", NETWORKS)
def test_the_line_is_the_network(name):
    make, shape = NETWORKS[name]
    torch.manual_seed(3)
    network = shaken(make()).train()
    start, end = torch.randn(shape), torch.randn(shape)
    before = [one.clone() for one in network.state_dict().values()]
    knots, values = segment(network, start, end)
    assert knots[0] == 0
    assert knots[-1] == 1
    assert bool((knots.diff() > 0).all())
    places = torch.linspace(0, 1, 301, dtype=torch.float64)
    inputs = torch.lerp(start.double(), end.double(), places.view(-1, *[1] * len(shape)))
    assert all(module.training for module in network.modules())
    assert all(torch.equal(one, other) for one, other in zip(network.state_dict().values(), before, strict=True))
    with torch.no_grad():
        wanted = network.double().eval()(inputs)
    found = np.stack([np.interp(places, knots, one) for one in values.T], axis=1)
    np.testing.assert_allclose(found, wanted, atol=1e-11)
    assert len(knots) > 3, "nothing bends on this line"


def test_every_knot_is_a_bend_and_every_bend_a_knot():
    network = nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0], [1.0], [1.0]]))
        network[0].bias.copy_(torch.tensor([-0.25, -0.5, -3.0]))  # the last never bends within [0, 1]
    knots, _ = segment(network, torch.zeros(1), torch.ones(1))
    np.testing.assert_allclose(knots, [0, 0.25, 0.5, 1], atol=1e-7)
    assert (
        len(
            pruned(torch.linspace(0, 1, 7, dtype=torch.float64), torch.linspace(0, 3, 7, dtype=torch.float64)[:, None])[
                0
            ]
        )
        == 2
    )


def test_lines_too_long_for_memory_are_followed_in_parts():
    network = dense((6, 40, 40, 2))
    start, end = torch.randn(6), torch.randn(6)
    whole, parts = segment(network, start, end), segment(network, start, end, memory=2500)
    places = np.linspace(0, 1, 200)
    for column in range(2):
        ours, theirs = (np.interp(places, knots, values[:, column]) for knots, values in (whole, parts))
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert abs(len(whole[0]) - len(parts[0])) <= 1
    with pytest.raises(MemoryError, match="more memory"):
        segment(network, start, end, memory=10)


def test_the_spectrum_of_a_network_on_a_line_is_its_quadrature():
    network = dense((3, 16, 16, 1))
    start, end = torch.randn(3), torch.randn(3)
    knots, values = segment(network, start, end)
    held = network.double()
    for frequency in (0.0, 2 * pi, 31.4):
        fine = torch.linspace(0, 1, 400001, dtype=torch.float64)
        with torch.no_grad():
            answers = held(torch.lerp(start.double(), end.double(), fine[:, None]))[:, 0].numpy()
        slow = np.trapezoid(answers * np.exp(-1j * frequency * fine.numpy()), fine.numpy())
        assert abs(complex(transform(knots, values, [frequency])[0, 0]) - slow) < 1e-6


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (nn.Sequential(nn.Linear(3, 3), nn.Tanh()), "Tanh"),
        (nn.Sequential(nn.Linear(3, 3), nn.GELU()), "GELU"),
        (nn.Sequential(nn.LayerNorm(3)), "LayerNorm"),
        (nn.Sequential(nn.Linear(3, 3), nn.Softmax(1)), "Softmax"),
    ],
)
def test_what_is_not_piecewise_linear_is_refused(network, says):
    with pytest.raises(TypeError, match=says):
        segment(network, torch.zeros(3), torch.ones(3))


def test_products_of_what_changes_and_code_that_looks_at_values_are_refused():
    class Squared(nn.Module):
        def forward(self, points):
            return points * points

    class Looking(nn.Module):
        def forward(self, points):
            return points if float(points.sum()) > 0 else -points

    with pytest.raises(TypeError, match="mul"):
        segment(Squared(), torch.zeros(3), torch.ones(3))
    with pytest.raises(ValueError, match="cannot be followed"):
        segment(Looking(), torch.zeros(3), torch.ones(3))
    with pytest.raises(TypeError, match="torch module"):
        segment(torch.relu, torch.zeros(3), torch.ones(3))
    for start, end in [(torch.zeros(3), torch.zeros(4)), (torch.zeros(3).long(), torch.zeros(3).long())]:
        with pytest.raises(ValueError, match="one shape"):
            segment(dense((3, 2)), start, end)
    with pytest.raises(ValueError, match="finite"):
        segment(dense((3, 2)), torch.zeros(3), torch.full((3,), torch.nan))


def test_it_is_found_under_its_name():
    assert fs.theory.piecewise_linear.segment is segment


class Counting(nn.Module):
    """A forward that keeps the number of inputs from its beginning."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 2)

    def forward(self, points):
        count, shape = points.size(0), points.size()
        held = torch.relu(self.first(points))
        return self.last(held.view(count, 4, 2).reshape(shape[0], 8))


def test_a_number_of_inputs_that_is_kept_grows_with_the_knots():
    torch.manual_seed(4)
    start, end = torch.randn(6), torch.randn(6)
    network = Counting()
    knots, values = segment(network, start, end)
    assert len(knots) > 3
    with torch.no_grad():
        middle = network.double()(torch.lerp(start.double(), end.double(), 0.5)[None])[0]
    np.testing.assert_allclose([np.interp(0.5, knots, one) for one in values.T], middle, atol=1e-12)


def test_code_that_mixes_inputs_is_found_out():
    class Mixing(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(6, 8)

        def forward(self, points):
            held = torch.relu(self.line(points))
            return held - held.mean(0)

    with pytest.raises(ValueError, match="seem to mix"):
        segment(Mixing(), torch.zeros(6), torch.ones(6))
